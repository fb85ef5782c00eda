"""Builds the validator of a model: JSON Schema 2020-12 with the extension keywords, over any JSON value."""

import math
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.protocols import Validator

from qwave_batch.catalog.keywords import KEYWORDS
from qwave_batch.model.jsontypes import JsonObject


def _is_object(_checker: object, instance: object) -> bool:
    return isinstance(instance, Mapping)


def _is_array(_checker: object, instance: object) -> bool:
    return isinstance(instance, list | tuple)


def _is_number(_checker: object, instance: object) -> bool:
    return isinstance(instance, int | float) and not isinstance(instance, bool) and math.isfinite(instance)


# requests are read-only values: a mapping need not be a dict, nor a sequence a list; and JSON has no NaN
_TYPES = Draft202012Validator.TYPE_CHECKER.redefine_many(
    {"object": _is_object, "array": _is_array, "number": _is_number}
)
_extend: Any = validators.extend
_RequestValidator: Any = _extend(Draft202012Validator, validators=dict(KEYWORDS), type_checker=_TYPES)


def request_validator(schema: JsonObject) -> Validator:
    """Return a validator for requests that a model's schema describes; it takes a moment to build."""
    validator: Validator = _RequestValidator(schema)
    return validator
