"""The values of ``vars``, each rendered from those before it."""

from collections import ChainMap
from collections.abc import Collection, Mapping
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


def render_variables(
    values: Mapping[str, Value | None], scope: Mapping[str, Json], faults: Faults, room: Room
) -> dict[str, Json]:
    """Return the rendered variables, in order, as far as there is room for them."""
    own: dict[str, Json] = {}
    seen = ChainMap(own, cast("dict[str, Json]", scope))
    for name, value in values.items():
        held = UNKNOWN if room.is_full else room.hold(value, rendered(value, seen, faults), faults)
        own[name] = _still_a_cell(held, value, seen) if value is not None and type(held) is str else held
    return own


def _still_a_cell(text: str, value: Value, seen: Mapping[str, Json]) -> Json:
    """Return the text of a variable as a cell where it reads like one that it is made of, so that it stays known."""
    row = seen.get("row")
    if type(row) is TextCells:
        for owner, *fields in value.attributes:
            column = str(fields[0])
            if owner == "row" and len(fields) == 1 and _read_alike(text, row.get(column)):
                return Cell.of(text, column, row)  # type: ignore[no-any-return]  # a text
    for name in value.names:
        held = seen.get(name)
        if type(held) is Cell and _read_alike(text, str(held)):
            return held.like(text)  # type: ignore[no-any-return]  # a text
    return text


def _read_alike(text: str, cell: Json) -> bool:
    return isinstance(cell, str) and (text == cell or text.strip().casefold() == cell.strip().casefold())
