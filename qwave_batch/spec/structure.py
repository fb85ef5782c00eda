"""Checks a spec against schemas/spec.structure.schema.json."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import Any

from qwave_batch import lazy
from qwave_batch.fitting.schema_checks import Check
from qwave_batch.fitting.schema_reading import fitting
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.problem import MOST_PROBLEMS, Problem, first_problems
from qwave_batch.resources import shipped
from qwave_batch.spec.layers import Layer
from qwave_batch.spec.structure_messages import (
    MESSAGES,
    SchemaViolation,
    cannot_remove,
    guessed_key,
    key_of_whole,
    missing_key,
    other_message,
    unknown_key,
)
from qwave_batch.spec.yaml.source_map import Mark, SourceMap

_FEW = 100  # prompts; the slow validator may check so many
_GUESSES = 200  # unknown keys; a guess takes longer than finding the key
_SMALLEST = {"version": 1, "name": "smallest", "catalog": "2026-01"}
"""A valid spec, but for its missing prompts."""
_STAGE = {"$ref": "#/$defs/stage"}
_OF_CHILDREN = ("text", "id", "tags", "meta", "where", "pick")
"""Keys of stages with ``from_stage``."""


def structure_problems(value: Json, source_map: SourceMap) -> list[Problem]:
    """Return all problems of the spec's structure."""
    fits = structure_check()
    if fits is not None and fits(value):
        return []
    return first_problems(_problems(value, source_map, fits))


def block_problems(block: Json, source_map: SourceMap) -> list[Problem]:
    """Return all problems of the structure of a stage's block; the source map has its place."""
    fits = structure_check()
    if fits is not None and fits({**_SMALLEST, "stages": [block]}):
        return []
    return first_problems(_problems(block, source_map, fits, _STAGE))


def _problems(
    value: Json, source_map: SourceMap, fits: Check | None, schema: Mapping[str, str] | None = None
) -> Iterator[Problem]:
    value, positions = _without_sound_prompts(value, fits)
    checked = _validator().iter_errors(value) if schema is None else _validator().descend(value, schema)
    for error in checked:
        violation = _violation(error, positions)
        yield from MESSAGES.get(violation.keyword, other_message)(violation, source_map)


def with_catalog_dates(problem: Problem) -> Problem:
    """Return a problem of a catalog's date that says which dates there are, and what to write; any other unchanged."""
    if problem.path not in {"catalog", "catalog.date"} or problem.severity != "error":
        return problem
    newest, *older = _schema()["properties"]["catalog"]["examples"]
    key = "date" if problem.path == "catalog.date" or problem.message == missing_key("date") else "catalog"
    write = f'write {key}: "{newest}"'
    return replace(
        problem,
        allowed=(*reversed(older), newest),
        suggestion=f"{problem.suggestion}; {write}" if problem.suggestion == cannot_remove("catalog") else write,
        next_step=Advice(NextStep.PIN_CATALOG),
    )


def _without_sound_prompts(value: Json, fits: Check | None) -> tuple[Json, list[int] | None]:
    """Return a spec of many prompts with only the invalid ones, and their positions; any other spec unchanged.

    The validator that gives reasons takes a hundred times as long as the check without them.
    """
    prompts = value.get("prompts") if isinstance(value, Mapping) else None
    if fits is None or not isinstance(value, Mapping) or not isinstance(prompts, list) or len(prompts) <= _FEW:
        return value, None
    refused = (number for number, prompt in enumerate(prompts) if not fits({**_SMALLEST, "prompts": [prompt]}))
    positions = list(islice(refused, MOST_PROBLEMS + 1)) or [0]
    return {**value, "prompts": [prompts[position] for position in positions]}, positions


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(shipped("schemas/spec.structure.schema.json").read_text(encoding="utf-8"))
    return schema


def is_structured(value: Json) -> bool:
    """Whether a spec is valid by the schema; unknown values may be anywhere that any value may be."""
    fits = structure_check()
    return fits(value) if fits is not None else next(_validator().iter_errors(value), None) is None


def with_known_keys(layer: Layer) -> tuple[Layer, list[Problem]]:
    """Return a spec with its unknown keys renamed to the likely intended ones, and a problem for each.

    So their values are checked as well. A key without a likely name, or whose likely name is taken, is dropped.
    """
    return _with_keys(layer, tuple(_schema()["properties"]), SourceMap(layer.mark))


def block_with_known_keys(layer: Layer, source_map: SourceMap) -> tuple[Layer, list[Problem]]:
    """Return the block of a stage with its unknown keys renamed, and a problem for each, as ``with_known_keys`` does.

    A key that holds for the whole spec is dropped.
    """
    schema = _schema()
    known = tuple(schema["$defs"]["stage"]["properties"])
    if isinstance(layer.value, Mapping) and "from_stage" not in layer.value:
        known = tuple(key for key in known if key not in _OF_CHILDREN or key in layer.value)
    elsewhere = schema["properties"].keys() - set(known) - set(_OF_CHILDREN)
    return _with_keys(layer, known, source_map, elsewhere)


def _with_keys(
    layer: Layer, known: Sequence[str], source_map: SourceMap, elsewhere: Collection[str] = ()
) -> tuple[Layer, list[Problem]]:
    if not isinstance(layer.value, Mapping):
        return layer, []
    fields, below = dict[str, Json](), dict[str | int, Mark]()
    problems: list[Problem] = []
    for key, item in layer.value.items():
        name: str | None = key
        if key in elsewhere:
            problems.append(key_of_whole(key, source_map))
            continue
        if key not in known:
            if len(problems) <= MOST_PROBLEMS:
                problems.append(unknown_key((key,), known, source_map))
            meant = guessed_key(key, known) if len(problems) <= _GUESSES else None
            name = meant if meant not in layer.value and meant not in fields else None
        if name is not None:
            fields[name], below[name] = item, layer.mark.below[key]
    return Layer(fields, replace(layer.mark, below=below)), problems


@cache
def structure_check() -> Check | None:
    """Return a fast check by the schema that gives no reasons, or None if only the reference validator can check it."""
    return fitting(_schema(), {}, frozenset())


@cache
def _validator() -> "lazy.jsonschema.Draft202012Validator":
    return lazy.jsonschema.Draft202012Validator(_schema())


def _violation(error: "lazy.jsonschema.ValidationError", positions: list[int] | None) -> SchemaViolation:
    root = _validator().schema
    path = tuple(error.absolute_path)
    if positions is not None and path[:1] == ("prompts",) and len(path) > 1:
        path = ("prompts", positions[int(path[1])], *path[2:])
    return SchemaViolation(
        keyword=error.validator if isinstance(error.validator, str) else "",
        wanted=error.validator_value,
        value=error.instance,
        path=path,
        schema=error.schema if isinstance(error.schema, dict) else {},
        root=root if isinstance(root, dict) else {},
        is_name="propertyNames" in error.absolute_schema_path,
        message=error.message,
    )
