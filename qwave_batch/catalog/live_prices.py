"""Reads the price that the API states for a model today, as the keys of catalog.yaml that say the same. Pure."""

from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any

from qwave_batch.catalog.model import Model
from qwave_batch.catalog.request_fields import choices_of
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import CURRENCY

IMAGES, RATES, RESERVED, REFERENCES = "image_prices", "image_usage_rates", "image_usage_reservation", "reference_prices"
"""The keys of the API's pricing object that are understood."""
DEFAULT = "default"
_KNOWN = frozenset({IMAGES, RATES, RESERVED, REFERENCES})
_RATE_PLACES = 3
_AMOUNT_PLACES = 9
_TOO_MUCH = 1_000_000_000
"""More USD than a catalog may state."""


def stated_entry(config: JsonObject, model: Model | None, entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the price that an API's pricing object states, by the keys of catalog.yaml; None if it is not plain.

    Another number or object beside the known keys may be an undocumented factor or fee, so nothing is guessed.

    Args:
        config: ``price_config`` of the model.
        model: The model of the catalog; None for one that the catalog lacks.
        entry: Its entry in the catalog, which says how many tokens a request takes and which images have a fee.
    """
    others = (value for key, value in config.items() if key not in _KNOWN)
    if any(map(_may_count, others)) or config.get("currency", CURRENCY) != CURRENCY:
        return None
    parts = (_images(config, model, entry), _tokens(config, entry), _references(config, entry))
    found: dict[str, Any] = {}
    for part in parts:
        if part is None:
            return None
        found |= part
    return found or None


def down_values(config: JsonObject, model: Model) -> dict[str, list[Json]]:
    """Return by field the values that a price table leaves out, and so does not offer: those without a default."""
    stated = config.get(IMAGES)
    if not isinstance(stated, Mapping) or not stated or DEFAULT in stated:
        return {}
    field = _field_named_by(stated.keys(), model)
    if field is None:
        return {}
    offered = {name.casefold() for name in stated}
    missing = [choice for choice in choices_of(model.fields[field]) if str(choice).casefold() not in offered]
    return {field: missing} if missing else {}


def _images(config: JsonObject, model: Model | None, entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a price for each image, or for the call where the catalog has one; empty if none is stated."""
    if IMAGES not in config:
        return {}
    stated = config[IMAGES]
    if not isinstance(stated, Mapping) or not stated:
        return None
    key = "usd_per_call" if "usd_per_call" in entry and "usd_per_image" not in entry else "usd_per_image"
    table = _table(stated, model)
    return None if table is None else {key: table}


def _tokens(config: JsonObject, entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the rates of tokens, and how many a request takes: as in the catalog, else as many as are reserved."""
    if RATES not in config:
        return None if RESERVED in config else {}
    stated = config[RATES]
    rates = {kind: _rate(usd) for kind, usd in stated.items()} if isinstance(stated, Mapping) else {}
    if not rates or None in rates.values():
        return None
    if "tokens" in entry:
        return {"usd_per_million_tokens": rates} if entry["tokens"].keys() <= rates.keys() else None
    reserved = config.get(RESERVED)
    if not isinstance(reserved, Mapping) or not reserved or not reserved.keys() <= rates.keys():
        return None  # nobody says how many tokens a request takes
    if not all(isinstance(most, int) and not isinstance(most, bool) and most >= 0 for most in reserved.values()):
        return None
    rules = {kind: {"each": "request", "tokens": [0, most, most]} for kind, most in reserved.items()}
    return {"usd_per_million_tokens": rates, "tokens": rules}


def _references(config: JsonObject, entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the fee of an input image, which the catalog says when to take; empty if none is stated."""
    if REFERENCES not in config:
        return {}
    stated = config[REFERENCES]
    usd = amount_of(stated[DEFAULT]) if isinstance(stated, Mapping) and set(stated) == {DEFAULT} else None
    known = entry.get("usd_per_reference")
    return None if usd is None or known is None else {"usd_per_reference": {**known, "usd": usd}}


def _table(stated: Mapping[str, Json], model: Model | None) -> Any:
    """Return one amount, or a table by a field, or by one in another; None if it is not plain."""
    if any(isinstance(value, Mapping) for value in stated.values()):
        return None if model is None else _nested_table(stated, model)
    amounts = {name: amount for name, value in stated.items() if (amount := amount_of(value)) is not None}
    if len(amounts) < len(stated):
        return None
    if DEFAULT in amounts and len({Decimal(amount) for amount in amounts.values()}) == 1:
        return amounts[DEFAULT]
    field = _field_named_by(amounts.keys() - {DEFAULT}, model)
    return None if field is None or model is None else {"by": field, "values": _by_choice(amounts, field, model)}


def _nested_table(stated: Mapping[str, Json], model: Model) -> Any:
    """Return a table by two fields, such as a quality and a tier; None if it is not plain."""
    outer = _field_named_by(stated.keys() - {DEFAULT}, model)
    inner_names = {name for value in stated.values() if isinstance(value, Mapping) for name in value}
    inner = _field_named_by(inner_names - {DEFAULT}, model)
    if outer is None or inner is None or outer == inner:
        return None
    values: dict[str, Any] = {}
    for name, value in _by_choice(stated, outer, model).items():
        if not isinstance(value, Mapping):
            values[name] = amount_of(value)
            continue
        amounts = {key: amount for key, one in value.items() if (amount := amount_of(one)) is not None}
        values[name] = _by_choice(amounts, inner, model) if len(amounts) == len(value) else None
    return {"by": [outer, inner], "values": values} if values and None not in values.values() else None


def _by_choice(amounts: Mapping[str, Any], field: str, model: Model) -> dict[str, Any]:
    folded = {name.casefold(): amount for name, amount in amounts.items()}
    choices = [choice for choice in choices_of(model.fields[field]) if isinstance(choice, str)]
    prices = {choice: folded.get(choice.casefold(), folded.get(DEFAULT)) for choice in choices}
    return {choice: amount for choice, amount in prices.items() if amount is not None}


def _field_named_by(names: "frozenset[str] | set[str] | Any", model: Model | None) -> str | None:
    """Return the one field of a model that has these names as values."""
    if model is None or not names:
        return None
    wanted = {name.casefold() for name in names}
    fields = [
        field
        for field, schema in model.fields.items()
        if wanted <= {choice.casefold() for choice in choices_of(schema) if isinstance(choice, str)}
    ]
    if known := sorted(model.price.fields & set(fields)):
        return known[0]
    return fields[0] if len(fields) == 1 else None


def _may_count(value: Json) -> bool:
    """Whether a value may affect the price; words and booleans do not."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float | Mapping | list | tuple)


def amount_of(value: Json) -> str | None:
    """Return a price as decimal text, as in catalogs; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount < _TOO_MUCH:
        return None
    exact = amount.as_tuple().exponent
    if isinstance(exact, int) and exact < -_AMOUNT_PLACES:  # catalogs count in nano-dollars
        amount = amount.quantize(Decimal(1).scaleb(-_AMOUNT_PLACES), ROUND_CEILING)
    return format(amount, "f")


def _rate(value: Json) -> str | None:
    """Return the USD for a million tokens as decimal text; None if a token would not cost whole nano-dollars."""
    text = amount_of(value)
    if text is None:
        return None
    exponent = Decimal(text).normalize().as_tuple().exponent
    return text if isinstance(exponent, int) and exponent >= -_RATE_PLACES else None


def unavailable_values(raw: JsonObject, model: Model) -> Iterator[tuple[str, list[Json]]]:
    """Yield by field the values that the API says are out of service."""
    stated = raw.get("unavailable")
    for field, values in stated.items() if isinstance(stated, Mapping) else ():
        if field not in model.fields or not isinstance(values, list | tuple):
            continue
        named = {str(value).casefold() for value in values}
        down: list[Json] = [choice for choice in choices_of(model.fields[field]) if str(choice).casefold() in named]
        if down:
            yield field, down


def is_unavailable(raw: JsonObject) -> bool:
    """Whether the API says that a model as a whole is out of service."""
    return raw.get("available") is False or raw.get("unavailable") is True
