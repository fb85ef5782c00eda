"""A question about a task: it leaves when the API lets polls through, and what its answer tells is taken in."""

from collections.abc import Callable

from qwave_batch.client.answers import Answer, Denied, NoAnswer, TaskAnswer, Throttled
from qwave_batch.run.desk import Desk
from qwave_batch.run.limits.throttle_episode import backoff_s
from qwave_batch.run.limits.throttle_state import PollCall

THROTTLED_S = 0.5
"""From a 429 to the next question about the same task at least, however little the API asks for."""


async def until_poll_may_leave(desk: Desk, model: str, take_turn: Callable[[float], float] = float) -> None:
    """Return when polls are open and those before it in line have left; where polls count, it is counted.

    Args:
        desk: The run.
        model: Whose task it asks for.
        take_turn: Takes a place in line at a time, and returns when it comes; by default at once.
    """
    call = PollCall(model)
    while True:
        while (at := desk.limiter.admit(call, now := desk.now()).at) > now:
            if desk.watchdog.final_throttle is not None or desk.ends_for(at):
                return
            await desk.context.clock.sleep(min(at - now, 1.0))  # a window may open earlier than it seemed
        # All who wait for a gate see it open at one moment: the line is behind it.
        if (turn_at := take_turn(now)) <= now:
            break
        await desk.context.clock.sleep(turn_at - now)
        if desk.limiter.admit(call, now := desk.now()).at <= now:
            break
    desk.limiter.count_poll(now)


async def ask(desk: Desk, task_id: str, *, is_earlier: bool) -> Answer:
    """Ask how a task stands, one of an earlier run or of this one; polls must be open.

    Once a 429 asks for more patience than the run has, that is the answer to all questions, and none leaves.
    """
    if desk.watchdog.final_throttle is not None:
        return desk.watchdog.final_throttle
    desk.counters.polls += 1
    sent_at = desk.now()
    answer = await desk.context.api.status(task_id)
    desk.hear(answer, task_id=task_id)
    desk.is_home = desk.is_home or (is_earlier and isinstance(answer, TaskAnswer))
    reaction = desk.limiter.record(PollCall(""), answer, sent_at=sent_at, now=desk.now())
    if isinstance(answer, Throttled) and reaction.too_long is not None:
        desk.stops.stop(desk.why_not_wait(reaction.too_long))
        desk.watchdog.final_throttle = answer
    return answer


async def ask_in_time(desk: Desk, task_id: str, model: str, *, is_earlier: bool, tries: int) -> Answer:
    """Ask for a task that has ended, and so often again at most while no answer tells of its end."""
    failures = 0
    while True:
        await until_poll_may_leave(desk, model)
        answer = await ask(desk, task_id, is_earlier=is_earlier)
        failures += 1
        wait_s = _wait_s(desk, answer, failures)
        if wait_s is None or failures > tries:
            return answer
        desk.counters.retries += 1
        await desk.context.clock.sleep(wait_s)


def _wait_s(desk: Desk, answer: Answer, failures: int) -> float | None:
    """Return how long to wait before a task that has ended is asked for again; None when that is of no use."""
    if desk.watchdog.final_throttle is not None or (desk.stops.is_on and not desk.stops.collects):
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
    if asked_s > desk.context.options.max_wait_s:
        return None
    return max(asked_s, backoff_s(failures, desk.context.rng))
