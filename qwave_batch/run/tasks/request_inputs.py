"""Finds what stands in a submit in place of references: kept inputs, and images and tasks of the job's parents.

Nothing of it is recorded, and all of it happens before the intent to send is: a failure costs nothing.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

from qwave_batch.client.answers import Answer, TaskAnswer, TaskNotFound
from qwave_batch.folder.stored_inputs import StoredInputs
from qwave_batch.imaging.data_uris import uri_length, uri_start
from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.ledger.snapshots import MadeJob
from qwave_batch.model.input_references import references_in
from qwave_batch.model.job import Job
from qwave_batch.model.parent_links import ParentLink, parent_links_in
from qwave_batch.model.signed_links import unsigned
from qwave_batch.model.task import ResultImage
from qwave_batch.run.jobs.job_run import JobRun
from qwave_batch.run.jobs.passed_images import MARGIN_S, ListedImages, NotPassed, public_address
from qwave_batch.run.jobs.waiting_children import WaitingChildren
from qwave_batch.run.state.run_state import RunState
from qwave_batch.run.tasks.poll_calls import PollCalls

REMEMBERED = 4_096
"""Tasks whose addresses are kept at once; those of others are asked for anew."""


class RequestInputs:
    """Finds the inputs that requests refer to, right before a submit."""

    def __init__(self, run: RunState, calls: PollCalls, waiting: WaitingChildren) -> None:
        self._run = run
        self._context = run.context
        self._calls = calls
        self._inputs = StoredInputs(run.context.layout)
        self._waiting = waiting
        self._listed: OrderedDict[str, ListedImages] = OrderedDict()
        self._asking: dict[str, asyncio.Lock] = {}
        """By parent whose task is being asked: its other children wait for the same answer."""
        self._began_at = run.context.clock.now()

    def remember(self, job_run: JobRun, images: tuple[ResultImage, ...]) -> None:
        """Keep the addresses that a task has listed, if other jobs wait for its images."""
        if self._waiting.has_children(job_run.row):
            self._remember(job_run.job.job_id, images)

    async def texts_for(self, job_run: JobRun) -> Mapping[str, str] | NotPassed:
        """Return what is sent in place of the references in a request, by their texts, or why it can't be sent now.

        Raises:
            StorageError: an image of ``inputs/`` is gone or damaged, or the disk or a store can't be read.
        """
        job = job_run.job
        kept = dict.fromkeys(references_in(job.request, self._context.image_fields))
        # A key is always sent with the same images, whatever has become of the files that the spec named.
        texts = {each: await asyncio.to_thread(self._inputs.text_of, each) for each in kept}
        if not job.parents:
            return texts
        parents = await asyncio.to_thread(self._context.ledger.made, {link.job_id for link in job.parents})
        if any(link.job_id not in parents or not parents[link.job_id].meets(link) for link in job.parents):
            return NotPassed.UNMADE
        for (text, link), fields in self._references(job).items():
            if link.job_id not in parents:  # a reference of a job is among its parents
                return NotPassed.UNMADE
            parent = parents[link.job_id]
            finding = self._task(job, parent) if link.image is None else self._image(job, fields, parent, link.image)
            passed = await finding
            if isinstance(passed, NotPassed):
                return passed
            texts[text] = self._as_sent(parent, passed) if job_run.is_maybe_submitted else passed
        return texts

    def _references(self, job: Job) -> dict[tuple[str, ParentLink], list[str]]:
        """Return the references in a request, each with the fields in which it stands."""
        found: dict[tuple[str, ParentLink], list[str]] = {}
        for field in sorted(self._context.reference_fields & job.request.keys()):
            for reference in parent_links_in(job.request, {field}):
                found.setdefault(reference, []).append(field)
        return found

    async def _image(self, job: Job, fields: list[str], parent: MadeJob, number: int) -> str | NotPassed:
        address = await self._address(job.model, parent, number)
        if isinstance(address, str):
            return address
        file = parent.files[number - 1]
        takes_bytes = all(self._takes_bytes(job, field, file) for field in fields)
        if takes_bytes:
            inline = await asyncio.to_thread(self._inputs.text_of_image, file.image.path, file.image.sha256)
            if inline is not None:
                return inline
        if self._context.options.public_url is not None:
            return public_address(self._context.options.public_url, file.image.path)
        if (ending := self._known(parent, number, 0.0)) is not None:  # perhaps before it is read: there is no other way
            return ending
        return NotPassed.DAMAGED if takes_bytes and address is not NotPassed.UNANSWERED else address

    def _takes_bytes(self, job: Job, field: str, file: StoredFile) -> bool:
        """Whether a model takes an image as text in a field, by its format and size."""
        image = file.image
        start = f"{uri_start(image.format)}AAAA"
        return self._context.catalog.job_takes_text(job, field, start, uri_length(image.format, image.size_bytes))

    async def _task(self, job: Job, parent: MadeJob) -> str | NotPassed:
        """Return the id of a parent's task; one of another folder may be of another account."""
        task_id = parent.attempt.task_id
        if task_id is None:
            return NotPassed.NO_TASK
        if parent.attempt.origin is None:
            return task_id
        match await self._poll(job.model, parent, task_id):
            case TaskAnswer():
                return task_id
            case TaskNotFound():
                return NotPassed.NO_TASK
            case _:
                return NotPassed.UNANSWERED

    async def _address(self, model: str, parent: MadeJob, number: int) -> str | NotPassed:
        """Return an address of an image: as listed in this run, or asked for anew where that ends too soon."""
        job_id, task_id = parent.attempt.job_id, parent.attempt.task_id
        if task_id is None:
            return NotPassed.NO_ADDRESS
        try:
            async with self._asking.setdefault(job_id, asyncio.Lock()):
                if (known := self._known(parent, number, MARGIN_S)) is not None:
                    return known
                if (why := self._why_gone(parent, number)) is not None:
                    return why
                return self._told_by(await self._poll(model, parent, task_id), parent, number)
        finally:
            self._asking.pop(job_id, None)

    def _told_by(self, answer: Answer, parent: MadeJob, number: int) -> str | NotPassed:
        """Return the address of an image by an answer about its task, and keep what it lists."""
        match answer:
            case TaskAnswer(task=task) if task.listed:
                listed = self._remember(parent.attempt.job_id, task.images)
                return self._known(parent, number, MARGIN_S) or listed.why_not(number, parent.files)
            case TaskAnswer() if not answer.task.state.is_terminal:  # an answer from before its end
                return NotPassed.UNANSWERED
            case TaskAnswer() | TaskNotFound():  # its images are gone, or it is another account's
                listed = self._remember(parent.attempt.job_id, (), is_found=isinstance(answer, TaskAnswer))
                return listed.why_not(number, parent.files)
            case _:
                return NotPassed.UNANSWERED

    async def _poll(self, model: str, parent: MadeJob, task_id: str) -> Answer:
        ended_at = parent.attempt.ended_at
        is_earlier = parent.attempt.origin is None and (ended_at is None or ended_at < self._began_at)
        return await self._calls.poll_ended(task_id, model, is_earlier=is_earlier, tries=0)

    def _as_sent(self, parent: MadeJob, address: str) -> str:
        """Return the address that the key went out with, as far as it is on record, if it has only been signed anew."""
        attempt = parent.attempt
        ends_at = (attempt.ended_at or 0.0) + self._context.result_lifetime_s
        if ends_at - MARGIN_S <= self._run.connectivity.latest_time():
            return address
        bare = unsigned(address)
        return next((each.url for each in attempt.results if each.url and unsigned(each.url) == bare), address)

    def _known(self, parent: MadeJob, number: int, margin_s: float) -> str | None:
        listed = self._listed.get(parent.attempt.job_id)
        if listed is None:
            return None
        now, lifetime_s = self._run.connectivity.latest_time(), self._context.result_lifetime_s
        return listed.address_of(number, parent.files, now=now, lifetime_s=lifetime_s, margin_s=margin_s)

    def _why_gone(self, parent: MadeJob, number: int) -> NotPassed | None:
        """Return why an image has no address if a child has asked for it just now: the others need not ask again."""
        listed = self._listed.get(parent.attempt.job_id)
        now = self._run.connectivity.latest_time()
        is_gone = listed is not None and listed.is_without(number, parent.files, now=now)
        return listed.why_not(number, parent.files) if listed is not None and is_gone else None

    def _remember(self, job_id: str, images: tuple[ResultImage, ...], *, is_found: bool = True) -> ListedImages:
        if any(image.content is not None for image in images):  # bytes would fill the memory
            images = ()
        listed = self._listed[job_id] = ListedImages(images, self._run.connectivity.earliest_time(), is_found=is_found)
        self._listed.move_to_end(job_id)
        if len(self._listed) > REMEMBERED:
            self._listed.popitem(last=False)
        return listed
