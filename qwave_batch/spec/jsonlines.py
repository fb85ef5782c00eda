"""Tables with a JSON object a line."""

import json
from collections.abc import Iterator

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Place, Problem
from qwave_batch.spec.jsonvalues import check_leaves
from qwave_batch.spec.lines import Line
from qwave_batch.spec.rows import Columns, Row, RowFault
from qwave_batch.spec.words import kind_of


def read_jsonl(lines: Iterator[Line], shown_as: str) -> tuple[Columns, Iterator[Row | RowFault]]:
    """Each line that is not blank is an object, whose keys are the row's cells."""
    written = (line for line in lines if line.text.strip())
    return None, (_row(number, line, shown_as) for number, line in enumerate(written, start=1))


def _row(number: int, line: Line, shown_as: str) -> Row | RowFault:
    place = Place(shown_as, line.number)
    try:
        value = json.loads(line.text, object_pairs_hook=_object, parse_constant=_constant)
        check_leaves(value)
    except json.JSONDecodeError as error:
        place = Place(shown_as, line.number, error.colno)
        return RowFault(
            Problem(message=f"row {number} is no JSON: {error.msg[:1].lower()}{error.msg[1:]}", place=place)
        )
    except (ValueError, RecursionError) as error:
        said = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        return RowFault(Problem(message=f"row {number} cannot be read: {said}", place=place))
    if not isinstance(value, dict):
        return RowFault(Problem(message=f"row {number} is {kind_of(value)}; each line is one JSON object", place=place))
    return Row(number=number, cells=value, place=place)


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'the key "{twice}" stands there twice')
    return fields


def _constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON number")
