"""Requests left according to the server's rate limit headers, so that its 429s are avoided. Pure."""

import math
from collections import deque
from dataclasses import dataclass, field

from qwave_batch.client.answers import RateHint

PROBE_EVERY_S = 1.0
"""Interval of single requests while the content of a new window is unknown."""
WIRE_S = 1.0
"""A request sent this long before an answered one has arrived too, and is counted in the answer."""
_REMEMBERED = 4096


class HeaderWindow:
    """Requests left in the server's window, by its newest answer; without headers there is no limit.

    A request in flight may or may not be counted in an answer: it is subtracted until it is answered itself, which errs
    on the safe side. After the end of a window a single request finds the content of the next one. Times are monotonic
    seconds.
    """

    def __init__(self) -> None:
        self._remaining: int | None = None
        self._as_of = -math.inf
        self._reset_at = 0.0
        self._sent: deque[float] = deque(maxlen=_REMEMBERED)
        """Sends that the newest answer may not count."""
        self._reserved = 0
        self._limit: int | None = None
        self._period_s = 0.0
        """The longest time to a reset in any answer: about the length of a window."""

    def record(self, hint: RateHint | None, *, sent_at: float, now: float) -> None:
        """Record the headers of the answer to a request sent at ``sent_at``, unless a newer answer was recorded."""
        if sent_at in self._sent:
            self._sent.remove(sent_at)
        if sent_at < self._as_of:
            return
        while self._sent and self._sent[0] <= sent_at - WIRE_S:
            self._sent.popleft()
        self._as_of = sent_at
        if hint is None or hint.remaining is None or hint.reset_s is None:
            self._remaining = None
        else:
            self._remaining, self._reset_at = hint.remaining, now + hint.reset_s
            self._limit, self._period_s = hint.limit, max(self._period_s, hint.reset_s)

    def opens_at(self, now: float) -> float:
        """Return when one more may be sent, ``now`` or later; infinity until a reservation is spent."""
        if self._remaining is None:
            return now
        if now >= self._reset_at:
            if self._reserved:
                return math.inf
            tried_at = self._sent[-1] if self._sent else -math.inf
            return now if tried_at < self._reset_at else max(now, tried_at + PROBE_EVERY_S)
        if self._remaining - len(self._sent) - self._reserved > 0:
            return now
        return self._reset_at

    def opens_for(self, sends: int, now: float) -> float:
        """Return the earliest time at which the last of so many sends can leave, if nothing else is sent."""
        if self._remaining is None or now >= self._reset_at:
            return now
        more = sends - max(0, self._remaining - len(self._sent))
        windows = (more - 1) // self._limit if self._limit else 0
        return now if more <= 0 else self._reset_at + windows * self._period_s

    def reserve(self) -> None:
        """Reserve room for a send that is being prepared."""
        self._reserved += 1

    def give_back(self) -> None:
        """Release a reservation that is not needed."""
        self._reserved -= 1

    def spend(self, now: float) -> None:
        """Count a send that leaves now, using a reservation."""
        self._reserved -= 1
        self._sent.append(now)

    def forget(self) -> None:
        """Forget the headers: they concerned other windows."""
        self._remaining = None


PERIOD_S = 60.0
"""Assumed minimum time in which a window restores all its calls."""
ROUNDED_S = 1.0
"""Resets are stated in whole seconds, rounded up."""


@dataclass(frozen=True, slots=True)
class _Word:
    """The content of headers; times are monotonic seconds."""

    left: int
    sent_at: float
    recorded_at: float
    reset_at: float
    """The earliest reset: the answer may have been delayed."""


@dataclass(slots=True)
class WindowScope:
    """Compares the remaining calls stated for different models.

    In a shared window, each of several submits sent after an answer takes one off the count in that answer, so the
    lowest of their counts is lower by as many. If several models send and it is not, each has its own window, and
    likewise if their limits differ.
    """

    _limits: dict[str, int | None] = field(default_factory=dict)
    _is_refuted: bool = False
    _first: _Word | None = None
    """The first headers of the current window."""
    _models: set[str] = field(default_factory=set)
    """The models that have sent since, and the models that received headers."""
    _count: int = 0
    _lowest: int = 0

    @property
    def is_shared(self) -> bool:
        """Whether the headers of one model apply to all, as far as is known."""
        return not self._is_refuted and len(set(self._limits.values())) <= 1

    def record(self, model: str, hint: RateHint | None, *, sent_at: float, now: float) -> None:
        """Record the headers of the answer to a submit of a model, sent at ``sent_at``, that created a task."""
        self._limits[model] = hint.limit if hint else None
        if hint is None or hint.remaining is None or hint.reset_s is None or hint.limit is None:
            self._first = None
            return
        first = self._first
        if first is None or sent_at >= first.reset_at - ROUNDED_S:
            self._first = _Word(hint.remaining, sent_at, now, sent_at + hint.reset_s)
            self._models, self._count, self._lowest = {model}, 0, hint.remaining
        elif sent_at >= first.recorded_at:
            self._models.add(model)
            self._count += 1
            self._lowest = min(self._lowest, hint.remaining)
            given_back = hint.limit * (now - first.sent_at) / PERIOD_S
            is_more = self._lowest > first.left - self._count + given_back
            self._is_refuted = self._is_refuted or (is_more and len(self._models) > 1)


@dataclass(slots=True)
class HeaderWindows:
    """The account's window and those of its models according to headers, and which of them applies."""

    account: HeaderWindow = field(default_factory=HeaderWindow)
    _models: dict[str, HeaderWindow] = field(default_factory=dict)
    _scope: WindowScope = field(default_factory=WindowScope)

    def of(self, model: str) -> HeaderWindow:
        """Return the window of a single model."""
        return self._models.setdefault(model, HeaderWindow())

    def counting(self, model: str) -> tuple[HeaderWindow, str | None]:
        """Return the window in which a model's submits count, and the model that owns it; None for the account's."""
        return (self.account, None) if self._scope.is_shared else (self.of(model), model)

    def record_task(self, model: str, rate: RateHint | None, *, sent_at: float, now: float) -> None:
        """Take in the headers of the answer to a submit that made a task."""
        self._scope.record(model, rate, sent_at=sent_at, now=now)
        self.record_submit(model, rate, sent_at=sent_at, now=now)

    def record_submit(self, model: str, rate: RateHint | None, *, sent_at: float, now: float) -> None:
        """Take in the headers of the answer to a submit, of which nobody knows which window they are about."""
        self.of(model).record(rate, sent_at=sent_at, now=now)
        if self._scope.is_shared:
            self.account.record(rate, sent_at=sent_at, now=now)
        else:
            self.account.forget()

    def record_poll(self, rate: RateHint | None, *, sent_at: float, now: float) -> None:
        """Record the headers of the answer to a poll that counts."""
        if self._scope.is_shared:
            self.account.record(rate, sent_at=sent_at, now=now)
