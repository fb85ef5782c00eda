"""The request fields that hold images, and what each model takes there; all of it is asked of the schemas.

A field holds images if its schema takes the web address of a picture, alone or in a list, and not just any text.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from qwave_batch.catalog.keywords import ANNOTATIONS, FITTING, SAME_SIZE
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.request_fields import choices_of
from qwave_batch.catalog.request_validator import request_validator
from qwave_batch.fitting.schema_checks import Check
from qwave_batch.fitting.schema_reading import fitting
from qwave_batch.model.jsontypes import JsonObject

_ADDRESS = "https://pictures.example.com/picture.png"
_WORD = "picture"
_NESTED = frozenset({"anyOf", "oneOf", "allOf", "not", "if"})


def image_fields_of(models: Iterable[Model], callback_fields: frozenset[str]) -> frozenset[str]:
    """Return the fields that hold images with any of the models."""
    names = {name for model in models for name in model.fields if holds_images(model, name)}
    return frozenset(names - callback_fields)


def holds_images(model: Model, field: str) -> bool:
    """Whether a field of a model takes the address of a picture, and not just any text."""
    return takes_text(model, field, _ADDRESS) and not takes_text(model, field, _WORD)


def takes_text(model: Model, field: str, text: str) -> bool:
    """Whether a field of a model takes a text, or a list with it, as far as its own schema says."""
    check = _text_check(model, field)
    return check is not None and check(text)


def is_list(model: Model, field: str) -> bool:
    """Whether a field of a model is a list."""
    return model.fields.get(field, {}).get("type") == "array"


def same_size_fields(model: Model) -> Iterator[tuple[str, str]]:
    """Yield each field whose image must have the size of another field's first image, with that field."""
    for name, schema in model.fields.items():
        other = schema.get(SAME_SIZE)
        if isinstance(other, str):
            yield name, other


def longest_text(model: Model, field: str) -> int | None:
    """Return the number of characters of the longest text that a field takes; None if the schema names none."""
    schema = _text_schema(model.fields[field]) if field in model.fields else None
    longest = None if schema is None else schema.get("maxLength")
    return longest if isinstance(longest, int) else None


@lru_cache(maxsize=4096)
def _text_check(model: Model, field: str) -> Check | None:
    schema = _text_schema(model.fields[field]) if field in model.fields else None
    if schema is None:
        return None
    return fitting(schema, FITTING, ANNOTATIONS) or request_validator(schema).is_valid


def _text_schema(field: JsonObject) -> JsonObject | None:
    """Return the schema of a text, or of those in a list; None where no text stands, any does, or one of a few."""
    items = field.get("items")
    schema = items if field.get("type") == "array" and isinstance(items, Mapping) else field
    says_more = "pattern" in schema or not _NESTED.isdisjoint(schema)
    is_text = schema.get("type", "string") == "string" and not choices_of(schema)
    return schema if is_text and says_more else None
