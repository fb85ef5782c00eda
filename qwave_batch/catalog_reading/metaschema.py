"""Holds catalogs and overlays to schemas/catalog.schema.json, with errors like those of specs."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Literal, TypeAlias

from qwave_batch import lazy
from qwave_batch.catalog.catalog_queries import json_schema
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem, first_problems
from qwave_batch.spec.layers import Layer
from qwave_batch.spec.structure_messages import MESSAGES, SchemaViolation, other_message, shown
from qwave_batch.spec.values.value_path import ValuePath
from qwave_batch.spec.yaml.source_map import SourceMap

Part: TypeAlias = Literal["catalog", "overlay"]

_RANGE = 3
"""The length of a range: the least, the typical and the most."""
_Message: TypeAlias = Callable[[SchemaViolation, SourceMap], Iterator[Problem]]


def form_problems(layer: Layer, part: Part) -> list[Problem]:
    """Return all that the schema of catalogs, or of overlays, refuses."""
    return first_problems(_problems(layer, part))


def problem_at(
    source_map: SourceMap, path: ValuePath, message: str, suggestion: str | None = None, **facts: Any
) -> Problem:
    """Return a problem of the value at a path."""
    return Problem(
        message=message,
        path=source_map.path_text(path),
        place=source_map.place(path),
        suggestion=suggestion,
        **facts,
    )


def _problems(layer: Layer, part: Part) -> Iterator[Problem]:
    source_map, schema = SourceMap(layer.mark), _schema(part)
    for error in lazy.jsonschema.Draft202012Validator(schema).iter_errors(layer.value):
        violation = SchemaViolation(
            keyword=error.validator if isinstance(error.validator, str) else "",
            wanted=error.validator_value,
            value=error.instance,
            path=tuple(error.absolute_path),
            schema=error.schema if isinstance(error.schema, dict) else {},
            root=schema,
            is_name="propertyNames" in error.absolute_schema_path,
            message=error.message,
        )
        yield from _MESSAGES.get(violation.keyword, other_message)(violation, source_map)


@cache
def _schema(part: Part) -> dict[str, Any]:
    return dict(json_schema(part, catalog=""))


def _type(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    wanted = violation.wanted if isinstance(violation.wanted, list) else [violation.wanted]
    if "string" in wanted and isinstance(violation.value, int | float) and not isinstance(violation.value, bool):
        violation = replace(violation, wanted=["string"])
    yield from MESSAGES["type"](replace(violation, wanted=_without_null(violation.wanted)), source_map)


def _without_null(wanted: Any) -> Any:
    return [name for name in wanted if name != "null"] if isinstance(wanted, list) else wanted


def _pattern(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    if violation.is_name:
        yield from MESSAGES["pattern"](violation, source_map)
        return
    message = violation.schema.get("patternErrorMessage", "it does not have the expected form")
    yield problem_at(source_map, violation.path, f"{shown(violation.value)}: {message}", value=violation.value[:80])


def _length(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    if not violation.value:
        yield from MESSAGES["minItems"](violation, source_map)
        return
    found = f"expected a list of {violation.wanted}, found {len(violation.value):,} items"
    hint = "write [least, typical, most]" if violation.wanted == _RANGE else None
    yield problem_at(source_map, violation.path, found, hint)


def _depends(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    for key, needed in violation.wanted.items():
        missing = [name for name in needed if key in violation.value and name not in violation.value]
        if missing:
            yield problem_at(source_map, (*violation.path, key), f'"{key}" needs "{missing[0]}" beside it')


def _false(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    yield problem_at(source_map, violation.path, f"{shown(violation.value)} is not allowed here")


_MESSAGES: Mapping[str, _Message] = {
    **MESSAGES,
    "dependentRequired": _depends,
    "maxItems": _length,
    "minItems": _length,
    "not": _false,
    "pattern": _pattern,
    "type": _type,
}


def plain_copy(value: Json) -> Json:
    """Return a value as plain JSON, so that it can be kept and compared."""
    return json.loads(json.dumps(value))  # type: ignore[no-any-return]
