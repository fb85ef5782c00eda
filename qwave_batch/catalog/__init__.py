"""The offers of the vendors: dated JSON Schemas, spellings and prices. No code here depends on a vendor's name."""

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_diff import CatalogDiff, ChangedModel, GoneModel, compare_catalogs
from qwave_batch.catalog.catalog_files import LATEST, catalog_dates, newest_catalog, open_catalog
from qwave_batch.catalog.catalog_queries import describe_catalog, describe_model, json_schema
from qwave_batch.catalog.catalog_source import CatalogSource
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.overlay import Overlay
from qwave_batch.catalog.violation import Violation

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
