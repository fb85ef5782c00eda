"""Builds the validator of a model: JSON Schema 2020-12 with the extension keywords, over any JSON value."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.protocols import Validator

from qwave_batch.catalog.keywords import KEYWORDS, Keyword
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


def _refusing(keyword: Keyword) -> Callable[[Any, Any, Any, Any], Iterator[ValidationError]]:
    """Return a keyword as jsonschema calls it: validator, the keyword's value, the instance, the schema around it."""

    def refuse(_validator: Any, wanted: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        if (words := keyword(wanted, instance)) is not None:
            yield ValidationError(words)

    return refuse


_extend: Any = validators.extend
_KEYWORDS = {name: _refusing(keyword) for name, keyword in KEYWORDS.items()}
_RequestValidator: Any = _extend(Draft202012Validator, validators=_KEYWORDS, type_checker=_TYPES)


def request_validator(schema: JsonObject) -> Validator:
    """Return a validator for requests that a model's schema describes; it takes a moment to build."""
    validator: Validator = _RequestValidator(schema)
    return validator
