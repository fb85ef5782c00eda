"""Which image of a run folder is which image of a benchmark's row, and why one is missing. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from qwave_batch.bench.layouts.bench_rows import BenchRow
from qwave_batch.bench.layouts.bench_spool import SpooledJob
from qwave_batch.errors import UsageError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.record import JobStatus
from qwave_batch.output.manifest_line import ManifestLine


class MissingKind(StrEnum):
    """The ways in which an image can be missing."""

    FAILED = "failed"
    SKIPPED = "skipped"
    """The model does not offer what was asked for."""
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    PENDING = "pending"
    FEWER = "fewer"
    """Its job made fewer images than were asked for."""
    UNPLANNED = "unplanned"
    """The folders plan no job for it."""
    UNUSABLE = "unusable"
    """The folder does not hold it as its manifest says: its file was deleted or is damaged."""


_BY_STATUS = {
    JobStatus.FAILED: MissingKind.FAILED,
    JobStatus.SKIPPED: MissingKind.SKIPPED,
    JobStatus.CANCELLED: MissingKind.CANCELLED,
    JobStatus.UNKNOWN: MissingKind.UNKNOWN,
    JobStatus.PENDING: MissingKind.PENDING,
    JobStatus.COMPLETED: MissingKind.FEWER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingImage:
    """An image that a layout has a place for and no run folder holds."""

    model: str
    part: str
    number: int
    image: int
    """Its place among the images of its row, from 0."""
    kind: MissingKind
    job_id: str | None = None
    """None where no job was planned."""
    prompt_id: str | None = None
    prompt: str | None = None
    reason: str = ""
    """A phrase for people."""

    def as_json(self) -> dict[str, Json]:
        """Return it as the record and ``--json`` have it."""
        return {
            "model": self.model,
            "set": self.part or None,
            "number": self.number,
            "image": self.image,
            "missing": self.kind.value,
            "job_id": self.job_id,
            "prompt_id": self.prompt_id,
            "prompt": self.prompt,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundImage:
    """An image of a run folder in its place."""

    job: SpooledJob
    index: int
    """Its place among the images of its job."""


RowImage: TypeAlias = FoundImage | MissingImage


def images_of_row(row: BenchRow, model: str, jobs: Sequence[SpooledJob], *, most: int) -> tuple[RowImage, ...]:
    """Return the images of a row, in their places: a missing one moves no other.

    Args:
        row: The row.
        model: The model.
        jobs: All jobs of both, in the order of the plan.
        most: The most images that any job of the model made, which tells a job that made fewer from one that nobody
            planned; 0 if none made any.

    Raises:
        UsageError: there are more images than places.
    """
    starts = _starts(row, jobs)
    if starts is None:  # some were planned anew, and the earlier ones made nothing
        jobs = [job for job in jobs if job.line.images] or jobs[:1]
        starts = _starts(row, jobs)
    if starts is None:
        raise _too_many(row, model, jobs)
    places: list[RowImage] = [_unplanned(row, model, image) for image in range(row.images)]
    for job, start, end in zip(jobs, starts, _ends(row, starts), strict=True):
        made = len(job.line.images)
        places[start : start + made] = [FoundImage(job=job, index=index) for index in range(made)]
        lost = range(start + made, min(end, start + (most or row.images)))
        places[lost.start : lost.stop] = [_missing(row, job.line, image) for image in lost]
    return tuple(places)


def unplanned_images(part: str, number: int, images: int, model: str) -> Iterator[MissingImage]:
    """Yield the images of a row that no job is of."""
    for image in range(images):
        yield MissingImage(model=model, part=part, number=number, image=image, kind=MissingKind.UNPLANNED)


def _starts(row: BenchRow, jobs: Sequence[SpooledJob]) -> list[int] | None:
    """Return the place of each job's first image; None if there is not one for each of their images."""
    share = row.images // len(jobs) if jobs and row.images % len(jobs) == 0 else _most_images(jobs)
    for starts in (
        [job.line.index % row.images for job in jobs],  # of a plan that counts every image that is wanted
        [share * at for at in range(len(jobs))],
    ):
        spans = zip(jobs, starts, _ends(row, starts), strict=True)
        if all(start + max(1, len(job.line.images)) <= end for job, start, end in spans):
            return starts
    return None


def _ends(row: BenchRow, starts: Sequence[int]) -> list[int]:
    return [*starts[1:], row.images] if starts else []


def _most_images(jobs: Sequence[SpooledJob]) -> int:
    return max((len(job.line.images) for job in jobs), default=0) or 1


def _missing(row: BenchRow, line: ManifestLine, image: int) -> MissingImage:
    made, error = len(line.images), line.error
    return MissingImage(
        model=line.model,
        part=row.part,
        number=row.number,
        image=image,
        kind=_BY_STATUS[line.status],
        job_id=line.job_id,
        prompt_id=line.prompt_id,
        prompt=line.prompt,
        reason=f"its job made {made}" if line.status is JobStatus.COMPLETED else "" if error is None else error.message,
    )


def _unplanned(row: BenchRow, model: str, image: int) -> MissingImage:
    return MissingImage(
        model=model,
        part=row.part,
        number=row.number,
        image=image,
        kind=MissingKind.UNPLANNED,
        prompt_id=row.prompt_id,
        prompt=row.prompt,
    )


def _too_many(row: BenchRow, model: str, jobs: Sequence[SpooledJob]) -> UsageError:
    made = [(job.line.job_id, image.path) for job in jobs for image in job.line.images]
    (first, its_path), (last, last_path) = made[0], made[-1]
    if first == last:
        return UsageError(
            f'{row} ("{row.prompt_id}") is to have {row.images} images of {model}, and job {first} made {len(made)}'
        )
    return UsageError(
        f'two different images for one place: {row} ("{row.prompt_id}") is to have {row.images} images of {model}, and '
        f"there are {len(made)}, such as {its_path} of job {first} and {last_path} of job {last}"
    )
