"""The inputs and outputs of a rate limiter: calls, admissions, reactions, and its state."""

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
    """Tasks alive at the API, whose polls need room too if they count."""


@dataclass(frozen=True, slots=True)
class PollCall:
    """A poll of a task of a model."""

    model: str


@dataclass(frozen=True, slots=True)
class BalanceCall:
    """A query of the account's balance."""


@dataclass(frozen=True, slots=True)
class CancelCall:
    """A cancel of a task, or the poll before it."""

    is_alone: bool = False
    """Whether no other one is in flight."""


@dataclass(frozen=True, slots=True)
class DownloadCall:
    """A download from a host."""

    host: str


def host_of(url: str) -> str:
    """Return the host of an address; empty for an image contained in an answer."""
    return urlsplit(url).netloc


ApiCall: TypeAlias = SubmitCall | PollCall | BalanceCall | CancelCall | DownloadCall
"""Every call of a run."""

WaitForCall: TypeAlias = Literal[
    WaitKind.QUOTA, WaitKind.RATE_LIMIT, WaitKind.API_WINDOW, WaitKind.SPEC_LIMIT, WaitKind.RETRY
]
"""Reasons why a call waits although the API answers."""


@dataclass(frozen=True, slots=True)
class Admission:
    """When a call may be sent, and what delays it."""

    at: float
    """Monotonic seconds; infinity if an event is needed."""
    kind: WaitForCall
    model: str | None
    """The model with the limit or failure; None for the account's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongWait:
    """A wait that exceeds the maximum of the run."""

    kind: WaitForCall
    model: str | None
    """The model whose submits would wait; None for the whole account."""
    wait_s: float
    """Seconds from now."""
    so_far_s: float = 0.0
    """How long the same cause has been waited for already."""
    window: str = ""
    """The name of the exhausted quota window, if it has one."""
    said: str = ""
    """The API's own words, in quotes."""

    @classmethod
    def asked_for(cls, answer: Throttled, wait_s: float, so_far_s: float = 0.0, model: str | None = None) -> "LongWait":
        """Return the wait that a 429 requires."""
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
    """The consequences of an answer."""

    retry_at: float = 0.0
    """Monotonic seconds before which the same call is not to be retried."""
    too_long: LongWait | None = None
    """Set if that exceeds the maximum wait of the run."""


NO_REACTION = Reaction()
"""No consequences."""


@dataclass(frozen=True, slots=True)
class LimitLesson:
    """The limits of a model or of the account as learned from 429s."""

    model: str | None
    """None for the account."""
    per_minute: int | None
    """Requests accepted per minute; None if no window was found."""
    cuts: int
    """Episodes of 429s."""
    concurrency: int
    """The final limit of concurrent tasks."""

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
