"""Where the images of a paid task are now, by the task itself."""

from qwave_batch.client.answers import Answer, Denied, NoAnswer, TaskAnswer, TaskNotFound
from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.model.job import JobError
from qwave_batch.model.task import Task, TaskState
from qwave_batch.run.desk import Desk
from qwave_batch.run.tasks.job_errors import account_in_doubt, not_fetched, result_gone, unreadable_result
from qwave_batch.run.tasks.poll_calls import ask_in_time

DOUBT_S = 2.0
"""How long, in all, a run waits for a sign that an unknown task is not another account's."""

GIVEN_UP = frozenset({AttemptState.UNRECOVERABLE, AttemptState.FAILED})
"""Attempts whose loss is on record: that nobody knows their task now is no news that could be a mistake, and a person
who asks for failed jobs need not prove the account by another task."""


class ResultAddresses:
    """Asks tasks that have ended for their images."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ask(self, attempt: Attempt, model: str, *, is_earlier: bool, is_urgent: bool = True) -> Task | JobError:
        """Return the task with its images of now, or why there are none; retryable when some may come later.

        Args:
            attempt: One whose task has ended.
            model: Its job's.
            is_earlier: Whether its task is an earlier run's.
            is_urgent: Whether there is nothing else to try, so that it is asked again when no answer comes.
        """
        assert attempt.task_id is not None  # noqa: S101 - a completed attempt has one
        tries = self._desk.context.terms.retry_attempts if is_urgent else 0
        answer = await ask_in_time(self._desk, attempt.task_id, model, is_earlier=is_earlier, tries=tries)
        match answer:
            case TaskAnswer(task=task) if task.state is TaskState.COMPLETED and task.listed:
                return task
            case TaskAnswer(task=task) if task.unread:
                return unreadable_result(task.unread, task.answer)
            case TaskAnswer(task=task) if attempt.state is AttemptState.COMPLETED and task.state.is_terminal:
                return not_fetched("the task does not list it")  # it did before, and may again
            case TaskNotFound() if is_earlier and attempt.state not in GIVEN_UP and not await self._is_home():
                return account_in_doubt()
            case _:
                return _why_none(answer)

    async def _is_home(self) -> bool:
        """Whether the key is of the account that made the folder, by a task that was found or a person's word.

        Questions that left together with the first that was not answered so have a moment to be answered.
        """
        desk = self._desk
        if desk.is_home or desk.context.options.resubmit_unknown:
            return True
        if desk.doubted_at is None:
            desk.doubted_at = desk.now()
        await desk.context.clock.sleep(max(0.0, desk.doubted_at + DOUBT_S - desk.now()))
        return desk.is_home


def _why_none(answer: Answer) -> JobError:
    """Return what keeps images from coming; only an end that the task is surely in says that they never will."""
    match answer:
        case TaskAnswer(task=task) if task.state.is_terminal:
            return result_gone("the task no longer has its images")
        case TaskAnswer():
            return not_fetched("the API answers as if the task were still at work")
        case TaskNotFound():
            return result_gone("the API no longer knows the task")
        case NoAnswer():
            return not_fetched(answer.reason)
        case Denied():
            return not_fetched(f"HTTP {answer.status}: {answer.message}")
        case _:
            return not_fetched("the API did not say where the image is")
