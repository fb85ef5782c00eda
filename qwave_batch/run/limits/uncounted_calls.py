"""Throttles of calls outside all windows: cancels, and downloads by host. Pure; times are monotonic seconds."""

from dataclasses import dataclass, field
from http import HTTPStatus

from qwave_batch.client.answers import AccountBlocked, DownloadFailed, Throttled
from qwave_batch.model.progress import WaitKind
from qwave_batch.run.limits.throttle_episode import UNSAID, ThrottleEpisode
from qwave_batch.run.limits.throttle_state import NO_REACTION, LongWait, Reaction

LONE_REFUSALS = 5
"""After this many consecutive single cancels that were answered with 429, no more are sent."""


@dataclass(slots=True)
class CancelThrottle:
    """Sends cancels one by one until one was answered, and again after a 429."""

    flows: bool = False
    """Whether they need not be sent one by one."""
    episode: ThrottleEpisode = field(default_factory=ThrottleEpisode)
    _lone_refusals: int = 0

    def record(self, answer: object, now: float, *, is_alone: bool, max_wait_s: float) -> Reaction:
        """Record the answer to a cancel, or to the poll before it."""
        if isinstance(answer, Throttled):
            self.flows = False
            wait_s = UNSAID.first_s if answer.wait_s is None else answer.wait_s
            self.episode.hold_until(now + wait_s, now)
            self._lone_refusals += is_alone
            is_over = wait_s > max_wait_s or self._lone_refusals >= LONE_REFUSALS
            return Reaction(
                retry_at=self.episode.until, too_long=LongWait.asked_for(answer, wait_s) if is_over else None
            )
        if is_alone and not isinstance(answer, AccountBlocked):
            self.flows, self._lone_refusals = True, 0
        return NO_REACTION


@dataclass(slots=True)
class HostThrottles:
    """Pauses downloads from hosts for as long as they ask: any other download would be rejected too."""

    episodes: dict[str, ThrottleEpisode] = field(default_factory=dict)

    def opens_at(self, host: str) -> float:
        """Return when a download from a host may start; in the past if it may now."""
        return self.episodes[host].until if host in self.episodes else 0.0

    def record(self, host: str, answer: object, now: float, *, max_wait_s: float) -> Reaction:
        """Record the result of a download."""
        if not isinstance(answer, DownloadFailed):
            return NO_REACTION
        unsaid_s = UNSAID.first_s if answer.status == HTTPStatus.TOO_MANY_REQUESTS else None
        wait_s = unsaid_s if answer.retry_after_s is None else answer.retry_after_s
        if wait_s is None:
            return NO_REACTION
        self.episodes.setdefault(host, ThrottleEpisode()).hold_until(now + wait_s, now)
        is_long = wait_s > max_wait_s
        long_wait = LongWait(kind=WaitKind.RATE_LIMIT, model=None, wait_s=wait_s) if is_long else None
        return Reaction(retry_at=now + wait_s, too_long=long_wait)
