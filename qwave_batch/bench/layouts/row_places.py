"""The places of a row's pictures in a layout, and the rows whose pictures a scorer could not tell apart. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qwave_batch.bench.layouts.bench_rows import BenchRow, PlaceFault
from qwave_batch.bench.layouts.scorer_layout import ScorerLayout
from qwave_batch.bench.layouts.scorer_layouts import layout_named
from qwave_batch.model.portable_paths import path_key

_ANY_MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlace:
    """The place of a picture."""

    path: str
    """Relative to the output."""
    edited_path: str | None
    """The path of the image that was edited; None in layouts without it."""
    listed_as: str | None
    """Its key in the file that lists pictures; None in layouts without one."""

    def claims(self, layout: ScorerLayout, folder: str) -> Iterator[tuple[str, str]]:
        """Yield what no other picture may have: a key that equal ones share, and its words for people.

        Paths are equal where some file system takes them for one, so that an output can be copied to any.
        """
        for path in filter(None, (self.path, self.edited_path)):
            yield path_key(path.rpartition(".")[0] if layout.is_found_by_prefix else path), path
        if self.listed_as is not None:
            yield f"\n{folder}{self.listed_as}", self.listed_as


def row_place(layout: ScorerLayout, row: BenchRow, image: int, *, folder: str, model: str) -> RowPlace:
    """Return the place of a picture.

    Args:
        layout: The layout.
        row: The row that the picture is of.
        image: The number of its first image among those of the row.
        folder: The folder of the model below the output, with a slash at the end; empty for the output itself.
        model: The name that the model has as a folder.

    Raises:
        PlaceFault: the scorer could not read it in any place.
    """
    path = f"{folder}{layout.path(row, image, model)}"
    return RowPlace(
        path=path,
        edited_path=None if layout.edited is None else f"{folder}{layout.edited(row, model)}",
        listed_as=None if layout.listing is None else layout.listing.entry(row, image, path)[0],
    )


def place_faults(benchmark: str, rows: Sequence[BenchRow]) -> Iterator[tuple[int, str]]:
    """Yield the positions of rows that the scorer of a benchmark could not read, each with the reason.

    An import refuses such rows, as their images would be paid for, and could not be exported.
    """
    official = layout_named(benchmark)
    taken: dict[str, int] = {}
    for at, row in enumerate(rows):
        layout = layout_named(official.by_part[row.part]) if row.part in official.by_part else official
        try:
            claims = _claims_of(layout, row)
        except PlaceFault as fault:
            yield at, str(fault)
            continue
        others = ((taken.setdefault(key, at), name) for key, name in claims)
        clash = next(((other, name) for other, name in others if other != at), None)
        if clash is not None:
            yield at, f'its image would be "{clash[1]}", as that of "{rows[clash[0]].prompt_id}"'
    if official.is_found_by_prefix:
        yield from ((taken[longer], shared_beginning(shorter, longer)) for shorter, longer in _prefixes(sorted(taken)))


def _claims_of(layout: ScorerLayout, row: BenchRow) -> list[tuple[str, str]]:
    places = [row_place(layout, row, image, folder="", model=_ANY_MODEL) for image in layout.firsts(row)]
    return [claim for place in places for claim in place.claims(layout, "")]


def _prefixes(places: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each of sorted places that begins with an earlier one, with that one."""
    shortest = None
    for place in places:
        if shortest is not None and place.startswith(shortest):
            yield shortest, place
        else:
            shortest = place


def shared_beginning(shorter: str, longer: str) -> str:
    """Return why one name can't begin with another."""
    return f"{longer} begins with {shorter}, and the scorer takes all files that begin with an id for it"
