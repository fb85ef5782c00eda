"""Holds what a spec says to schemas/spec.structure.schema.json."""

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from qwave_batch.fitting.checks import Check
from qwave_batch.fitting.reading import fitting
from qwave_batch.later import later
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem
from qwave_batch.resources import shipped
from qwave_batch.spec.marks import Marks
from qwave_batch.spec.structurewords import WORDS, Misfit, word_other

if TYPE_CHECKING:
    import jsonschema
else:
    jsonschema = later("jsonschema")


def structure_problems(value: Json, marks: Marks) -> list[Problem]:
    """Return everything about the spec's structure that the schema refuses."""
    fits = structure_check()
    if fits is not None and fits(value):
        return []
    problems: list[Problem] = []
    for error in _validator().iter_errors(value):
        misfit = _misfit(error)
        problems.extend(WORDS.get(misfit.keyword, word_other)(misfit, marks))
    return problems


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(shipped("schemas/spec.structure.schema.json").read_text(encoding="utf-8"))
    return schema


@cache
def structure_check() -> Check | None:
    """Return the verdict of the schema without its reasons, or None where only the reference knows it."""
    return fitting(_schema(), {}, frozenset())


@cache
def _validator() -> "jsonschema.Draft202012Validator":
    return jsonschema.Draft202012Validator(_schema())


def _misfit(error: "jsonschema.ValidationError") -> Misfit:
    root = _validator().schema
    return Misfit(
        keyword=error.validator if isinstance(error.validator, str) else "",
        wanted=error.validator_value,
        value=error.instance,
        path=tuple(error.absolute_path),
        schema=error.schema if isinstance(error.schema, dict) else {},
        root=root if isinstance(root, dict) else {},
        is_name="propertyNames" in error.absolute_schema_path,
        message=error.message,
    )
