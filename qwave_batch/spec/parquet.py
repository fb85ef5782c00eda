"""Parquet tables, read a batch of rows at a time."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from qwave_batch.errors import MissingExtra, SpecError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Place, Problem
from qwave_batch.spec.arrowvalues import NoJsonForm, Reader, reader_of, weight_of
from qwave_batch.spec.jsonvalues import check_leaves
from qwave_batch.spec.parquetfooter import TooLarge
from qwave_batch.spec.parquetpages import plan_reading
from qwave_batch.spec.rows import Columns, Row, RowFault, check_header
from qwave_batch.spec.tablefile import MAX_GROWTH, TableFile

PIECE_BYTES = 8_000_000  # of Arrow's, which are made values of Python's at a time
BUFFER_BYTES = 1 << 20
FREE_GROWTH_BYTES = 1_000_000_000  # what may come out before it counts how large the file is

# Any, since Arrow's types are those of an extra that need not be there


def read_parquet(file: TableFile) -> tuple[Columns, Iterator[Row | RowFault]]:
    """Each row is a row, and columns have types; see ``arrowvalues`` for what they become.

    Raises:
        MissingExtra: Arrow is not installed.
        SpecError: The file is no Parquet, has columns that JSON has no form for, or would fill the memory.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415  # an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtra(f"reading {file.shown_as}", "pyarrow", "parquet") from error
    place = Place(file.shown_as)
    broken = (pa.ArrowException, OSError, ValueError, ArithmeticError, LookupError, MemoryError)
    try:
        with file.file.open() as stream:
            size_bytes = os.fstat(stream.fileno()).st_size
            plan = plan_reading(stream, size_bytes)
    except TooLarge as error:
        raise SpecError([Problem(message=f"the file {error}", place=place)]) from error
    except broken as error:
        raise SpecError([_problem("the file cannot be read as Parquet", error, place)]) from error

    @contextmanager
    def table() -> Iterator[Any]:
        with (
            file.file.open() as stream,
            parquet.ParquetFile(
                stream, pre_buffer=False, buffer_size=BUFFER_BYTES, read_dictionary=list(plan.dictionaries)
            ) as opened,
        ):
            yield opened

    try:
        with table() as opened:
            schema = opened.schema_arrow
    except broken as error:
        raise SpecError([_problem("the file cannot be read as Parquet", error, place)]) from error
    columns = check_header(schema.names, place)
    readers = _readers(pa, schema, place)
    rows = _Rows(
        arrow=pa,
        table=table,
        readers=readers,
        broken=broken,
        place=place,
        at_once=plan.rows_at_once,
        size_bytes=size_bytes,
    )
    return columns, iter(rows)


def _readers(arrow: Any, schema: Any, place: Place) -> Mapping[str, Reader]:
    readers: dict[str, Reader] = {}
    problems: list[Problem] = []
    for column in schema:
        try:
            readers[column.name] = reader_of(arrow, column.type)
        except NoJsonForm as error:
            message = f'the column "{column.name}" is of the type {error}, which has no form in JSON'
            problems.append(Problem(message=message, place=place, value=column.name))
    if problems:
        raise SpecError(problems)
    return readers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """The rows of an open file, read anew each time."""

    arrow: Any
    table: Callable[[], AbstractContextManager[Any]]
    readers: Mapping[str, Reader]
    broken: tuple[type[Exception], ...]
    place: Place
    at_once: int
    size_bytes: int

    def __iter__(self) -> Iterator[Row | RowFault]:
        number = 0
        try:
            for piece in self._pieces():
                columns = [reader(piece.column(at)) for at, reader in enumerate(self.readers.values())]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield _row(number, dict(zip(self.readers, cells, strict=True)), self.place)
        except self.broken as error:
            yield RowFault(_problem(f"the rows behind row {number} cannot be read", error, self.place))

    def _pieces(self) -> Iterator[Any]:
        made = 0
        with self.table() as opened:
            for batch in opened.iter_batches(batch_size=self.at_once, use_threads=False):
                for piece, weight in _pieces(self.arrow, batch):
                    made += weight
                    if made > max(FREE_GROWTH_BYTES, MAX_GROWTH * self.size_bytes):
                        raise ValueError(f"the file grows more than {MAX_GROWTH}-fold when it is unpacked")
                    yield piece


def _pieces(arrow: Any, batch: Any) -> Iterator[tuple[Any, int]]:
    """Yield a batch in parts that are small, or one row, with their bytes: as values of Python's they take more."""
    weight = sum(weight_of(arrow, column) for column in batch.columns)
    if batch.num_rows <= 1 or weight <= PIECE_BYTES:
        yield batch, weight
        return
    half = batch.num_rows // 2
    yield from _pieces(arrow, batch.slice(0, half))
    yield from _pieces(arrow, batch.slice(half))


def _row(number: int, cells: dict[str, Json], place: Place) -> Row | RowFault:
    try:
        check_leaves(cells, depth=-1)  # the row itself is not a level of what is in it
    except (ValueError, RecursionError):
        return _fault_of(number, cells, place)
    return Row(number=number, cells=cells, place=place)


def _fault_of(number: int, cells: Mapping[str, Json], place: Place) -> RowFault:
    for name, cell in cells.items():
        try:
            check_leaves({name: cell}, depth=-1)
        except (ValueError, RecursionError) as error:
            message = f'row {number} cannot be read: its cell "{name}": {error}'
            return RowFault(Problem(message=message, place=place, value=name))
    raise AssertionError("a row has a fault that none of its cells has")


_EXCEPTIONS = re.compile(r"\b\w+(?:Exception|Error)\b:? *")
"""Names that Arrow has for what went wrong; the words behind them say it."""


def _problem(message: str, error: Exception, place: Place) -> Problem:
    said = _EXCEPTIONS.sub("", str(error).partition("\n")[0])[:200]
    return Problem(message=f"{message}: {said}" if said else message, place=place)
