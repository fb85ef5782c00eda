"""Looking things up: catalogs, models and JSON Schemas."""

import json
from typing import cast

from qwave_batch.catalog import describe
from qwave_batch.catalog.registry import LATEST, catalog_at
from qwave_batch.catalog.specschema import spec_schema
from qwave_batch.errors import UnknownName
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.resources import shipped

_STRUCTURE = "schemas/spec.structure.schema.json"
_MANIFEST = "schemas/manifest.schema.json"
_NAMES = ("spec", "manifest")


def describe_catalog(date: str) -> dict[str, Json]:
    """Return the models of a catalog, each in short, as ``models --json`` prints them.

    Args:
        date: The catalog's date, or ``LATEST``.

    Raises:
        UnknownName: There is no such catalog.
    """
    return describe.describe_catalog(catalog_at(date))


def describe_model(name: str, *, catalog: str) -> dict[str, Json]:
    """Return everything that a catalog says of a model, with type, range and default of its fields.

    Args:
        name: The model.
        catalog: The catalog's date, or ``LATEST``.

    Raises:
        UnknownName: there is no such model or catalog, with the nearest.
    """
    return describe.describe_model(catalog_at(catalog).model(name))


def json_schema(name: str, *, catalog: str = LATEST) -> JsonObject:
    """Return the JSON Schema of ``spec``, of ``manifest`` lines, or of a model's requests.

    Args:
        name: ``spec``, ``manifest`` or the name of a model.
        catalog: The date of the catalog that has the model, or whose models editors offer for a spec.

    Raises:
        UnknownName: there is no such schema or catalog, with the nearest.
    """
    if name == "manifest":
        return _shipped(_MANIFEST)
    known = catalog_at(catalog)
    if name == "spec":
        return spec_schema(_shipped(_STRUCTURE), known)
    if name not in known.models:
        hint = "there is spec, manifest, and one for each model"
        raise UnknownName("schema", name, (*_NAMES, *known.models), hint=hint)
    return known.models[name].schema


def _shipped(file: str) -> JsonObject:
    return cast("JsonObject", json.loads(shipped(file).read_text(encoding="utf-8")))
