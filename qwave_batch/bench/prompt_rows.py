"""Rows of a benchmark's files, with the place of each, whatever form the file has."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.bench.benchmark import FileForm
from qwave_batch.errors import SpecError, UsageError
from qwave_batch.files.regular_files import open_regular, read_regular, system_reason
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec.inputs.text_encoding import MAX_POINTER_BYTES, decode, lfs_pointer_problem
from qwave_batch.spec.table.json_rows import DECODER
from qwave_batch.spec.table.rows import NeededColumns
from qwave_batch.spec.table.tables import open_table

_MOST_BYTES = 64_000_000
_LAST_LINE_END = re.compile(r"\r?\n\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptRow:
    """A row of a prompt file."""

    cells: Mapping[str, Json]
    """By official name."""
    file: Path
    number: int
    """From 1."""
    place: SourcePlace


def read_rows(form: FileForm, files: Sequence[Path], columns: frozenset[str] | None = None) -> Iterator[PromptRow]:
    """Yield the rows of some files, in their order.

    Args:
        form: How they hold their rows.
        files: The files.
        columns: The columns that are needed; None for all.

    Raises:
        SpecError: A file cannot be read, or some rows are broken; each problem has its place.
        MissingExtra: The library for a format is not installed.
    """
    for file in files:
        match form:
            case FileForm.TABLE:
                yield from _table_rows(file, columns)
            case FileForm.TEXTS:
                yield _text_row(file)
            case FileForm.STRINGS:
                yield from _string_rows(file)
            case FileForm.KEYED:
                yield from _keyed_rows(file)


def columns_of_file(form: FileForm, file: Path) -> tuple[str, ...] | None:
    """Return the columns of a file with a header; None where each row has its own."""
    return open_table(file, str(file)).columns if form is FileForm.TABLE else None


def _table_rows(file: Path, columns: frozenset[str] | None) -> Iterator[PromptRow]:
    for row in open_table(file, str(file)).rows(NeededColumns(columns=columns)):
        yield PromptRow(cells=row.cells, file=file, number=row.number, place=row.place)


def _text_row(file: Path) -> PromptRow:
    """Return the row of a text; one line end at its end is the file's, and not the prompt's."""
    text = _LAST_LINE_END.sub("", decode(_content(file), str(file)))
    return PromptRow(cells={"text": text, "stem": file.stem}, file=file, number=1, place=SourcePlace(str(file)))


def _string_rows(file: Path) -> Iterator[PromptRow]:
    rows = _json(file)
    if not isinstance(rows, list):
        raise SpecError([Problem(message="the file must be a list of strings", place=SourcePlace(str(file)))])
    for number, text in enumerate(rows, start=1):
        yield PromptRow(cells={"text": text}, file=file, number=number, place=SourcePlace(str(file)))


def _keyed_rows(file: Path) -> Iterator[PromptRow]:
    rows = _json(file)
    place = SourcePlace(str(file))
    if not isinstance(rows, dict):
        raise SpecError([Problem(message="the file must be an object with an object for each key", place=place)])
    for number, (key, value) in enumerate(rows.items(), start=1):
        if not isinstance(value, dict):
            raise SpecError([Problem(message=f'"{key}" is not an object', place=place)])
        yield PromptRow(cells={"key": key, **value}, file=file, number=number, place=place)


def _json(file: Path) -> Json:
    text = decode(_content(file), str(file))
    try:
        value: Json = DECODER.decode(text)
    except json.JSONDecodeError as error:
        message = f"it is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise SpecError([Problem(message=message, place=SourcePlace(str(file), error.lineno, error.colno))]) from None
    except (ValueError, RecursionError) as error:
        raise SpecError([Problem(message=f"it cannot be read: {error}", place=SourcePlace(str(file)))]) from None
    return value


def _content(file: Path) -> bytes:
    try:
        with open_regular(file, follows_link=True) as opened:
            content = read_regular(opened, shown_as=str(file), most_bytes=_MOST_BYTES)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {system_reason(error)}") from error
    problem = lfs_pointer_problem(content[: MAX_POINTER_BYTES + 1], str(file))
    if problem is not None:
        raise SpecError([problem])
    return content
