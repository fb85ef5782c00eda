"""Finds the fields of a model that can be checked alone, so that a million values do not need a million full checks."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TypeAlias

from qwave_batch.catalog.model import Model
from qwave_batch.fitting.schema_checks import is_integer
from qwave_batch.model.jsontypes import Json, JsonObject

Accepts: TypeAlias = Callable[[Json], bool]

_SAY_NOTHING_OF_FIELDS = frozenset({"$schema", "$id", "title", "description", "type", "additionalProperties"})
_SPEAK_BY_NAME = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "$defs", "dependentRequired"})
_CHECKABLE = frozenset({"type", "minLength", "maxLength", "minimum", "maximum", "title", "description", "default"})


@lru_cache(maxsize=256)  # called for every prompt
def independent_fields(model: Model) -> Mapping[str, Accepts]:
    """Return the fields whose value no rule and no price of the model reads, each with the check of its values.

    A price may depend on the size of a text among them (``Price.sized_fields``).

    A field appears here only if its own schema is of a simple kind, so that the check is exact. A keyword that is not
    known to name the fields it reads may read all of them: then the result is empty.
    """
    rules = {key: value for key, value in model.schema.items() if key not in _SAY_NOTHING_OF_FIELDS}
    properties = rules.pop("properties", {})
    rules.pop("required", None)  # reads whether a field is present, never its value
    is_foreign = any(key not in _SPEAK_BY_NAME and not key.startswith("x-") for key in rules)
    if is_foreign or not isinstance(properties, Mapping):
        return {}
    read = {*_strings(rules), *_priced(model), "model", "action"}
    return {
        name: accepts
        for name, schema in properties.items()
        if name not in read and isinstance(schema, Mapping) and (accepts := simple_check(schema))
    }


def simple_check(schema: JsonObject) -> Accepts | None:
    """Return an exact check of text and number schemas, or None for a schema that says more than that."""
    if not _CHECKABLE.issuperset(schema):
        return None
    match schema:
        case {"type": "string"}:
            shortest, longest = _bound(schema, "minLength", 0), _bound(schema, "maxLength", float("inf"))
            return lambda value: isinstance(value, str) and shortest <= len(value) <= longest
        case {"type": "integer"}:
            least, most = _bound(schema, "minimum", float("-inf")), _bound(schema, "maximum", float("inf"))
            return lambda value: is_integer(value) and least <= value <= most  # type: ignore[operator]
        case {"type": "boolean"}:
            return lambda value: isinstance(value, bool)
        case _:
            return None


def _bound(schema: JsonObject, keyword: str, otherwise: float) -> float:
    bound = schema.get(keyword, otherwise)
    return bound if isinstance(bound, int | float) else otherwise


def _priced(model: Model) -> Iterator[str]:
    """Yield the fields that affect the price or the number of images."""
    yield from model.price.fields
    for rule in model.image_rules:
        yield from rule.fields


def _strings(value: Json) -> Iterator[str]:
    """Yield every text inside a rule, keys included, up to its first dot: every name it could mean."""
    if isinstance(value, str):
        yield value.split(".")[0]
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key.split(".")[0]
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)
