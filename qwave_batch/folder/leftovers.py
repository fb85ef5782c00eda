"""What a process that was killed leaves half written: nothing of it is ever needed again."""

import stat
from collections.abc import Iterator
from contextlib import suppress

from qwave_batch.files.tree import TEMPORARY_PREFIX, Found
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.workspace import PARTIAL, PRIVATE
from qwave_batch.model.portable_paths import INPUTS


def leftovers(layout: RunLayout) -> Iterator[Found]:
    """Yield half downloads and half written files. They are leftovers only while nobody else holds the lock."""
    yield from layout.tree.walk(PARTIAL)
    for folder in ("", PRIVATE, INPUTS):
        for found in layout.tree.entries(folder):
            if found.path.rpartition("/")[2].startswith(TEMPORARY_PREFIX) and not stat.S_ISDIR(found.status.st_mode):
                yield found


def remove_leftovers(layout: RunLayout) -> None:
    """Remove them all, as the process that holds the lock may at its start; what can't be removed does no harm."""
    for found in list(leftovers(layout)):
        with suppress(OSError):
            layout.tree.remove(found.path)
