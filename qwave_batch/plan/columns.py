"""What a whole column of a table is like: read once more, and only where a warning hangs on it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from qwave_batch.errors import SpecError
from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.rows import Wanted
from qwave_batch.spec.sources import Table


@dataclass(slots=True)
class Columns:
    """Verdicts on the columns of the tables of a spec, each of them found once."""

    _held: dict[tuple[str, str, Callable[[Json], bool]], bool] = field(default_factory=dict)

    def are_all(self, table: Table, column: str, is_such: Callable[[Json], bool]) -> bool:
        """Whether all cells of a column are such cells, as far as the table can be read."""
        key = (table.shown_as, column, is_such)
        if key not in self._held:
            self._held[key] = _are_all(table, column, is_such)
        return self._held[key]


def _are_all(table: Table, column: str, is_such: Callable[[Json], bool]) -> bool:
    try:
        return all(
            is_such(row.cells[column]) for row in table.rows(Wanted(columns=frozenset({column}))) if column in row.cells
        )
    except SpecError:
        return True  # rows that can't be read are told as such
