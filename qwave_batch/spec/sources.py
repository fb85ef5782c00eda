"""Tables: files each row of which is a prompt."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table."""

    number: int
    """From 1, the header not counted."""
    cells: Mapping[str, Json]
    """Column name to cell; strings, except in formats that know more types."""
    place: Place
    """Where the row begins in its file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that is there and whose header, if it has one, was read."""

    path: Path
    shown_as: str
    columns: tuple[str, ...] | None
    """The columns, or None where each row brings its own."""

    def rows(self) -> Iterator[Row]:
        """Yield the rows in file order, one at a time."""
        raise NotImplementedError
