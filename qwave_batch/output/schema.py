"""Whether an object is a manifest line by schemas/manifest.schema.json."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from qwave_batch.resources import shipped

_SHOWN_CHARACTERS = 80


def manifest_schema() -> dict[str, Any]:
    """Return the JSON Schema of a manifest line."""
    schema: dict[str, Any] = json.loads(shipped("schemas/manifest.schema.json").read_text(encoding="utf-8"))
    return schema


def schema_faults(line: Any) -> Iterator[str]:
    """Yield a sentence for everything in a line that the schema does not allow, in a stable order."""
    for error in sorted(_validator().iter_errors(line), key=lambda error: list(map(str, error.absolute_path))):
        yield _sentence(error)


@cache
def _validator() -> Draft202012Validator:
    schema = manifest_schema()
    definitions = schema.pop("$defs")
    return Draft202012Validator(_inlined(schema, definitions))


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """Return the schema with definitions where they are referred to, which halves the time of a line."""
    if isinstance(schema, dict):
        inner = {key: _inlined(value, definitions) for key, value in schema.items() if key != "$ref"}
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            inner = {**_inlined(definitions[name], definitions), **inner}
        return inner
    if isinstance(schema, list):
        return [_inlined(value, definitions) for value in schema]
    return schema


def _sentence(error: ValidationError) -> str:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
    message = error.message
    if len(message) > _SHOWN_CHARACTERS * 2:
        message = f"{message[:_SHOWN_CHARACTERS]} ... {message[-_SHOWN_CHARACTERS:]}"
    return f"{where}: {message}" if where else message
