"""Builds the validator of a model: JSON Schema 2020-12 with the extension keywords, over any JSON value."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from qwave_batch import lazy
from qwave_batch.catalog.keywords import KEYWORDS, Keyword
from qwave_batch.fitting.schema_checks import is_number
from qwave_batch.model.jsontypes import JsonObject

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator


def _is_object(_checker: object, instance: object) -> bool:
    return isinstance(instance, Mapping)


def _is_array(_checker: object, instance: object) -> bool:
    return isinstance(instance, list | tuple)


def _is_number(_checker: object, instance: object) -> bool:
    return is_number(instance)


def _refusing(keyword: Keyword) -> Callable[[Any, Any, Any, Any], Iterator["ValidationError"]]:
    """Wrap a keyword as jsonschema calls it: validator, the keyword's value, the instance, the surrounding schema."""

    def refuse(_validator: Any, wanted: Any, instance: Any, _schema: Any) -> Iterator["ValidationError"]:
        if (words := keyword(wanted, instance)) is not None:
            yield lazy.jsonschema.ValidationError(words)

    return refuse


@cache
def _validator_class() -> Any:
    draft = lazy.jsonschema.Draft202012Validator
    # requests are read-only values: a mapping need not be a dict, nor a sequence a list; and JSON has no NaN
    types = draft.TYPE_CHECKER.redefine_many({"object": _is_object, "array": _is_array, "number": _is_number})
    keywords = {name: _refusing(keyword) for name, keyword in KEYWORDS.items()}
    extend: Any = lazy.jsonschema.validators.extend
    return extend(draft, validators=keywords, type_checker=types)


def request_validator(schema: JsonObject) -> "Validator":
    """Return a validator for the requests of a model's schema; building it takes a moment."""
    validator: Validator = _validator_class()(schema)
    return validator
