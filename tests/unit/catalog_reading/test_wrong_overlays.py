"""A wrong value in an overlay is refused with its place, or every request to its models has a verdict and a price."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from qwave_batch.catalog import Catalog, open_catalog
from qwave_batch.catalog.catalog_queries import model_as_json
from qwave_batch.catalog_reading.overlay_reading import overlaid_by
from qwave_batch.errors import SpecError
from qwave_batch.spec.overlay_text import read_yaml_or_json

OCTOBER = open_catalog("2026-10")
RICH: dict[str, Any] = yaml.safe_load("""
catalog: "2026-10"
as_of: "2026-11-02"
models:
  gpt-image-2-rev:
    usd_per_image: {by: resolution, values: {1k: "0.1", 2k: ["0.1", "0.2", "0.3"], 4k: "0.4"}}
    down: {resolution: [4k]}
    line: official
  heron-1:
    like: gpt-image-2
    usd_per_call: {by: [resolution, quality], values: {1k: {low: "1", medium: "2", high: "3"}, 2k: "4"}}
    fields: {resolution: [1k, 2k], style: {type: string, pattern: "^[a-z]+$"}}
    images: [{from: n, otherwise: 1, fewer: true}, {by: action, values: {edit: 2}, otherwise: 1, when: {n: 1}}]
    surcharges: [{when: {quality: low}, note: more}]
  own-1:
    schema:
      properties: {prompt: {type: string}, wide: {type: integer}, tone: {enum: [warm]}, image_urls: {type: array}}
    usd_per_reference: {usd: "0.1", of: [image_urls], times: images}
    usd_per_million_tokens: {text_input: "1", image_output: "2"}
    tokens:
      text_input: [{each: byte, of: [prompt], tokens: [0, 1, 2], floor: 3, when: {tone: warm}, has: [prompt]}]
      image_output: {each: area, of: [wide, wide], tokens: {by: tone, values: {warm: 2}}}
    returns: jpeg
""")
WRONG: list[Any] = [
    None, True, 0, -1, 1.5, 2.0, 1e300, "", "x", "0.1", [], ["x"], [1, 2, 3], ["0", "1", "2"], {}, {"x": "0.1"},
    {"x": {"y": 1}},
    {"by": "resolution", "values": {"1k": {"low": "1"}}},
]  # fmt: skip
REQUESTS: list[dict[str, Any]] = [
    {}, {"resolution": "1k", "quality": "low"}, {"resolution": 3, "n": "2"},
    {"wide": 800, "tone": "warm", "image_urls": [1]},
    {"action": "edit", "image_urls": ["https://a.example/b.png"], "style": []},
]  # fmt: skip


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in parts:
        yield (*at, key)
        yield from paths(inner, (*at, key))


def changed(path: tuple[Any, ...], value: Any) -> str:
    """The overlay with another value there; of its models only the one of that place, since each is read alone."""
    made = copy.deepcopy(RICH)
    if len(path) > 1:
        made["models"] = {path[1]: made["models"][path[1]]}
    inner: Any = made
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return json.dumps(made)


def use(catalog: Catalog) -> None:
    for model in catalog.models.values():
        if model.overlay:
            assert json.dumps(model_as_json(model))
            for request in REQUESTS:
                asked = model.normalise({"model": model.name, "prompt": "a heron", **request})
                assert all(one.message for one in model.violations(asked))
                cost = model.estimate(asked)
                assert {*map(type, (cost.least_nusd, cost.typical_nusd, cost.most_nusd))} == {int}
                assert 0 <= cost.least_nusd <= cost.typical_nusd <= cost.most_nusd
                assert model.price.unpriced(asked) is not None


def laid(text: str) -> Catalog:
    return overlaid_by(OCTOBER, read_yaml_or_json(text.encode(), "prices.yaml", ""), "prices.yaml")


def test_the_overlay_is_sound_as_it_stands() -> None:
    use(laid(json.dumps(RICH)))


@pytest.mark.parametrize("wrong", WRONG, ids=json.dumps)
def test_a_wrong_value_anywhere_is_refused_or_can_be_worked_with(wrong: Any) -> None:
    for path in paths(RICH):
        try:
            catalog = laid(changed(path, wrong))
        except SpecError as error:
            assert all(problem.place for problem in error.problems), path  # noqa: PT017
        else:
            use(catalog)
