"""From a completed task to checked pictures under their names."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import assert_never

from qwave_batch.client.answers import Downloaded, DownloadFailed, Expired
from qwave_batch.folder.pictures import STRANGE_FORMATS, BadPicture, OtherFormat
from qwave_batch.folder.placing import PictureName
from qwave_batch.ledger.attempt import Attempt, StoredFile
from qwave_batch.ledger.records import status_of
from qwave_batch.ledger.states import AttemptState
from qwave_batch.model.job import Job, JobError
from qwave_batch.model.record import JobStatus
from qwave_batch.model.task import ResultImage
from qwave_batch.run.addresses import Addresses
from qwave_batch.run.backoff import backoff_s
from qwave_batch.run.darkroom import Darkroom, Negative
from qwave_batch.run.desk import Desk
from qwave_batch.run.episode import UNSAID
from qwave_batch.run.failures import bad_image, not_fetched, other_format, result_gone
from qwave_batch.run.files import check_files
from qwave_batch.run.hosts import Hosts
from qwave_batch.run.remains import put_away_remains
from qwave_batch.run.tally import is_short
from qwave_batch.run.trial import Done, Step, Trial

BAD_PICTURES_ALLOWED = 1
"""A picture that does not decode is fetched once more: the line may have been bad, and not the file."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that are no picture, kept as evidence."""

    bad: BadPicture
    path: str
    """From the run folder."""


@dataclass(slots=True)
class Order:
    """What is to be fetched for one job, and what came of it."""

    trial: Trial
    attempt: Attempt
    results: tuple[ResultImage, ...]
    files: dict[int, StoredFile]
    """What is in place, by its place in the task's result, from 0."""
    is_renewed: bool = False
    """Whether the addresses were asked for because one of them led nowhere."""
    gone: list[JobError] = field(default_factory=list)
    """Pictures that can't be had, ever."""
    kept: list[JobError] = field(default_factory=list)
    """Results that are had in a format that is not read, and kept as evidence."""
    missing: list[JobError] = field(default_factory=list)
    """Pictures that can't be had in this run."""

    def note_kept(self, found: Kept) -> None:
        """Take in that what came is no picture, and where it is."""
        if isinstance(found.bad, OtherFormat):
            self.kept.append(other_format(str(found.bad), found.path))
        else:
            self.gone.append(bad_image(str(found.bad), found.path))


class Fetching:
    """Downloads, inspects and places pictures; a few at a time."""

    def __init__(self, desk: Desk, at_once: int) -> None:
        self._desk = desk
        self._context = desk.context
        self._layout = desk.context.layout
        self._gate = asyncio.Semaphore(at_once)
        """Held while bytes come in and are checked; who waits for anything else stands aside."""
        self._hosts = Hosts()
        self._addresses = Addresses(desk)
        self._darkroom = Darkroom(desk.context.layout, desk.context.ledger)

    async def fetch(self, trial: Trial, attempt: Attempt, *, is_earlier: bool = False) -> Step:
        """Fetch what is missing of a completed or stored attempt, and return how the job stands then.

        Args:
            trial: The job.
            attempt: Its attempt.
            is_earlier: Whether the addresses on record are an earlier run's, and may lead nowhere by now.
        """
        order = await self._order(trial, attempt, is_earlier=is_earlier)
        try:
            if not order.gone and not order.missing:
                for place in range(max(len(order.results), len(trial.files))):
                    if place not in order.files:
                        await self._fetch_one(order, place)
            return await self._record(order)
        finally:
            self._darkroom.forget(trial.job.job_id)

    async def _order(self, trial: Trial, attempt: Attempt, *, is_earlier: bool) -> Order:
        order = Order(trial=trial, attempt=attempt, results=attempt.results, files={})
        if attempt.state is AttemptState.STORED:
            check = await asyncio.to_thread(check_files, self._layout, trial.files)
            order.files = {place: file for place, file in enumerate(trial.files) if place not in check.damaged}
            await self._freshen(order)
        elif not all(result.url for result in order.results):  # one that holds a secret is not kept
            await self._ask_addresses(order)
        elif is_earlier:
            await self._ask_addresses(order, is_urgent=False)  # those on record may still do when this brings none
        return order

    async def _fetch_one(self, order: Order, place: int) -> None:
        into = self._layout.partial_of(order.trial.job.job_id, place + 1)
        bad = failures = 0
        while not order.gone and not self._desk.halt.is_leaving:
            if place >= len(order.results):
                order.gone.append(result_gone("the task no longer has all its pictures"))
                return
            found = await self._get(order, place, into, tries=bad + failures, is_last=bad == BAD_PICTURES_ALLOWED)
            match found:
                case StoredFile():
                    order.files[place] = found
                    return
                case Kept():
                    order.note_kept(found)
                    return
                case BadPicture():
                    bad += 1
                case Expired():
                    if not await self._renew(order, found.reason):
                        return
                case DownloadFailed():
                    failures += 1
                    if not await self._may_try_again(order, place, found, failures):
                        order.missing.append(not_fetched(found.reason))
                        return
                case _:
                    assert_never(found)

    async def _get(
        self, order: Order, place: int, into: Path, *, tries: int, is_last: bool
    ) -> StoredFile | BadPicture | Kept | Expired | DownloadFailed:
        """Download a picture, once its host and the gate let it through, and put it in its place."""
        desk, url, longest_s = self._desk, order.results[place].url, self._context.options.max_wait_s
        while True:
            wait_s = self._hosts.opens_at(url) - desk.now()
            if wait_s > longest_s:
                return DownloadFailed(reason=f"its host asks for a pause of {wait_s:,.0f} s", retryable=False)
            if wait_s > 0:
                await self._context.clock.sleep(wait_s)
                continue
            async with self._gate:
                if self._hosts.opens_at(url) > desk.now():  # it was held meanwhile
                    continue
                desk.tally.downloads += 1
                desk.tally.retries += tries > 0
                answer = await self._context.api.download(url, into)
                if isinstance(answer, Downloaded):
                    return await self._develop(self._negative(order, place, into, answer), order, is_last=is_last)
            if isinstance(answer, DownloadFailed):
                self._heed(url, answer)
            return answer

    async def _develop(self, negative: Negative, order: Order, *, is_last: bool) -> StoredFile | BadPicture | Kept:
        found = await self._darkroom.develop(negative)
        if isinstance(found, StoredFile):
            self._note_format(order.trial.job, found.image.format)
        elif is_last or isinstance(found, OtherFormat):
            kept = await self._darkroom.keep_evidence(negative, order.attempt.number, found.extension)
            return Kept(bad=found, path=kept)
        return found

    def _note_format(self, job: Job, came: str) -> None:
        """Tell of a format that was not asked for; what a model returns by itself is told only of strange ones."""
        asked = self._context.asked_format(job)
        if asked is not None and came != asked and ("output_format" in job.request or came in STRANGE_FORMATS):
            self._desk.tally.warn(
                f"{job.model} sent {came.upper()} where {asked.upper()} was asked for; such images are kept as they are"
            )

    def _heed(self, url: str, failed: DownloadFailed) -> None:
        """Leave a host alone for as long as it asks: whatever else lies there would be refused too."""
        unsaid_s = UNSAID.first_s if failed.status == HTTPStatus.TOO_MANY_REQUESTS else None
        wait_s = unsaid_s if failed.retry_after_s is None else failed.retry_after_s
        if wait_s is not None:
            self._hosts.hold(url, self._desk.now() + wait_s)

    async def _renew(self, order: Order, reason: str = "") -> bool:
        """Ask the task for fresh addresses, once; return whether there are any."""
        if order.is_renewed:
            order.gone.append(result_gone(f"the picture can't be fetched any more ({reason})"))
            return False
        order.is_renewed = True
        return await self._freshen(order)

    async def _freshen(self, order: Order) -> bool:
        """Ask the task for its addresses of now; return whether there are any."""
        trouble = await self._ask_addresses(order)
        if trouble is None:
            return True
        (order.missing if trouble.retryable else order.gone).append(trouble)
        return False

    async def _may_try_again(self, order: Order, place: int, failed: DownloadFailed, failures: int) -> bool:
        """Pause before the next try; where there is none left, return whether the picture is somewhere else by now."""
        if not failed.retryable or failures > self._context.terms.retry_attempts:
            return await self._find_elsewhere(order, place)
        await self._context.clock.sleep(backoff_s(failures, self._context.rng))
        return True

    async def _find_elsewhere(self, order: Order, place: int) -> bool:
        """Return whether the task, asked once, names another address for a picture that can't be fetched."""
        if order.is_renewed or self._desk.halt.is_leaving:
            return False
        order.is_renewed = True
        before = order.results[place]
        trouble = await self._ask_addresses(order)
        return trouble is None and order.results[place : place + 1] not in ((), (before,))

    async def _ask_addresses(self, order: Order, *, is_urgent: bool = True) -> JobError | None:
        """Ask the task for fresh addresses; return why there are none, retryable when there may be some later."""
        model, is_earlier = order.trial.job.model, order.trial.sends == 0
        found = await self._addresses.ask(order.attempt, model, is_earlier=is_earlier, is_urgent=is_urgent)
        if isinstance(found, JobError):
            return found
        order.results = found
        order.attempt = order.trial.attempt = await self._desk.journal.renew(order.attempt, found)
        return None

    def _negative(self, order: Order, place: int, into: Path, fetched: Downloaded) -> Negative:
        trial, result = order.trial, order.results[place]
        is_on_record = order.attempt.state is AttemptState.STORED and place < len(trial.files)
        return Negative(
            fetched=fetched,
            into=into,
            name=PictureName(
                job_path=trial.job.path,
                job_id=trial.job.job_id,
                number=place + 1,
                of_many=trial.job.max_images > 1 or len(order.results) > 1,
            ),
            restores=trial.files[place].image.path if is_on_record else None,
            source_url=result.masked_url or result.url,
        )

    async def _record(self, order: Order) -> Step:
        trial, journal = order.trial, self._desk.journal
        files = [order.files[place] for place in sorted(order.files)]
        is_incomplete = bool(order.gone or order.missing or order.kept) or len(files) < len(order.results)
        if is_incomplete and order.attempt.state is AttemptState.SPOILED:  # as before: what was in place still is
            return Done(status=JobStatus.FAILED, is_final_failure=True)
        lasting = order.gone or ([] if order.missing else order.kept)
        if lasting:
            if order.attempt.state is AttemptState.STORED:
                damaged = [(place, file) for place, file in enumerate(trial.files) if place not in order.files]
                await asyncio.to_thread(put_away_remains, self._layout, order.attempt, damaged)
            trial.attempt = await journal.spoil(order.attempt, files, lasting[0])
            step = Done(status=JobStatus.FAILED, is_final_failure=True)
        elif is_incomplete:
            if order.missing:
                self._note_missing(order.attempt, order.missing[0])
                trial.attempt = await journal.remark(order.attempt, order.missing[0])
            return Done(status=status_of(order.attempt))  # paid, and for the next run to fetch
        else:
            trial.attempt = await journal.store(order.attempt, files)
            step = Done(status=JobStatus.COMPLETED)
        self._count(trial, files, step.status)
        return step

    def _note_missing(self, attempt: Attempt, why: JobError) -> None:
        if attempt.state is AttemptState.STORED:  # on record as complete, so that nothing else tells of it
            self._desk.tally.warn(f"an image on record is missing or damaged, and was not fetched: {why.message}")

    def _count(self, trial: Trial, files: Sequence[StoredFile], status: JobStatus) -> None:
        tally, record = self._desk.tally, trial.record
        tally.new_images += max(0, len(files) - len(record.images))
        if trial.is_planned:
            tally.images += len(files) - len(record.images)
            tally.damaged -= record.status is JobStatus.COMPLETED
            tally.short += is_short(trial.job, len(files), status) - is_short(
                trial.job, len(record.images), record.status
            )
