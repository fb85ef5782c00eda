"""Checks manifest lines by schemas/manifest.schema.json."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from typing import Any

from qwave_batch import lazy
from qwave_batch.fitting.schema_checks import Check
from qwave_batch.fitting.schema_reading import fitting
from qwave_batch.resources import shipped

_SHOWN_CHARACTERS = 80
_SHOWN_NAMES = 3


def manifest_schema() -> dict[str, Any]:
    """Return the JSON Schema of a manifest line."""
    schema: dict[str, Any] = json.loads(shipped("schemas/manifest.schema.json").read_text(encoding="utf-8"))
    return schema


def schema_faults(line: Any) -> Iterator[str]:
    """Yield a sentence for each violation of the schema by a line, in a stable order."""
    if not isinstance(line, dict):
        yield "the line is no JSON object"
        return
    fits = _check()
    if fits is not None and fits(line):
        return
    errors = sorted(_validator().iter_errors(line), key=lambda error: list(map(str, error.absolute_path)))
    for (validator, where), alike in groupby(errors, lambda error: (error.validator, _where(error))):
        if validator == "required":
            error = next(alike)  # there is one of each name, and each knows them all
            names = [name for name in error.validator_value if name not in error.instance]
            yield f"{where + ': ' if where else ''}{_listed(names)} {'is' if len(names) == 1 else 'are'} missing"
        else:
            yield from (_sentence(error) for error in alike)


@cache
def _check() -> Check | None:
    """Return the check of what is right, which nearly all lines are; the validator says why one is not."""
    return fitting(manifest_schema(), {"uniqueItems": _are_different_texts}, frozenset())


def _are_different_texts(is_wanted: object, value: object) -> bool:
    """Whether no text is twice in a list of texts; of others the validator judges."""
    if not isinstance(value, list) or not is_wanted:
        return True
    return all(isinstance(each, str) for each in value) and len(set(value)) == len(value)


@cache
def _validator() -> "lazy.jsonschema.Draft202012Validator":
    schema = manifest_schema()
    definitions = schema.pop("$defs")
    return lazy.jsonschema.Draft202012Validator(_inlined(schema, definitions))


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """Return the schema with inlined definitions, which halves the time per line."""
    if isinstance(schema, dict):
        inner = {key: _inlined(value, definitions) for key, value in schema.items() if key != "$ref"}
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            inner = {**_inlined(definitions[name], definitions), **inner}
        return inner
    if isinstance(schema, list):
        return [_inlined(value, definitions) for value in schema]
    return schema


def _where(error: "lazy.jsonschema.ValidationError") -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN_NAMES])
    return f"{shown} and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else shown


def _sentence(error: "lazy.jsonschema.ValidationError") -> str:
    where, message = _where(error), error.message
    if len(message) > _SHOWN_CHARACTERS * 2:
        message = f"{message[:_SHOWN_CHARACTERS]} ... {message[-_SHOWN_CHARACTERS:]}"
    return f"{where}: {message}" if where else message
