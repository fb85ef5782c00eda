"""Checks the JSON Schemas that say what the models of a user's catalog take."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from qwave_batch import lazy
from qwave_batch.catalog.keywords import ANNOTATIONS, KEYWORDS
from qwave_batch.catalog.model_schema import SHARED
from qwave_batch.catalog_reading.metaschema import problem_at
from qwave_batch.errors import nearest
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.problem import Problem
from qwave_batch.spec.layers import Layer
from qwave_batch.spec.values.value_path import ValuePath
from qwave_batch.spec.yaml.source_map import SourceMap

if TYPE_CHECKING:
    from jsonschema import ValidationError

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_LONGEST = 200
_EXTENSIONS = {*KEYWORDS, *ANNOTATIONS}
_TEXT: Json = {"type": "string", "minLength": 1}
_TEXTS: Json = {"type": "array", "items": _TEXT, "minItems": 1}
_NUMBER: Json = {"type": "number"}


def _form(**keys: Json) -> JsonObject:
    return {"type": "object", "properties": keys, "required": list(keys), "additionalProperties": False}


EXTENSION_FORMS: Mapping[str, JsonObject] = {
    "x-sum": _form(**{"of": _TEXT, "is": _NUMBER}),
    "x-sameLength": {"type": "array", "items": _TEXT, "minItems": 2},
    "x-total": _form(maximum=_NUMBER, lengths=_TEXTS, numbers={"type": "object", "additionalProperties": _NUMBER}),
    "x-product": _form(of=_TEXTS, maximum=_NUMBER),
    "x-message": {"type": "string", "minLength": 1},
    "x-rule": _form(field=_TEXT, message=_TEXT),
    "x-sameSizeAs": {"type": "string", "minLength": 1},
}
"""The form of the value of each extension keyword."""
_NAMED = frozenset({"properties", "$defs", "dependentRequired", "dependentSchemas", "patternProperties"})
"""Keywords whose keys are names and not keywords."""
_DATA = frozenset({"const", "default", "enum", "examples", *_EXTENSIONS})
"""Keywords whose value is not a schema."""
_ELSEWHERE = frozenset({"$dynamicRef", "$anchor", "$dynamicAnchor", "$recursiveRef", "$vocabulary"})
"""Keywords that this program does not follow."""


def vendor_file_problems(layer: Layer) -> Iterator[Problem]:
    """Yield what is wrong with a vendor's schema file."""
    source_map = SourceMap(layer.mark)
    if not isinstance(layer.value, Mapping):
        yield problem_at(source_map, (), "expected a mapping: a JSON Schema with $defs")
        return
    for key in ("$schema", "$id", "title"):
        if not isinstance(layer.value.get(key), str):
            example = _DIALECT if key == "$schema" else "a text"
            yield problem_at(source_map, (key,), f'the key "{key}" is missing, or not a text', f"add {key}: {example}")
    if not isinstance(layer.value.get("$defs"), Mapping):
        yield problem_at(source_map, ("$defs",), 'the key "$defs" is missing', "it has the shared parts and the models")
        return
    yield from schema_problems(layer)


def schema_problems(layer: Layer, at: ValuePath = ()) -> Iterator[Problem]:
    """Yield what is wrong with a JSON Schema: its form, references that lead nowhere, keywords that nobody knows.

    Args:
        layer: The document.
        at: The path of the schema in it; references start from there.
    """
    schema: Any = layer.value
    for step in at:
        schema = schema[step]
    source_map = SourceMap(layer.mark)
    if not isinstance(schema, Mapping):
        return
    if schema.get("$schema", _DIALECT) != _DIALECT:
        yield problem_at(source_map, (*at, "$schema"), "it is not JSON Schema 2020-12", f"write {_DIALECT}")
        return
    found = list(_keyword_problems(schema, schema.get("$defs", {}), at, source_map))
    yield from found
    if not found:
        yield from _form_problems(schema, at, source_map)


def _form_problems(schema: Mapping[str, Json], at: ValuePath, source_map: SourceMap) -> Iterator[Problem]:
    validator = lazy.jsonschema.Draft202012Validator
    for error in validator(validator.META_SCHEMA).iter_errors(schema):
        yield problem_at(source_map, (*at, *error.absolute_path), f"not a JSON Schema: {_told(error)}")


def _told(error: "ValidationError") -> str:
    return error.message if len(error.message) <= _LONGEST else error.message[: _LONGEST - 1] + "…"


def _keyword_problems(
    schema: Json, shared: Json, path: ValuePath, source_map: SourceMap, *, names: bool = False
) -> Iterator[Problem]:
    if isinstance(schema, list):
        for number, item in enumerate(schema):
            yield from _keyword_problems(item, shared, (*path, number), source_map)
    if not isinstance(schema, Mapping):
        return
    for key, value in schema.items():
        here = (*path, key)
        if not names:
            yield from _keyword_problem(key, value, shared, here, source_map)
            if key in _DATA:
                continue
        yield from _keyword_problems(value, shared, here, source_map, names=not names and key in _NAMED)


def _keyword_problem(key: str, value: Json, shared: Json, here: ValuePath, source_map: SourceMap) -> Iterator[Problem]:
    if key.startswith("x-") and key not in _EXTENSIONS:
        guess = nearest(key, _EXTENSIONS)
        hint = f'did you mean "{guess}"?' if guess else f"there is {', '.join(sorted(_EXTENSIONS))}"
        yield problem_at(source_map, here, f'unknown extension keyword "{key}"', hint, value=key)
    elif key in _EXTENSIONS:
        for error in lazy.jsonschema.Draft202012Validator(EXTENSION_FORMS[key]).iter_errors(value):
            yield problem_at(source_map, (*here, *error.absolute_path), f"{key}: {_told(error)}")
    elif key == "pattern" and isinstance(value, str):
        yield from _pattern_problem(value, here, source_map)
    elif key == "patternProperties" and isinstance(value, Mapping):
        for pattern in value:
            yield from _pattern_problem(pattern, (*here, pattern), source_map)
    elif key in _ELSEWHERE:
        yield problem_at(source_map, here, f"{key} is not followed here", f"refer to a part with $ref: {SHARED}NAME")
    elif key == "$ref":
        yield from _reference_problem(value, shared, here, source_map)


def _pattern_problem(pattern: str, here: ValuePath, source_map: SourceMap) -> Iterator[Problem]:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        yield problem_at(source_map, here, f"not a regular expression: {error}", value=pattern[:80])


def _reference_problem(value: Json, shared: Json, here: ValuePath, source_map: SourceMap) -> Iterator[Problem]:
    known = tuple(shared) if isinstance(shared, Mapping) else ()
    if not isinstance(value, str) or not value.startswith(SHARED):
        yield problem_at(source_map, here, "a reference stays in its own file", f"write {SHARED}NAME")
    elif value.removeprefix(SHARED) not in known:
        guess = nearest(value.removeprefix(SHARED), known)
        hint = f'did you mean "{SHARED}{guess}"?' if guess else None
        yield problem_at(source_map, here, f"{value} leads nowhere", hint, value=value)
