"""The models of October 2026 against the facts themselves, word by word, where these are at hand."""

import math
from typing import Any

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.catalog.request_fields import choices_of
from tests.documented_facts import StatedModel, documented_facts, stated_models
from tests.every_case import in_one_test
from tests.request_cases import DATA_URI, Blame, blames, images, unknown
from tests.vendor_models import VendorModel

if documented_facts("2026-10") is None:
    pytest.skip("the facts of October 2026 are not at hand; QWAVE_FACTS can name their folder", allow_module_level=True)

CATALOG = open_catalog("2026-10")
STATED = stated_models()
VENDORS = list(dict.fromkeys(stated.vendor for stated in STATED.values()))
TYPES = {"boolean", "integer", "number", "object", "string"}
"""Other types are described in words."""
SAMPLES: dict[str, Any] = {
    "prompt": "A fox",
    "ref_task_id": "task-wave1",
    "index": 1,
    "direction": "left",
    "mask_url": DATA_URI,
    "image_urls": images(1),
}


def sample(stated: StatedModel, action: str) -> dict[str, Any]:
    """Return the least that an action needs."""
    actions = stated.says("actions")
    needed = list(actions[action]["required"]) if isinstance(actions, dict) else ["prompt"]
    if stated.references(action)[0]:
        needed.append("image_urls")
    return {"model": stated.name, "action": action, **{field: SAMPLES[field] for field in needed}}


def found(name: str, request: dict[str, Any]) -> list[Blame]:
    return blames(VendorModel(CATALOG.model(name)).judged(request))


def test_the_models_are_these_and_stand_in_this_order() -> None:
    assert [(model.vendor, name) for name, model in CATALOG.models.items()] == [
        (stated.vendor, name) for name, stated in STATED.items()
    ]


def test_there_are_44_models_of_10_vendors() -> None:
    assert (len(STATED), len(VENDORS)) == (44, 10)


@in_one_test("name", STATED)
def test_a_model_takes_these_fields_and_no_other(name: str) -> None:
    assert set(CATALOG.model(name).fields) == STATED[name].fields
    assert not STATED[name].refused & set(CATALOG.model(name).fields)


@in_one_test("name", STATED)
def test_a_refused_field_is_blamed_by_its_name(name: str) -> None:
    stated = STATED[name]
    for field in stated.refused:
        assert found(name, {**sample(stated, stated.actions[0]), field: SAMPLES.get(field, 1)}) == [unknown(field)]


@in_one_test("name", STATED)
def test_choices_are_those_that_are_stated(name: str) -> None:
    stated, fields = STATED[name], CATALOG.model(name).fields
    listed = ["action", *(field for field in ("aspect_ratio", "resolution") if field in fields), *stated.own_fields]
    for field in listed:
        offered, choices = choices_of(fields[field]), stated.choices(field)
        assert (set(offered), len(offered)) == (set(choices), len(choices)), field


@in_one_test("name", STATED)
def test_types_and_ranges_are_those_that_are_stated(name: str) -> None:
    fields = CATALOG.model(name).fields
    for field, spec in STATED[name].own_fields.items():
        bounds = ["minimum", "maximum"] if "pattern" in fields[field] else ["minimum", "maximum", "maxLength"]
        for bound in bounds:  # an image as text has the length that May stated for all images
            assert fields[field].get(bound) == spec.get(bound), (field, bound)
        if (kind := spec.get("type")) in TYPES:
            assert fields[field].get("type", "string") == kind, field


@in_one_test("name", STATED)
def test_defaults_are_those_that_are_stated(name: str) -> None:
    assert CATALOG.model(name).defaults == STATED[name].defaults


@in_one_test(("name", "action"), [(name, action) for name, one in STATED.items() for action in one.actions])
def test_an_action_takes_as_many_images_and_input_images_as_stated(name: str, action: str) -> None:
    stated = STATED[name]
    request = sample(stated, action)
    assert found(name, request) == []
    if (most := stated.most_images(action)) is not None:
        assert found(name, {**request, "n": 1}) == []
        assert found(name, {**request, "n": most}) == []
        assert [one.field for one in found(name, {**request, "n": most + 1})] == ["n"]
    least, ceiling = stated.references(action)
    for count in {least, max(least, 1), 40 if math.isinf(ceiling) else int(ceiling)} - {0}:
        is_taken = least <= count <= ceiling
        assert (found(name, {**request, "image_urls": images(count)}) == []) == is_taken, count
    if not math.isinf(ceiling):
        beyond = found(name, {**request, "image_urls": images(int(ceiling) + 1)})
        assert [one.field for one in beyond] == ["image_urls"]
    if least:
        del request["image_urls"]
        assert "image_urls" in [one.field for one in found(name, request)]


CHAINED = [name for name, one in STATED.items() if isinstance(one.says("actions"), dict)]


@pytest.mark.parametrize("name", CHAINED)
def test_an_action_of_its_own_needs_what_is_stated(name: str) -> None:
    stated = STATED[name]
    for action, says in stated.says("actions").items():
        for field in says["required"]:
            request = sample(stated, action)
            del request[field]
            assert [one.field for one in found(name, request)] == [field], action


@pytest.mark.parametrize("name", CHAINED)
def test_a_field_goes_with_the_stated_actions_only(name: str) -> None:
    stated = STATED[name]
    by_action = {field: spec["actions"] for field, spec in stated.says("fields_by_action").items()}
    by_action |= {field: ["imagine"] for field in stated.says("fields_of_imagine")}
    by_action["ref_task_id"] = stated.actions[1:]
    for field, actions in by_action.items():
        companion = stated.own_fields[field].get("note", "").removeprefix("with ")
        for action in stated.actions:
            request = sample(stated, action) | {field: value_of(stated, field)}
            if companion in stated.own_fields:
                request[companion] = SAMPLES["mask_url"]
            assert (found(name, request) == []) == (action in actions), (field, action)


def value_of(stated: StatedModel, field: str) -> Any:
    spec = stated.own_fields[field]
    if field in SAMPLES:
        return SAMPLES[field]
    if "URL" in spec.get("note", ""):
        return DATA_URI
    if choices := stated.choices(field):
        return choices[0]
    return {"integer": spec.get("minimum", 7), "number": spec.get("minimum", 2), "boolean": True, "string": "raw"}[
        spec["type"]
    ]
