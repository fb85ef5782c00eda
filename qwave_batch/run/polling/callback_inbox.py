"""Callbacks that say that a task may have ended: they wake its poll. Nothing in a callback is trusted."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from qwave_batch.model.clock import Clock
from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.run.wakeup import wait_until_either

CALLBACK_URL = "callback_url"
MAX_EARLY = 1024
"""Callbacks kept for tasks without a waiter: one may arrive before the answer to the submit."""
PAUSE_S = 1.0
"""The minimum pause between two polls caused by callbacks, doubled after each one in vain."""
FIRST_S, LONGEST_S = 10.0, 60.0
"""Polling continues in addition: the time to the first poll without a callback while a model is unknown, and the
longest time between polls."""
STRETCH, SLACK_S = 2.0, 3.0
"""Once the model is known, the first poll without a callback comes after this factor of its latency, plus this."""
LATENCY_WEIGHT = 0.1
"""Weight of a new latency in the mean."""
UNCALLED = 3
"""After this many tasks that ended without a callback, and none with one, callbacks are no longer waited for."""


@dataclass(slots=True)
class PendingCallback:
    """A task with an expected callback; times are monotonic seconds."""

    task_id: str
    model: str
    began: float
    open_from: float = 0.0
    """Callbacks that arrive before this do not wake the poll."""
    calls: int = 0
    """Polls caused by callbacks."""
    polls: int = 0
    """Polls for any reason."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)


class CallbackInbox:
    """The pending callbacks, and those that arrived early. A flood costs one look-up each, and bounded memory."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = url
        """The address of the receiver as sent to the API."""
        self._clock = clock
        self._pending: dict[str, PendingCallback] = {}
        self._early: OrderedDict[str, None] = OrderedDict()
        self._typical_s: dict[str, float] = {}
        self._called = 0
        self._uncalled = 0

    @property
    def is_unreachable(self) -> bool:
        """Whether tasks end without any callback: the API does not reach the receiver."""
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
        """Start to wait for a task; call ``forget`` at the end."""
        pending = PendingCallback(task_id=task_id, model=model, began=self._clock.monotonic())
        self._pending[task_id] = pending
        if task_id in self._early:
            del self._early[task_id]
            pending.arrived.set()
        return pending

    def forget(self, pending: PendingCallback, *, is_over: bool) -> None:
        """Stop waiting.

        Args:
            pending: The result of ``expect``.
            is_over: Whether the task was found to have ended.
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
        """Return when there is a reason to poll: a callback, or a time without any."""
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
        """Whether a callback for a task submitted with these fields arrives here."""
        return not self.is_unreachable and (callback or {}).get(CALLBACK_URL) == self.url


def callback_fields(inbox: CallbackInbox | None, job: Job) -> JsonObject:
    """Return the callback fields of a new submit: the job's own, or the address of the run's receiver."""
    if inbox is None or inbox.is_unreachable or CALLBACK_URL in job.callback:
        return job.callback
    return {**job.callback, CALLBACK_URL: inbox.url}
