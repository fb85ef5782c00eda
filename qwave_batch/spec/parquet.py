"""Parquet tables, read a batch of rows at a time."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from qwave_batch.errors import MissingExtra, SpecError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Place, Problem
from qwave_batch.spec.arrowvalues import NoJsonForm, Reader, reader_of
from qwave_batch.spec.jsonvalues import check_leaves
from qwave_batch.spec.rows import Columns, Row, RowFault, check_header
from qwave_batch.spec.tablefile import TableFile

BATCH_ROWS = 1_000

# Any, since Arrow's types are those of an extra that need not be there


def read_parquet(file: TableFile) -> tuple[Columns, Iterator[Row | RowFault]]:
    """Each row is a row, and columns have types; see ``arrowvalues`` for what they become.

    Raises:
        MissingExtra: Arrow is not installed.
        SpecError: The file is no Parquet, or has columns that JSON has no form for.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415  # an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtra(f"reading {file.shown_as}", "pyarrow", "parquet") from error
    place = Place(file.shown_as)
    broken = (pa.ArrowException, OSError, ValueError, ArithmeticError)

    def table() -> Any:
        return parquet.ParquetFile(str(file.file.path), pre_buffer=False)

    try:
        with table() as opened:
            schema = opened.schema_arrow
    except broken as error:
        raise SpecError([_problem("the file cannot be read as Parquet", error, place)]) from error
    columns = check_header(schema.names, place)
    readers = _readers(pa, schema, place)
    return columns, _rows(table, readers, broken, place)


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


def _rows(
    table: Callable[[], Any], readers: Mapping[str, Reader], broken: tuple[type[Exception], ...], place: Place
) -> Iterator[Row | RowFault]:
    number = 0
    try:
        with table() as opened:
            for batch in opened.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                columns = [reader(batch.column(at)) for at, reader in enumerate(readers.values())]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield _row(number, dict(zip(readers, cells, strict=True)), place)
    except broken as error:
        yield RowFault(_problem(f"the rows behind row {number} cannot be read", error, place))


def _row(number: int, cells: dict[str, Json], place: Place) -> Row | RowFault:
    for name, cell in cells.items():
        try:
            check_leaves(cell)
        except (ValueError, RecursionError) as error:
            message = f'row {number} cannot be read: its cell "{name}": {error}'
            return RowFault(Problem(message=message, place=place, value=name))
    return Row(number=number, cells=cells, place=place)


def _problem(message: str, error: Exception, place: Place) -> Problem:
    said = str(error).partition("\n")[0] or type(error).__name__
    return Problem(message=f"{message}: {said[:200]}", place=place)
