"""Describes a catalog's models as plain JSON: what ``qwave-batch models`` shows."""

from collections.abc import Iterator

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.field import choices_of, type_of
from qwave_batch.catalog.model import Model
from qwave_batch.model.jsontypes import Json

_LIMITS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")


def describe_catalog(catalog: Catalog) -> dict[str, Json]:
    """Return what the catalog holds, with a short description of each model."""
    return {
        "catalog": catalog.date,
        "base_url": catalog.base_url,
        "models": [_in_short(model) for model in catalog.models.values()],
        "gone": {name: {"use": one.use, "since": one.since} for name, one in catalog.gone.items()},
    }


def describe_model(model: Model) -> dict[str, Json]:
    """Return all that the catalog knows of a model: its fields, and the rules between them, too."""
    return {
        **_in_short(model),
        "native_resolution": model.native_resolution,
        "fields": [_field(model, name) for name in model.fields],
        "rules": list(rules(model)),
    }


def rules(model: Model) -> Iterator[str]:
    """Yield a sentence for each rule that holds between fields."""
    match model.schema.get("allOf"):
        case [*parts]:
            for part in parts:
                match part:
                    case {"description": str(text)} | {"x-rule": {"message": str(text)}}:
                        yield text


def _in_short(model: Model) -> dict[str, Json]:
    return {
        "name": model.name,
        "vendor": model.vendor,
        "title": model.title,
        "actions": model.actions,
        "ratios": model.ratios,
        "resolutions": model.resolutions,
        "seed": model.takes_seed,
        "price": model.price.as_json(),
        "price_text": str(model.price),
    }


def _field(model: Model, name: str) -> dict[str, Json]:
    field = model.fields[name]
    return {
        "name": name,
        "type": type_of(field),
        "required": name in model.required,
        "values": choices_of(field),
        **{limit: field[limit] for limit in _LIMITS if limit in field},
        "default": field.get("default"),
        "description": field.get("description", ""),
    }
