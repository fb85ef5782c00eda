"""Requests drawn from the schemas of the models of all catalogs."""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from hypothesis import strategies as st

from qwave_batch.catalog.catalog_files import catalog_dates, open_catalog
from qwave_batch.catalog.model import Model
from qwave_batch.resources import shipped

MODELS: Mapping[str, Model] = {
    f"{date}/{name}": model for date in catalog_dates() for name, model in open_catalog(date).models.items()
}
"""Every model of every catalog, under the catalog's date and its own name."""

VENDOR_FILES: Mapping[str, Any] = {
    key: json.loads((shipped("schemas") / key.split("/")[0] / f"{model.vendor}.schema.json").read_text("utf-8"))
    for key, model in MODELS.items()
}
"""The whole file that each model is described in."""

_OF_FIELDS: dict[int, tuple[Model, dict[str, st.SearchStrategy[Any]]]] = {}
"""The strategies of fields, made once; each stands with its model, so that the id is nobody else's."""

ADDRESSES = st.integers(0, 99).map(lambda number: f"https://example.com/{number}.png")
OTHERS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 20), st.floats(-3, 20), st.text(max_size=4), st.just([]), st.just({})
)
"""Values of all kinds, most of them wrong for most fields."""


def requests(model: Model, only: Collection[str] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Draw requests whose values are all good by themselves; the rules between them may be broken.

    Args:
        model: The model that is asked.
        only: The fields that may be there beside those that every request needs; all of the model's when left out.
    """
    _, by_name = _OF_FIELDS.setdefault(id(model), (model, {}))
    fields = by_name or {name: values(schema) for name, schema in model.fields.items()}
    by_name.update(fields)
    fields = dict(fields)
    needed = {name: fields.pop(name) for name in model.required}
    optional = {name: drawn for name, drawn in fields.items() if only is None or name in only}
    return st.fixed_dictionaries(needed, optional=optional)


def settled(model: Model, request: dict[str, Any]) -> dict[str, Any]:
    """Return the request with the fields left out that the model finds at fault, until it finds none."""
    while found := model.violations(request):
        blamed = {one.field for one in found} & request.keys()
        if not blamed and "action" not in request:
            request = {**request, "prompt": "A fox"}
            continue
        # a field that is missing is asked for by the action
        request = {name: value for name, value in request.items() if name not in (blamed or {"action"})}
    return request


def values(schema: Any) -> st.SearchStrategy[Any]:
    """Draw a value that a field's own schema takes."""
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "x-sum" in schema:
        return st.integers(3, 10).flatmap(shares).map(colors)
    return _BY_TYPE[schema["type"]](schema)


def shares(count: int) -> st.SearchStrategy[list[float]]:
    """Shares of a hundredth percent that add up to 100 exactly, as a person would write them."""
    cuts = st.lists(st.integers(0, 10_000), min_size=count - 1, max_size=count - 1).map(sorted)
    return cuts.map(lambda cuts: [(b - a) / 100 for a, b in zip([0, *cuts], [*cuts, 10_000], strict=True)])


def colors(ratios: list[float]) -> list[dict[str, Any]]:
    return [{"hex": "#A0b1C2", "ratio": ratio} for ratio in ratios]


def _texts(schema: Any) -> st.SearchStrategy[Any]:
    if "pattern" in schema:
        return ADDRESSES
    return st.text(min_size=schema.get("minLength", 0), max_size=min(40, schema.get("maxLength", 40)))


def _lists(schema: Any) -> st.SearchStrategy[Any]:
    return st.lists(values(schema["items"]), min_size=schema.get("minItems", 0), max_size=schema.get("maxItems", 16))


def _integers(schema: Any) -> st.SearchStrategy[Any]:
    least = schema.get("minimum", -16)
    if "maximum" in schema:
        return st.integers(least, schema["maximum"])
    return st.one_of(st.integers(least, least + 16), st.integers(least, 4096))


def _numbers(schema: Any) -> st.SearchStrategy[Any]:
    least = schema.get("minimum", -16)
    return st.floats(least, schema.get("maximum", least + 32))


_BY_TYPE: Mapping[str, Callable[[Any], st.SearchStrategy[Any]]] = {
    "array": _lists,
    "boolean": lambda _: st.booleans(),
    "integer": _integers,
    "number": _numbers,
    "object": lambda schema: st.fixed_dictionaries({}, optional=_members(schema)),
    "string": _texts,
}


def _members(schema: Any) -> dict[str, st.SearchStrategy[Any]]:
    return {name: values(member) for name, member in schema.get("properties", {}).items()}
