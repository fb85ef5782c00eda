"""Opens the dated catalogs that ship with the program and builds a schema for each model."""

import json
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import yaml

from qwave_batch.catalog.catalog import Catalog, Successor
from qwave_batch.catalog.catalog_changes import CatalogChanges
from qwave_batch.catalog.image_count import ImageRule
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.normalisation import Spelling
from qwave_batch.catalog.price import Price
from qwave_batch.catalog.task_chain import TaskChain
from qwave_batch.catalog.violation_messages import ViolationMessages
from qwave_batch.errors import UnknownName
from qwave_batch.model.money import CURRENCY, QuotaUnit
from qwave_batch.resources import shipped

LATEST = "latest"
"""Stands for the newest catalog that ships with the program: no function takes it unasked; a spec names a date."""
_FILE = "catalog.yaml"
# the C parser is about ten times faster, where PyYAML was built with it
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def catalog_dates() -> tuple[str, ...]:
    """Return the dates of all catalogs, oldest first."""
    return tuple(sorted(file.parent.name for file in shipped("schemas").glob(f"*/{_FILE}")))


def newest_catalog() -> str:
    """Return the date of the newest catalog that ships with the program."""
    return catalog_dates()[-1]


def catalog_at(date: str) -> Catalog:
    """Return the catalog of a date, or the newest one for ``LATEST``; its ``date`` tells which it is.

    Raises:
        UnknownName: There is no catalog of that date.
    """
    return open_catalog(newest_catalog() if date == LATEST else date)


@cache
def open_catalog(date: str) -> Catalog:
    """Return the catalog of a date such as ``2026-05``.

    Raises:
        UnknownName: There is no catalog of that date.
    """
    dates = catalog_dates()
    if date not in dates:
        raise UnknownName("catalog", date, dates, hint=f"the catalogs are {', '.join(dates)}")
    return read_catalog(shipped("schemas") / date)


def read_catalog(folder: Path) -> Catalog:
    """Return the catalog described by a folder with catalog.yaml and the vendors' schema files."""
    listing: dict[str, Any] = yaml.load((folder / _FILE).read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
    names = dict.fromkeys(entry["vendor"] for entry in listing["models"].values())
    vendors = {vendor: _read_json(folder / f"{vendor}.schema.json") for vendor in names}
    schemas = {name: model_schema(vendors[entry["vendor"]], name) for name, entry in listing["models"].items()}
    known_fields = frozenset(field for schema in schemas.values() for field in schema["properties"])
    changes = CatalogChanges.from_json(listing["catalog"], listing.get("changes", {}))
    messages = partial(ViolationMessages, known_fields=known_fields, changes=changes)
    return Catalog(
        date=listing["catalog"],
        base_url=listing["base_url"],
        quota=_quota_unit(listing["money"]),
        idempotency_hours=listing["idempotency_hours"],
        result_lifetime_hours=(listing["result_lifetime_hours"]["least"], listing["result_lifetime_hours"]["most"]),
        models={
            name: _model(
                name,
                entry,
                listing,
                schemas[name],
                title=vendors[entry["vendor"]]["title"],
                messages=messages,
            )
            for name, entry in listing["models"].items()
        },
        gone={name: Successor(use=entry["use"], since=entry.get("since")) for name, entry in listing["gone"].items()},
        changes=changes,
        callback_fields=frozenset(listing["callback_fields"]),
    )


def _model(
    name: str,
    entry: Mapping[str, Any],
    listing: Mapping[str, Any],
    schema: dict[str, Any],
    *,
    title: str,
    messages: "partial[ViolationMessages]",
) -> Model:
    fields = schema["properties"]
    return Model(
        name=name,
        vendor=entry["vendor"],
        title=title,
        schema=schema,
        fields=fields,
        content_fields=frozenset(listing["content_fields"]),
        spelling=Spelling(fields, listing["ignore_case"]),
        messages=messages(model=name, schema=schema),
        image_rules=tuple(map(ImageRule.from_json, entry.get("images", listing["images"]))),
        price=Price.from_json(entry, fields),
        returns=entry["returns"],
        native_resolution=entry.get("native_resolution"),
        line=entry.get("line"),
        launched=entry.get("launched"),
        chain=TaskChain.from_json(entry["chain"]) if "chain" in entry else None,
    )


def _quota_unit(money: Mapping[str, Any]) -> QuotaUnit:
    """Return the API's unit of money; raises ValueError for prices in another currency than budgets use."""
    if money["currency"] != CURRENCY:
        raise ValueError(f"the prices are in {money['currency']}, and budgets and ledgers are in {CURRENCY}")
    return QuotaUnit(per_usd=money["quota_per_usd"])


def _read_json(file: Path) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return schema


_ANNOTATIONS = frozenset({"title", "description", "default", "examples"})
_SHARED = "#/$defs/"


def model_schema(vendor_schema: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Return the schema of one model with every shared part inlined, so that it needs no other file.

    Raises:
        ValueError: The vendor's file has no such model, or overrides a check of a shared part.
    """
    shared = vendor_schema["$defs"]
    if model not in shared:
        raise ValueError(f"{vendor_schema['$id']} describes no {model}")
    return {
        "$schema": vendor_schema["$schema"],
        "$id": f"{vendor_schema['$id']}:{model}",
        **_inlined(shared[model], shared),
    }


def _inlined(schema: Any, shared: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(item, shared) for item in schema]
    if not isinstance(schema, dict):
        return schema
    own = {key: _inlined(value, shared) for key, value in schema.items() if key != "$ref"}
    if not isinstance(schema.get("$ref"), str):
        return own
    name = schema["$ref"].removeprefix(_SHARED)
    part = _inlined(shared[name], shared)
    # JSON Schema applies both sides; an overridden check would be lost here, but a description may be replaced
    if clash := (own.keys() & part.keys()) - _ANNOTATIONS:
        raise ValueError(f"{', '.join(sorted(clash))} stands both in {name} and beside a reference to it")
    return {**part, **own}
