"""A check gives the same verdict as jsonschema, or does not exist."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from qwave_batch.catalog.catalog_files import catalog_dates, open_catalog
from qwave_batch.fitting.schema_reading import fitting
from qwave_batch.spec.structure import structure_check

NOTHING: frozenset[str] = frozenset()
VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2, 1.0, 1.5, 0.0, 10**30, "", "a", "ab", "abc", "1", [], [1], [True], ["a", "a"],
    [1, 2], [[]], {}, {"a": 1}, {"a": True}, {"a": None}, {"b": "x"}, {"a": 1, "b": 2}, {"a": {"a": "b"}}, "a\n",
]  # fmt: skip

values = st.sampled_from(VALUES).map(copy.deepcopy)
plain = st.one_of(
    st.sampled_from(["array", "boolean", "integer", "null", "number", "object", "string"]).map(lambda t: {"type": t}),
    st.lists(st.sampled_from(["array", "integer", "string"]), min_size=1, unique=True).map(lambda t: {"type": t}),
    st.sampled_from([None, True, False, 0, 1, 1.0, "a"]).map(lambda value: {"const": value}),
    st.lists(st.sampled_from([None, True, 0, 1.0, "a", "ab"]), min_size=1).map(lambda given: {"enum": given}),
    st.sampled_from(
        [
            {"minimum": 1}, {"maximum": 1}, {"exclusiveMinimum": 0}, {"minLength": 2}, {"maxLength": 1},
            {"minItems": 1}, {"maxItems": 2}, {"minProperties": 1}, {"pattern": "^a"}, {"pattern": "b$"},
            {"required": ["a"]}, {}, {"description": "nothing"}, {"$ref": "#/$defs/other"},
        ]
    ),
    st.booleans(),
)  # fmt: skip


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["array", "object"]),
            "allOf": several, "anyOf": several, "oneOf": several, "not": inner, "items": inner, "properties": named,
            "additionalProperties": inner, "propertyNames": inner, "if": inner, "then": inner, "else": inner,
        },
    )  # fmt: skip


schemas = st.recursive(plain, nested, max_leaves=6).map(
    lambda made: {"$defs": {"other": {"type": "string"}}, "allOf": [made]}
)


@given(schema=schemas, value=values)
@settings(max_examples=500)
def test_a_check_says_what_the_reference_says(schema: Any, value: Any) -> None:
    check = fitting(schema, {}, NOTHING)
    assert check is not None
    assert check(value) == Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    "schema",
    [
        {"uniqueItems": True},
        {"patternProperties": {"a": {}}},
        {"properties": {"a": {"dependentRequired": {}}}},
        {"const": [1]},
        {"enum": [{"a": 1}]},
        {"$ref": "https://example.com/other.json"},
        {"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"},
    ],
)
def test_what_is_not_known_has_no_check(schema: dict[str, Any]) -> None:
    assert fitting(schema, {}, NOTHING) is None


def test_extension_keywords_are_asked_with_their_value() -> None:
    schema = {"properties": {"a": {"x-even": True}}, "x-note": "says nothing"}
    check = fitting(schema, {"x-even": lambda wanted, value: (value % 2 == 0) == wanted}, frozenset({"x-note"}))
    assert check is not None
    assert check({"a": 2})
    assert not check({"a": 3})
    assert fitting(schema, {}, NOTHING) is None


@pytest.mark.parametrize("date", catalog_dates())
def test_every_shipped_schema_has_a_check(date: str) -> None:
    assert structure_check() is not None
    assert [model.name for model in open_catalog(date).models.values() if model.fits is None] == []
