"""Tables with a JSON object a line."""

import json
from collections.abc import Iterator

from qwave_batch.model.problem import Place
from qwave_batch.spec.jsonrows import DECODER, VALUE_SIGNS, object_row, unread_row
from qwave_batch.spec.lines import Line, check_values
from qwave_batch.spec.rows import Columns, Row, RowFault


def read_jsonl(lines: Iterator[Line], shown_as: str) -> tuple[Columns, Iterator[Row | RowFault]]:
    """Each line that is not blank is an object, whose keys are the row's cells."""
    written = (line for line in lines if line.text.strip())
    return None, (_row(number, line, shown_as) for number, line in enumerate(written, start=1))


def _row(number: int, line: Line, shown_as: str) -> Row | RowFault:
    try:
        check_values(line.text, VALUE_SIGNS)
        value = DECODER.decode(line.text)
    except (ValueError, RecursionError) as error:
        column = error.colno if isinstance(error, json.JSONDecodeError) else 1
        return unread_row(number, error, Place(shown_as, line.number, column))
    return object_row(number, value, Place(shown_as, line.number), each="each line is one JSON object")
