"""Callbacks that say that a task may have ended: they wake its poll. Nothing in a callback is believed."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from qwave_batch.model.clock import Clock
from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.run.schedule.wakeup import wait_until_either

CALLBACK_URL = "callback_url"
MAX_EARLY = 1024
"""Callbacks that are kept for tasks that nobody waits for yet: one may come before the answer to the submit."""
PAUSE_S = 1.0
"""The least pause between two polls that callbacks caused, twice as long each time that it was for nothing."""
FIRST_S, LONGEST_S = 10.0, 60.0
"""Polling goes on beside: the time to the first poll without a callback, before anything is known of the model, and
the longest time from one to the next."""
STRETCH, SLACK_S = 2.0, 3.0
"""Later the first poll without a callback comes after this many times the usual latency of the model, and this."""
LATENCY_WEIGHT = 0.1
"""Weight of a new latency in the mean."""
UNCALLED = 3
"""After this many tasks that ended without a callback, and none with one, callbacks are not waited for any more."""


@dataclass(slots=True)
class PendingCallback:
    """A task whose callback is waited for; times are monotonic seconds."""

    task_id: str
    model: str
    began: float
    open_from: float = 0.0
    """Callbacks that come before do not wake the poll."""
    calls: int = 0
    """Polls that callbacks have caused."""
    polls: int = 0
    """Polls of any cause."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)


class CallbackInbox:
    """The pending callbacks, and those that came early. A flood costs a lookup for each, and bounded memory."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = url
        """The address of the receiver, as the API is told it."""
        self._clock = clock
        self._pending: dict[str, PendingCallback] = {}
        self._early: OrderedDict[str, None] = OrderedDict()
        self._typical_s: dict[str, float] = {}
        self._called = 0
        self._uncalled = 0

    @property
    def is_unreachable(self) -> bool:
        """Whether tasks end and no callback ever comes: the API does not reach the receiver."""
        return not self._called and self._uncalled >= UNCALLED

    def receive(self, task_id: str) -> None:
        """Take a callback, from any sender."""
        pending = self._pending.get(task_id)
        if pending is not None:
            pending.arrived.set()
            return
        self._early[task_id] = None
        self._early.move_to_end(task_id)
        if len(self._early) > MAX_EARLY:
            self._early.popitem(last=False)

    def expect(self, task_id: str, model: str) -> PendingCallback:
        """Begin to wait for a task; ``forget`` it in the end."""
        pending = PendingCallback(task_id=task_id, model=model, began=self._clock.monotonic())
        self._pending[task_id] = pending
        if task_id in self._early:
            del self._early[task_id]
            pending.arrived.set()
        return pending

    def forget(self, pending: PendingCallback, *, is_over: bool) -> None:
        """Wait no longer.

        Args:
            pending: What ``expect`` gave.
            is_over: Whether the task was found in its end.
        """
        self._pending.pop(pending.task_id, None)
        if not is_over:
            return
        was_called = pending.arrived.is_set() or pending.calls > 0
        self._called += was_called
        self._uncalled += not was_called
        if was_called:
            took_s = self._clock.monotonic() - pending.began
            known_s = self._typical_s.setdefault(pending.model, took_s)
            self._typical_s[pending.model] = known_s + LATENCY_WEIGHT * (took_s - known_s)

    async def wait(self, pending: PendingCallback, at_most_s: float) -> None:
        """Return when there is reason to poll: a callback, or a time without any."""
        typical_s = self._typical_s.get(pending.model)
        first_s = FIRST_S if typical_s is None else STRETCH * typical_s + SLACK_S
        misses = pending.polls - pending.calls
        fallback_s = min(at_most_s, LONGEST_S, first_s * 2.0 ** min(misses, 8))
        fallback_at = self._clock.monotonic() + fallback_s
        pending.polls += 1
        if pending.arrived.is_set() or await wait_until_either(self._clock.sleep(fallback_s), pending.arrived.wait()):
            now = self._clock.monotonic()
            await self._clock.sleep(max(0.0, min(pending.open_from, fallback_at) - now))
            pending.arrived.clear()
            pending.calls += 1
            pending.open_from = self._clock.monotonic() + PAUSE_S * 2.0 ** min(pending.calls - 1, 5)

    def serves(self, callback: JsonObject | None) -> bool:
        """Whether a call about a task arrives here that was submitted with these callback fields."""
        return not self.is_unreachable and (callback or {}).get(CALLBACK_URL) == self.url


def callback_fields(inbox: CallbackInbox | None, job: Job) -> JsonObject:
    """Return the callback fields of a new submit: the job's own, or the address of the run's receiver."""
    if inbox is None or inbox.is_unreachable or CALLBACK_URL in job.callback:
        return job.callback
    return {**job.callback, CALLBACK_URL: inbox.url}
