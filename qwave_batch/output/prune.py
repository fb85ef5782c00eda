"""``prune``: removes what the spec no longer asks for, after showing it, and never what may still be paid for."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.errors import FolderError
from qwave_batch.folder.disk import storage_errors
from qwave_batch.folder.inputs import references, stored_input, without_inline
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.leftovers import leftovers
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.record import JobRecord, JobStatus
from qwave_batch.output.ports import LedgerPruning, LedgerReading


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneFile:
    """A file to remove."""

    path: str
    """Relative to the run folder."""
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptJob:
    """A job that the spec no longer asks for and that stays, for its money is not settled."""

    job_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunePlan:
    """What ``prune`` would remove."""

    files: tuple[PruneFile, ...]
    job_ids: tuple[str, ...]
    """Rows of the ledger to forget."""
    kept: tuple[KeptJob, ...]

    @property
    def size_bytes(self) -> int:
        """What the disk gets back."""
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
    """Return what the spec no longer asks for; nothing is changed. Leftovers are counted as of no live run.

    Raises:
        StorageError: the disk or the ledger fails.
    """
    planned: set[str] = set()
    used: set[Path] = set()
    for line in ledger.lines():
        planned.update(image.path for image in line.record.images)
        for reference in references(without_inline(line.job.request)):
            file = stored_input(layout, reference)
            used.update(() if file is None else (file,))
    gone: list[JobRecord] = []
    kept: list[KeptJob] = []
    for record in ledger.unplanned():
        reason = _unsettled(record)
        if reason is None:
            gone.append(record)
        else:
            kept.append(KeptJob(job_id=record.job_id, reason=reason))
    paths = [layout.root / image.path for record in gone for image in record.images if image.path not in planned]
    if not kept:  # the inputs of a job that stays are not known here
        paths.extend(file for file in sorted(layout.inputs.glob("sha256-*")) if file not in used)
    paths.extend(leftovers(layout))
    return PrunePlan(
        files=tuple(_present(layout, paths)), job_ids=tuple(record.job_id for record in gone), kept=tuple(kept)
    )


def prune(layout: RunLayout, ledger: LedgerPruning, plan: PrunePlan) -> tuple[KeptJob, ...]:
    """Remove what ``find_prunable`` found and return which rows the ledger would not let go.

    The caller holds the folder's lock and a ledger that can be written. Files go before rows, so
    that a crash in between leaves rows of missing files, which the next prune removes.

    Raises:
        StorageError: the disk or the ledger fails; what is left can be pruned again.
    """
    folders: set[Path] = set()
    for file in plan.files:
        path = layout.root / file.path
        with storage_errors(path, "remove"):
            path.unlink(missing_ok=True)
        folders.add(path.parent)
    kept: list[KeptJob] = []
    for job_id in plan.job_ids:
        try:
            ledger.forget(job_id)
        except FolderError as error:  # it was perhaps sent just before a crash, and its record can't say so
            kept.append(KeptJob(job_id=job_id, reason=str(error)))
    for folder in folders:
        _remove_empty(folder, layout)
    return tuple(kept)


def _unsettled(record: JobRecord) -> str | None:
    if record.status is JobStatus.UNKNOWN:
        return "it was sent and is perhaps paid"
    if record.status is JobStatus.PENDING and record.task_id is not None:
        return f"its task {record.task_id} is open"
    return None


def _present(layout: RunLayout, paths: list[Path]) -> Iterator[PruneFile]:
    for path in dict.fromkeys(paths):
        is_inside = ".." not in path.relative_to(layout.root).parts
        if is_inside and (path.is_file() or path.is_symlink()):
            yield PruneFile(path=layout.relative(path), size_bytes=path.lstat().st_size)


def _remove_empty(folder: Path, layout: RunLayout) -> None:
    keep = {layout.root, layout.images, layout.inputs, layout.private, layout.partial}
    with suppress(OSError):  # not empty
        while folder not in keep:
            folder.rmdir()
            folder = folder.parent
