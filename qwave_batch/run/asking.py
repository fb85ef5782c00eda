"""A question about a task: it leaves when the API lets polls through, and what its answer tells is taken in."""

from qwave_batch.client.answers import Answer, TaskAnswer, Throttled
from qwave_batch.run.desk import Desk


async def until_polls_are_open(desk: Desk) -> None:
    """Return when a poll may leave; where polls count, it is counted."""
    while (at := desk.gates.polls_open_at(now := desk.now())) > now:
        await desk.context.clock.sleep(min(at - now, 1.0))  # a window may open earlier than it seemed
    desk.gates.spend_poll(now)


async def ask(desk: Desk, task_id: str, *, is_earlier: bool) -> Answer:
    """Ask how a task stands, one of an earlier run or of this one; polls must be open."""
    desk.tally.polls += 1
    sent_at = desk.now()
    answer = await desk.context.api.status(task_id)
    desk.hear(answer)
    desk.is_home = desk.is_home or (is_earlier and isinstance(answer, TaskAnswer))
    desk.gates.hear_poll(answer, sent_at, desk.now())
    if isinstance(answer, Throttled) and (wait_s := desk.wait_of(answer)) is not None:
        desk.brake.hold_all(desk.now() + wait_s)
    return answer


async def ask_in_time(desk: Desk, task_id: str, *, is_earlier: bool) -> Answer:
    """Ask how a task stands once polls are open, again after a 429, as often as a job may be tried."""
    tries_left = desk.context.terms.retry_attempts
    while True:
        await until_polls_are_open(desk)
        answer = await ask(desk, task_id, is_earlier=is_earlier)
        if not isinstance(answer, Throttled) or tries_left <= 0 or desk.halt.is_on:
            return answer
        tries_left -= 1
