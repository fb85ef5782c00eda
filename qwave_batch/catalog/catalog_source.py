"""The catalogs that a command can open: those that ship with the program, and those of a user beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_files import LATEST, catalog_dates, open_catalog
from qwave_batch.errors import UnknownName


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogSource:
    """The place where catalogs are looked up by their date."""

    added: Mapping[str, Catalog] = field(default_factory=dict)
    """Catalogs of the user by date; none of them has the date of one that ships."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return f"CatalogSource({', '.join(self.dates())})"

    def dates(self) -> tuple[str, ...]:
        """Return the dates of all catalogs, oldest first."""
        return tuple(sorted({*catalog_dates(), *self.added}))

    def newest(self) -> str:
        """Return the date of the newest catalog."""
        return self.dates()[-1]

    def at(self, date: str) -> Catalog:
        """Return the catalog of a date such as ``2026-05``, or the newest one for ``LATEST``.

        Raises:
            UnknownName: There is no catalog of that date.
        """
        return self.dated(self.newest() if date == LATEST else date)

    def dated(self, date: str) -> Catalog:
        """Return the catalog that a spec or a plan file pins, which is always a date.

        Raises:
            UnknownName: There is no catalog of that date.
        """
        if date in self.added:
            return self.added[date]
        if date in catalog_dates():
            return open_catalog(date)
        raise UnknownName("catalog", date, self.dates(), hint=f"the catalogs are {', '.join(self.dates())}")


SHIPPED = CatalogSource()
"""Only the catalogs that ship with the program."""
