"""How a run stands right now: what a progress callback is handed."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, assert_never

from qwave_batch.model.clock import clock_time
from qwave_batch.model.money import InUsd


class WaitKind(StrEnum):
    """Why nothing can be submitted for a while, although there is room; see docs/events.md."""

    QUOTA = "quota"
    """A quota window of the account is used up."""
    RATE_LIMIT = "rate_limit"
    """The API answered with 429."""
    API_WINDOW = "api_window"
    """The API's own requests per minute are used up, by its headers or by what its 429s have taught."""
    SPEC_LIMIT = "spec_limit"
    """The spec's requests per minute are used up."""
    RETRY = "retry"
    """The remaining jobs wait for another attempt after an error."""
    UNREACHABLE = "unreachable"
    """The API does not answer, or a single model of it."""
    NO_STATUS = "no_status"
    """The API answers, and does not tell how any task stands."""
    IMAGES = "pictures"
    """No image can be fetched, so nothing more is bought."""


WORTH_A_WORD_S = 1.0
"""Shorter waits are how a run breathes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A wait as data, which ``str`` words; two waits are the same when kind and model are. Times are Unix seconds."""

    kind: WaitKind
    model: str | None
    """The model that it is about; None where it is about the whole account."""
    until: float | None
    """When the next submit may leave, or when the run gives up on an API that does not answer or on images that can't
    be fetched; None where nobody can tell. It moves while the wait goes on."""
    seen_at: float = 0.0
    """The moment at which the run was seen waiting."""
    window: str = ""
    """The name of the quota window that is used up, such as ``day``; empty when the API gave none."""
    said: str = ""
    """The message of the API's newest 429, in quotes."""
    why: str = ""
    """The reason of the last failure, while calls fail."""
    since: float | None = None
    """Since when no task's status has come; for ``NO_STATUS``."""
    jobs: int = 0
    """Jobs that are paid and wait for their images; for ``IMAGES``."""

    def __str__(self) -> str:  # noqa: PLR0911 - one for each kind
        end = "" if self.until is None else clock_time(self.until, self.seen_at)
        until = f" until {end}" if end else ""
        for_whom = f" for {self.model}" if self.model else ""
        said = f" ({self.said})" if self.said else ""
        next_submit = f"{for_whom}: the next submit is at {end}" if end else for_whom
        match self.kind:
            case WaitKind.QUOTA:
                return f"the quota{f' ({self.window})' if self.window else ''} is used up{until}{said}"
            case WaitKind.RATE_LIMIT:
                return f"rate limit{next_submit}{said}"
            case WaitKind.API_WINDOW:
                return f"the API's limit on requests{next_submit}"
            case WaitKind.SPEC_LIMIT:
                return f"requests_per_minute of the spec{next_submit}"
            case WaitKind.RETRY:
                return f"trying again after an error{next_submit}"
            case WaitKind.UNREACHABLE:
                who = f"{self.model} does not answer" if self.model else "the API can't be reached"
                return f"{who} ({self.why}): trying{until}"
            case WaitKind.NO_STATUS:
                since = "" if self.since is None else f"since {clock_time(self.since, self.seen_at)} "
                return f"{since}the API has not told how any task stands ({self.why})"
            case WaitKind.IMAGES:
                return f"{no_images_message(self.why, self.jobs)}; nothing is bought until one comes"
            case _:
                assert_never(self.kind)


class ThrottleScope(StrEnum):
    """The calls that a throttle holds."""

    ACCOUNT = "account"
    """The submits of all models."""
    MODEL = "model"
    """The submits of one model."""
    POLLS = "polls"
    """Questions about tasks."""
    HOST = "host"
    """Downloads from one host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Calls that the API, or a host of images, has asked not to be made for a while."""

    scope: ThrottleScope
    name: str
    """The model or the host; empty for the whole account."""
    until: float
    """Unix seconds."""
    refusals: int
    """429s since the last success; 0 where the calls are held for what others were told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleState:
    """How the limits stand at one moment of a run."""

    throttles: tuple[Throttle, ...] = ()
    """The current throttles."""
    quota_window: str = ""
    """The name of the quota window that is used up, if it has one."""
    said: str = ""
    """The API's own words of its newest 429, in quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Counts of one moment of a run. Jobs that were done before the run are in ``done`` too."""

    jobs: int
    """Jobs this run is asked to have in the end, skipped ones left out."""
    done: int
    failed: int
    unknown: int
    in_flight: int
    """Tasks alive at the API."""
    images: int
    """Images this run has put in place."""
    spent_nusd: int
    """Cost of this run so far, in nano-dollars."""
    elapsed_s: float
    images_per_minute: float
    """Of the images that this run has put in place, over its time so far."""
    remaining_s: float | None
    """Seconds to the end, by how fast jobs have ended lately, and at least what limits that are known allow; None
    while nobody can tell, as when no job ends any more."""
    allowed: int | None = None
    """How many tasks may be alive at once now, where that is found out as the run goes; None where the spec says it,
    and the API takes as many."""
    waiting: Waiting | None = None
    """The current wait of the run; None while it does not wait."""
    cancelled: int = 0
    """Jobs whose task was cancelled at the API."""
    throttle: ThrottleState = ThrottleState()
    """The calls that the API has throttled, and until when."""
    spent_usd = InUsd()

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return (
            f"Progress({self.done:,} of {self.jobs:,} jobs done, {self.failed:,} failed, {self.in_flight:,} in flight, "
            f"{self.spent_usd:.6g} USD)"
        )

    @property
    def note(self) -> str:
        """The current wait in words; empty while the run does not wait."""
        return "" if self.waiting is None else str(self.waiting)

    @property
    def settled(self) -> int:
        """Jobs that this run is through with, or need not touch."""
        return min(self.jobs, self.done + self.failed + self.cancelled + self.unknown)


OnProgress: TypeAlias = Callable[[Progress], None]


def no_images_message(why: str, jobs: int) -> str:
    """Return that no image can be fetched, why, and how many jobs are paid and wait for theirs."""
    are = "is" if jobs == 1 else "are"
    return f"no image can be fetched ({why}): {jobs:,} job{'' if jobs == 1 else 's'} {are} paid and waiting for theirs"
