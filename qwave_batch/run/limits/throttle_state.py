"""The values that go into a rate limiter and come out of it: calls, admissions, reactions, and how all of it stands."""

from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from qwave_batch.client.answers import Throttled
from qwave_batch.model.progress import WaitKind


@dataclass(frozen=True, slots=True)
class SubmitCall:
    """A submit of a model."""

    model: str
    alive: int = 0
    """Tasks alive at the API, whose polls need room too where they count."""


@dataclass(frozen=True, slots=True)
class PollCall:
    """A question about a task of a model."""

    model: str


@dataclass(frozen=True, slots=True)
class BalanceCall:
    """The question for the account's balance."""


@dataclass(frozen=True, slots=True)
class CancelCall:
    """A cancel of a task, or the question that precedes it."""

    is_alone: bool = False
    """Whether no other one is under way."""


@dataclass(frozen=True, slots=True)
class DownloadCall:
    """A download from a host."""

    host: str


def host_of(url: str) -> str:
    """Return the host of an address; empty for an image that came in an answer."""
    return urlsplit(url).netloc


ApiCall: TypeAlias = SubmitCall | PollCall | BalanceCall | CancelCall | DownloadCall
"""Every call that a run makes."""

WaitForCall: TypeAlias = Literal[
    WaitKind.QUOTA, WaitKind.RATE_LIMIT, WaitKind.API_WINDOW, WaitKind.SPEC_LIMIT, WaitKind.RETRY
]
"""What a call waits for at an API that answers."""


@dataclass(frozen=True, slots=True)
class Admission:
    """When a call may leave, and what holds it until then."""

    at: float
    """Monotonic seconds; infinity when only an event can tell."""
    kind: WaitForCall
    model: str | None
    """Whose limit or trouble it is; None for the account's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongWait:
    """A wait that is longer than the run may wait."""

    kind: WaitForCall
    model: str | None
    """The model whose submits would wait; None for the whole account."""
    wait_s: float
    """From now."""
    so_far_s: float = 0.0
    """How long the same has been waited for already."""
    window: str = ""
    """The name of the quota window that is used up, if it has one."""
    said: str = ""
    """The API's own words, in quotes."""

    @classmethod
    def asked_for(cls, answer: Throttled, wait_s: float, so_far_s: float = 0.0, model: str | None = None) -> "LongWait":
        """Return the wait that a 429 asks for."""
        return cls(
            kind=WaitKind.QUOTA if answer.is_quota_window else WaitKind.RATE_LIMIT,
            model=model,
            wait_s=wait_s,
            so_far_s=so_far_s,
            window=answer.window or "",
            said=answer.quoted,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What follows from an answer."""

    retry_at: float = 0.0
    """Monotonic seconds before which the same is not to be tried again."""
    too_long: LongWait | None = None
    """Set when that is longer than the run may wait."""


NO_REACTION = Reaction()
"""Nothing follows."""


@dataclass(frozen=True, slots=True)
class LimitLesson:
    """What 429s have taught of the limits of a model or of the account."""

    model: str | None
    """None for the account."""
    per_minute: int | None
    """Requests that it took in a minute; None where no window was found."""
    cuts: int
    """Episodes of 429s."""
    concurrency: int
    """Tasks that were allowed at once in the end."""

    @property
    def is_any(self) -> bool:
        """Whether anything was learned."""
        return self.per_minute is not None or self.cuts > 0

    def __str__(self) -> str:
        who = self.model or "the account"
        if self.per_minute is not None:
            requests = f"about {self.per_minute:,} requests a minute"
            return f"the API took {requests} of {who}: limits in the spec save finding that out"
        times = f"{self.cuts:,} time{'' if self.cuts == 1 else 's'}"
        return f"the API asked for less of {who} {times}: {self.concurrency:,} tasks at once were allowed in the end"
