"""Checks whether the recorded images are still among the artifacts, without reading most of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qwave_batch.errors import FolderError, StorageError
from qwave_batch.folder.artifacts import Artifact, ArtifactStore, sha256_of_artifact
from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.ledger.snapshots import FileFacts, StoredJob


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """The result of checking a job's files."""

    damaged: tuple[int, ...] = ()
    """Places in the job's list of files, from 0, whose file is missing or differs from the record."""
    touched: tuple[StoredFile, ...] = ()
    """Files that are intact but have a new time, as after copying the folder."""


def check_files(layout: RunLayout, files: Sequence[StoredFile]) -> FileCheck:
    """Check files; one with the recorded size and time counts as intact, as in git. It blocks."""
    artifacts = layout.artifacts
    damaged: list[int] = []
    touched: list[StoredFile] = []
    for place, file in enumerate(files):
        found = _look(artifacts, file.image.path)
        if found is None or found.size_bytes != file.image.size_bytes:
            damaged.append(place)
        elif found.modified_ns != file.modified_ns:
            if sha256_of_artifact(artifacts, file.image.path) == file.image.sha256:
                touched.append(replace(file, modified_ns=found.modified_ns))
            else:
                damaged.append(place)
    return FileCheck(damaged=tuple(damaged), touched=tuple(touched))


def unchanged_jobs(layout: RunLayout, jobs: Sequence[StoredJob]) -> list[bool]:
    """Return for each of some jobs whether all of its files have the recorded sizes and times. It blocks."""
    paths = [file.path for job in jobs for file in job.files]
    found = dict(zip(paths, layout.artifacts.look_all(paths), strict=True))
    return [all(_is_as_recorded(found[file.path], file) for file in job.files) for job in jobs]


def _is_as_recorded(found: Artifact | None, file: FileFacts) -> bool:
    if found is None or not found.is_file:
        return False
    return (found.size_bytes, found.modified_ns) == (file.size_bytes, file.modified_ns)


def _look(artifacts: ArtifactStore, path: str) -> Artifact | None:
    """Return a regular file reached without links; None for anything else.

    Raises:
        StorageError: a remote store can't be reached; nothing follows from that for the file.
    """
    try:
        found = artifacts.look(path)
    except (StorageError, FolderError):
        if artifacts.is_remote:
            raise
        return None
    return found if found is not None and found.is_file else None
