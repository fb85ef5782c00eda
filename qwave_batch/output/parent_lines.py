"""Looks up the jobs that others of a run folder are made from, by their ids."""

from collections import OrderedDict
from dataclasses import dataclass, field

from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.record import ImageFile
from qwave_batch.output.folder_reader import FolderReader, LineSource
from qwave_batch.output.image_search import FoundJob
from qwave_batch.output.manifest_line import ManifestLine, manifest_line

_MOST_HELD = 1000
"""Jobs that memory holds; children of one parent stand near each other."""


@dataclass(slots=True)
class ParentLines:
    """The jobs of one folder that others are made from, planned or not.

    With a ledger each is read from there. Of a copy without one the manifest is read when the first is asked for, and
    memory holds all that are parents.
    """

    reader: FolderReader
    _held: "OrderedDict[str, FoundJob | None]" = field(default_factory=OrderedDict)
    _of_manifest: dict[str, ManifestLine] | None = None

    def found(self, job_id: str) -> FoundJob | None:
        """Return a job, without its number; None for one that the folder does not know.

        Raises:
            FolderError: there is no ledger, and the manifest is missing or torn.
            StorageError: the disk or the ledger fails.
        """
        if job_id in self._held:
            return self._held[job_id]
        found = self._held[job_id] = self._read(job_id)
        if len(self._held) > _MOST_HELD:
            self._held.popitem(last=False)
        return found

    def image(self, link: ParentLink) -> ImageFile | None:
        """Return the image that a link names; None if it names none, or it is not there.

        Raises:
            FolderError, StorageError: as ``found`` does.
        """
        found = None if link.image is None else self.found(link.job_id)
        if found is None or link.image is None or link.image > len(found.line.images):
            return None
        return found.line.images[link.image - 1]

    def _read(self, job_id: str) -> FoundJob | None:
        ledger = self.reader.ledger
        if ledger is not None and self.reader.source is LineSource.LEDGER:
            line = ledger.line_of(job_id)
            return None if line is None else FoundJob(None, manifest_line(line), line.job)
        if self._of_manifest is None:
            wanted = {link.job_id for line in self.reader.lines() for link in line.parents}
            self._of_manifest = {line.job_id: line for line in self.reader.lines() if line.job_id in wanted}
        found = self._of_manifest.get(job_id)
        return None if found is None else FoundJob(None, found, None)
