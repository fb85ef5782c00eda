"""Whether the API's rate limit headers speak of one window of the account, or of one for each model. Pure."""

from dataclasses import dataclass, field

from qwave_batch.client.answers import RateHint

PERIOD_S = 60.0
"""No window is taken to give its calls back faster than all of them in a minute."""
ROUNDED_S = 1.0
"""Resets are told in whole seconds, rounded up."""


@dataclass(frozen=True, slots=True)
class _Word:
    """What headers said; times are monotonic seconds."""

    left: int
    sent_at: float
    heard_at: float
    reset_at: float
    """The earliest at which calls are given back: the answer may have been long on its way."""


@dataclass(slots=True)
class Sharing:
    """Compares what models are told is left for them.

    In one window each of so many submits that left after an answer had come takes one off what that answer named: the
    lowest of theirs is lower by as many. Where several models send and it is not, each has a window of its own, and so
    it has where their limits differ.
    """

    _limits: dict[str, int | None] = field(default_factory=dict)
    _is_refuted: bool = False
    _first: _Word | None = None
    """What was said first of the present window."""
    _models: set[str] = field(default_factory=set)
    """Who has sent since, and who was told that."""
    _count: int = 0
    _lowest: int = 0

    @property
    def is_shared(self) -> bool:
        """Whether the headers of one model hold for all, as far as is known."""
        return not self._is_refuted and len(set(self._limits.values())) <= 1

    def hear(self, model: str, hint: RateHint | None, *, sent_at: float, now: float) -> None:
        """Take in the headers of the answer to a submit of a model that left at ``sent_at`` and made a task."""
        self._limits[model] = hint.limit if hint else None
        if hint is None or hint.remaining is None or hint.reset_s is None or hint.limit is None:
            self._first = None
            return
        first = self._first
        if first is None or sent_at >= first.reset_at - ROUNDED_S:
            self._first = _Word(hint.remaining, sent_at, now, sent_at + hint.reset_s)
            self._models, self._count, self._lowest = {model}, 0, hint.remaining
        elif sent_at >= first.heard_at:
            self._models.add(model)
            self._count += 1
            self._lowest = min(self._lowest, hint.remaining)
            given_back = hint.limit * (now - first.sent_at) / PERIOD_S
            is_more = self._lowest > first.left - self._count + given_back
            self._is_refuted = self._is_refuted or (is_more and len(self._models) > 1)
