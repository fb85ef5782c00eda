"""The offers of the vendors: dated JSON Schemas, spellings and prices. No code here depends on a vendor's name."""

from typing import TYPE_CHECKING

from qwave_batch import lazy
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_files import LATEST, catalog_dates, newest_catalog, open_catalog
from qwave_batch.catalog.catalog_queries import describe_catalog, describe_model, json_schema
from qwave_batch.catalog.catalog_source import CatalogSource
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.overlay import Overlay
from qwave_batch.catalog.violation import Violation

if TYPE_CHECKING:
    from qwave_batch.catalog.catalog_diff import CatalogDiff, ChangedModel, GoneModel, compare_catalogs

__all__ = [
    "LATEST",
    "Catalog",
    "CatalogDiff",
    "CatalogSource",
    "ChangedModel",
    "GoneModel",
    "Model",
    "Overlay",
    "Violation",
    "catalog_dates",
    "compare_catalogs",
    "describe_catalog",
    "describe_model",
    "json_schema",
    "newest_catalog",
    "open_catalog",
]

if not TYPE_CHECKING:
    # only one command compares catalogs
    __getattr__ = lazy.names_of(
        __name__, {"qwave_batch.catalog.catalog_diff": ("CatalogDiff", "ChangedModel", "GoneModel", "compare_catalogs")}
    )
