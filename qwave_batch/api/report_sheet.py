"""The grid of a report as one picture, and its figures for a paper: both without the page."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.errors import UsageError
from qwave_batch.files.tree import place_of
from qwave_batch.model.record import ImageFile
from qwave_batch.model.work_progress import OnWork, WorkProgress, ignore_work
from qwave_batch.output.folder_labels import folder_labels
from qwave_batch.output.folder_reader import FolderReader, open_folder
from qwave_batch.report.figure_counting import figure_numbers
from qwave_batch.report.figure_files import FiguresWritten, check_figures_can_be_drawn, write_figures
from qwave_batch.report.figure_numbers import FigureNumbers
from qwave_batch.report.grid_view import ReportView
from qwave_batch.report.report_index import ReportIndex, reported_folders
from qwave_batch.report.report_request import DEFAULT_NAME
from qwave_batch.report.reported_scores import ReportedScores
from qwave_batch.report.sheet_content import SheetContent
from qwave_batch.report.sheet_files import SheetWriter, SheetWritten, check_sheet_name
from qwave_batch.report.sheet_fonts import SheetFonts
from qwave_batch.report.sheet_layout import check_cell
from qwave_batch.scoring.kept_scores import read_kept_scores


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRequest:
    """A contact sheet of one or several run folders."""

    folders: Sequence[str | Path]
    """Paths of run folders, or addresses of stores."""
    out: Path
    """A ``.png`` or a ``.pdf``."""
    view: str = ""
    """The fragment of the page's address, such as ``rows=prompt&cols=model``."""
    cell: int | None = None
    """The longer side of a picture in pixels."""
    font: Path | None = None
    """A font file that comes before those of the machine."""


def write_sheet(request: SheetRequest, on_work: OnWork = ignore_work) -> SheetWritten:
    """Write a contact sheet. It blocks: call it in a thread.

    Raises:
        UsageError: the view, the size, the font or the name of the file is not right; nothing was written.
        FolderError: a folder is not a run folder.
        StorageError: the disk fails.
    """
    check_sheet_name(request.out)
    check_cell(request.cell)
    view, fonts = ReportView.of_fragment(request.view), SheetFonts(request.font)
    with _opened(request.folders) as readers:
        _check_place(request.out, readers)
        scores = ReportedScores([read_kept_scores(reader) for reader in readers])
        index = ReportIndex(folders=reported_folders(readers), tiny_of=lambda _: None, scores=scores)
        images: list[tuple[ImageFile, ...]] = []
        for number, reader in enumerate(readers):
            for line in reader.lines():
                index.add(number, line)
                images.append(line.images)
                on_work(WorkProgress(done=len(images), doing="reading the folders"))
        content = SheetContent(index.as_json(), images, view)
        return SheetWriter(content=content, readers=readers, side=request.cell, fonts=fonts).write(request.out, on_work)


def draw_report_figures(folders: Sequence[str | Path], out: Path) -> FiguresWritten:
    """Write the figures of run folders as SVG and PNG, with their numbers as CSV. It blocks: call it in a thread.

    Raises:
        MissingExtra: the extra ``figures`` is not installed; nothing was read or written.
        UsageError: ``out`` is a file.
        FolderError: a folder is not a run folder.
        StorageError: the disk fails.
    """
    check_figures_can_be_drawn()
    tree, name = place_of(out)
    if tree.is_file(name):
        raise UsageError(f"{out} is a file, and figures are several files; name a folder")
    with _opened(folders) as readers:
        _check_place(out, readers)
        return write_figures(_numbers_of(readers), out)


def _numbers_of(readers: Sequence[FolderReader]) -> FigureNumbers:
    return figure_numbers(readers, folder_labels(readers), [read_kept_scores(reader) for reader in readers])


@contextmanager
def _opened(folders: Sequence[str | Path]) -> Iterator[list[FolderReader]]:
    if not folders:
        raise UsageError("there is no run folder to report on")
    with ExitStack() as stack:
        yield [stack.enter_context(open_folder(folder)) for folder in folders]


def _check_place(out: Path, readers: Sequence[FolderReader]) -> None:
    """Refuse a place among a run's own files, which no report changes."""
    for root in (reader.layout.root.resolve() for reader in readers if reader.layout.store is None):
        place = out.resolve()
        if place.is_relative_to(root) and not place.is_relative_to(root / DEFAULT_NAME):
            raise UsageError(f"{out} is in the run folder {root}, whose files belong to the run: name another place")
