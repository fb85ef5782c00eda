"""Parquet tables, read one batch of rows at a time."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from qwave_batch.errors import MissingExtra, SpecError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec.table.arrow_values import NoJsonForm, Reader, reader_of, weight_of
from qwave_batch.spec.table.parquet_footer import ParquetTooLarge, read_footer
from qwave_batch.spec.table.parquet_pages import plan_reading
from qwave_batch.spec.table.rows import Columns, NeededColumns, Row, RowFault, check_header
from qwave_batch.spec.table.table_file import MAX_GROWTH, TableFile
from qwave_batch.spec.values.json_values import UnusableCell, check_leaves, with_unusable

PIECE_BYTES = 8_000_000  # of Arrow data that are converted to Python values at a time
BUFFER_BYTES = 1 << 20
FREE_GROWTH_BYTES = 1_000_000_000  # unpacked size below which the size of the file does not matter

_EXCEPTIONS = re.compile(r"\b\w+(?:Exception|Error)\b:? *")
"""Names of Arrow exceptions in messages; the text after them is enough."""


def read_parquet(file: TableFile, wanted: NeededColumns) -> tuple[Columns, Iterator[Row | RowFault]]:
    """Return the columns and rows of a .parquet; see ``arrow_values`` for the conversion of types.

    Only the needed columns are read and checked.

    Raises:
        MissingExtra: Arrow is not installed.
        SpecError: The file is not Parquet, or its column names are not valid.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415  # an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtra(f"reading {file.shown_as}", "pyarrow", "parquet") from error
    place = SourcePlace(file.shown_as)
    broken = (pa.ArrowException, OSError, ValueError, ArithmeticError, LookupError, MemoryError)
    try:
        with file.file.open() as stream:
            read_footer(stream, os.fstat(stream.fileno()).st_size)  # before Arrow reads it, see parquet_footer
        with file.file.open() as stream, parquet.ParquetFile(stream, pre_buffer=False) as opened:
            names = opened.schema_arrow.names
    except ParquetTooLarge as error:
        raise SpecError([Problem(message=f"the file {error}", place=place)]) from error
    except broken as error:
        raise SpecError([_problem("the file cannot be read as Parquet", error, place)]) from error
    columns = check_header(names, place).columns
    needed = columns if wanted.are_rows_hashed else tuple(filter(wanted.is_read, columns))
    rows = _Rows(arrow=pa, parquet=parquet, file=file, columns=needed, broken=broken, place=place)
    return columns, iter(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """The rows of a file with the cells of some columns; each iteration reads the file again."""

    arrow: Any
    parquet: Any
    file: TableFile
    columns: tuple[str, ...]
    broken: tuple[type[Exception], ...]
    place: SourcePlace

    def __iter__(self) -> Iterator[Row | RowFault]:
        number = 0
        try:
            with self.file.file.open() as stream:
                size_bytes = os.fstat(stream.fileno()).st_size
                plan = plan_reading(stream, size_bytes, self.columns)
                stream.seek(0)
                opening = self.parquet.ParquetFile(
                    stream, pre_buffer=False, buffer_size=BUFFER_BYTES, read_dictionary=list(plan.dictionaries)
                )
                with opening as opened:
                    for cells in self._cells(opened, plan.rows_at_once, size_bytes):
                        number += 1
                        yield _row(number, cells, self.place)
        except ParquetTooLarge as error:
            yield RowFault(Problem(message=f"the file {error}", place=self.place))
        except self.broken as error:
            message = f"the rows after row {number} cannot be read" if number else "the file cannot be read as Parquet"
            yield RowFault(_problem(message, error, self.place))

    def _cells(self, opened: Any, at_once: int, size_bytes: int) -> Iterator[dict[str, Json]]:
        readers, unusable = self._readers(opened.schema_arrow)
        made = 0
        for batch in opened.iter_batches(batch_size=at_once, columns=list(readers), use_threads=False):
            for piece, weight in _pieces(self.arrow, batch):
                made += weight
                if made > max(FREE_GROWTH_BYTES, MAX_GROWTH * size_bytes):
                    raise ValueError(f"the file grows more than {MAX_GROWTH}-fold when it is unpacked")
                columns = [read(piece.column(name)) for name, read in readers.items()]
                for cells in zip(*columns, strict=True) if columns else [()] * piece.num_rows:
                    yield {**dict(zip(readers, cells, strict=True)), **unusable}

    def _readers(self, schema: Any) -> tuple[dict[str, Reader], dict[str, Any]]:
        """Return a reader for each column, and placeholders for the cells of columns without a JSON form."""
        readers: dict[str, Reader] = {}
        unusable: dict[str, Any] = {}
        for name in self.columns:
            try:
                readers[name] = reader_of(self.arrow, schema.field(name).type)
            except NoJsonForm as error:
                unusable[name] = UnusableCell(str(error), f"its type {error} has no JSON form")
        return readers, unusable


def _pieces(arrow: Any, batch: Any) -> Iterator[tuple[Any, int]]:
    """Yield a batch in small parts (at least a row) with their bytes, since Python values take more memory."""
    weight = sum(weight_of(arrow, column) for column in batch.columns)
    if batch.num_rows <= 1 or weight <= PIECE_BYTES:
        yield batch, weight
        return
    half = batch.num_rows // 2
    yield from _pieces(arrow, batch.slice(0, half))
    yield from _pieces(arrow, batch.slice(half))


def _row(number: int, cells: dict[str, Json], place: SourcePlace) -> Row | RowFault:
    try:
        check_leaves(cells, depth=-1)  # the row itself does not count as a level
    except (ValueError, RecursionError):
        return _checked_by_cell(number, cells, place)
    return Row(number=number, cells=cells, file=place.file)


def _checked_by_cell(number: int, cells: Mapping[str, Json], place: SourcePlace) -> Row | RowFault:
    usable: dict[str, Json] = {}
    for name, cell in cells.items():
        try:
            usable |= with_unusable({name: cell}, depth=-1)
        except (ValueError, RecursionError) as error:
            message = f'row {number} cannot be read: its cell "{name}": {error}'
            return RowFault(Problem(message=message, place=place, value=name))
    return Row(number=number, cells=usable, file=place.file)


def _problem(message: str, error: Exception, place: SourcePlace) -> Problem:
    said = _EXCEPTIONS.sub("", str(error).partition("\n")[0])[:200]
    return Problem(message=f"{message}: {said}" if said else message, place=place)
