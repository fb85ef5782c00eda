"""Whether the pictures on record are still on disk, found out without reading most of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qwave_batch.folder.hashing import sha256_of_file
from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.attempt import StoredFile


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """What a look at a job's files found."""

    damaged: tuple[int, ...] = ()
    """Places in the job's list of files, from 0, whose file is missing or another than on record."""
    touched: tuple[StoredFile, ...] = ()
    """Files that are whole but carry a new time, as after copying the folder."""


def check_files(layout: RunLayout, files: Sequence[StoredFile]) -> FileCheck:
    """Look at files; one with size and time as on record is taken as whole, as git does. It blocks."""
    damaged: list[int] = []
    touched: list[StoredFile] = []
    for place, file in enumerate(files):
        path = layout.root / file.image.path
        try:
            status = path.stat()
        except OSError:
            damaged.append(place)
            continue
        if status.st_size != file.image.size_bytes:
            damaged.append(place)
        elif status.st_mtime_ns != file.modified_ns:
            if sha256_of_file(path) == file.image.sha256:
                touched.append(replace(file, modified_ns=status.st_mtime_ns))
            else:
                damaged.append(place)
    return FileCheck(damaged=tuple(damaged), touched=tuple(touched))
