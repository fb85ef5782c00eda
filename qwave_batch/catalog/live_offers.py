"""Compares the models and prices that an account is currently offered with the catalog. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice, product
from typing import Any

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.field_table import FieldTable
from qwave_batch.catalog.live_prices import down_values, is_unavailable, stated_entry, unavailable_values
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.price import Price
from qwave_batch.catalog.price_parts import PARTS, PerToken, PricePart
from qwave_batch.catalog.request_fields import choices_of
from qwave_batch.model.codec import Codec, Key
from qwave_batch.model.jsontypes import Json, JsonObject

_MOST_CASES = 10_000


class OfferState(StrEnum):
    """How a model's offer differs from the catalog."""

    SAME = "same"
    NEW = "new"
    """The account is offered it, but the catalog does not have it."""
    GONE = "gone"
    """The catalog has it, but the account is not offered it."""
    DOWN = "down"
    """The model, or some values of its fields, are out of service; the price is as in the catalog."""
    OTHER_PRICE = "other price"
    UNREAD = "price not understood"
    """Its price is missing or stated in a form that this program cannot read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A model in the catalog and as offered to the account."""

    model: str
    standing: OfferState
    catalog_price: Price | None = None
    live_price: Price | None = None
    stated: JsonObject | None = None
    """The API's own pricing object; None for a model that is gone."""
    down: JsonObject = field(default_factory=dict)
    """By field, the values that are out of service."""
    is_down: bool = False
    """Whether the whole model is out of service."""
    entry: JsonObject = field(default_factory=dict)
    """The keys of catalog.yaml that say the live price."""

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``models --live --json`` lists."""
        return _OFFER.encode(self)


_PRICE = Key(write=Price.as_json)
_OFFER = Codec(
    {
        Offer: {
            "catalog_price": _PRICE,
            "live_price": _PRICE,
            "stated": Key(name="price_config"),
            "entry": Key(is_written=False),
        }
    }
)


def offers(
    catalog: Catalog, price_configs: Mapping[str, JsonObject], told: Mapping[str, JsonObject] | None = None
) -> tuple[Offer, ...]:
    """Return every model of the catalog and of the account: the catalog's first, in its order, then new ones.

    Args:
        catalog: The catalog.
        price_configs: The models that the account is offered, with the API's pricing object for each.
        told: Everything that the API says of each model, such as that it is not available.
    """
    said = told or {}
    found = [
        _offer(model, catalog.data.models[name], price_configs.get(name), said.get(name, {}))
        for name, model in catalog.models.items()
    ]
    for name, config in price_configs.items():
        if name not in catalog.models:
            entry = stated_entry(config, None, {}) or {}
            price = _price(entry, {})
            new = Offer(model=name, standing=OfferState.NEW, live_price=price, stated=config, entry=entry)
            found.append(new)
    return tuple(found)


def read_price(config: JsonObject, model: Model | None, entry: Mapping[str, Any] | None = None) -> Price | None:
    """Return the price that an API's pricing object states plainly; None otherwise.

    Args:
        config: The pricing object.
        model: The model of the catalog; None for a new one.
        entry: Its entry in the catalog.
    """
    return _price(stated_entry(config, model, entry or {}), {} if model is None else model.fields)


def _offer(model: Model, entry: Mapping[str, Any], config: JsonObject | None, raw: JsonObject) -> Offer:
    if config is None:
        return Offer(model=model.name, standing=OfferState.GONE, catalog_price=model.price)
    stated = stated_entry(config, model, entry)
    price = _price({**stated, **_kept(entry, stated)} if stated else None, model.fields)
    down = {**down_values(config, model), **dict(unavailable_values(raw, model))}
    is_down = is_unavailable(raw)
    standing = _state_of(price, model)
    if standing is OfferState.SAME and (down or is_down):
        standing = OfferState.DOWN
    return Offer(
        model=model.name,
        standing=standing,
        catalog_price=model.price,
        live_price=price,
        stated=config,
        down=down,
        is_down=is_down,
        entry=stated or {},
    )


def _kept(entry: Mapping[str, Any], stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the catalog says beside the rates of tokens, and the API does not: how many a request takes."""
    is_kept = "usd_per_million_tokens" in stated and "tokens" not in stated and "tokens" in entry
    return {"tokens": entry["tokens"]} if is_kept else {}


def _price(entry: Mapping[str, Any] | None, fields: Mapping[str, JsonObject]) -> Price | None:
    if not entry:
        return None
    try:
        return Price.from_json(entry, fields)
    except ValueError:  # such as an amount of less than a nano-dollar
        return None


def _state_of(price: Price | None, model: Model) -> OfferState:
    if price is None:
        return OfferState.UNREAD
    return OfferState.SAME if _costs_the_same(price, model.price, model) else OfferState.OTHER_PRICE


def _costs_the_same(left: Price, right: Price, model: Model) -> bool:
    return left.parts.keys() == right.parts.keys() and all(
        _is_same_part(part, right.parts[key], model) for key, part in left.parts.items()
    )


def _is_same_part(left: PricePart, right: PricePart, model: Model) -> bool:
    if isinstance(left, PerToken) and isinstance(right, PerToken):
        # the API may state rates of kinds that no request of the model takes
        return all(left.nusd_per_token.get(kind) == right.nusd_per_token.get(kind) for kind in right.rules)
    tables = [getattr(left, "table", None), getattr(right, "table", None)]
    if not all(isinstance(table, FieldTable) for table in tables):
        return False
    return all(tables[0].of(case) == tables[1].of(case) for case in _cases(tables, model))  # type: ignore[union-attr]


def _cases(tables: list[Any], model: Model) -> Iterator[JsonObject]:
    """Yield a request for each combination of values that decide an amount."""
    names = list(dict.fromkeys(name for table in tables for name in table.fields))
    values = [choices_of(model.fields.get(name, {})) or (None,) for name in names]
    return (dict(zip(names, case, strict=True)) for case in islice(product(*values), _MOST_CASES))


def overlay_content(catalog: Catalog, found: tuple[Offer, ...], *, as_of: str, written_by: str) -> JsonObject:
    """Return the overlay that makes a catalog say what an account is offered; new models are not in it.

    Args:
        catalog: The catalog.
        found: The offers, held against it.
        as_of: The day on which the API said so.
        written_by: The program that writes it down.
    """
    models = {offer.model: entry for offer in found if (entry := _entry_of(offer, catalog))}
    return {"catalog": catalog.date, "as_of": as_of, "written_by": written_by, "models": models}


def _entry_of(offer: Offer, catalog: Catalog) -> dict[str, Json]:
    match offer.standing:
        case OfferState.GONE:
            return {"down": True}
        case OfferState.OTHER_PRICE:
            known = catalog.data.models[offer.model]
            gone = {key: None for key in PARTS if key in known and key not in offer.entry}
            if "usd_per_million_tokens" in gone:
                gone["tokens"] = None
            return {**offer.entry, **gone, **_down_of(offer)}
        case OfferState.NEW:
            return {}
        case _:
            return _down_of(offer)


def _down_of(offer: Offer) -> dict[str, Json]:
    if offer.is_down:
        return {"down": True}
    return {"down": dict(offer.down)} if offer.down else {}
