"""Holds what a spec says to schemas/spec.structure.schema.json."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import Any

from qwave_batch import lazy
from qwave_batch.errors import nearest
from qwave_batch.fitting.schema_checks import Check
from qwave_batch.fitting.schema_reading import fitting
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import MOST_PROBLEMS, Problem, first_problems
from qwave_batch.resources import shipped
from qwave_batch.spec.layers import Layer
from qwave_batch.spec.structure_messages import MESSAGES, SchemaViolation, other_message, unknown_key
from qwave_batch.spec.yaml.source_map import Mark, SourceMap

_FEW = 100  # prompts
_GUESSES = 200  # unknown keys; to guess what one is meant for takes longer than to find it
_SMALLEST = {"version": 1, "name": "smallest", "catalog": "2026-01"}
"""With a sound prompt, a spec that fits."""


def structure_problems(value: Json, source_map: SourceMap) -> list[Problem]:
    """Return everything about the spec's structure that the schema refuses."""
    fits = structure_check()
    if fits is not None and fits(value):
        return []
    return first_problems(_problems(value, source_map, fits))


def _problems(value: Json, source_map: SourceMap, fits: Check | None) -> Iterator[Problem]:
    value, positions = _without_sound_prompts(value, fits)
    for error in _validator().iter_errors(value):
        violation = _violation(error, positions)
        yield from MESSAGES.get(violation.keyword, other_message)(violation, source_map)


def _without_sound_prompts(value: Json, fits: Check | None) -> tuple[Json, list[int] | None]:
    """Return a spec of many prompts with those that the schema refuses, and their positions; any other as it is.

    The validator that knows the reasons takes as long for each prompt as a hundred of the check without them.
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
    """Whether the schema takes a spec, whatever stands where it takes anything."""
    fits = structure_check()
    return fits(value) if fits is not None else next(_validator().iter_errors(value), None) is None


def with_known_keys(layer: Layer) -> tuple[Layer, list[Problem]]:
    """Return a spec with its unknown keys under the names that they were meant to have, and a problem for each.

    So what stands under them is held to the same rules as under the right name. A key that is meant for one that is
    there too, or for none, is left out.
    """
    if not isinstance(layer.value, Mapping):
        return layer, []
    known = tuple(_schema()["properties"])
    source_map, fields = SourceMap(layer.mark), dict[str, Json]()
    below: dict[str | int, Mark] = {}
    problems: list[Problem] = []
    for key, item in layer.value.items():
        name: str | None = key
        if key not in known:
            if len(problems) <= MOST_PROBLEMS:
                problems.append(unknown_key((key,), known, source_map))
            meant = nearest(key, known) if len(problems) <= _GUESSES else None
            name = meant if meant not in layer.value and meant not in fields else None
        if name is not None:
            fields[name], below[name] = item, layer.mark.below[key]
    return Layer(fields, replace(layer.mark, below=below)), problems


@cache
def structure_check() -> Check | None:
    """Return the verdict of the schema without its reasons, or None where only the reference knows it."""
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
