"""Polls tasks: each poll is sent when the limits allow it, and its answer is recorded."""

from collections.abc import Callable

from qwave_batch.client.answers import Answer, Denied, NoAnswer, TaskAnswer, Throttled
from qwave_batch.run.limits.admission import PollCall
from qwave_batch.run.limits.throttle_episode import backoff_s
from qwave_batch.run.polling.status_watchdog import StatusWatchdog
from qwave_batch.run.state.run_state import RunState

THROTTLED_S = 0.5
"""Minimum time from a 429 to the next poll of the same task, however short the stated wait is."""
_LONGEST_SLEEP_S = 1.0
"""A window may open earlier than predicted."""


class PollCalls:
    """Makes every poll of a run."""

    def __init__(self, run: RunState, watchdog: StatusWatchdog) -> None:
        self._run = run
        self._watchdog = watchdog
        self._last: Throttled | None = None
        """The 429 that asks for a longer wait than the run allows: it stands for the answers to all further polls."""

    @property
    def are_over(self) -> bool:
        """Whether nothing is polled any more."""
        return self._last is not None

    async def wait_until_open(self, model: str, take_turn: Callable[[float], float] = float) -> None:
        """Return when polls are allowed and those before it in line have left; if polls count, it is counted.

        Args:
            model: The model of the task.
            take_turn: Takes a place in line at a time, and returns its turn; by default at once.
        """
        run, call = self._run, PollCall(model)
        while True:
            while (at := run.limiter.admit(call, now := run.now()).at) > now:
                if self.are_over or self._is_too_late(at):
                    return
                await run.context.clock.sleep(min(at - now, _LONGEST_SLEEP_S))
            # All waiters of a limit see it open at the same time: the line comes after it.
            if (turn_at := take_turn(now)) <= now:
                break
            await run.context.clock.sleep(turn_at - now)
            if run.limiter.admit(call, now := run.now()).at <= now:
                break
        run.limiter.count_poll(now)

    async def poll(self, task_id: str, *, is_earlier: bool, is_retry: bool = False) -> Answer:
        """Poll a task; polls must be allowed.

        Once a 429 requires a longer wait than the run allows, it is the answer to all polls, and none is sent.

        Args:
            task_id: The task.
            is_earlier: Whether the task is of an earlier run.
            is_retry: Whether the previous poll failed.
        """
        run = self._run
        if self._last is not None:
            return self._last
        run.counters.count_poll(is_retry=is_retry)
        sent_at = run.now()
        answer = await run.context.api.status(task_id)
        if isinstance(answer, Throttled):
            return self._record_throttled(answer, sent_at)
        run.connectivity.record_response(answer, task_id=task_id)
        if isinstance(answer, TaskAnswer):
            if is_earlier:
                run.connectivity.verify_account()
            if answer.task.state.is_terminal:
                self._watchdog.record_success()
        run.limiter.record(PollCall(""), answer, sent_at=sent_at, now=run.now())
        return answer

    def _record_throttled(self, answer: Throttled, sent_at: float) -> Throttled:
        """Hold all polls for as long as a 429 asks, or make it the last one when that is too long."""
        run = self._run
        run.connectivity.prove_key(answer.served_at)
        run.counters.limits.polls += 1
        reaction = run.limiter.record(PollCall(""), answer, sent_at=sent_at, now=run.now())
        if reaction.too_long is not None:
            run.stops.stop(run.too_long(reaction.too_long))
            self._last = answer
        return answer

    async def poll_ended(self, task_id: str, model: str, *, is_earlier: bool, tries: int) -> Answer:
        """Poll a task that has ended, and repeat up to so many times while no answer shows its end."""
        failures = 0
        while True:
            await self.wait_until_open(model)
            answer = await self.poll(task_id, is_earlier=is_earlier, is_retry=failures > 0)
            failures += 1
            wait_s = self._wait_s(answer, failures)
            if wait_s is None or failures > tries:
                return answer
            await self._run.context.clock.sleep(wait_s)

    def _is_too_late(self, at: float) -> bool:
        """Whether polls wait for a window that opens too late, so that the run stops polling."""
        run = self._run
        if wait := run.limiter.too_long_until(at, run.now()):
            reason = run.too_long(wait)
            run.stops.stop(reason)
            self._last = Throttled(wait_s=wait.wait_s, message=str(reason))
        return self.are_over

    def _wait_s(self, answer: Answer, failures: int) -> float | None:
        """Return how long to wait before polling an ended task again; None if that is useless."""
        run = self._run
        if self.are_over or (run.stops.is_on and not run.stops.drains):
            return None
        match answer:
            case Throttled():  # polls are held until its time
                return THROTTLED_S
            case NoAnswer():
                asked_s = answer.retry_after_s or 0.0
            case Denied():
                asked_s = 0.0
            case TaskAnswer(task=task) if not task.state.is_terminal:  # an answer from before its end
                asked_s = 0.0
            case _:
                return None
        if asked_s > run.context.options.max_wait_s:
            return None
        return max(asked_s, backoff_s(failures, run.context.rng))
