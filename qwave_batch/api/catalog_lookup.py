"""The catalogs that a use case looks in: those that ship, and those in a folder of the user."""

from pathlib import Path

from qwave_batch import catalog_reading
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource


def catalogs_beside(folder: str | Path | None) -> CatalogSource:
    """Return the catalogs of a folder beside those that ship; None is only those that ship.

    Args:
        folder: A folder with a ``catalog.yaml``, or with folders such as ``2026-11`` that have one.

    Raises:
        UsageError: There is none, or one has the date of a catalog that ships.
        SpecError: One of them has problems; all are listed.
    """
    return SHIPPED if folder is None else catalog_reading.user_catalogs.find_catalogs(Path(folder))


def catalog_at(catalog: str | Catalog, catalogs: CatalogSource) -> Catalog:
    """Return a catalog that was named by its date, or is at hand; raises UnknownName for a date that nobody has."""
    return catalog if isinstance(catalog, Catalog) else catalogs.at(catalog)
