"""Reading a run folder, live or ended."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from qwave_batch import api, output, quality
from qwave_batch.api.worker_opening import Executor, opened_workers
from qwave_batch.choosing.kept_stages import kept_stages
from qwave_batch.errors import FolderError, StorageError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import FolderLock
from qwave_batch.folder.workspace import LEDGER
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.record import ImageFile
from qwave_batch.model.work_progress import OnWork, ignore_work
from qwave_batch.output.folder_reader import (
    EVERY_LINE,
    FolderHeader,
    FolderReader,
    LineFilter,
    open_folder,
    open_ledger,
)
from qwave_batch.output.folder_status import FolderStatus, Glance, folder_status, glance_at
from qwave_batch.output.manifest import refresh_manifest
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.output.summary import read_summary

if TYPE_CHECKING:
    from qwave_batch.choosing.stage_outlook import StageOutlook


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder that runs have made. Reading its lines first brings back a manifest that a crash left behind."""

    root: Path
    """The folder; for a store, its address as a path."""
    _opened: RunLayout | None = field(default=None, repr=False, compare=False)

    @property
    def _layout(self) -> RunLayout:
        return self._opened or RunLayout.at(self.root)

    @property
    def address(self) -> str:
        """The folder as people name it: its path, or the address of a store."""
        return self._layout.address

    def lines(self, where: LineFilter = EVERY_LINE) -> Iterator[ManifestLine]:
        """Yield the lines that a filter takes, in plan order, as they stand at this moment; see ``FolderReader``.

        Raises:
            FolderError: the folder came without its ledger, and its manifest is missing or torn.
        """
        with self._up_to_date() as reader:
            yield from reader.lines(where)

    def images(self, where: LineFilter = EVERY_LINE) -> Iterator[tuple[ManifestLine, ImageFile]]:
        """Yield every image on record, with its line, in plan order; raises as ``lines`` does."""
        with self._up_to_date() as reader:
            yield from reader.images(where)

    def open_image(self, image: ImageFile) -> BinaryIO | None:
        """Open an image's file for reading; return None if it is missing. Its content is checked by ``verify`` alone.

        Raises:
            FolderError: its path leads out of ``images/`` or over a link.
            StorageError: it can't be read.
        """
        with open_folder(self._layout) as reader:
            return reader.open_image(image)

    def open_input(self, reference: str) -> BinaryIO | None:
        """Open the file behind a ``sha256:...`` of a line's request; return None if it is missing.

        Raises:
            StorageError: it can't be read.
        """
        with open_folder(self._layout) as reader:
            return reader.open_input(reference)

    def header(self) -> FolderHeader:
        """Return the facts of the folder as a whole; no line is read for them."""
        with open_folder(self._layout) as reader:
            return reader.header()

    def summary(self) -> dict[str, Json] | None:
        """Return what summary.json says; None when no run came to write it."""
        return read_summary(self._layout)

    def status(self) -> FolderStatus:
        """Return where the run stands at this moment."""
        layout = self._layout
        with open_ledger(layout) as ledger:
            return folder_status(layout, ledger)

    def outlooks(self) -> "tuple[StageOutlook, ...]":
        """Return how the stages stand whose jobs are chosen by scores, checks or picks; none for a folder without any.

        Raises:
            UsageError: a ``where`` of a stage fails on what the folder knows.
            FolderError, StorageError: scores, checks or picks can't be read.
        """
        layout = self._layout
        stages = kept_stages(layout)
        if not stages:  # else a look at any folder would load all that decides
            return ()
        with open_ledger(layout) as ledger:
            return api.stage_choices.stage_outlooks(layout, ledger, stages)

    def glance(self) -> Glance:
        """Return as much as can be seen without reading the plan: cheap, for watching; nothing is written."""
        layout = self._layout
        with open_ledger(layout) as ledger:
            return glance_at(layout, ledger)

    def verify(
        self, on_work: OnWork = ignore_work, *, executor: Executor | None = None
    ) -> "output.verification.VerifyReport":
        """Check every line and every file against manifest, schema and hashes; every image is decoded.

        Damaged files are recorded, so that the next run fetches them again even if their size and time are unchanged.

        Args:
            on_work: Told how many images were checked.
            executor: The Ray whose workers decode the images; None for processes of this machine.
        """
        layout = self._layout
        with open_ledger(layout) as ledger, opened_workers(executor, [layout]) as workers:
            report = output.verification.verify(layout, ledger, on_work, workers=workers)
        if report.damaged:
            self._doubt(report.damaged)
        return report

    @contextmanager
    def check(
        self,
        *,
        near: int | None = None,
        where: LineFilter = EVERY_LINE,
        on_work: OnWork = ignore_work,
        executor: Executor | None = None,
    ) -> "Iterator[quality.folder_check.CheckReport]":
        """Find what spoils a dataset, write checks.jsonl, and yield what was found; see ``folder_check.check_folder``.

        Args:
            near: In how many bits of 64 the hashes of near duplicates may differ, from 0 to 10; None for a few.
            where: The lines whose findings are shown; all of them are checked, compared and written.
            on_work: Called with how many images are looked at.
            executor: The Ray whose workers look at the images; None for processes of this machine.
        """
        with opened_workers(executor, [self._layout]) as workers, self._up_to_date() as reader:
            options = {} if near is None else {"near": near}
            with quality.folder_check.check_folder(
                reader, where=where, on_work=on_work, workers=workers, **options
            ) as report:
                yield report

    def find_prunable(self) -> "output.pruning.PrunePlan":
        """Return what the spec no longer asks for; nothing is changed.

        Raises:
            FolderError: the folder came without its ledger, or a link is among its images.
        """
        layout = self._layout
        layout.check_images()
        with open_ledger(layout) as ledger:
            if ledger is None:
                raise FolderError(f"{layout.address} came without its ledger, so nobody knows what may go")
            return output.pruning.find_prunable(layout, ledger)

    def prune(self, shown: "output.pruning.PrunePlan | None" = None) -> "output.pruning.PrunePlan":
        """Remove what the spec no longer asks for, and return what that was. The spend stays on record.

        Args:
            shown: The result of ``find_prunable`` that a user agreed to: nothing else is removed, nor anything that has
                changed since. None means everything found now.

        Raises:
            FolderBusy: a run is at work.
            FolderError: the folder came without its ledger.
        """
        layout = self._layout
        if not layout.tree.is_file(LEDGER):
            return self.find_prunable()
        layout.check_images()
        with api.store_workspace.held_ledger(layout) as ledger:
            found = output.pruning.find_prunable(layout, ledger)
            found = found if shown is None else found.as_shown(shown)
            output.pruning.prune(layout, ledger, found)
            return found

    @contextmanager
    def _up_to_date(self) -> Iterator[FolderReader]:
        """Yield a reader of the folder, after its manifest is brought up to date."""
        with open_folder(self._layout) as reader:
            if reader.ledger is not None:
                refresh_manifest(reader.layout, reader.ledger)
            yield reader

    def _doubt(self, paths: Sequence[str]) -> None:
        layout = self._layout
        if not layout.tree.is_file(LEDGER):
            return
        with (
            suppress(StorageError),
            FolderLock(layout),
            Ledger.open(layout.workspace.ledger) as ledger,
        ):  # read-only, or live
            ledger.doubt_files(paths)


def open_run(folder: str | Path) -> RunFolder:
    """Return a run folder to look at, or what a run has put into an object store.

    Args:
        folder: Its path, or the store's address, such as ``s3://bucket/runs/one``.

    Raises:
        FolderError: there is none, with the nearest one that is.
        MissingExtra: it is a store, and the library for it is not installed.
        StoreUnusable: the store can't be read as it is set up.
        StorageError: the store can't be reached.
    """
    layout = RunLayout.at(folder)
    return RunFolder(layout.root, layout)
