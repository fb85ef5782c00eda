"""Laws that hold for every request to every model of every catalog."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from qwave_batch.catalog.model import Model
from tests.drawn_requests import ADDRESSES, MODELS, OTHERS, VENDOR_FILES, colors, requests, settled, shares

each_model = pytest.mark.parametrize("key", MODELS)
drawn = settings(max_examples=12, deadline=None)


def values_that_are_good_by_themselves_break_rules_at_most(
    key: str, request: dict[str, Any], _data: st.DataObject
) -> None:
    assert {one.kind for one in MODELS[key].violations(request)} <= {"rule", "missing_field"}


def leaving_out_what_is_blamed_ends_in_a_valid_request(key: str, request: dict[str, Any], _data: st.DataObject) -> None:
    request = settled(MODELS[key], request)
    assert MODELS[key].violations(request) == ()
    assert Draft202012Validator(VENDOR_FILES[key]).is_valid(request)


def an_unknown_field_is_always_refused(key: str, request: dict[str, Any], data: st.DataObject) -> None:
    model = MODELS[key]
    field = data.draw(st.text(max_size=12).filter(lambda field: field not in model.fields))
    found = model.violations({**request, field: data.draw(OTHERS)})
    assert [(one.field, one.path) for one in found if one.kind == "unknown_field"] == [(field, (field,))]


def a_value_past_its_limit_is_always_refused(key: str, request: dict[str, Any], data: st.DataObject) -> None:
    model = MODELS[key]
    field = data.draw(st.sampled_from(sorted(model.fields)))
    broken = data.draw(past_its_limit(model.fields[field]))
    assert field in {one.field for one in model.violations({**request, field: broken}) if one.kind == "bad_value"}


def past_its_limit(schema: Any) -> st.SearchStrategy[Any]:
    """Draw values that a field's own schema refuses."""
    plain = Draft202012Validator(schema)
    wrong: list[st.SearchStrategy[Any]] = [OTHERS]
    if "minimum" in schema:
        wrong.append(st.integers(max_value=int(schema["minimum"]) - 1))
    if "maximum" in schema:
        wrong.append(st.integers(min_value=schema["maximum"] + 1))
    if "maxLength" in schema and schema["maxLength"] < 1000:
        wrong.append(st.integers(1, 50).map(lambda more: "x" * (schema["maxLength"] + more)))
    if "maxItems" in schema:
        wrong.append(ADDRESSES.map(lambda address: [address] * (schema["maxItems"] + 1)))
    return st.one_of(wrong).filter(lambda value: not plain.is_valid(value))


def a_models_schema_and_its_vendors_file_agree(key: str, request: dict[str, Any], data: st.DataObject) -> None:
    """Putting shared parts in their places changes no verdict."""
    model = MODELS[key]
    request = request | data.draw(spoiled(model))
    plain = Draft202012Validator(model.schema)
    assert plain.is_valid(request) == Draft202012Validator(VENDOR_FILES[key]).is_valid(request)


def spoiled(model: Model, *more: str) -> st.SearchStrategy[dict[str, Any]]:
    """Draw values of any kind for some fields, but for the one that names the model."""
    fields = sorted(model.fields.keys() - {"model"})
    return st.dictionaries(st.sampled_from([*fields, *more]), OTHERS, max_size=3)


def violations_are_none_exactly_when_the_validator_says_so(
    key: str, request: dict[str, Any], data: st.DataObject
) -> None:
    """Leaving out what adds nothing never leaves a wrong request without a complaint, nor says a thing twice."""
    model = MODELS[key]
    request = request | data.draw(spoiled(model, "model", "zoo"))
    found = model.messages.violations(request, model.validator.iter_errors(request))
    assert (found == ()) == model.validator.is_valid(request)
    assert model.violations(request) == found
    assert model.fits is not None
    assert model.fits(request) == (found == ())
    assert len({(one.path, one.message) for one in found}) == len(found)
    assert all(one.message and "\n" not in one.message and "{at}" not in one.message for one in found)


def writing_defaults_out_changes_no_verdict(key: str, request: dict[str, Any], data: st.DataObject) -> None:
    model = MODELS[key]
    left_out = sorted(model.defaults.keys() - request.keys())
    written = data.draw(st.sets(st.sampled_from(left_out))) if left_out else set()
    full = {**request, **{field: model.defaults[field] for field in written}}
    assert bool(model.violations(full)) == bool(model.violations(request))
    assert model.estimate(full) == model.estimate(request)


def spelling_is_evened_out_once_and_for_all(key: str, request: dict[str, Any], data: st.DataObject) -> None:
    model = MODELS[key]
    assert model.normalise(request) == request, "the model's own spelling stays"
    respelled = {
        field: data.draw(st.sampled_from([value.upper(), value.lower()])) if field == "resolution" else value
        for field, value in request.items()
    }
    assert model.normalise(respelled) == request
    assert model.normalise(model.normalise(respelled)) == model.normalise(respelled)


def what_comes_never_costs_more_than_was_estimated(key: str, request: dict[str, Any], _data: st.DataObject) -> None:
    """A budget that holds the most of an estimate is safe, whatever number of images comes."""
    model = MODELS[key]
    request = settled(model, request)
    cost, most = model.estimate(request), model.max_images(request)
    assert 0 <= cost.least_nusd <= cost.typical_nusd <= cost.most_nusd == model.estimate_nusd(request)
    assert cost.most_nusd > 0
    costs = [model.cost_nusd(request, images) for images in range(most + 1)]
    assert costs == sorted(costs)
    assert costs[-1] <= cost.most_nusd


LAWS = (
    values_that_are_good_by_themselves_break_rules_at_most,
    leaving_out_what_is_blamed_ends_in_a_valid_request,
    an_unknown_field_is_always_refused,
    a_value_past_its_limit_is_always_refused,
    a_models_schema_and_its_vendors_file_agree,
    violations_are_none_exactly_when_the_validator_says_so,
    writing_defaults_out_changes_no_verdict,
    spelling_is_evened_out_once_and_for_all,
    what_comes_never_costs_more_than_was_estimated,
)


@each_model
@given(data=st.data())
@drawn
def test_a_drawn_request_keeps_every_law(key: str, data: st.DataObject) -> None:
    """Drawing a request takes longer than trying a law with it."""
    request = data.draw(requests(MODELS[key]))
    for law in LAWS:
        law(key, request, data)


@each_model
def test_the_documented_defaults_written_out_are_valid(key: str) -> None:
    model = MODELS[key]
    request = {"model": model.name, "prompt": "A fox", **model.defaults}
    assert model.violations(request) == ()
    assert model.normalise(request) == request


@pytest.mark.parametrize("key", [key for key, model in MODELS.items() if "color_palette" in model.fields])
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_palette_adds_up_as_its_decimals_do(key: str, data: st.DataObject) -> None:
    """Hundredths that add up to 100 are taken, whatever binary floats make of them; a hundredth more is not."""
    ratios = data.draw(st.integers(3, 10).flatmap(shares))
    model = MODELS[key]
    palette = colors(ratios)
    request: dict[str, Any] = {"model": model.name, "prompt": "A fox", "color_palette": palette}
    assert model.violations(request) == ()
    palette[0]["ratio"] = round(ratios[0] + 0.01, 2)
    assert {one.field for one in model.violations(request)} == {"color_palette"}
