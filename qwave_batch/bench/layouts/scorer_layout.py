"""The files that a scorer reads, as data: the name, form and number of pictures, and the files that list them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from qwave_batch.bench.layouts.bench_rows import BenchRow
from qwave_batch.errors import UsageError
from qwave_batch.model.jsontypes import Json

GRID = 4
"""Images in a grid: two rows of two, top left, top right, bottom left, bottom right."""


class PictureForm(StrEnum):
    """The form of a layout's pictures; none has an alpha channel."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    """Without loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A file that names the pictures of a model, for scorers that are given such a file."""

    path: str
    entry: Callable[[BenchRow, int, str], tuple[str, Json]]
    """Returns for a row, the number of an image and its path the key, which no other picture has, and the value."""
    is_lines: bool = False
    """Whether it has the values as JSON lines; otherwise it is one object with the values by their keys."""
    is_rooted: bool = False
    """Whether its paths begin at the root of the machine; otherwise they are relative to the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerLayout:
    """The layout that a benchmark's scorer reads."""

    path: Callable[[BenchRow, int, str], str]
    """Returns the path of a picture, below the output, for a row, the number of its image and the model's name."""
    images: int | None
    """Images of a row that the scorer reads; None for as many as there are."""
    form: PictureForm = PictureForm.PNG
    is_grid: bool = False
    """Whether the images of a row are the tiles of one picture, all squares of one size."""
    has_models: bool = False
    """Whether paths hold the model's name, so that several models can share an output."""
    beside: Callable[[BenchRow], tuple[str, bytes]] | None = None
    """Returns the path and the content of the file that belongs to each row."""
    listing: Listing | None = None
    edited: Callable[[BenchRow, str], str] | None = None
    """Returns the path of the image that was edited, for a row and the model's name."""
    no_skip: Mapping[str, str] = field(default_factory=dict)
    """The reason for which an entry can't be left out, by the part of the benchmark; under ``ANY`` for all parts."""
    drops_black: bool = False
    """Whether the scorer takes a black picture for one that is missing, so that no image may be all black."""
    is_found_by_prefix: bool = False
    """Whether the scorer takes all files whose names begin with an id, so that no id may begin with another."""
    by_part: Mapping[str, str] = field(default_factory=dict)
    """Parts of the benchmark that another benchmark's scorer reads, with the name of that one."""

    def why_no_skip(self, part: str) -> str:
        """Return why an entry of a part can't be left out; empty where the scorer survives that."""
        return self.no_skip.get(part, self.no_skip.get(ANY, ""))

    def firsts(self, row: BenchRow) -> Sequence[int]:
        """Return for each picture of a row the number of its first image among those of the row."""
        return range(1 if self.is_grid else row.images)

    def beside_row(self, row: BenchRow) -> tuple[str, bytes] | None:
        """Return the path and the content of the file that belongs to a row; None in layouts without one.

        Raises:
            PlaceFault: the row lacks what its scorer reads there.
        """
        return None if self.beside is None else self.beside(row)

    def check(self, row: BenchRow) -> None:
        """Refuse a row with another number of images than the scorer reads.

        Raises:
            UsageError: it has.
        """
        if self.images is not None and row.images != self.images:
            raise UsageError(
                f"{row} is to have {row.images} images by its meta.n, and its scorer reads {self.images}; "
                "import the benchmark anew"
            )


ANY = "*"
"""Stands for every part of a benchmark."""
