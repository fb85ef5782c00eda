"""Cells of tables from which a spec takes a model or a value that is written otherwise now."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.errors import SpecError
from qwave_batch.model.problem import Problem
from qwave_batch.plan.migration.other_meanings import OtherMeanings
from qwave_batch.plan.migration.spec_rewriting import MODEL, RewrittenSpec
from qwave_batch.spec.document import Spec
from qwave_batch.spec.table.rows import NeededColumns, Row
from qwave_batch.spec.table.tables import Table

_TOLD = 50
"""So many cells of a table are told one by one."""


def outdated_cells(
    spec: Spec, files: Sequence[RewrittenSpec], catalog: Catalog, meanings: OtherMeanings
) -> Iterator[Problem]:
    """Yield the cells that would have to be another value; a table may serve other specs, so it stays as it is.

    Args:
        spec: The spec before its migration.
        files: The spec and the files that it extends, rewritten.
        catalog: The catalog that it follows now.
        meanings: The names of models that the author has to decide.
    """
    wanted: dict[str, frozenset[str]] = {}
    for file in files:
        for name, columns in file.columns.items():
            wanted[name] = wanted.get(name, frozenset()) | columns
    if not wanted:
        return
    parts = [stage.spec for stage in spec.stages] or [spec]
    tables = {prompt.table.path: prompt.table for part in parts for prompt in part.prompts if prompt.table}
    for table in tables.values():
        more = 0
        for number, found in enumerate(_of_table(table, wanted, files[0].renames, catalog, meanings)):
            if number < _TOLD:
                yield found
            else:
                more += 1
        if more:
            yield Problem(message=f"{table.shown_as} has {more:,} more cells like these", path=MODEL)


def _of_table(
    table: Table,
    wanted: Mapping[str, frozenset[str]],
    renames: Mapping[str, str],
    catalog: Catalog,
    meanings: OtherMeanings,
) -> Iterator[Problem]:
    for row in _rows(table, frozenset().union(*wanted.values())):
        for field, columns in wanted.items():
            for column in sorted(columns):
                cell = row.cells.get(column)
                if field == MODEL and isinstance(cell, str) and cell in meanings.undecided:
                    yield meanings.problem(cell, field, row.place)
                new = _now(field, cell, renames, catalog)
                if new is not None:
                    yield Problem(
                        message=f'the column "{column}" holds {cell}',
                        path=field,
                        place=row.place,
                        value=cell,
                        suggestion=f"write {new} in that row of the table" if new else "take the row out",
                    )


def _rows(table: Table, columns: frozenset[str]) -> Iterator[Row]:
    """Yield the rows of a table as far as it can be read; the check of the spec tells what is wrong with it."""
    with suppress(SpecError):
        yield from table.rows(NeededColumns(columns=columns))


def _now(field: str, cell: object, renames: Mapping[str, str], catalog: Catalog) -> str | None:
    """Return what the cell should be; None if it may stay, and an empty text if nothing takes its place."""
    if not isinstance(cell, str):
        return None
    if field == MODEL:
        new = renames.get(cell)
        return None if new == cell else new
    fields = catalog.changes.new_fields(field, cell)
    return ", ".join(map(str, fields.values())) if fields else None
