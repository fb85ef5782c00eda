"""The schema files as such: valid, free of typing mistakes, tolerable to a validator that knows no extension."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from qwave_batch.catalog.catalog_files import catalog_dates, open_catalog
from qwave_batch.catalog.keywords import ANNOTATIONS, KEYWORDS
from qwave_batch.resources import shipped
from tests.every_case import in_one_test

FILES = sorted(shipped("schemas").glob("*/*.schema.json"))
LISTED = [file for file in FILES if file.parent.name in catalog_dates()]
MODELS = [(date, name) for date in catalog_dates() for name in open_catalog(date).models]

PATH = {"type": "string", "pattern": r"^\w+(\.\w+)*$"}
VALUES: dict[str, dict[str, Any]] = {
    "x-sum": {
        "type": "object",
        "properties": {"of": {"type": "string"}, "is": {"type": "integer"}},
        "required": ["of", "is"],
        "additionalProperties": False,
    },
    "x-sameLength": {"type": "array", "items": {"type": "string"}, "minItems": 2, "uniqueItems": True},
    "x-total": {
        "type": "object",
        "properties": {
            "maximum": {"type": "integer"},
            "lengths": {"type": "array", "items": PATH},
            "numbers": {"type": "object", "propertyNames": PATH, "additionalProperties": {"type": "integer"}},
        },
        "required": ["maximum", "lengths", "numbers"],
        "additionalProperties": False,
    },
    "x-sameSizeAs": {"type": "string"},
    "x-product": {
        "type": "object",
        "properties": {
            "of": {"type": "array", "items": {"type": "string"}, "minItems": 2, "uniqueItems": True},
            "maximum": {"type": "integer"},
        },
        "required": ["of", "maximum"],
        "additionalProperties": False,
    },
    "x-message": {"type": "string", "minLength": 1},
    "x-rule": {
        "type": "object",
        "properties": {"field": {"type": "string"}, "message": {"type": "string", "minLength": 1}},
        "required": ["field", "message"],
        "additionalProperties": False,
    },
}
"""The metaschema of each extension keyword."""

STANDARD = {
    *("$schema", "$id", "$defs", "$ref", "title", "description", "default"),
    *("type", "enum", "const", "properties", "required", "additionalProperties", "items", "pattern"),
    *("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"),
    *("allOf", "anyOf", "oneOf", "not", "if", "then", "else"),
}


def read(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document


def schemas_in(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema within a schema, itself first."""
    if not isinstance(schema, dict):
        return
    yield schema
    for keyword, value in schema.items():
        match keyword:
            case "properties" | "$defs":
                parts = list(value.values())
            case "allOf" | "anyOf" | "oneOf":
                parts = value
            case "items" | "not" | "if" | "then" | "else" | "additionalProperties":
                parts = [value]
            case _:
                parts = []
        for part in parts:
            yield from schemas_in(part)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_vendors_file_is_valid_draft_2020_12(file: Path) -> None:
    schema = read(file)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:qwave-batch:{file.parent.name}:{file.name.removesuffix('.schema.json')}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_keyword_is_one_that_we_know(file: Path) -> None:
    """A mistyped keyword would check nothing, silently."""
    for schema in schemas_in(read(file)):
        assert set(schema) <= STANDARD | set(KEYWORDS) | ANNOTATIONS


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_extension_keywords_are_well_formed(file: Path) -> None:
    for schema in schemas_in(read(file)):
        for keyword in VALUES.keys() & schema.keys():
            Draft202012Validator(VALUES[keyword]).validate(schema[keyword])


def test_every_extension_keyword_has_its_metaschema() -> None:
    assert set(VALUES) == set(KEYWORDS) | ANNOTATIONS
    assert all(name.startswith("x-") for name in VALUES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_part_of_a_file_is_used(file: Path) -> None:
    schema = read(file)
    used = {part["$ref"] for part in schemas_in(schema) if "$ref" in part}
    assert used == {f"#/$defs/{name}" for name in schema["$defs"]}


@pytest.mark.parametrize("file", LISTED, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_model_of_a_file_is_in_its_catalog(file: Path) -> None:
    if file.parent.name not in catalog_dates():
        pytest.skip(f"{file.parent.name} has no catalog.yaml yet")
    listed = {name for name, model in open_catalog(file.parent.name).models.items() if model.vendor in file.name}
    described = {part["$ref"].removeprefix("#/$defs/") for part in read(file)["oneOf"]}
    assert described == {name for name in listed if name in read(file)["$defs"]}


@in_one_test(("date", "name"), MODELS)
def test_a_models_schema_stands_alone(date: str, name: str) -> None:
    schema = json.loads(json.dumps(open_catalog(date).model(name).schema))
    Draft202012Validator.check_schema(schema)
    assert "$ref" not in json.dumps(schema)
    assert schema["additionalProperties"] is False
    assert schema["title"] == name


@in_one_test(("date", "name"), MODELS)
def test_a_rule_names_a_field_of_its_model(date: str, name: str) -> None:
    model = open_catalog(date).model(name)
    for schema in schemas_in(model.schema):
        if "x-rule" in schema:
            assert schema["x-rule"]["field"] in model.fields


@in_one_test(("date", "name"), MODELS)
def test_every_field_is_described_and_its_default_is_valid(date: str, name: str) -> None:
    for field, schema in open_catalog(date).model(name).fields.items():
        assert schema["description"], field
        if "default" in schema:
            Draft202012Validator(schema).validate(schema["default"])


@in_one_test(("date", "name"), MODELS)
def test_a_plain_validator_passes_over_the_extensions(date: str, name: str) -> None:
    model = open_catalog(date).model(name)
    plain = Draft202012Validator(model.schema)
    assert plain.is_valid({"model": name, "prompt": "A fox"})
    assert not plain.is_valid({"model": name, "prompt": "A fox", "no_such_field": 1})


@pytest.mark.parametrize("date", catalog_dates())
def test_a_catalog_file_has_the_date_of_its_folder(date: str) -> None:
    listing = yaml.safe_load((shipped("schemas") / date / "catalog.yaml").read_text(encoding="utf-8"))
    assert listing["catalog"] == date
    assert not set(listing["gone"]) & set(listing["models"])


def test_no_code_of_the_catalog_names_a_vendor_or_a_model() -> None:
    names = {name for date in catalog_dates() for name in open_catalog(date).models}
    names |= {model.vendor for date in catalog_dates() for model in open_catalog(date).models.values()}
    names |= {"openai", "seedream", "gemini", "imagen", "qwen-", "wan2", "bytedance"}
    for file in Path(__file__).parents[3].joinpath("qwave_batch/catalog").glob("*.py"):
        code = file.read_text(encoding="utf-8").casefold()
        assert not [name for name in names if name in code], file.name
