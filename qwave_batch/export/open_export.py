"""An export at work: all that a format needs to write it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from qwave_batch.export.author_card import NO_CARD, AuthorCard
from qwave_batch.export.columns import ImageFacts, Value, well_formed
from qwave_batch.export.edit_inputs import EditInput
from qwave_batch.export.export_inputs import ExportInputs, InputMissing
from qwave_batch.export.export_notes import NoteKind, Notes
from qwave_batch.export.export_request import ExportRequest
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.image_loading import ImageLoader, LoadedImage, UnusableImage
from qwave_batch.export.origin import Origin
from qwave_batch.export.out_folder import OutFolder, PlacedImage
from qwave_batch.export.selection import LeftOut, Selected
from qwave_batch.model.work_progress import OnWork, WorkProgress
from qwave_batch.output.folder_reader import FolderReader

_Image = TypeVar("_Image", bound=PlacedImage | LoadedImage)

FILE_NAME = "file_name"
"""The column of an image's path. Loaders know it by this name."""


@dataclass(slots=True, kw_only=True)
class OpenExport:
    """One export, between the selection of its rows and its end."""

    request: ExportRequest
    readers: Sequence[FolderReader] = field(repr=False)
    selected: Selected
    loader: ImageLoader = field(repr=False)
    origin: Origin
    on_work: OnWork
    card: AuthorCard = NO_CARD
    """The author's words."""
    inputs: ExportInputs = field(default_factory=ExportInputs, repr=False)
    notes: Notes = field(default_factory=Notes)
    left_out: dict[LeftOut, int] = field(default_factory=dict)
    """Selected rows that the format leaves out, by reason."""
    missing: dict[str, int] = field(default_factory=dict)
    """Selected rows that are not in the export, by split."""
    counted: dict[str, int] | None = None
    """Rows by split, of a format whose rows are not images; None where they are the selected ones."""
    _done: int = 0

    @property
    def written_splits(self) -> dict[str, int]:
        """The rows that are in the export, by split."""
        if self.counted is not None:
            return {name: self.counted.get(name, 0) for name in self.selected.splits}
        return {name: rows - self.missing.get(name, 0) for name, rows in self.selected.splits.items()}

    def placed(
        self, out: OutFolder, split: str, path_of: Callable[[int, ExportRow], str]
    ) -> Iterator[tuple[ExportRow, PlacedImage | None]]:
        """Put the images of a split into a folder, and yield its rows in order with what was put there.

        A row without an image comes with None. One whose image is missing or damaged is noted and left out.

        Args:
            out: The folder.
            split: The split.
            path_of: Returns the path for an image; it is given its number, from 0, among the images of the split.
        """
        numbers = count()
        paths = (
            (path_of(next(numbers), row) if row.image is not None else "", row) for row in self.selected.rows(split)
        )
        return self._usable(out.place(paths))

    def loaded(self, split: str | None = None) -> Iterator[tuple[ExportRow, LoadedImage | None]]:
        """Yield the rows of a split, or all, in order with their images in memory; otherwise as ``placed`` does."""
        return self._usable(self.loader.loaded(self.selected.rows(split)))

    def _usable(
        self, outcomes: Iterable[tuple[ExportRow, _Image | UnusableImage | None]]
    ) -> Iterator[tuple[ExportRow, _Image | None]]:
        for row, outcome in outcomes:
            self.tick()
            if isinstance(outcome, UnusableImage):
                self.miss(row, outcome.reason)
            else:
                self.take_notes(row, outcome)
                yield row, outcome

    def named(self) -> Iterator[dict[str, Value]]:
        """Yield the values of all rows, in order, with the path of their image in its run folder; none is read."""
        for row in self.selected.rows():
            facts = None if row.image is None else ImageFacts.of(row.image)
            name = None if row.image is None else well_formed(row.image.path)
            yield {FILE_NAME: name, **self.selected.table.record_of(row, facts)}
            self.tick()

    def stored_input(self, row: ExportRow, image: EditInput) -> bytes | None:
        """Return the bytes of an input image that the row's folder should hold; None where it does not, as is noted.

        A run at work may not have kept it yet: that is not a fault of the folder, and not noted.
        """
        try:
            return self.inputs.stored(row, image)
        except InputMissing as missing:
            if missing.is_fault:
                self.notes.add(NoteKind.INPUT_MISSING, row.shown_as, str(missing))
            return None

    def record_of(self, row: ExportRow, image: PlacedImage | LoadedImage | None) -> dict[str, Value]:
        """Return the values of a row by column, with the image as it was exported."""
        return self.selected.table.record_of(row, None if image is None else image.facts)

    def take_notes(self, row: ExportRow, image: PlacedImage | LoadedImage | None) -> None:
        """Take over what is to be said of an image that was loaded."""
        for kind in image.notes if image else ():
            self.notes.add(kind, row.shown_as)

    def miss(self, row: ExportRow, reason: str, kind: NoteKind = NoteKind.UNUSABLE) -> None:
        """Note a row that should be in the export and can't be."""
        self.notes.add(kind, row.shown_as, reason)
        self.missing[row.split] = self.missing.get(row.split, 0) + 1

    def leave_out(self, row: ExportRow, reason: LeftOut) -> None:
        """Count a row that the format has no place for."""
        self.left_out[reason] = self.left_out.get(reason, 0) + 1
        self.missing[row.split] = self.missing.get(row.split, 0) + 1

    def tick(self) -> None:
        """Count a row that is done."""
        self._done += 1
        self.on_work(WorkProgress(done=self._done, total=self.selected.count, doing=""))
