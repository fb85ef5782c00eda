"""Checks whether the recorded images are still on disk, without reading most of them."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace

from qwave_batch.files.folder_handles import LinkInTheWay
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import sha256_of_file
from qwave_batch.ledger.attempt import StoredFile


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """The result of checking a job's files."""

    damaged: tuple[int, ...] = ()
    """Places in the job's list of files, from 0, whose file is missing or differs from the record."""
    touched: tuple[StoredFile, ...] = ()
    """Files that are intact but have a new time, as after copying the folder."""


def check_files(layout: RunLayout, files: Sequence[StoredFile]) -> FileCheck:
    """Check files; one with the recorded size and time counts as intact, as in git. It blocks."""
    damaged: list[int] = []
    touched: list[StoredFile] = []
    for place, file in enumerate(files):
        status = _look(layout, file.image.path)
        if status is None or status.st_size != file.image.size_bytes:
            damaged.append(place)
        elif status.st_mtime_ns != file.modified_ns:
            if sha256_of_file(layout.tree, file.image.path) == file.image.sha256:
                touched.append(replace(file, modified_ns=status.st_mtime_ns))
            else:
                damaged.append(place)
    return FileCheck(damaged=tuple(damaged), touched=tuple(touched))


def _look(layout: RunLayout, path: str) -> os.stat_result | None:
    """Return the status of a regular file reached without links; None for anything else."""
    try:
        status = layout.tree.look(path)
    except (OSError, LinkInTheWay):
        return None
    return status if status is not None and stat.S_ISREG(status.st_mode) else None
