"""Holds what a spec says to schemas/spec.structure.schema.json."""

import json
from functools import cache

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem
from qwave_batch.resources import shipped
from qwave_batch.spec.marks import Marks
from qwave_batch.spec.structurewords import WORDS, Misfit, word_other


def structure_problems(value: Json, marks: Marks) -> list[Problem]:
    """Return everything about the spec's structure that the schema refuses."""
    problems: list[Problem] = []
    for error in _validator().iter_errors(value):
        misfit = _misfit(error)
        problems.extend(WORDS.get(misfit.keyword, word_other)(misfit, marks))
    return problems


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(shipped("schemas/spec.structure.schema.json").read_text(encoding="utf-8")))


def _misfit(error: ValidationError) -> Misfit:
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
