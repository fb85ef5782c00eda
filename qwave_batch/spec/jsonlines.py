"""Tables with a JSON object a line."""

import json
from collections.abc import Iterator
from typing import Any

from qwave_batch.model.problem import Place
from qwave_batch.spec.jsonrows import VALUE_SIGNS, decoded, object_row, unread_row
from qwave_batch.spec.lines import Line, check_values
from qwave_batch.spec.rows import Columns, Row, RowFault

_BLANKS = " \t\n\r"
_EACH = "each line is one JSON object"
_EACH_OF_A_LIST = f"{_EACH}; where the file is one list of them, call it .json"


def read_jsonl(lines: Iterator[Line], shown_as: str) -> tuple[Columns, Iterator[Row | RowFault]]:
    """Each line that is not blank is an object, whose keys are the row's cells."""
    written = (line for line in lines if line.text.strip())
    return None, (_row(number, line, shown_as) for number, line in enumerate(written, start=1))


def _row(number: int, line: Line, shown_as: str) -> Row | RowFault:
    try:
        check_values(line.text, VALUE_SIGNS)
        value = _whole(line.text)
    except (ValueError, RecursionError) as error:
        column = error.colno if isinstance(error, json.JSONDecodeError) else 1
        return unread_row(number, error, Place(shown_as, line.number, column))
    return object_row(
        number,
        value,
        Place(shown_as, line.number),
        each=_EACH_OF_A_LIST if number == 1 and isinstance(value, list) else _EACH,
    )


def _whole(text: str) -> Any:
    """Return the one value that a line is."""
    value, ends = decoded(text, len(text) - len(text.lstrip(_BLANKS)))
    if text[ends:].strip(_BLANKS):
        raise json.JSONDecodeError("Extra data", text, ends)
    return value
