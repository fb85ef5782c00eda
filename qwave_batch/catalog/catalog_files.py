"""Opens the dated catalogs that ship with the program and builds a schema for each model."""

import json
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import yaml

from qwave_batch.catalog.catalog import Catalog, Successor
from qwave_batch.catalog.catalog_changes import CatalogChanges
from qwave_batch.catalog.catalog_data import CatalogData
from qwave_batch.catalog.image_count import ImageRule
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.normalisation import Spelling
from qwave_batch.catalog.overlay import Overlay, lay_over, schema_of
from qwave_batch.catalog.price import Price
from qwave_batch.catalog.task_chain import TaskChain
from qwave_batch.catalog.violation_messages import ViolationMessages
from qwave_batch.errors import UnknownName
from qwave_batch.model.money import CURRENCY, QuotaUnit
from qwave_batch.resources import shipped

LATEST = "latest"
"""Stands for the newest catalog that ships with the program: no function takes it unasked; a spec names a date."""
CATALOG_FILE = "catalog.yaml"
# the C parser is about ten times faster, where PyYAML was built with it
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def catalog_dates() -> tuple[str, ...]:
    """Return the dates of all catalogs, oldest first."""
    return tuple(sorted(file.parent.name for file in shipped("schemas").glob(f"*/{CATALOG_FILE}")))


def newest_catalog() -> str:
    """Return the date of the newest catalog that ships with the program."""
    return catalog_dates()[-1]


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
    """Return the catalog described by a folder with catalog.yaml and the vendors' schema files, which are sound."""
    listing: dict[str, Any] = yaml.load((folder / CATALOG_FILE).read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
    names = dict.fromkeys(entry["vendor"] for entry in listing["models"].values())
    vendors = {vendor: _read_json(folder / schema_file(vendor)) for vendor in names}
    return catalog_of(CatalogData(listing=listing, vendor_schemas=vendors))


def schema_file(vendor: str) -> str:
    """Return the name of a vendor's schema file."""
    return f"{vendor}.schema.json"


def overlaid_catalog(catalog: Catalog, overlay: Overlay) -> Catalog:
    """Return a catalog with an overlay laid over it; the overlay was checked against the catalog."""
    return catalog_of(lay_over(catalog.data, overlay), overlay=overlay)


def catalog_of(data: CatalogData, *, overlay: Overlay | None = None) -> Catalog:
    """Return the catalog that sound files describe."""
    listing = data.listing
    schemas = {name: schema_of(data, name) for name in data.models}
    known_fields = frozenset(field for schema in schemas.values() for field in schema["properties"])
    changes = CatalogChanges.from_json(listing["catalog"], listing.get("changes", {}))
    messages = partial(ViolationMessages, known_fields=known_fields, changes=changes)
    return Catalog(
        date=listing["catalog"],
        base_url=listing["base_url"],
        quota=_quota_unit(listing["money"]),
        idempotency_hours=listing["idempotency_hours"],
        result_lifetime_hours=(listing["result_lifetime_hours"]["least"], listing["result_lifetime_hours"]["most"]),
        models={name: _model(name, data, schema, messages) for name, schema in schemas.items()},
        gone={name: Successor(use=entry["use"], since=entry.get("since")) for name, entry in listing["gone"].items()},
        changes=changes,
        callback_fields=frozenset(listing["callback_fields"]),
        mask_fields=frozenset(listing.get("mask_fields", ())),
        data=data,
        overlay=overlay,
    )


def _model(name: str, data: CatalogData, schema: dict[str, Any], messages: "partial[ViolationMessages]") -> Model:
    listing, entry, fields = data.listing, data.models[name], schema["properties"]
    vendor = data.vendor_schemas.get(entry["vendor"], {})
    return Model(
        name=name,
        vendor=entry["vendor"],
        title=str(vendor.get("title") or schema.get("title") or name),
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
        overlay=data.touched_by.get(name, ""),
    )


def _quota_unit(money: Mapping[str, Any]) -> QuotaUnit:
    """Return the API's unit of money; raises ValueError for prices in another currency than budgets use."""
    if money["currency"] != CURRENCY:
        raise ValueError(f"the prices are in {money['currency']}, and budgets and ledgers are in {CURRENCY}")
    return QuotaUnit(per_usd=int(money["quota_per_usd"]))


def _read_json(file: Path) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return schema
