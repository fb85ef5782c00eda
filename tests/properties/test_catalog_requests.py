"""Laws that hold for every request to every model."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.resources import shipped

CATALOG = open_catalog("2026-05")
NAMES = sorted(CATALOG.models)
FILES = {
    vendor: json.loads((shipped("schemas/2026-05") / f"{vendor}.schema.json").read_text(encoding="utf-8"))
    for vendor in {model.vendor for model in CATALOG.models.values()}
}

ADDRESSES = st.integers(0, 99).map(lambda number: f"https://example.com/{number}.png")
OTHERS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 20), st.floats(-3, 20), st.text(max_size=4), st.just([]), st.just({})
)


def shares(count: int) -> st.SearchStrategy[list[float]]:
    """Shares of a hundredth percent that add up to 100 exactly, as a person would write them."""
    cuts = st.lists(st.integers(0, 10_000), min_size=count - 1, max_size=count - 1).map(sorted)
    return cuts.map(lambda cuts: [(b - a) / 100 for a, b in zip([0, *cuts], [*cuts, 10_000], strict=True)])


def values(schema: Any) -> st.SearchStrategy[Any]:
    """Draw a value that a field's own schema takes."""
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "x-sum" in schema:
        return st.integers(3, 10).flatmap(shares).map(colors)
    return BY_TYPE[schema["type"]](schema)


def colors(ratios: list[float]) -> list[dict[str, Any]]:
    return [{"hex": "#A0b1C2", "ratio": ratio} for ratio in ratios]


def texts(schema: Any) -> st.SearchStrategy[Any]:
    if "pattern" in schema:
        return ADDRESSES
    return st.text(min_size=schema.get("minLength", 0), max_size=min(40, schema.get("maxLength", 40)))


def lists(schema: Any) -> st.SearchStrategy[Any]:
    return st.lists(values(schema["items"]), min_size=schema.get("minItems", 0), max_size=schema.get("maxItems", 16))


BY_TYPE: dict[str, Callable[[Any], st.SearchStrategy[Any]]] = {
    "array": lists,
    "boolean": lambda _: st.booleans(),
    "integer": lambda schema: st.integers(schema["minimum"], schema.get("maximum", 16)),
    "object": lambda schema: st.fixed_dictionaries({}, optional=members(schema)),
    "string": texts,
}


def members(schema: Any) -> dict[str, st.SearchStrategy[Any]]:
    return {name: values(member) for name, member in schema["properties"].items()}


def requests(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Draw requests whose values are all good by themselves; the rules between them may be broken."""
    fields = members(CATALOG.model(name).schema)
    needed = {field: fields.pop(field) for field in ("model", "prompt")}
    return st.fixed_dictionaries(needed, optional=fields)


def settled(request: dict[str, Any]) -> dict[str, Any]:
    """Return the request with the fields left out that the model finds at fault, until it finds none."""
    model = CATALOG.model(request["model"])
    while found := model.violations(request):
        blamed = {one.field for one in found} & request.keys()
        # a field that is missing is asked for by the action
        request = {name: value for name, value in request.items() if name not in (blamed or {"action"})}
    return request


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_values_that_are_good_by_themselves_break_rules_at_most(name: str, data: st.DataObject) -> None:
    found = CATALOG.model(name).violations(data.draw(requests(name)))
    assert {one.kind for one in found} <= {"rule", "missing_field"}


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_leaving_out_what_is_blamed_ends_in_a_valid_request(name: str, data: st.DataObject) -> None:
    request = settled(data.draw(requests(name)))
    assert CATALOG.model(name).violations(request) == ()
    assert Draft202012Validator(FILES[CATALOG.model(name).vendor]).is_valid(request)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_an_unknown_field_is_always_refused(name: str, data: st.DataObject) -> None:
    model, request = CATALOG.model(name), data.draw(requests(name))
    field = data.draw(st.text(max_size=12).filter(lambda field: field not in model.fields))
    found = model.violations({**request, field: data.draw(OTHERS)})
    assert [(one.field, one.path) for one in found if one.kind == "unknown_field"] == [(field, (field,))]


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_value_past_its_limit_is_always_refused(name: str, data: st.DataObject) -> None:
    model, request = CATALOG.model(name), data.draw(requests(name))
    field = data.draw(st.sampled_from(sorted(model.fields)))
    broken = data.draw(past_its_limit(model.fields[field]))
    assert field in {one.field for one in model.violations({**request, field: broken}) if one.kind == "bad_value"}


def past_its_limit(schema: Any) -> st.SearchStrategy[Any]:
    """Draw values that a field's own schema refuses."""
    plain = Draft202012Validator(schema)
    wrong: list[st.SearchStrategy[Any]] = [OTHERS]
    if "minimum" in schema:
        wrong.append(st.integers(max_value=schema["minimum"] - 1))
    if "maximum" in schema:
        wrong.append(st.integers(min_value=schema["maximum"] + 1))
    if "maxLength" in schema and schema["maxLength"] < 1000:
        wrong.append(st.integers(1, 50).map(lambda more: "x" * (schema["maxLength"] + more)))
    if "maxItems" in schema:
        wrong.append(ADDRESSES.map(lambda address: [address] * (schema["maxItems"] + 1)))
    return st.one_of(wrong).filter(lambda value: not plain.is_valid(value))


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_models_schema_and_its_vendors_file_agree(name: str, data: st.DataObject) -> None:
    """Putting shared parts in their places changes no verdict."""
    request = data.draw(requests(name))
    spoiled = data.draw(st.dictionaries(st.sampled_from(sorted(CATALOG.model(name).fields)), OTHERS, max_size=2))
    request |= {field: value for field, value in spoiled.items() if field != "model"}
    model = CATALOG.model(name)
    assert Draft202012Validator(model.schema).is_valid(request) == Draft202012Validator(FILES[model.vendor]).is_valid(
        request
    )


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_violations_are_none_exactly_when_the_validator_says_so(name: str, data: st.DataObject) -> None:
    """Leaving out what adds nothing never leaves a wrong request without a complaint, nor says a thing twice."""
    model, request = CATALOG.model(name), data.draw(requests(name))
    request |= data.draw(st.dictionaries(st.sampled_from([*model.fields, "zoo"]), OTHERS, max_size=3))
    found = model.violations(request)
    assert (found == ()) == model.validator.is_valid(request)
    assert len({(one.path, one.message) for one in found}) == len(found)
    assert all(one.message and "\n" not in one.message and "{at}" not in one.message for one in found)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_spelling_is_evened_out_once_and_for_all(name: str, data: st.DataObject) -> None:
    model, request = CATALOG.model(name), data.draw(requests(name))
    assert model.normalise(request) == request, "the model's own spelling stays"
    respelled = {
        field: data.draw(st.sampled_from([value.upper(), value.lower()])) if field == "resolution" else value
        for field, value in request.items()
    }
    assert model.normalise(respelled) == request
    assert model.normalise(model.normalise(respelled)) == model.normalise(respelled)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_request_costs_what_its_images_cost(name: str, data: st.DataObject) -> None:
    model, request = CATALOG.model(name), data.draw(requests(name))
    assert model.max_images(request) >= 1
    assert model.estimate_nusd(request) == model.cost_nusd(request, model.max_images(request)) > 0


@pytest.mark.parametrize("name", NAMES)
def test_the_documented_defaults_written_out_are_valid(name: str) -> None:
    model = CATALOG.model(name)
    request = {"model": name, "prompt": "A fox", **model.defaults}
    assert model.violations(request) == ()
    assert model.normalise(request) == request


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_palette_adds_up_as_its_decimals_do(data: st.DataObject) -> None:
    """Hundredths that add up to 100 are taken, whatever binary floats make of them; a hundredth more is not."""
    ratios = data.draw(st.integers(3, 10).flatmap(shares))
    model = CATALOG.model("wan2.7-image")
    palette = colors(ratios)
    request: dict[str, Any] = {"model": "wan2.7-image", "prompt": "A fox", "color_palette": palette}
    assert model.violations(request) == ()
    palette[0]["ratio"] = round(ratios[0] + 0.01, 2)
    assert {one.field for one in model.violations(request)} == {"color_palette"}
