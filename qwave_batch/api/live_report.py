"""The report that a run keeps current while it goes on: thumbnails as images come, the page now and then.

Nothing of it can end a run or make it wait: what can't be written is a warning in the end. The page is written in a
thread of its own, one at a time, and rests for much longer than it takes.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.api.report_folders import write_report
from qwave_batch.errors import FolderBusy, QwaveError
from qwave_batch.files.tree import Tree
from qwave_batch.folder.layout import RunLayout
from qwave_batch.imaging.formats.shrinking import Shrinker
from qwave_batch.imaging.thumbnail import ThumbnailFault, thumbnail_of
from qwave_batch.model.clock import Clock
from qwave_batch.model.next_step import RunWarning
from qwave_batch.model.work_progress import WorkProgress
from qwave_batch.report.original_files import put_original
from qwave_batch.report.report_folder import INDEX, report_folder
from qwave_batch.report.report_request import DEFAULT_NAME, ReportRequest
from qwave_batch.report.thumbnail_store import ThumbnailStore, open_thumbnails

REST = 20
"""The pause after writing the page, as a multiple of the time it took."""
MOST_WAITING = 64
"""Small pictures, of 200 kB each, that wait to become thumbnails; of those that come then, the page makes its own."""

PATIENCE_S = 20
"""How long the end of a run waits for another report that is writing the same page, as ``report --serve`` does then."""
_LOOK_S = 0.1


class _Abandoned(Exception):
    """The page is not to be finished this time."""


class LiveReport:
    """The report in a run folder, kept by the run that holds the folder."""

    def __init__(self, layout: RunLayout, clock: Clock, is_leaving: Callable[[], bool]) -> None:
        """Describe it; nothing is written yet.

        Args:
            layout: The run folder; with a store, its workspace has the report.
            clock: Times how long the page takes.
            is_leaving: Whether the run is to end at once, without a last page.
        """
        self.path = layout.root.absolute() / DEFAULT_NAME
        self._layout, self._clock, self._is_leaving = layout, clock, is_leaving
        self._stack = ExitStack()
        self._store: ThumbnailStore | None = None
        self._pictures: queue.Queue[tuple[str, Shrinker] | None] = queue.Queue(MOST_WAITING)
        self._maker: threading.Thread | None = None
        self._writer: threading.Thread | None = None
        self._has_begun = False
        self._is_ending = threading.Event()
        self._rests_until = float("-inf")
        self._trouble = ""
        """Why the newest try to write something failed."""

    def begin(self) -> None:
        """Make the place, and write the first page beside the run. It blocks: call it in a thread."""
        self._has_begun = True
        with self._told_later():
            self._open()
        self.refresh()

    def take(self, sha256: str, shrinker: Shrinker, content: bytes | None) -> None:
        """Take the small picture of an image that is stored; it neither waits nor raises."""
        if self._store is None or self._is_ending.is_set():
            return
        with suppress(queue.Full):
            self._pictures.put_nowait((sha256, shrinker))
        if content is not None and self._layout.artifacts.is_remote:  # else it would be downloaded again
            with self._told_later():
                put_original(self.path, sha256, content)

    def refresh(self) -> None:
        """Have the page written anew as things stand, unless it is being written or has to rest."""
        is_writing = self._writer is not None and self._writer.is_alive()
        if is_writing or self._is_ending.is_set() or self._clock.monotonic() < self._rests_until:
            return
        with self._told_later():
            writer = threading.Thread(target=self._write_now, name="report", daemon=True)
            writer.start()
            self._writer = writer

    def finish(self) -> "LiveReportEnd":
        """Write the last page, once the run has let go of its folder, and return how that went. It blocks."""
        self._is_ending.set()
        if not self._has_begun:
            return LiveReportEnd(page=None, warnings=())
        if self._writer is not None:
            self._writer.join()
        self._pictures.put(None)
        if self._maker is not None:
            self._maker.join()
        if not self._is_leaving():
            self._trouble = ""
            with self._told_later():
                self._write_last()
        with self._told_later():
            self._stack.close()
        tree = Tree(self.path)
        is_there = self._store is not None and tree.is_file(INDEX)
        return LiveReportEnd(page=self.path / INDEX if is_there else None, warnings=self._warnings())

    def _open(self) -> None:
        """Make the place, unless that is done; while another report is written there it has to wait."""
        if self._store is not None:
            return
        with report_folder(self.path):
            store = self._stack.enter_context(open_thumbnails(self.path))
        maker = threading.Thread(target=self._make_thumbnails, name="thumbnails", daemon=True)
        maker.start()
        self._store, self._maker = store, maker

    def _make_thumbnails(self) -> None:
        """Make thumbnails of the small pictures that come, until there are no more."""
        while (waiting := self._pictures.get()) is not None:
            sha256, shrinker = waiting
            with self._told_later(), suppress(ThumbnailFault):  # the page's own try says why
                if self._store is not None and not self._store.has(sha256):
                    self._store.add(sha256, thumbnail_of(shrinker))

    def _write_now(self) -> None:
        began = self._clock.monotonic()
        with self._told_later():
            self._write(threads=1, is_unwanted=self._is_ending.is_set)
            self._trouble = ""
        now = self._clock.monotonic()
        self._rests_until = now + REST * (now - began)

    def _write_last(self) -> None:
        """Write the page as the run leaves it; a report that somebody else has asked for meanwhile ends first."""
        until = self._clock.monotonic() + PATIENCE_S
        while True:
            try:
                return self._write(threads=None, is_unwanted=self._is_leaving)
            except FolderBusy:
                if self._is_leaving() or self._clock.monotonic() > until:
                    raise
            time.sleep(_LOOK_S)

    def _write(self, *, threads: int | None, is_unwanted: Callable[[], bool]) -> None:
        self._open()

        def watch(_: WorkProgress) -> None:
            if is_unwanted():
                raise _Abandoned

        request = ReportRequest(folders=(self._layout.root,), out=self.path)
        write_report(request, watch, thumbnails=self._store, threads=threads)

    @contextmanager
    def _told_later(self) -> Iterator[None]:
        """Keep what goes wrong inside the block for the run's end."""
        try:
            yield
        except _Abandoned:
            pass
        except QwaveError as error:
            self._trouble = str(error)
        except Exception as error:  # noqa: BLE001 - a fault of the report must not cost a run that is paid for
            self._trouble = f"{type(error).__name__}: {error}"

    def _warnings(self) -> tuple[RunWarning, ...]:
        return (RunWarning(f"the report is not complete: {self._trouble}"),) if self._trouble else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveReportEnd:
    """The report as a run leaves it."""

    page: Path | None
    """The file to open; None where none could be written."""
    warnings: tuple[RunWarning, ...]
