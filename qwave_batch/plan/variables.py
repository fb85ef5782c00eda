"""The values of ``vars``, each rendered from those before it."""

from collections import ChainMap
from collections.abc import Collection, Container, Mapping, Sequence
from typing import cast

from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.faults import Faults
from qwave_batch.plan.room import Room
from qwave_batch.plan.scope import Known, compiled, rendered
from qwave_batch.plan.vocabulary import BUILT_IN
from qwave_batch.spec.cells import Cell, TextCells
from qwave_batch.spec.document import Path
from qwave_batch.spec.templates import Value
from qwave_batch.spec.unknown import UNKNOWN

_LONG = 1000  # characters, longer than what anybody compares


def check_names(names: Collection[str], where: Path, taken: Mapping[str, str], faults: Faults) -> None:
    """Note names that would hide one of the language's own, or one that the matrix has; ``taken`` says as what."""
    for name in names:
        if name in BUILT_IN:
            faults.add_key((*where, name), f'"{name}" is a name of the language itself', suggestion="choose another")
        elif name in taken:
            faults.add_key((*where, name), f'"{name}" is {taken[name]} too', suggestion="choose another")


def compile_variables(
    raw: Mapping[str, Json], where: Path, known: Collection[str], faults: Faults
) -> dict[str, Value | None]:
    """Return the compiled variables, None for those with a mistake; each may use ``known`` and those before it."""
    values: dict[str, Value | None] = {}
    at_hand = Known(known, values)
    for name, template in raw.items():
        values[name] = compiled(template, (*where, name), at_hand, faults, of=" here")
    return values


def render_variables(  # what a scope is made of
    values: Mapping[str, Value | None],
    scope: Mapping[str, Json],
    faults: Faults,
    room: Room,
    calculated: Container[str] = frozenset(),
) -> dict[str, Json]:
    """Return the rendered variables, in order, as far as there is room for them.

    Args:
        values: The variables.
        scope: The names that the first of them sees.
        faults: Where to note.
        room: What they may come to.
        calculated: Names that templates calculate with: such a variable stays known as the cell that it was.
    """
    own: dict[str, Json] = {}
    seen = ChainMap(own, cast("dict[str, Json]", scope))
    row = scope.get("row")
    for name, value in values.items():
        held = UNKNOWN if room.is_full else room.hold(value, rendered(value, seen, faults), faults)
        if name in calculated and type(row) is TextCells and value is not None and held is not UNKNOWN:
            cells = _cells_of(value, row, own)
            own[name] = _with_cells(held, cells) if cells else held
        else:
            own[name] = held
    return own


def _cells_of(value: Value, row: TextCells, own: Mapping[str, Json]) -> list[Cell]:
    """Return the cells that a variable may be made of."""
    ways = [str(way[1]) for way in value.attributes if way[0] == "row" and len(way) == 2]  # noqa: PLR2004
    found = [row.cell(column) for column in ways if column in row]
    return found + [held for name in value.names if type(held := own.get(name)) is Cell]


def _with_cells(held: Json, cells: Sequence[Cell]) -> Json:
    """Return a variable with the texts in it that read like cells as such, so that they stay known to be cells."""
    match held:
        case str():
            return next((cell.like(held) for cell in cells if _read_alike(held, str(cell))), held)
        case Mapping():
            return {key: _with_cells(item, cells) for key, item in held.items()}
        case list():
            return [_with_cells(item, cells) for item in held]
        case _:
            return held


def _read_alike(text: str, cell: str) -> bool:
    return text == cell or (len(text) < _LONG and text.strip().casefold() == cell.strip().casefold())
