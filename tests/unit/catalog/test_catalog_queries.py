import json

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.catalog.catalog_queries import catalog_as_json, model_as_json

CATALOG = open_catalog("2026-05")


@pytest.mark.parametrize("name", CATALOG.models)
def test_a_description_is_json(name: str) -> None:
    described = json.loads(json.dumps(model_as_json(CATALOG.model(name))))
    assert described["name"] == name
    assert [field["name"] for field in described["fields"]] == list(CATALOG.model(name).fields)
    assert all(field["description"] and field["type"] for field in described["fields"])


def test_a_catalog_is_described_model_by_model() -> None:
    described = json.loads(json.dumps(catalog_as_json(CATALOG)))
    assert described["catalog"] == "2026-05"
    assert [model["name"] for model in described["models"]] == list(CATALOG.models)
    assert described["gone"] == {}


def test_a_field_is_described_with_type_range_and_default() -> None:
    described = json.loads(json.dumps(model_as_json(CATALOG.model("gpt-image-2"))))
    fields = {field["name"]: field for field in described["fields"]}
    assert fields["output_compression"] == {
        "name": "output_compression",
        "type": "integer",
        "required": False,
        "values": [],
        "minimum": 0,
        "maximum": 100,
        "default": None,
        "description": "Compression in percent, for jpeg and webp only.",
    }
    assert (fields["resolution"]["type"], fields["resolution"]["values"]) == ("string", ["1k", "2k", "4k"])
    assert [name for name, field in fields.items() if field["required"]] == ["model", "prompt"]


def test_rules_between_fields_are_told() -> None:
    described = model_as_json(CATALOG.model("wan2.7-image"))["rules"]
    assert isinstance(described, list)
    assert 'action "interactive_edit" needs bbox_list' in described
    assert "n is at most 4, with enable_sequential at most 12" in described
    assert not any("{" in str(rule) for rule in described)


def test_price_and_surcharge_are_told_apart() -> None:
    described = json.loads(json.dumps(model_as_json(CATALOG.model("z-image-turbo"))))
    assert described["price"]["usd_per_image"] == "0.010625"
    assert described["price"]["surcharges"] == [
        {"when": {"prompt_extend": True}, "usd": None, "note": "prompt_extend costs extra; how much is not documented"}
    ]
