"""scores.jsonl, open to be added to by one process: in a folder line by line, in an object store as a whole.

An object store can't append. There the file is kept beside, and written whole every half minute and at the end; a kill
loses what came since. The store refuses a write when somebody else has written meanwhile.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import SEEK_END
from typing import IO, BinaryIO, Protocol

from qwave_batch.errors import FolderBusy
from qwave_batch.files.appended_lines import AppendedLines, appended_lines
from qwave_batch.files.lone_writer import WrittenByAnother
from qwave_batch.folder.artifacts import SCORES
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import storage_errors
from qwave_batch.folder.stores.object_store import ObjectStore, WriteLost, spool
from qwave_batch.model.clock import Clock

_HOLDER = "another process that scores its images"
_STORE_EVERY_S = 30.0
_MOST_LINE_BYTES = 1 << 20


class ScoreLog(Protocol):
    """The file. Its calls block, and come from one thread at a time."""

    def append(self, lines: Sequence[bytes]) -> Sequence[int]:
        """Add lines and return the place of each."""
        ...

    def line_at(self, place: int) -> bytes:
        """Return the line at a place."""
        ...


@contextmanager
def open_score_log(layout: RunLayout, clock: Clock) -> Iterator[ScoreLog]:
    """Yield the scores of a run folder or a store for the length of the block.

    Raises:
        FolderBusy: another process is adding scores.
        FolderError, NotRegular, StorageError: the file can't be written.
    """
    if layout.store is not None:
        with spool() as file:
            log = _StoreLog(layout, layout.store.objects, clock, file)
            try:
                yield log
            finally:
                log.write()
        return
    try:
        with storage_errors(layout.root, below=SCORES), appended_lines(layout.tree, SCORES) as file:
            yield _FolderLog(layout, file)
    except WrittenByAnother:
        raise FolderBusy(layout.address, _HOLDER) from None


class _FolderLog:
    def __init__(self, layout: RunLayout, file: AppendedLines) -> None:
        self._layout, self._file = layout, file

    def append(self, lines: Sequence[bytes]) -> Sequence[int]:
        with storage_errors(self._layout.root, below=SCORES):
            return self._file.append(lines)

    def line_at(self, place: int) -> bytes:
        with storage_errors(self._layout.root, "read", SCORES):
            return self._file.read_from(place, _MOST_LINE_BYTES).partition(b"\n")[0]


class _StoreLog:
    def __init__(self, layout: RunLayout, objects: ObjectStore, clock: Clock, file: IO[bytes]) -> None:
        self._layout, self._objects, self._clock, self._file = layout, objects, clock, file
        found = objects.get(SCORES)
        self._tag = None if found is None else found.facts.tag
        kept = b"" if found is None else found.data
        self._file.write(kept[: kept.rfind(b"\n") + 1])
        self._is_written = True
        self._written_at = clock.monotonic()

    def append(self, lines: Sequence[bytes]) -> Sequence[int]:
        places = []
        self._file.seek(0, SEEK_END)
        for line in lines:
            places.append(self._file.tell())
            self._file.write(line)
        self._is_written = self._is_written and not lines
        if self._clock.monotonic() - self._written_at >= _STORE_EVERY_S:
            self.write()
        return places

    def line_at(self, place: int) -> bytes:
        self._file.seek(place)
        return self._file.readline().removesuffix(b"\n")

    def write(self) -> None:
        """Write all of it, if there is something new."""
        if self._is_written:
            return
        self._file.seek(0)
        try:
            self._tag = self._objects.put(
                SCORES,
                self._file.read(),
                content_type="application/x-ndjson",
                if_absent=self._tag is None,
                if_match=self._tag,
            )
        except WriteLost:
            raise FolderBusy(self._layout.address, _HOLDER) from None
        self._is_written, self._written_at = True, self._clock.monotonic()


def line_in(file: BinaryIO, place: int) -> bytes:
    """Return the line at a place of a file that is only read."""
    file.seek(place)
    return file.readline(_MOST_LINE_BYTES).removesuffix(b"\n")
