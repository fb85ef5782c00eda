"""Fetches, checks and stores the images of a completed task: carries out the decisions of ``fetch_policy``."""

import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Protocol, assert_never

from qwave_batch.client.answers import DownloadFailed, Expired
from qwave_batch.folder.placing import ImageName
from qwave_batch.imaging.image_inspection import STRANGE_FORMATS
from qwave_batch.ledger.attempt import Attempt, Charge, StoredFile
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.snapshots import status_of
from qwave_batch.model.job import Job, JobError
from qwave_batch.model.record import JobStatus
from qwave_batch.model.signed_links import unsigned
from qwave_batch.model.task import ResultImage, Task
from qwave_batch.run.images.fetch_policy import (
    MOST_BROKEN,
    UNLISTED,
    AllGone,
    Complete,
    FailedAsBefore,
    FetchState,
    GiveUp,
    ImageTrouble,
    LeftEarly,
    LostForGood,
    Moment,
    NotYetHere,
    TryAgain,
    conclude,
    decide,
)
from qwave_batch.run.images.image_breaker import ImageBreaker, ImageFailure, pause_s
from qwave_batch.run.images.image_store import BrokenImage, ImageOutcome, ImageRequest, ImageStore, UnreadFormat
from qwave_batch.run.images.listed_images import charge_for, merged
from qwave_batch.run.images.name_claims import NameClaims
from qwave_batch.run.jobs.job_errors import other_format
from qwave_batch.run.jobs.job_run import AcceptedAttempt, Finished, JobRun, Step
from qwave_batch.run.limits.admission import DownloadCall, host_of
from qwave_batch.run.state.counters import is_short
from qwave_batch.run.state.run_state import RunState

SLICE_S = 1.0
"""How often a wait checks whether the run goes on."""


class AddressSource(Protocol):
    """Gives the current addresses of a task's images, as ``tasks.ended_tasks.EndedTaskPoller`` does."""

    async def fresh_addresses(
        self, accepted: AcceptedAttempt, model: str, *, is_earlier: bool, is_urgent: bool = True
    ) -> Task | JobError:
        """Return the task with its current images, or why there are none; retryable if some may appear later."""
        ...


class ImageFetcher:
    """Fetches the images of jobs through a store, a few at a time."""

    def __init__(
        self,
        run: RunState,
        breaker: ImageBreaker,
        image_store: ImageStore,
        addresses: AddressSource,
        at_once: int,
        notify: Callable[[], None],
    ) -> None:
        self._run = run
        self._context = run.context
        self._breaker = breaker
        self._store = image_store
        self._addresses = addresses
        self._notify = notify
        self._gate = asyncio.Semaphore(at_once)
        """Held during downloads and checks; a job that waits for anything else does not hold it."""
        self._claims = NameClaims()

    async def fetch(self, job_run: JobRun, accepted: AcceptedAttempt, *, is_earlier: bool = False) -> Step:
        """Fetch the missing images of a completed or stored attempt, and return the resulting state of the job.

        Failed images are retried with growing pauses, and the task is asked for fresh addresses in between.

        Args:
            job_run: The job.
            accepted: Its attempt.
            is_earlier: Whether the recorded addresses come from an earlier run and may be outdated.
        """
        state = await self._begin(job_run, accepted, is_earlier=is_earlier)
        try:
            while state.is_open and not self._run.stops.is_leaving:
                await self._round(state)
                if not state.troubles and not state.is_owed:
                    break
                self._begin_waiting(state)
                if not await self._wait(state):
                    break
            return await self._record(state)
        finally:
            job_run.results = ()
            self._breaker.stop_waiting(state.job_id)
            self._claims.release(state.job_id)

    async def _begin(self, job_run: JobRun, accepted: AcceptedAttempt, *, is_earlier: bool) -> FetchState:
        attempt, results = accepted.attempt, job_run.results or accepted.attempt.results
        state = FetchState(
            job_run=job_run,
            attempt=attempt,
            task_id=accepted.task_id,
            results=results,
            is_earlier=is_earlier,
            is_fresh=not is_earlier,
        )
        if attempt.state is AttemptState.STORED:
            check = await self._store.check(job_run.files)
            state.files = {place: file for place, file in enumerate(job_run.files) if place not in check.damaged}
            await self._refresh(state)
        elif attempt.state is AttemptState.COMPLETED and not (results or job_run.job.max_images):
            pass  # the request is for no image
        elif attempt.state is AttemptState.FAILED or not any(result.is_listed for result in results):
            await self._refresh(state)  # neither secrets nor bytes are recorded
        elif is_earlier:
            await self._refresh(state, is_urgent=False)  # the recorded ones may still work if this returns none
        state.measure(fetch_only=self._context.options.fetch_only)
        return state

    # One round.

    async def _round(self, state: FetchState) -> None:
        """Try each missing image once; ``troubles`` then has the reasons of failures."""
        state.troubles, state.kept = {}, []
        for place in state.places:
            if place in state.files or self._run.stops.is_leaving:
                continue
            if not state.is_listed(place):
                if state.is_needed(place):
                    state.troubles[place] = UNLISTED
                continue
            await self._try(state, place)

    async def _try(self, state: FetchState, place: int) -> None:
        run, host = self._run, host_of(state.results[place].url)
        outcome = await self._get(state, place)
        match outcome:
            case StoredFile():
                state.files[place] = outcome
                self._note_format(state.job_run.job, outcome.image.format)
                self._breaker.image_came(state.job_id, host, run.now())
            case UnreadFormat():
                state.evidence[place] = outcome.evidence
                state.kept.append(other_format(outcome.reason, outcome.evidence))
                self._breaker.image_came(state.job_id, host, run.now())
            case BrokenImage() | Expired() | DownloadFailed():
                self._tell_breaker(state, host, state.note_trouble(place, outcome))
            case _:
                assert_never(outcome)

    async def _get(self, state: FetchState, place: int) -> ImageOutcome:
        """Fetch an image through the store, once its host's throttle and the gate allow it."""
        run, longest_s = self._run, self._context.options.max_wait_s
        request = self._request(state, place)
        if request.content is not None:
            async with self._gate:
                return await self._store.fetch(request)
        call, limiter = DownloadCall(host_of(request.url)), run.limiter
        while True:
            wait_s = limiter.admit(call, run.now()).at - run.now()
            if wait_s > longest_s:
                return DownloadFailed(reason=f"its host asks for a pause of {wait_s:,.0f} s", retryable=False)
            if wait_s > 0:
                await self._context.clock.sleep(wait_s)
                continue
            async with self._gate:
                if limiter.admit(call, run.now()).at > run.now():  # it was throttled meanwhile
                    continue
                run.counters.count_download(is_retry=state.rounds > 0)
                sent_at = run.now()
                outcome = await self._store.fetch(request)
            if isinstance(outcome, Expired | DownloadFailed):
                run.counters.limits.downloads += _is_throttled(outcome)
                reaction = limiter.record(call, outcome, sent_at=sent_at, now=run.now())
                if reaction.too_long is None:  # a host that asked for a pause says nothing about images
                    self._breaker.excuse_until(reaction.retry_at)
            return outcome

    def _request(self, state: FetchState, place: int) -> ImageRequest:
        job_run, result = state.job_run, state.results[place]
        is_on_record = state.attempt.state is AttemptState.STORED and place < len(job_run.files)
        name = ImageName(
            job_path=job_run.job.path,
            job_id=job_run.job.job_id,
            number=place + 1,
            of_many=job_run.job.max_images > 1 or len(state.results) > 1,
        )
        return ImageRequest(
            url=result.url,
            content=result.content,
            source_url=unsigned(result.masked_url or result.url),  # a manifest is for everyone
            name=name,
            attempt_number=state.attempt.number,
            claims=self._claims.claim(name),
            restores=job_run.files[place].image.path if is_on_record else None,
            keeps_broken=state.broken.get(place, 0) >= MOST_BROKEN - 1,
        )

    def _note_format(self, job: Job, came: str) -> None:
        """Warn of an unrequested format; for formats that a model returns by default, only of unsupported ones."""
        asked = self._context.catalog.job_image_format(job)
        if asked is not None and came != asked and ("output_format" in job.request or came in STRANGE_FORMATS):
            self._run.counters.warn(
                f"{job.model} sent {came.upper()} where {asked.upper()} was asked for; such images are kept as they are"
            )

    def _tell_breaker(self, state: FetchState, host: str, trouble: ImageTrouble) -> None:
        why = f"{host or 'in the answer'}: {trouble.reason}" if trouble.is_broken else trouble.reason
        failure = ImageFailure(model=state.job_run.job.model, host=host, why=why)
        self._breaker.image_failed(state.job_id, self._run.now(), failure)

    # Between rounds.

    def _begin_waiting(self, state: FetchState) -> None:
        run = self._run
        state.rounds += 1
        if state.rounds == 1:
            state.began = run.now()
        if state.is_owed and all(trouble.is_unlisted for trouble in state.troubles.values()):
            self._breaker.forget(state.job_id)  # the listed images have arrived: they say nothing about the others
        self._breaker.start_waiting(state.job_id)
        self._notify()

    async def _wait(self, state: FetchState) -> bool:
        """Wait until another round makes sense, with up-to-date addresses; return False when none does in this run."""
        run = self._run
        if state.is_earlier and not state.is_fresh:
            return await self._refresh(state)
        rest_at = run.now() + pause_s(state.rounds)
        while True:
            match decide(state, self._moment(state)):
                case AllGone() as gone:
                    state.gone += gone.errors
                    return False
                case GiveUp():
                    return False
                case TryAgain():
                    pass
                case verdict:
                    assert_never(verdict)
            is_tail_over = self._breaker.is_tail_over(run.now()) and not state.awaits_list(run.now())
            if is_tail_over or not run.stops.awaits_images:
                return False
            own = self._breaker.try_at(state.job_id)
            at = rest_at if own is None else own
            if (left_s := at - run.now()) <= 0:
                break
            await self._context.clock.sleep(min(left_s, SLICE_S))
        await self._refresh(state, is_urgent=False)
        return not state.gone

    def _moment(self, state: FetchState) -> Moment:
        run, ended_at = self._run, state.attempt.ended_at
        # it is not recorded whose clock stamped the end
        age_s = 0.0 if ended_at is None else min(run.connectivity.earliest_time(), self._context.clock.now()) - ended_at
        return Moment(
            now=run.now(),
            api_now=run.connectivity.latest_time(),
            age_s=age_s,
            may_judge=self._breaker.judges(state.job_id, run.now()),
        )

    async def _refresh(self, state: FetchState, *, is_urgent: bool = True) -> bool:
        """Ask the task for current addresses; return whether it gave any.

        A failure counts only if there is nothing else to try (``is_urgent``), or if it is final.
        """
        job_run = state.job_run
        found = await self._addresses.fresh_addresses(
            AcceptedAttempt(state.attempt, state.task_id),
            job_run.job.model,
            is_earlier=job_run.sends == 0,
            is_urgent=is_urgent,
        )
        if isinstance(found, JobError):
            if is_urgent or not found.retryable:
                (state.missing if found.retryable else state.gone).append(found)
            return False
        results = merged(state.results, found.images)
        charge = charge_for(job_run.job, found, found.listed, self._context.catalog)
        if state.attempt.state is AttemptState.FAILED:
            state.attempt = await self._run.journal.recover(state.attempt, charge=charge, results=results)
            self._run.budget.pay(charge.cost_nusd)
        else:
            is_other = state.attempt.state is AttemptState.COMPLETED and found.listed > (
                sum(result.is_listed for result in state.results)
            )
            state.attempt = await self._renew(state, results, charge if is_other else None)
        job_run.attempt = state.attempt
        state.results, state.is_fresh = results, True
        state.measure(fetch_only=self._context.options.fetch_only)
        return True

    async def _renew(self, state: FetchState, results: tuple[ResultImage, ...], charge: Charge | None) -> Attempt:
        if charge is not None:
            self._run.budget.pay(charge.cost_nusd - state.attempt.cost_nusd)
        return await self._run.journal.renew(state.attempt, results, charge)

    # The end.

    async def _record(self, state: FetchState) -> Step:
        """Record the result of the fetch."""
        run, job_run, attempt = self._run, state.job_run, state.attempt
        files = [state.files[place] for place in sorted(state.files)]
        end = conclude(state, run.now(), is_leaving=run.stops.is_leaving)
        match end:
            case LeftEarly():
                return Finished(status=status_of(attempt))
            case FailedAsBefore():
                if end.is_gone:
                    self._run.counters.still_gone.add(state.job_id)
                return Finished(status=JobStatus.FAILED, is_final_failure=True)
            case NotYetHere():
                if attempt.state is AttemptState.STORED:  # recorded as complete, so that nothing else reports it
                    run.counters.warn(
                        f"an image on record is missing or damaged, and was not fetched: {end.error.message}"
                    )
                job_run.attempt = await run.journal.remark(attempt, end.error)
                return Finished(status=status_of(attempt))
            case LostForGood():
                self._breaker.forget(state.job_id)
                if attempt.state is AttemptState.STORED:
                    damaged = {place: file for place, file in enumerate(job_run.files) if place not in state.files}
                    await self._store.quarantine(state.job_id, attempt.number, damaged)
                job_run.attempt = await run.journal.spoil(attempt, files, end.error)
                step = Finished(status=JobStatus.FAILED, is_final_failure=True)
            case Complete():
                self._breaker.forget(state.job_id)
                job_run.attempt, job_run.stored_images = await run.journal.store(attempt, files), len(files)
                step = Finished(status=JobStatus.COMPLETED)
            case _:
                assert_never(end)
        self._count(job_run, files, step.status)
        return step

    def _count(self, job_run: JobRun, files: Sequence[StoredFile], status: JobStatus) -> None:
        counters, record = self._run.counters, job_run.record
        counters.new_images += max(0, len(files) - len(record.images))
        if job_run.is_planned:
            counters.images += len(files) - len(record.images)
            counters.damaged -= record.status is JobStatus.COMPLETED
            counters.short += is_short(job_run.job.max_images, len(files), status) - is_short(
                job_run.job.max_images, len(record.images), record.status
            )


def _is_throttled(outcome: Expired | DownloadFailed) -> bool:
    return outcome.status == HTTPStatus.TOO_MANY_REQUESTS
