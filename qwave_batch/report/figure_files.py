"""Writes the figures for papers into a folder: each as SVG and PNG, and its numbers as CSV."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from qwave_batch.errors import MissingExtra
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import storage_errors, write_atomic
from qwave_batch.model.jsontypes import Json
from qwave_batch.report.figure_drawing import draw_figures, figures_to_draw
from qwave_batch.report.figure_numbers import FigureNumbers
from qwave_batch.report.figure_tables import figure_tables


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresWritten:
    """The figures of a folder."""

    out: Path
    names: tuple[str, ...]
    """Of the figures, without endings."""
    empty: tuple[str, ...]
    """Of the figures that there are no numbers for."""

    def as_json(self) -> dict[str, Json]:
        """Return the ``figures`` that ``report --json`` prints."""
        return {"out": str(self.out), "figures": list(self.names), "without_numbers": list(self.empty)}


def check_figures_can_be_drawn() -> None:
    """Raise MissingExtra if what draws figures is not installed; nothing is loaded."""
    if find_spec("matplotlib") is None:
        raise MissingExtra("drawing figures", "matplotlib", "figures")


def write_figures(numbers: FigureNumbers, out: Path) -> FiguresWritten:
    """Write every figure that there are numbers for, and all tables; files of the same names are replaced.

    Raises:
        MissingExtra: matplotlib is not installed; nothing was written.
        StorageError: the disk refuses.
        FolderError: a link, or something other than a file, has the name of one.
    """
    check_figures_can_be_drawn()
    tree, names = Tree(out), []
    with storage_errors(out):
        tree.make_folder()
        for figure in draw_figures(numbers):
            names.append(figure.name)
            write_atomic(tree, f"{figure.name}.svg", figure.svg)
            write_atomic(tree, f"{figure.name}.png", figure.png)
        for table in figure_tables(numbers):
            if table.rows:
                write_atomic(tree, f"{table.name}.csv", table.as_csv())
    return FiguresWritten(
        out=out, names=tuple(names), empty=tuple(name for name in figures_to_draw(numbers) if name not in names)
    )
