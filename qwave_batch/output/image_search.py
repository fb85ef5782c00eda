"""Finds the jobs of a run folder that made an image, by its hash or by the job id in its mark."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from qwave_batch.errors import FolderError
from qwave_batch.model.job import Job
from qwave_batch.model.record import ImageFile
from qwave_batch.output.folder_reader import FolderReader, LineSource
from qwave_batch.output.manifest import read_raw_lines
from qwave_batch.output.manifest_line import ManifestLine, line_from_json, manifest_line


@dataclass(frozen=True, slots=True)
class WantedImage:
    """An image whose job is looked for."""

    sha256s: frozenset[str]
    """The hashes that a run's file of it may have: its own, and the one that its mark states."""
    job_id: str | None = None
    """The job that its mark names."""

    def file_of(self, line: ManifestLine) -> ImageFile | None:
        """Return the image of a line that is meant; None where only the job is known."""
        return next((image for image in line.images if image.sha256 in self.sha256s), None)

    def is_of(self, line: ManifestLine) -> bool:
        """Whether the job of a line made it."""
        return line.job_id == self.job_id or self.file_of(line) is not None


@dataclass(frozen=True, slots=True)
class FoundJob:
    """A job that made the image."""

    number: int | None
    """The number of its line in ``manifest.jsonl``, from 1; None when the plan no longer holds it."""
    line: ManifestLine
    job: Job | None
    """With its request to the letter; None for a folder that came without its ledger."""


def jobs_of_image(reader: FolderReader, wanted: WantedImage) -> Iterator[FoundJob]:
    """Yield the jobs of a folder that made an image, in plan order, then those that left the plan.

    Raises:
        FolderError: there is no ledger, and the manifest is missing or torn.
        StorageError: the disk or the ledger fails.
    """
    if reader.ledger is not None and reader.source is LineSource.LEDGER:
        for each in reader.ledger.makers(wanted.sha256s, wanted.job_id):
            yield FoundJob(each.number, manifest_line(each.line), each.line.job)
        return
    needles = [text.encode() for text in (*wanted.sha256s, wanted.job_id) if text]
    for number, raw in read_raw_lines(reader.layout):
        if any(needle in raw for needle in needles):
            line = _line(reader, number, raw)
            if wanted.is_of(line):
                yield FoundJob(number, line, None)


def all_jobs(reader: FolderReader) -> Iterator[FoundJob]:
    """Yield the jobs of a folder's plan, in plan order; raises as ``jobs_of_image`` does."""
    if reader.ledger is not None and reader.source is LineSource.LEDGER:
        for number, each in enumerate(reader.ledger.lines(), start=1):
            yield FoundJob(number, manifest_line(each), each.job)
        return
    for number, line in enumerate(reader.lines(), start=1):
        yield FoundJob(number, line, None)


def _line(reader: FolderReader, number: int, raw: bytes) -> ManifestLine:
    try:
        return line_from_json(json.loads(raw))
    except (ValueError, RecursionError) as error:
        raise FolderError(f"{reader.layout.manifest}:{number}: not a line of a manifest ({error})") from error
