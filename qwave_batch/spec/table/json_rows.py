"""Rows that are objects: strict JSON, .jsonl (an object per line) and .yaml (a mapping per item)."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from qwave_batch.errors import SpecError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.model.strict_json import unique_fields
from qwave_batch.spec.inputs.text_encoding import MAX_FILE_BYTES, decode_yaml
from qwave_batch.spec.table.rows import Columns, Row, RowFault
from qwave_batch.spec.table.table_file import Line, TableFile, check_values
from qwave_batch.spec.values.json_values import UnusableCell, check_leaves, with_unusable
from qwave_batch.spec.values.value_messages import type_name
from qwave_batch.spec.yaml.yaml_reader import YamlDocument, read_yaml_list

VALUE_SIGNS = ",[{"
"""Characters that precede values in JSON, one for each value."""
_BLANKS = " \t\n\r"
_EACH = "each line must be one JSON object"
_EACH_OF_A_LIST = f"{_EACH}; if the file is one list of objects, name it .json"


def _integer(digits: str) -> Any:
    try:
        return int(digits)
    except ValueError:  # more digits than Python converts
        return UnusableCell(digits, "it is past 2^53-1, the largest integer that JSON readers agree on")


def _constant(name: str) -> Json:
    raise ValueError(f"{name} is not a JSON number")


DECODER = json.JSONDecoder(object_pairs_hook=unique_fields, parse_constant=_constant)
"""Decodes JSON strictly: refuses everything that JSON readers disagree about except integers past 2^53-1."""

_OF_ROWS = json.JSONDecoder(object_pairs_hook=unique_fields)
_OF_LONG_NUMBERS = json.JSONDecoder(object_pairs_hook=unique_fields, parse_int=_integer)


def decoded(text: str, at: int = 0) -> tuple[Any, int]:
    """Return the JSON value that starts at an index of the text, and the index at which it ends.

    Raises:
        ValueError: It is not JSON, or has a duplicate key.
        RecursionError: It is nested too deeply.
    """
    try:
        return _OF_ROWS.raw_decode(text, at)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return _OF_LONG_NUMBERS.raw_decode(text, at)


def object_row(number: int, value: Any, place: SourcePlace, *, each: str) -> Row | RowFault:
    """Return the value as a row, or a fault; ``each`` says what was expected."""
    if not isinstance(value, dict):
        return RowFault(Problem(message=f"row {number} is {type_name(value)}; {each}", place=place))
    try:
        check_leaves(value)
    except (ValueError, RecursionError):
        try:
            value = with_unusable(value)
        except (ValueError, RecursionError) as error:
            return unread_row(number, error, place)
    return Row(number=number, cells=value, file=place.file, line=place.line, column=place.column)


def unread_row(number: int, error: ValueError | RecursionError, place: SourcePlace) -> RowFault:
    """Return the fault of a row that cannot be read; ``place`` is that of the mistake or of the row."""
    if isinstance(error, json.JSONDecodeError):
        said = f"is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
    elif isinstance(error, RecursionError):
        said = "cannot be read: it is nested too deeply"
    else:
        said = f"cannot be read: {error}"
    return RowFault(Problem(message=f"row {number} {said}", place=place))


def read_jsonl(lines: Iterator[Line], shown_as: str) -> tuple[Columns, Iterator[Row | RowFault]]:
    """Return the rows of a .jsonl: each line that is not blank is an object, whose keys name the cells."""
    written = (line for line in lines if line.text.strip())
    return None, (_row(number, line, shown_as) for number, line in enumerate(written, start=1))


def _row(number: int, line: Line, shown_as: str) -> Row | RowFault:
    try:
        check_values(line.text, VALUE_SIGNS)
        value = _whole(line.text)
    except (ValueError, RecursionError) as error:
        column = error.colno if isinstance(error, json.JSONDecodeError) else 1
        return unread_row(number, error, SourcePlace(shown_as, line.number, column))
    return object_row(
        number,
        value,
        SourcePlace(shown_as, line.number),
        each=_EACH_OF_A_LIST if number == 1 and isinstance(value, list) else _EACH,
    )


def _whole(text: str) -> Any:
    """Return the single value of a line."""
    value, ends = decoded(text, len(text) - len(text.lstrip(_BLANKS)))
    if text[ends:].strip(_BLANKS):
        raise json.JSONDecodeError("Extra data", text, ends)
    return value


def read_yaml_table(file: TableFile) -> tuple[Columns, Iterator[Row | RowFault]]:
    """Return the rows of a .yaml: each item of its list is a mapping, whose keys name the cells.

    The text is held in memory as a whole, the rows are not.
    """
    return None, _rows(file)


def _rows(file: TableFile) -> Iterator[Row | RowFault]:
    source = file.read(MAX_FILE_BYTES + 1)
    text = decode_yaml(source, file.shown_as, of="table", suggestion="save it as .jsonl, which may be of any size")
    try:
        for number, reading in enumerate(read_yaml_list(text, file.shown_as), start=1):
            yield from _yaml_row(number, reading)
    except SpecError as error:
        yield from (RowFault(replace(problem, path="")) for problem in error.problems)


def _yaml_row(number: int, reading: YamlDocument) -> Iterator[Row | RowFault]:
    if reading.problems:
        for problem in reading.problems:
            yield RowFault(replace(problem, path="", message=f"row {number}: {problem.message}"))
    else:
        row = object_row(number, reading.value, reading.mark.place, each="each item of the list must be a mapping")
        if reading.has_notes and isinstance(row, Row):
            row = replace(row, notes=tuple(reading.mark.notes()))
        yield row
