"""What a process that was killed leaves half written: nothing of it is ever needed again."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from qwave_batch.folder.atomic import TEMPORARY_PREFIX
from qwave_batch.folder.layout import RunLayout


def leftovers(layout: RunLayout) -> Iterator[Path]:
    """Yield half downloads and half written files. They are leftovers only while nobody else holds the lock."""
    if layout.partial.is_dir():
        yield from sorted(path for path in layout.partial.rglob("*") if not path.is_dir())
    for folder in (layout.root, layout.private, layout.inputs):
        if folder.is_dir():
            yield from sorted(folder.glob(f"{TEMPORARY_PREFIX}*"))


def remove_leftovers(layout: RunLayout) -> None:
    """Remove them all, as the process that holds the lock may at its start; what can't be removed does no harm."""
    for path in list(leftovers(layout)):
        with suppress(OSError):
            path.unlink()
