"""Compares the models and prices that an account is currently offered with the catalog. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.price import Price
from qwave_batch.catalog.request_fields import choices_of
from qwave_batch.model.codec import Codec, Key
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import CURRENCY

_DEFAULT = "default"
_SHOWN = 200


class OfferState(StrEnum):
    """How a model's offer differs from the catalog."""

    SAME = "same"
    NEW = "new"
    """The account is offered it, but the catalog does not have it."""
    GONE = "gone"
    """The catalog has it, but the account is not offered it."""
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

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``models --live --json`` lists."""
        return _OFFER.encode(self)


_PRICE = Key(write=Price.as_json)
_OFFER = Codec({Offer: {"catalog_price": _PRICE, "live_price": _PRICE, "stated": Key(name="price_config")}})


def offers(catalog: Catalog, price_configs: Mapping[str, JsonObject]) -> tuple[Offer, ...]:
    """Return every model of the catalog and of the account: the catalog's first, in its order, then new ones.

    Args:
        catalog: The catalog.
        price_configs: The models that the account is offered, with the API's pricing object for each.
    """
    found = []
    for name, model in catalog.models.items():
        config = price_configs.get(name)
        price = None if config is None else read_price(config, model)
        standing = OfferState.GONE if config is None else _state_of(price, model)
        found.append(Offer(model=name, standing=standing, catalog_price=model.price, live_price=price, stated=config))
    for name, config in price_configs.items():
        if name not in catalog.models:
            found.append(Offer(model=name, standing=OfferState.NEW, live_price=read_price(config, None), stated=config))
    return tuple(found)


def read_price(config: JsonObject, model: Model | None) -> Price | None:
    """Return the price of an image that an API's pricing object states plainly; None otherwise.

    Plain means ``{"image_prices": {"default": 0.04}}``, where further entries are named by the values of one field of
    the model, such as its resolutions. Another number or object beside ``image_prices`` may be an undocumented factor
    or fee, so the program does not guess.
    """
    stated = config.get("image_prices")
    if not isinstance(stated, Mapping) or not stated or any(map(_may_count, _beside(config))):
        return None
    amounts = {name: amount for name, value in stated.items() if (amount := _amount(value)) is not None}
    if len(amounts) < len(stated) or config.get("currency", CURRENCY) != CURRENCY:
        return None
    if len({Decimal(amount) for amount in amounts.values()}) == 1:
        return _price_of_all(amounts[_DEFAULT]) if _DEFAULT in amounts else None
    field = _field_named_by(amounts.keys() - {_DEFAULT}, model)
    return None if field is None or model is None else _by_field(amounts, field, model)


def _state_of(price: Price | None, model: Model) -> OfferState:
    if price is None:
        return OfferState.UNREAD
    return OfferState.SAME if _costs_the_same(price, model.price, model) else OfferState.OTHER_PRICE


def _costs_the_same(left: Price, right: Price, model: Model) -> bool:
    if left.parts.keys() != right.parts.keys() or not (left.per_image and right.per_image):
        return False
    fields = {*left.per_image.table.fields, *right.per_image.table.fields}
    if len(fields) > 1:
        return False
    if not fields:
        return left.nusd_per_image({}) == right.nusd_per_image({})
    (field,) = fields
    values = choices_of(model.fields.get(field, {}))
    return all(left.nusd_per_image({field: value}) == right.nusd_per_image({field: value}) for value in values)


def _price_of_all(usd: str) -> Price:
    return Price.from_json({"usd_per_image": usd}, {})


def _beside(config: JsonObject) -> Iterator[Json]:
    return (value for name, value in config.items() if name != "image_prices")


def _may_count(value: Json) -> bool:
    """Whether a value may affect the price; words and booleans do not."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float | Mapping | list | tuple)


def _amount(value: Json) -> str | None:
    """Return a price as decimal text, as in catalogs."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return format(amount, "f") if amount.is_finite() and amount >= 0 else None


def _field_named_by(names: frozenset[str] | set[str], model: Model | None) -> str | None:
    """Return the one field of a model that has these names as values."""
    if model is None or not names:
        return None
    wanted = {name.casefold() for name in names}
    fields = [
        field
        for field, schema in model.fields.items()
        if wanted <= {choice.casefold() for choice in choices_of(schema) if isinstance(choice, str)}
    ]
    if model.price.per_image and (known := set(model.price.per_image.table.fields) & set(fields)):
        return next(iter(known))
    return fields[0] if len(fields) == 1 else None


def _by_field(amounts: Mapping[str, str], field: str, model: Model) -> Price:
    folded = {name.casefold(): amount for name, amount in amounts.items()}
    choices = [choice for choice in choices_of(model.fields[field]) if isinstance(choice, str)]
    prices = {choice: folded.get(choice.casefold(), folded.get(_DEFAULT)) for choice in choices}
    values = {choice: amount for choice, amount in prices.items() if amount is not None}
    return Price.from_json({"usd_per_image": {"by": field, "values": values}}, model.fields)
