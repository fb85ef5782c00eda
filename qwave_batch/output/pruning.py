"""``prune``: removes files no longer in the spec, after showing them, and never any that may still cost money."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from qwave_batch.errors import FolderError
from qwave_batch.folder.artifacts import IMAGES, ArtifactKind
from qwave_batch.folder.inputs import references, stored_input, without_inline
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import storage_errors
from qwave_batch.folder.traces import leftovers
from qwave_batch.folder.workspace import PARTIAL, PRIVATE
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.portable_paths import INPUTS, path_fault
from qwave_batch.model.record import JobRecord, JobStatus
from qwave_batch.output.kept_overlay import KeptOverlay
from qwave_batch.output.ledger_ports import LedgerPruning, LedgerReading
from qwave_batch.output.summary import read_summary

_STAY = ("", IMAGES, INPUTS, PRIVATE, PARTIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneFile:
    """A file to remove."""

    path: str
    """Relative to the run folder."""
    size_bytes: int
    modified_ns: int
    """Modification time, to notice a file that changes after it was shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptJob:
    """A job that is no longer in the spec and stays: its cost is not settled, or a job that is to be made needs it."""

    job_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunePlan:
    """The files that ``prune`` would remove."""

    files: tuple[PruneFile, ...]
    job_ids: tuple[str, ...]
    """Rows of the ledger to forget."""
    kept: tuple[KeptJob, ...]

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return f"PrunePlan({len(self.files):,} files, {len(self.job_ids):,} jobs, {len(self.kept):,} kept)"

    def as_shown(self, shown: "PrunePlan") -> "PrunePlan":
        """Return the intersection of this plan and one that was shown before."""
        files, job_ids = set(shown.files), set(shown.job_ids)
        return PrunePlan(
            files=tuple(file for file in self.files if file in files),
            job_ids=tuple(job_id for job_id in self.job_ids if job_id in job_ids),
            kept=self.kept,
        )

    @property
    def size_bytes(self) -> int:
        """The number of bytes freed."""
        return sum(file.size_bytes for file in self.files)

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``prune --json`` prints."""
        return {
            "jobs": len(self.job_ids),
            "files": [{"path": file.path, "bytes": file.size_bytes} for file in self.files],
            "bytes": self.size_bytes,
            "kept": [{"job_id": kept.job_id, "reason": kept.reason} for kept in self.kept],
        }


def find_prunable(layout: RunLayout, ledger: LedgerReading) -> PrunePlan:
    """Return the files and jobs no longer in the spec; nothing is changed. Leftovers count as those of ended runs.

    Raises:
        FolderError: a file is reached over a link, or its path was not written by this program.
        StorageError: the disk or the ledger fails.
    """
    planned: set[str] = set()
    used: set[str] = set()
    needs = _Needs(ledger.unplanned_parents())
    for line in ledger.lines():
        if line.record.status is not JobStatus.COMPLETED:
            needs.add(line.job.job_id, [link.job_id for link in line.job.parents])
        planned.update(image.path for image in line.record.images)
        for reference in references(without_inline(line.job.request)):
            file = stored_input(layout, reference)
            used.update(() if file is None else (file,))
    overlay = KeptOverlay.of(read_summary(layout))
    used.update(filter(None, (overlay.path(layout),) if overlay else ()))
    settled: list[JobRecord] = []
    kept: list[KeptJob] = []
    for record in ledger.unplanned():
        reason = _unsettled(record)
        if reason is None:
            settled.append(record)
        else:
            kept.append(KeptJob(job_id=record.job_id, reason=reason))
            needs.add_unplanned(record.job_id)
    kept += [
        KeptJob(job_id=job_id, reason=reason) for record in settled if (reason := needs.reason(job_id := record.job_id))
    ]
    staying = {job.job_id for job in kept}
    gone = [record for record in settled if record.job_id not in staying]
    paths = [_checked(image.path, layout) for record in gone for image in record.images if image.path not in planned]
    if not kept:  # the inputs of a kept job are not known here
        paths.extend(_inputs_but(used, layout))
    paths.extend(found.path for found in leftovers(layout))
    with storage_errors(layout.root, "read"):
        files = tuple(_present(layout, paths))
    return PrunePlan(files=files, job_ids=tuple(record.job_id for record in gone), kept=tuple(kept))


def prune(layout: RunLayout, ledger: LedgerPruning, plan: PrunePlan) -> tuple[KeptJob, ...]:
    """Remove the result of ``find_prunable`` and return the rows that the ledger keeps.

    The caller holds the folder's lock and a ledger that can be written. Files go before rows, so
    that a crash in between leaves rows of missing files, which the next prune removes.

    Raises:
        StorageError: the disk or the ledger fails; what is left can be pruned again.
    """
    folders: set[str] = set()
    for file in plan.files:
        if _is_artifact(file.path):
            layout.artifacts.remove(file.path)
        else:
            with storage_errors(layout.root / file.path, "remove"), suppress(FileNotFoundError):
                layout.tree.remove(file.path)
        folders.add(file.path.rpartition("/")[0])
    kept: list[KeptJob] = []
    for job_id in plan.job_ids:
        try:
            ledger.forget(job_id)
        except FolderError as error:  # it may have been sent just before a crash, without a record
            kept.append(KeptJob(job_id=job_id, reason=str(error)))
    for folder in folders:
        _remove_empty(folder, layout)
    return tuple(kept)


class _Needs:
    """The parents that jobs which are still to be made, or whose tasks are open, are made from.

    A parent's own parents count too: it may have to be made again itself.
    """

    def __init__(self, unplanned_parents: Mapping[str, Sequence[str]]) -> None:
        self._parents = unplanned_parents
        self._children: dict[str, str] = {}
        """A child by the id of each parent that it needs."""

    def add(self, child: str, parents: Sequence[str]) -> None:
        """Take note of a job and what it is made from."""
        for parent in parents:
            if parent not in self._children:
                self._children[parent] = child
                self.add_unplanned(parent)

    def add_unplanned(self, child: str) -> None:
        """Take note of a job that the plan no longer holds."""
        self.add(child, self._parents.get(child, ()))

    def reason(self, job_id: str) -> str | None:
        """Return why a job has to stay; None if nothing needs it."""
        child = self._children.get(job_id)
        return None if child is None else f"job {child} is made from it"


def _unsettled(record: JobRecord) -> str | None:
    if record.status is JobStatus.UNKNOWN:
        return "it was sent and is perhaps paid"
    if record.status is JobStatus.PENDING and record.task_id is not None:
        return f"its task {record.task_id} is open"
    return None


def _checked(path: str, layout: RunLayout) -> str:
    fault = path_fault(path)
    if fault is None:
        return path
    raise FolderError(
        f"the record of {layout.root} names {path!r}, which no run has written: {fault}; nothing was removed"
    )


def _inputs_but(used: set[str], layout: RunLayout) -> Iterator[str]:
    for found in layout.artifacts.list(INPUTS):
        name = found.path.removeprefix(f"{INPUTS}/")
        if name.startswith("sha256-") and "/" not in name and found.path not in used:
            yield found.path


def _present(layout: RunLayout, paths: list[str]) -> Iterator[PruneFile]:
    for path in dict.fromkeys(paths):
        if _is_artifact(path):
            found = layout.artifacts.look(path)
            if found is not None and found.kind is not ArtifactKind.FOLDER:
                yield PruneFile(path=path, size_bytes=found.size_bytes, modified_ns=found.modified_ns)
            continue
        status = layout.tree.look(path)
        if status is not None:  # ``leftovers`` yields no folders
            yield PruneFile(path=path, size_bytes=status.st_size, modified_ns=status.st_mtime_ns)


def _remove_empty(folder: str, layout: RunLayout) -> None:
    with suppress(OSError):  # not empty
        while folder not in _STAY:
            if not _is_artifact(folder):
                layout.tree.remove_folder(folder)
            elif not layout.artifacts.remove_folder(folder):
                return
            folder = folder.rpartition("/")[0]


def _is_artifact(path: str) -> bool:
    """Whether a path is among the artifacts; else it is a leftover in the local folder."""
    return path.startswith((f"{IMAGES}/", f"{INPUTS}/"))
