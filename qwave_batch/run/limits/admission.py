"""The values that go into a rate limiter and come out of it, and the calls that it holds. Pure.

Times are monotonic seconds, where nothing else is said.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from qwave_batch.model.progress import Throttle, ThrottleScope, ThrottleState, WaitKind
from qwave_batch.run.limits.throttle_episode import CancelThrottle, HostThrottles, ModelThrottle, ThrottleEpisode


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """The consequences of an answer."""

    retry_at: float = 0.0
    """Monotonic seconds before which the same call is not to be retried."""
    too_long: LongWait | None = None
    """Set if that exceeds the maximum wait of the run."""


NO_REACTION = Reaction()
"""No consequences."""


@dataclass(slots=True)
class HeldCalls:
    """The calls that the API has asked not to be made for a while, and its own words; models hold theirs themselves."""

    account: ThrottleEpisode = field(default_factory=ThrottleEpisode)
    """429s that are about the submits of all models."""
    polls: ThrottleEpisode = field(default_factory=ThrottleEpisode)
    cancels: CancelThrottle = field(default_factory=CancelThrottle)
    hosts: HostThrottles = field(default_factory=HostThrottles)
    said: str = ""
    """The API's own words of its newest 429, in quotes."""
    unread_wait: str = ""
    """The first ``Retry-After`` that made no sense, as it was written; empty when there was none such."""
    quota_window: str = ""
    """The name of the quota window that was used up last; empty when nobody gave it one."""
    quota_until: float = 0.0

    def gates_of_submit(self, model: ModelThrottle) -> Iterator[Admission]:
        """Yield until when the API's own word holds the submits of a model."""
        for episode, name in ((self.account, None), (model.episode, model.name)):
            if self.quota_until >= episode.until > 0.0:
                yield Admission(episode.until, WaitKind.QUOTA, None)  # a quota window is the account's
            else:
                yield Admission(episode.until, WaitKind.RATE_LIMIT, name)

    def state(self, models: Collection[ModelThrottle], now: float, unix_now: float) -> ThrottleState:
        """Return what is held at this moment, and until when in Unix seconds."""
        held = [(ThrottleScope.ACCOUNT, "", self.account), (ThrottleScope.POLLS, "", self.polls)]
        held += [(ThrottleScope.MODEL, model.name, model.episode) for model in models]
        held += [(ThrottleScope.HOST, host, episode) for host, episode in self.hosts.episodes.items()]
        return ThrottleState(
            throttles=tuple(
                Throttle(scope=scope, name=name, until=unix_now + episode.until - now, refusals=episode.answers)
                for scope, name, episode in held
                if episode.until > now
            ),
            quota_window=self.quota_window if self.quota_until > now else "",
            said=self.said,
        )
