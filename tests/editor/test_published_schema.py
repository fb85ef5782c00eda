"""schemas/spec.schema.json is what the catalog and the structure of specs make it, and names all of both."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from qwave_batch import open_catalog
from qwave_batch.catalog import catalog_dates, json_schema, newest_catalog
from qwave_batch.catalog.request_fields import choices_of
from qwave_batch.resources import shipped

PUBLISHED: dict[str, Any] = json.loads(shipped("schemas/spec.schema.json").read_text(encoding="utf-8"))
CATALOG = open_catalog(newest_catalog())
FIELDS = PUBLISHED["$defs"]["fields"]["properties"]


def test_it_is_not_stale() -> None:
    """RecoveredSpec by: qwave-batch schema spec > schemas/spec.schema.json."""
    made = json_schema("spec", catalog=newest_catalog())
    assert made == PUBLISHED, "run: qwave-batch schema spec > schemas/spec.schema.json"


@pytest.mark.parametrize("date", catalog_dates())
def test_it_is_valid_itself_for_every_catalog(date: str) -> None:
    Draft202012Validator.check_schema(json_schema("spec", catalog=date))


def test_every_field_of_every_model_is_offered_where_fields_may_stand() -> None:
    names = CATALOG.fields | CATALOG.callback_fields
    assert set(FIELDS) == names - {"prompt"}
    assert PUBLISHED["$defs"]["matrix"]["properties"].keys() == set(FIELDS) | {"exclude", "include"}
    for part in ("request", "combination"):
        assert PUBLISHED["$defs"][part]["$ref"] == "#/$defs/fields"


def test_every_value_that_a_model_offers_is_offered() -> None:
    for name, field in FIELDS.items():
        of_models = (choices_of(model.fields.get(name, {})) for model in CATALOG.models.values())
        offered = {*field.get("examples", ()), *field.get("anyOf", [{}])[0].get("enum", ())}
        assert {value for choices in of_models for value in choices} <= offered, name


def test_every_model_is_named_with_its_price() -> None:
    models = FIELDS["model"]["anyOf"][0]
    assert models["enum"] == list(CATALOG.models)
    for model, words in zip(CATALOG.models.values(), models["enumDescriptions"], strict=True):
        assert str(model.price) in words
    assert PUBLISHED["properties"]["limits"]["properties"]["models"]["properties"].keys() == CATALOG.models.keys()


def keys(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key that a schema knows, with what is said about it."""
    if isinstance(schema, list):
        for number, below in enumerate(schema):
            yield from keys(below, f"{path}/{number}")
    elif isinstance(schema, dict):
        for name, own in schema.get("properties", {}).items():
            if own != {"not": {}}:
                yield f"{path}/{name}", own
        for step, below in schema.items():
            yield from keys(below, f"{path}/{step}")


def test_every_key_has_a_text_to_hover_over() -> None:
    for path, own in keys(PUBLISHED):
        target = PUBLISHED["$defs"].get(own.get("$ref", "").rpartition("/")[2], {})
        text = own.get("description") or target.get("description", "")
        assert len(text) > 10, path
        assert text.endswith("."), path


def test_a_description_says_which_models_take_which_values() -> None:
    said = FIELDS["output_format"]["description"].splitlines()
    assert said[0] == "File format of the image."
    assert "- gpt-image-1, gpt-image-1.5: png, jpeg; default png." in said
    assert FIELDS["seed"]["description"].endswith("- the other 7 that take it: a whole number.")
    of_may: dict[str, Any] = dict(json_schema("spec", catalog="2026-05"))
    older = of_may["$defs"]["fields"]["properties"]
    assert "- gpt-image-2: png, jpeg, webp; default png." in older["output_format"]["description"].splitlines()
    assert older["seed"]["description"].endswith("All models: a whole number, at least -1; default -1.")
