"""Polls ended tasks again if their images are not listed yet, or their addresses may be outdated."""

from qwave_batch.client.answers import Answer, Denied, NoAnswer, TaskAnswer, TaskNotFound
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.model.job import JobError
from qwave_batch.model.record import JobStatus
from qwave_batch.model.task import Task, TaskState
from qwave_batch.run.images.image_breaker import ImageBreaker, ImageFailure, pause_s
from qwave_batch.run.images.listed_images import FINAL_S, LIST_S, is_without_images
from qwave_batch.run.jobs.job_errors import account_unverified, not_fetched, not_listed, result_gone, unreadable_result
from qwave_batch.run.jobs.job_run import AcceptedAttempt, EndedTask, Finished, JobRun, Step
from qwave_batch.run.state.run_state import RunState
from qwave_batch.run.tasks.poll_calls import PollCalls

SLICE_S = 1.0
"""How often a wait checks whether the run goes on."""
DOUBT_S = 2.0
"""How long, in total, a run waits for evidence that an unknown task does not belong to another account."""
GIVEN_UP = frozenset({AttemptState.UNRECOVERABLE, AttemptState.FAILED})
"""Attempts whose loss is recorded: their task is unknown already, and a user who asks for failed jobs need not prove
the account by another task."""
_NOTHING_LISTED = "tasks are done and list no image"


class EndedTaskPoller:
    """Polls ended tasks, without holding a slot."""

    def __init__(self, run: RunState, calls: PollCalls, breaker: ImageBreaker) -> None:
        self._run = run
        self._calls = calls
        self._breaker = breaker
        self._doubted_at: float | None = None
        """Monotonic seconds of the first answer that put the account in doubt."""

    # Images that are not listed yet.

    async def until_listed(self, job_run: JobRun, ended: EndedTask) -> EndedTask | Step:
        """Return the task once it shows the fate of its images, or that the job is left to the next run.

        A task that permanently shows nothing is returned as it is: free if it says so, else after minutes of polling.
        """
        task = ended.task
        if not is_bare(task) or is_without_images(job_run.job, task):
            return ended
        if _is_free(task):
            return await self._poll_once_more(job_run, ended)
        ended = await self._record_wait(job_run, ended)
        run, job, breaker = self._run, job_run.job, self._breaker
        seen_at = ended.attempt.ended_at or run.connectivity.earliest_time()
        failure = ImageFailure(model=job.model, host="", why=_NOTHING_LISTED, is_late=not task.is_hollow)
        breaker.image_failed(job.job_id, run.now(), failure)
        breaker.start_waiting(job.job_id)
        try:
            found = await self._poll_on(job_run, task)
        finally:
            breaker.stop_waiting(job.job_id)
        if found is None:
            return Finished(status=JobStatus.PENDING)
        if found.is_hollow:  # its result cannot be read, and is kept like that
            return EndedTask(ended.attempt, found)
        is_late = run.connectivity.earliest_time() - seen_at >= FINAL_S
        if not (is_late or _is_free(found) or not is_bare(found)):
            return Finished(status=JobStatus.PENDING)
        breaker.forget(job.job_id)
        return EndedTask(ended.attempt, found)

    async def _record_wait(self, job_run: JobRun, ended: EndedTask) -> EndedTask:
        """Record that the task has ended, with its price, and that its images are waited for."""
        run, attempt, task = self._run, ended.attempt, ended.task
        if attempt.state is AttemptState.NOT_FOUND:
            attempt = await run.journal.find_again(attempt)
        acceptance, job_run.acceptance = job_run.acceptance, None
        held_nusd = attempt.held_nusd if acceptance is None else acceptance.held_nusd
        cost_nusd = task.cost_nusd or 0
        run.budget.reserve(max(0, cost_nusd - held_nusd))
        attempt = job_run.attempt = await run.journal.await_images(
            attempt,
            not_listed(),
            ended_at=run.connectivity.earliest_time(),
            held_nusd=cost_nusd,
            acceptance=acceptance,
        )
        return EndedTask(attempt, task)

    async def _poll_once_more(self, job_run: JobRun, ended: EndedTask) -> EndedTask:
        await self._run.context.clock.sleep(pause_s(1))
        answer = await self._poll(job_run, ended.task)
        is_over = isinstance(answer, TaskAnswer) and answer.task.state.is_terminal
        return EndedTask(ended.attempt, answer.task) if is_over and isinstance(answer, TaskAnswer) else ended

    async def _poll_on(self, job_run: JobRun, task: Task) -> Task | None:
        """Return the final answer about the task; None if the run ends before that."""
        run, polls = self._run, 0
        ends_at = run.now() + LIST_S
        while run.now() < ends_at:
            polls += 1
            if not await self._rest(run.now() + pause_s(polls)):
                return None
            answer = await self._poll(job_run, task)
            if isinstance(answer, TaskAnswer) and answer.task.state.is_terminal:
                task = answer.task
                if not is_bare(task):
                    return task
        failure = ImageFailure(model=job_run.job.model, host="", why=_NOTHING_LISTED)
        self._breaker.image_failed(job_run.job.job_id, run.now(), failure)
        return task

    async def _rest(self, until: float) -> bool:
        """Sleep, and return whether the run still goes on."""
        run = self._run
        while (left_s := until - run.now()) > 0:
            if not run.stops.awaits_images:
                return False
            await run.context.clock.sleep(min(left_s, SLICE_S))
        return run.stops.awaits_images

    async def _poll(self, job_run: JobRun, task: Task) -> Answer:
        await self._calls.wait_until_open(job_run.job.model)
        return await self._calls.poll(task.task_id, is_earlier=job_run.sends == 0)

    # Fresh addresses.

    async def fresh_addresses(
        self, accepted: AcceptedAttempt, model: str, *, is_earlier: bool, is_urgent: bool = True
    ) -> Task | JobError:
        """Return the task with its current images, or why there are none; retryable if some may appear later.

        Args:
            accepted: An attempt whose task has ended.
            model: Its job's.
            is_earlier: Whether its task belongs to an earlier run.
            is_urgent: Whether there is nothing else to try, so that an unanswered poll is repeated.
        """
        state = accepted.attempt.state
        tries = self._run.context.terms.retry_attempts if is_urgent else 0
        answer = await self._calls.poll_ended(accepted.task_id, model, is_earlier=is_earlier, tries=tries)
        match answer:
            case TaskAnswer(task=task) if task.state is TaskState.COMPLETED and task.listed:
                return task
            case TaskAnswer(task=task) if task.unread:
                return unreadable_result(task.unread, task.answer)
            case TaskAnswer(task=task) if state is AttemptState.COMPLETED and task.state.is_terminal:
                return not_fetched("the task does not list it")  # it did before, and may again
            case TaskNotFound() if is_earlier and state not in GIVEN_UP and not await self._is_account_verified():
                return account_unverified()
            case _:
                return _why_none(answer)

    async def _is_account_verified(self) -> bool:
        """Whether the key belongs to the account that created the folder, because a task was found or a user said so.

        Polls sent together with the first failing one get a moment to be answered.
        """
        run = self._run
        if run.connectivity.account_verified or run.context.options.resubmit_unknown:
            return True
        if self._doubted_at is None:
            self._doubted_at = run.now()
        await run.context.clock.sleep(max(0.0, self._doubted_at + DOUBT_S - run.now()))
        return run.connectivity.account_verified


def is_bare(task: Task) -> bool:
    """Whether a task has ended without any image, or anything that may be one."""
    return task.state is TaskState.COMPLETED and not task.listed and not task.unread


def _is_free(task: Task) -> bool:
    """Whether the API itself says that a task without an image was not charged."""
    return task.cost_nusd == 0 and not task.is_hollow


def _why_none(answer: Answer) -> JobError:
    """Return why there are no images; only a certain end of the task makes this final."""
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
