"""From a completed task to checked images under their names."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import assert_never

from qwave_batch.client.answers import Downloaded, DownloadFailed, Expired
from qwave_batch.client.downloads import EXPIRED
from qwave_batch.folder.image_inspection import STRANGE_FORMATS, BadImage, OtherFormat
from qwave_batch.folder.placing import ImageName
from qwave_batch.ledger.attempt import Attempt, Charge, StoredFile
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.snapshots import status_of
from qwave_batch.model.job import Job, JobError
from qwave_batch.model.record import JobStatus
from qwave_batch.model.task import ResultImage
from qwave_batch.run.counters import is_short
from qwave_batch.run.images.image_breaker import ImageBreaker, pause_s
from qwave_batch.run.images.image_store import DownloadedImage, ImageStore
from qwave_batch.run.images.stored_files import check_files, put_away_remains
from qwave_batch.run.limits.throttle_state import DownloadCall, host_of
from qwave_batch.run.run_state import RunState
from qwave_batch.run.tasks.ended_tasks import EndedTaskPoller
from qwave_batch.run.tasks.job_errors import bad_image, not_fetched, not_listed, other_format, result_gone
from qwave_batch.run.tasks.job_run import AcceptedAttempt, Finished, JobRun, Step
from qwave_batch.run.tasks.settling import LIST_S, charge_for, merged, owes_images

BAD_IMAGES = 2
"""An image that so often does not decode is broken, as far as its bytes go: the line may have been bad once."""
PATIENCE_S = 180.0
"""How long an image is tried for, beside all else that goes on."""
GONE_AFTER_S = 180.0
"""A file that is not there so long after the end of its task is no file that is not there yet."""
REFUSED_FOR_GOOD_S = 86_400.0
"""Results live for a day at least: a host that refuses one after that may only mean that it is gone."""
SLICE_S = 1.0
"""How often a wait looks whether the run goes on."""


@dataclass(slots=True)
class Trouble:
    """Why an image is not there, after the last try."""

    reason: str
    status: int | None = None
    """What its host answered, where it did not serve the file."""
    is_bad: bool = False
    """Whether it came and is no whole image."""
    is_unlisted: bool = False
    """Whether the task does not list it."""
    may_come: bool = True
    """Whether another try of this run may do better."""


@dataclass(slots=True)
class FetchOrder:
    """What is to be fetched for one job, and what came of it."""

    job_run: JobRun
    attempt: Attempt
    task_id: str
    results: tuple[ResultImage, ...]
    files: dict[int, StoredFile]
    """What is in place, by its place in the task's result, from 0."""
    is_earlier: bool = False
    """Whether its task is an earlier run's."""
    is_fresh: bool = False
    """Whether the addresses are of this run."""
    troubles: dict[int, Trouble] = field(default_factory=dict)
    """What keeps images from coming, by place, since the last round."""
    bad: dict[int, int] = field(default_factory=dict)
    """How often the bytes of an image were broken."""
    is_owed: bool = False
    """Whether more was paid for than is listed."""
    rounds: int = 0
    """Rounds that left something open."""
    began: float = 0.0
    """Monotonic seconds of the first of them."""
    gone: list[JobError] = field(default_factory=list)
    """Images that can't be had, ever."""
    kept: list[JobError] = field(default_factory=list)
    """Results that are had in a format that is not read, and kept as evidence."""
    missing: list[JobError] = field(default_factory=list)
    """Images that can't be had in this run."""

    evidence: dict[int, str] = field(default_factory=dict)
    """Where bytes that are no image are kept, by place."""

    @property
    def places(self) -> range:
        """The places that are known to hold an image."""
        return range(max(len(self.results), len(self.job_run.files)))


class ImageFetcher:
    """Downloads, inspects and places images; a few at a time."""

    def __init__(
        self,
        run: RunState,
        breaker: ImageBreaker,
        image_store: ImageStore,
        ended_tasks: EndedTaskPoller,
        at_once: int,
        notify: Callable[[], None],
    ) -> None:
        self._run = run
        self._breaker = breaker
        self._ended_tasks = ended_tasks
        self._notify = notify
        self._context = run.context
        self._layout = run.context.layout
        self._gate = asyncio.Semaphore(at_once)
        """Held while bytes come in and are checked; who waits for anything else stands aside."""
        self._darkroom = image_store

    async def fetch(self, job_run: JobRun, accepted: AcceptedAttempt, *, is_earlier: bool = False) -> Step:
        """Fetch what is missing of a completed or stored attempt, and return how the job stands then.

        Whatever does not come is tried again with growing pauses, and its task asked for fresh addresses in between.

        Args:
            job_run: The job.
            accepted: Its attempt.
            is_earlier: Whether the addresses on record are an earlier run's, and may lead nowhere by now.
        """
        job_id = job_run.job.job_id
        order = await self._order(job_run, accepted, is_earlier=is_earlier)
        try:
            while not order.gone and not order.missing and not self._run.stops.is_leaving:
                await self._round(order)
                if not order.troubles and not order.is_owed:
                    break
                self._begin_waiting(order)
                if not await self._rest(order):
                    break
            return await self._record(order)
        finally:
            job_run.results = ()
            self._breaker.patients.discard(job_id)
            self._darkroom.forget(job_id)

    async def _order(self, job_run: JobRun, accepted: AcceptedAttempt, *, is_earlier: bool) -> FetchOrder:
        attempt = accepted.attempt
        results = job_run.results or attempt.results
        order = FetchOrder(
            job_run=job_run, attempt=attempt, task_id=accepted.task_id, results=results, files={}, is_earlier=is_earlier
        )
        order.is_fresh = not is_earlier
        if attempt.state is AttemptState.STORED:
            check = await asyncio.to_thread(check_files, self._layout, job_run.files)
            order.files = {place: file for place, file in enumerate(job_run.files) if place not in check.damaged}
            await self._freshen(order)
        elif attempt.state is AttemptState.FAILED or not any(result.is_listed for result in results):
            await self._freshen(order)  # neither secrets nor bytes are kept on record
        elif is_earlier:
            await self._freshen(order, is_urgent=False)  # those on record may still do when this brings none
        self._measure(order)
        return order

    def _measure(self, order: FetchOrder) -> None:
        """Work out whether the task still owes images."""
        job_run, attempt = order.job_run, order.attempt
        is_asked_for = attempt.state is AttemptState.COMPLETED or self._context.options.fetch_only
        listed = max(len(order.files), sum(result.is_listed for result in order.results))
        order.is_owed = is_asked_for and job_run.unread is None and owes_images(job_run.job, attempt, listed)

    async def _round(self, order: FetchOrder) -> None:
        """Try each image once that is not there; what keeps it from coming is in ``troubles`` then."""
        order.troubles, order.kept = {}, []
        for place in order.places:
            if place in order.files or self._run.stops.is_leaving:
                continue
            if place >= len(order.results) or not order.results[place].is_listed:
                if self._is_needed(order, place):
                    order.troubles[place] = Trouble("the task does not list it", is_unlisted=True)
                continue
            into = self._layout.partial_of(order.job_run.job.job_id, place + 1)
            found = await self._get(order, place, into)
            if isinstance(found, OtherFormat):
                order.kept.append(other_format(str(found), order.evidence[place]))
                self._breaker.came(order.job_run.job.job_id, host_of(order.results[place].url), self._run.now())
                continue
            if isinstance(found, StoredFile):
                order.files[place] = found
                self._breaker.came(order.job_run.job.job_id, host_of(order.results[place].url), self._run.now())
                continue
            trouble = order.troubles[place] = self._trouble(order, place, found)
            self._note(order, place, trouble)

    def _is_needed(self, order: FetchOrder, place: int) -> bool:
        """Whether a place that is not listed is an image that was paid, as far as is told."""
        is_on_record = place < len(order.job_run.files)
        is_only = not any(result.is_listed for result in order.results)
        return order.is_owed or order.job_run.unread is not None or is_on_record or is_only

    def _trouble(self, order: FetchOrder, place: int, found: BadImage | Expired | DownloadFailed) -> Trouble:
        match found:
            case BadImage():
                order.bad[place] = order.bad.get(place, 0) + 1
                return Trouble(str(found), is_bad=True)
            case Expired():
                return Trouble(found.reason, status=found.status)
            case DownloadFailed():
                return Trouble(found.reason, may_come=found.retryable or found.status is not None)
            case _:
                assert_never(found)

    def _note(self, order: FetchOrder, place: int, trouble: Trouble) -> None:
        """Tell the breaker of an image that did not come."""
        job, url = order.job_run.job, order.results[place].url
        host = host_of(url)
        why = f"{host or 'in the answer'}: {trouble.reason}" if trouble.is_bad else trouble.reason
        self._breaker.failed(job.job_id, self._run.now(), model=job.model, host=host, why=why)

    def _begin_waiting(self, order: FetchOrder) -> None:
        order.rounds += 1
        if order.rounds == 1:
            order.began = self._run.now()
        if order.is_owed and not any(not trouble.is_unlisted for trouble in order.troubles.values()):
            self._breaker.forget(order.job_run.job.job_id)  # what it lists has come: it says nothing of the others
        self._breaker.patients.add(order.job_run.job.job_id)
        self._notify()

    async def _rest(self, order: FetchOrder) -> bool:
        """Wait until another round makes sense, with the addresses of then; return False when none does in this run."""
        run, job_id = self._run, order.job_run.job.job_id
        if order.is_earlier and not order.is_fresh:
            return await self._freshen(order)
        rest_at = run.now() + pause_s(order.rounds)
        while True:
            if (
                self._is_decided(order)
                or not run.stops.awaits_images
                or (self._breaker.is_tail_over(run.now()) and not self._awaits_list(order))
            ):
                return False
            own = self._breaker.try_at(job_id)
            at = rest_at if own is None else own
            if (left_s := at - run.now()) <= 0:
                break
            await self._context.clock.sleep(min(left_s, SLICE_S))
        await self._freshen(order, is_urgent=False)
        return not order.gone

    def _is_decided(self, order: FetchOrder) -> bool:
        """Whether nothing more is to be tried; what is gone by all that is known is noted as such."""
        waited_s = self._run.now() - order.began
        gone = [error for place, trouble in order.troubles.items() if (error := self._why_gone(order, place, trouble))]
        open_ones = [trouble for trouble in order.troubles.values() if trouble.may_come and not trouble.is_unlisted]
        if gone and len(gone) == len(order.troubles):
            order.gone.extend(gone)
            return True
        is_over = waited_s >= PATIENCE_S or not open_ones
        return is_over and not self._awaits_list(order)

    def _awaits_list(self, order: FetchOrder) -> bool:
        """Whether the task may still list what it owes."""
        is_owed = order.is_owed or any(trouble.is_unlisted for trouble in order.troubles.values())
        is_asked = order.attempt.state is AttemptState.COMPLETED and order.job_run.unread is None
        return is_owed and is_asked and self._run.now() - order.began < LIST_S

    def _why_gone(self, order: FetchOrder, place: int, trouble: Trouble) -> JobError | None:
        """Return why an image will never come, when that is known; what others have in common is no proof."""
        run, job_id = self._run, order.job_run.job.job_id
        if trouble.is_unlisted or (not trouble.is_bad and trouble.status not in EXPIRED):
            return None
        expires_at = order.results[place].expires_at if place < len(order.results) else None
        if not trouble.is_bad and expires_at is not None and run.connectivity.latest_time() > expires_at:
            return result_gone(f"the image has expired at the API ({trouble.reason})")
        ended_at = order.attempt.ended_at
        # whose clock has stamped it is not on record
        age_s = 0.0 if ended_at is None else min(run.connectivity.earliest_time(), self._context.clock.now()) - ended_at
        if not self._breaker.judges(job_id, run.now()) and age_s < REFUSED_FOR_GOOD_S:
            return None
        if trouble.is_bad:
            return bad_image(trouble.reason, order.evidence[place]) if order.bad.get(place, 0) >= BAD_IMAGES else None
        long_s = REFUSED_FOR_GOOD_S if trouble.status == HTTPStatus.FORBIDDEN else GONE_AFTER_S
        if age_s < long_s or not order.is_fresh:
            return None
        return result_gone(f"the image can't be fetched any more ({trouble.reason})")

    async def _get(self, order: FetchOrder, place: int, into: Path) -> StoredFile | BadImage | Expired | DownloadFailed:
        """Download an image, once its host and the gate let it through, and put it in its place."""
        run, result, longest_s = self._run, order.results[place], self._context.options.max_wait_s
        if result.content is not None:
            answer = Downloaded(size_bytes=len(result.content), content=result.content)
            async with self._gate:
                return await self._develop(self._negative(order, place, into, answer), order, place)
        url, call, limiter = result.url, DownloadCall(host_of(result.url)), run.limiter
        while True:
            wait_s = limiter.admit(call, run.now()).at - run.now()
            if wait_s > longest_s:
                return DownloadFailed(reason=f"its host asks for a pause of {wait_s:,.0f} s", retryable=False)
            if wait_s > 0:
                await self._context.clock.sleep(wait_s)
                continue
            async with self._gate:
                if limiter.admit(call, run.now()).at > run.now():  # it was held meanwhile
                    continue
                run.counters.count_download(is_retry=order.rounds > 0)
                sent_at = run.now()
                found = await self._context.api.download(url, into)
                if isinstance(found, Downloaded):
                    return await self._develop(self._negative(order, place, into, found), order, place)
            reaction = limiter.record(call, found, sent_at=sent_at, now=run.now())
            if reaction.too_long is None:  # that nothing comes of a host that asked for a pause says nothing meanwhile
                self._breaker.excused_until = max(self._breaker.excused_until, reaction.retry_at)
            return found

    async def _develop(self, negative: DownloadedImage, order: FetchOrder, place: int) -> StoredFile | BadImage:
        found = await self._darkroom.develop(negative)
        if isinstance(found, StoredFile):
            self._note_format(order.job_run.job, found.image.format)
        elif isinstance(found, OtherFormat) or order.bad.get(place, 0) >= BAD_IMAGES - 1:
            order.evidence[place] = await self._darkroom.keep_evidence(negative, order.attempt.number, found.extension)
        return found

    def _note_format(self, job: Job, came: str) -> None:
        """Tell of a format that was not asked for; what a model returns by itself is told only of strange ones."""
        asked = self._context.asked_format(job)
        if asked is not None and came != asked and ("output_format" in job.request or came in STRANGE_FORMATS):
            self._run.counters.warn(
                f"{job.model} sent {came.upper()} where {asked.upper()} was asked for; such images are kept as they are"
            )

    async def _freshen(self, order: FetchOrder, *, is_urgent: bool = True) -> bool:
        """Ask the task for what it names now; return whether it named anything.

        Why it did not counts only where there is nothing else to try (``is_urgent``), or when it never will.
        """
        job_run = order.job_run
        found = await self._ended_tasks.fresh_addresses(
            AcceptedAttempt(order.attempt, order.task_id),
            job_run.job.model,
            is_earlier=job_run.sends == 0,
            is_urgent=is_urgent,
        )
        if isinstance(found, JobError):
            if is_urgent or not found.retryable:
                (order.missing if found.retryable else order.gone).append(found)
            return False
        results = merged(order.results, found.images)
        charge = charge_for(job_run.job, found, found.listed, self._context.cost_nusd)
        if order.attempt.state is AttemptState.FAILED:
            order.attempt = await self._run.journal.recover(order.attempt, charge=charge, results=results)
            self._run.budget.pay(charge.cost_nusd)
        else:
            is_other = order.attempt.state is AttemptState.COMPLETED and found.listed > (
                sum(result.is_listed for result in order.results)
            )
            order.attempt = await self._renew(order, results, charge if is_other else None)
        job_run.attempt = order.attempt
        order.results, order.is_fresh = results, True
        self._measure(order)
        return True

    async def _renew(self, order: FetchOrder, results: tuple[ResultImage, ...], charge: Charge | None) -> Attempt:
        if charge is not None:
            more_nusd = charge.cost_nusd - order.attempt.cost_nusd
            self._run.budget.pay(more_nusd)
        return await self._run.journal.renew(order.attempt, results, charge)

    def _negative(self, order: FetchOrder, place: int, into: Path, fetched: Downloaded) -> DownloadedImage:
        job_run, result = order.job_run, order.results[place]
        is_on_record = order.attempt.state is AttemptState.STORED and place < len(job_run.files)
        return DownloadedImage(
            fetched=fetched,
            into=into,
            name=ImageName(
                job_path=job_run.job.path,
                job_id=job_run.job.job_id,
                number=place + 1,
                of_many=job_run.job.max_images > 1 or len(order.results) > 1,
            ),
            restores=job_run.files[place].image.path if is_on_record else None,
            source_url=result.masked_url or result.url,
        )

    async def _record(self, order: FetchOrder) -> Step:
        job_run, journal = order.job_run, self._run.journal
        self._sum_up(order)
        files = [order.files[place] for place in sorted(order.files)]
        is_incomplete = bool(order.gone or order.missing or order.kept)
        if not is_incomplete and self._is_left(order):
            return Finished(status=status_of(order.attempt))
        if is_incomplete and order.attempt.state in {AttemptState.UNRECOVERABLE, AttemptState.FAILED}:
            # as before: what was in place still is
            if order.gone or (order.kept and not order.missing):
                self._context.still_gone.add(job_run.job.job_id)
            return Finished(status=JobStatus.FAILED, is_final_failure=True)
        lasting = [] if order.missing else order.gone or order.kept
        if lasting:
            self._breaker.forget(job_run.job.job_id)
            if order.attempt.state is AttemptState.STORED:
                damaged = [(place, file) for place, file in enumerate(job_run.files) if place not in order.files]
                await asyncio.to_thread(put_away_remains, self._layout, order.attempt, damaged)
            job_run.attempt = await journal.spoil(order.attempt, files, lasting[0])
            step = Finished(status=JobStatus.FAILED, is_final_failure=True)
        elif is_incomplete:
            self._note_missing(order.attempt, order.missing[0])
            job_run.attempt = await journal.remark(order.attempt, order.missing[0])
            return Finished(status=status_of(order.attempt))  # paid, and for the next run to fetch
        else:
            self._breaker.forget(job_run.job.job_id)
            job_run.attempt = await journal.store(order.attempt, files)
            step = Finished(status=JobStatus.COMPLETED)
        self._count(job_run, files, step.status)
        return step

    def _sum_up(self, order: FetchOrder) -> None:
        """Note what is still missing, where nothing else was said: images that may be there in the next run."""
        if order.gone or order.missing:
            return
        if self._is_left(order):
            return
        for place in sorted(order.troubles):
            trouble = order.troubles[place]
            is_short = trouble.is_unlisted and order.files and not self._may_be_listed(order)
            if not is_short:
                order.missing.append(self._why_missing(order, trouble))
        if order.is_owed and not order.troubles and self._may_be_listed(order):
            order.missing.append(not_listed())

    def _is_left(self, order: FetchOrder) -> bool:
        """Whether the run has left before each image was tried."""
        is_tried = all(place in order.files or place in order.troubles for place in order.places)
        return self._run.stops.is_leaving and not is_tried

    def _may_be_listed(self, order: FetchOrder) -> bool:
        """Whether a task was not asked long enough yet for what it does not list."""
        return order.job_run.unread is not None or self._awaits_list(order)

    def _why_missing(self, order: FetchOrder, trouble: Trouble) -> JobError:
        if trouble.is_unlisted:
            return order.job_run.unread or not_listed()
        return not_fetched(trouble.reason)

    def _note_missing(self, attempt: Attempt, why: JobError) -> None:
        if attempt.state is AttemptState.STORED:  # on record as complete, so that nothing else tells of it
            self._run.counters.warn(f"an image on record is missing or damaged, and was not fetched: {why.message}")

    def _count(self, job_run: JobRun, files: Sequence[StoredFile], status: JobStatus) -> None:
        counters, record = self._run.counters, job_run.record
        counters.new_images += max(0, len(files) - len(record.images))
        if job_run.is_planned:
            counters.images += len(files) - len(record.images)
            counters.damaged -= record.status is JobStatus.COMPLETED
            counters.short += is_short(job_run.job, len(files), status) - is_short(
                job_run.job, len(record.images), record.status
            )
