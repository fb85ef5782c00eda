"""Hints that a task may have ended: whoever waits for it is woken, and asks the API. Nothing in a hint is believed."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from qwave_batch.model.clock import Clock
from qwave_batch.run.context import CallbackSource
from qwave_batch.run.schedule.wakeup import wait_until_either

MAX_EARLY = 1024
"""Hints that are kept about tasks that nobody waits for yet: the call may come before the answer to the submit."""
PAUSE_S = 1.0
"""From one question that a hint caused to the next at least, twice as long each time that it was for nothing."""
FIRST_S, LONGEST_S = 10.0, 60.0
"""Polling goes on beside: the first question without a hint, before anything is known of the model, and the longest
time from one to the next."""
STRETCH, SLACK_S = 2.0, 3.0
"""Later the first question without a hint comes after so many times of what tasks of the model take, and this."""
NEWS = 0.1
"""What a new latency counts."""
UNHEARD = 3
"""After so many tasks that were over without a hint, and none with one, nobody waits for hints any more."""


@dataclass(slots=True)
class PendingCallback:
    """A task that a hint is expected for; times are monotonic seconds."""

    task_id: str
    model: str
    began: float
    open_from: float = 0.0
    """Hints that come before do not wake anyone."""
    hinted: int = 0
    """Questions that hints have caused."""
    asked: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)


class CallbackInbox:
    """Who waits for which task, and what has come early. A flood of hints costs a look each, and bounded memory."""

    def __init__(self, callbacks: CallbackSource, clock: Clock) -> None:
        self.url = callbacks.url
        self._clock = clock
        self._expected: dict[str, PendingCallback] = {}
        self._early: OrderedDict[str, None] = OrderedDict()
        self._typical_s: dict[str, float] = {}
        self._heard = 0
        self._unheard = 0
        callbacks.listen(self.take)

    @property
    def is_deaf(self) -> bool:
        """Whether tasks end and no hint ever comes: the API does not reach the receiver."""
        return not self._heard and self._unheard >= UNHEARD

    def take(self, task_id: str) -> None:
        """Take a hint, whoever it is from."""
        expected = self._expected.get(task_id)
        if expected is not None:
            expected.arrived.set()
            return
        self._early[task_id] = None
        self._early.move_to_end(task_id)
        if len(self._early) > MAX_EARLY:
            self._early.popitem(last=False)

    def expect(self, task_id: str, model: str) -> PendingCallback:
        """Begin to wait for a task; ``forget`` it in the end."""
        expected = PendingCallback(task_id=task_id, model=model, began=self._clock.monotonic())
        self._expected[task_id] = expected
        if task_id in self._early:
            del self._early[task_id]
            expected.arrived.set()
        return expected

    def forget(self, expected: PendingCallback, *, is_over: bool) -> None:
        """Wait no longer.

        Args:
            expected: What ``expect`` gave.
            is_over: Whether the task was found in its end.
        """
        self._expected.pop(expected.task_id, None)
        if not is_over:
            return
        is_heard = expected.arrived.is_set() or expected.hinted > 0
        self._heard += is_heard
        self._unheard += not is_heard
        if is_heard:
            took_s = self._clock.monotonic() - expected.began
            known_s = self._typical_s.setdefault(expected.model, took_s)
            self._typical_s[expected.model] = known_s + NEWS * (took_s - known_s)

    async def wait(self, expected: PendingCallback, at_most_s: float) -> None:
        """Return when there is reason to ask: a hint, or a time without any."""
        typical_s = self._typical_s.get(expected.model)
        first_s = FIRST_S if typical_s is None else STRETCH * typical_s + SLACK_S
        misses = expected.asked - expected.hinted
        fallback_s = min(at_most_s, LONGEST_S, first_s * 2.0 ** min(misses, 8))
        fallback_at = self._clock.monotonic() + fallback_s
        expected.asked += 1
        if expected.arrived.is_set() or await wait_until_either(self._clock.sleep(fallback_s), expected.arrived.wait()):
            now = self._clock.monotonic()
            await self._clock.sleep(max(0.0, min(expected.open_from, fallback_at) - now))
            expected.arrived.clear()
            expected.hinted += 1
            expected.open_from = self._clock.monotonic() + PAUSE_S * 2.0 ** min(expected.hinted - 1, 5)
