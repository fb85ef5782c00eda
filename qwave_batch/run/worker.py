"""One job's way through the states of its attempts, as far as it gets in one go."""

from typing import assert_never

from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.states import AttemptState
from qwave_batch.model.task import Task
from qwave_batch.run.darkroom import Darkroom
from qwave_batch.run.desk import Desk
from qwave_batch.run.fetching import Fetching
from qwave_batch.run.listing import Listing
from qwave_batch.run.seat import Seat
from qwave_batch.run.settling import Settling
from qwave_batch.run.submitting import Submitting
from qwave_batch.run.trial import Done, Later, Step, Trial
from qwave_batch.run.watching import Watching

_FETCHED = frozenset({AttemptState.COMPLETED, AttemptState.STORED})


class Worker:
    """Takes jobs as far as they go: submit, watch, settle, fetch."""

    def __init__(self, desk: Desk, *, downloads: int) -> None:
        self.submitting = Submitting(desk)
        darkroom = Darkroom(desk.context.layout, desk.context.ledger)
        self._desk = desk
        self._watching = Watching(desk)
        self._listing = Listing(desk)
        self._settling = Settling(desk, darkroom)
        self._fetching = Fetching(desk, darkroom, downloads)

    async def fetch(self, trial: Trial) -> Step:
        """Fetch the pictures of a task that was completed in an earlier run."""
        return await self._fetching.fetch(trial, _attempt(trial), is_earlier=True)

    async def go(self, trial: Trial, seat: Seat) -> Step:
        """Take a job on, from what is on record to its end, or to where it has to wait without a slot."""
        task = await self._task(trial, seat)
        if not isinstance(task, Task):
            return task
        self._note_end(trial, task)
        seat.free_slot()  # at the API it is free already, and what the next job costs is reserved beside this one's
        listed = await self._listing.until_listed(trial, _attempt(trial), task)
        if not isinstance(listed, Task):
            return listed
        self._note_end(trial, listed)
        settled = await self._settling.settle(trial, _attempt(trial), listed)
        seat.settled()
        match settled:
            case Attempt():
                return await self._fetching.fetch(trial, settled)
            case Done() | Later():
                return settled
            case _:
                assert_never(settled)

    def _note_end(self, trial: Trial, task: Task) -> None:
        if task.listed:
            self._desk.breaker.ended(trial.job.job_id, trial.job.model, self._desk.now())

    async def _task(self, trial: Trial, seat: Seat) -> Task | Step:
        """Return the job's task in its end."""
        is_made = trial.state in {AttemptState.ACCEPTED, AttemptState.LOST} and not trial.is_resubmit
        if not is_made:
            trial.is_resubmit = False
            task = await self.submitting.submit(trial, seat)
            if not isinstance(task, Task) or task.state.is_terminal:
                return task
        return await self._watching.watch(trial, _attempt(trial), seat, is_young=not is_made)


def _attempt(trial: Trial) -> Attempt:
    assert trial.attempt is not None  # noqa: S101 - whoever has a task has an attempt
    return trial.attempt
