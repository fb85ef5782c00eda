"""schemas/spec.structure.schema.json is a valid schema, and every keyword in it has a message of our own."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from qwave_batch.catalog import catalog_dates
from qwave_batch.resources import shipped
from qwave_batch.spec.structure_messages import MESSAGES
from tests.every_case import in_one_test

SCHEMA: dict[str, Any] = json.loads(shipped("schemas/spec.structure.schema.json").read_text(encoding="utf-8"))
SILENT = {
    "$defs", "$ref", "$schema", "additionalProperties", "allOf", "default", "description", "else", "examples", "if",
    "items",    "patternErrorMessage", "properties", "propertyNames", "then", "title",
}  # fmt: skip
"""Keywords that refuse nothing themselves, or whose refusal is worded where it is used."""


def subschemas(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside of a schema, itself included."""
    if not isinstance(schema, dict):
        return
    yield schema
    for key in ("properties", "$defs"):
        for below in schema.get(key, {}).values():
            yield from subschemas(below)
    for key in ("items", "additionalProperties", "propertyNames", "if", "then", "else", "not"):
        yield from subschemas(schema.get(key))


def described(schema: dict[str, Any], name: str) -> str:
    own = schema["properties"][name]
    if "$ref" in own and "description" not in own:
        own = SCHEMA["$defs"][own["$ref"].rpartition("/")[2]]
    return str(own.get("description", ""))


KEYS = [
    pytest.param(schema, name, id=f"{number}-{name}")
    for number, schema in enumerate(subschemas(SCHEMA))
    for name, own in schema.get("properties", {}).items()
    if own != {"not": {}}
]


def test_it_is_valid_itself() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@in_one_test(("schema", "name"), KEYS)
def test_every_key_has_a_text_to_hover_over(schema: dict[str, Any], name: str) -> None:
    text = described(schema, name)
    assert len(text) > 10
    assert text.endswith(".")


def test_every_keyword_that_can_refuse_is_worded() -> None:
    used = {keyword for schema in subschemas(SCHEMA) for keyword in schema}
    assert used - SILENT <= MESSAGES.keys()


def test_every_pattern_says_what_it_wants() -> None:
    for schema in subschemas(SCHEMA):
        assert ("pattern" in schema) <= ("patternErrorMessage" in schema)


@pytest.mark.parametrize("name", ["Try", "a b", "", "-a", "a-", "a/b", "../x", "a\n", "é", "a" * 101, "."])
def test_a_name_that_is_no_slug_is_refused(name: str) -> None:
    assert not Draft202012Validator({**SCHEMA["properties"]["name"]}).is_valid(name)


@pytest.mark.parametrize("name", ["a", "7", "teahouse-ab", "a.b_c", "v1.2.0", "a--b", "a" * 100])
def test_a_slug_is_a_name(name: str) -> None:
    assert Draft202012Validator({**SCHEMA["properties"]["name"]}).is_valid(name)


def test_the_dates_that_a_spec_without_a_catalog_is_told_of_are_all_there_are() -> None:
    """A spec knows no catalog; its schema names them, the newest first, as init writes it."""
    assert SCHEMA["properties"]["catalog"]["examples"] == list(reversed(catalog_dates()))
