"""The prices of October 2026 against the facts themselves, where these are at hand."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.model.money import nusd_from_usd
from tests.documented_facts import StatedModel, documented_facts, stated_models
from tests.every_case import in_one_test

if documented_facts("2026-10") is None:
    pytest.skip("the facts of October 2026 are not at hand; QWAVE_FACTS can name their folder", allow_module_level=True)

CATALOG = open_catalog("2026-10")
STATED = stated_models()


def amounts(stated: StatedModel) -> Iterator[tuple[dict[str, str], float]]:
    """Yield the stated prices of an image, each with the fields of a request that it is for."""
    match stated.says("usd_per_image"):
        case Mapping() as by_tier:
            for tier, usd in by_tier.items():
                yield {"resolution": str(tier)}, usd
        case float() as usd:
            yield {}, usd


@in_one_test("name", STATED)
def test_a_stated_price_of_an_image_is_the_catalogs(name: str) -> None:
    """The most is the dearer of two prices that disagree: a budget must hold either way."""
    model = CATALOG.model(name)
    for fields, usd in amounts(STATED[name]):
        cost = model.price.cost({"model": name, "prompt": "A fox", **fields}, 1)
        assert cost.typical_nusd == nusd_from_usd(usd)


@in_one_test("name", STATED)
def test_a_price_is_by_tokens_where_tokens_are_billed(name: str) -> None:
    stated: Any = STATED[name].says("usd_per_1m_tokens")
    price = CATALOG.model(name).price
    assert ("usd_per_million_tokens" in price.parts) is (stated is not None)
    if isinstance(stated, Mapping):
        rates = price.as_json()["usd_per_million_tokens"]
        assert isinstance(rates, Mapping)
        assert {kind: float(str(usd)) for kind, usd in rates.items()} == stated
    elif stated is not None:  # the documents refer to the live price
        assert any("rates are not documented" in text for text in price.assumed)


@in_one_test("name", STATED)
def test_a_fee_for_an_input_image_is_the_catalogs(name: str) -> None:
    references: Any = STATED[name].says("reference_images")
    fee = references.get("fee_usd_each") if isinstance(references, Mapping) else None
    if fee is None:
        return
    model = CATALOG.model(name)
    request = {"model": name, "prompt": "A fox", "action": "edit"}
    without = model.price.cost({**request}, 1).most_nusd
    two = model.price.cost({**request, "image_urls": ["https://a.example/1.png"] * 2}, 1).most_nusd
    assert two - without == 2 * nusd_from_usd(fee)


@in_one_test("name", STATED)
def test_the_line_and_the_day_of_the_launch_are_those_stated(name: str) -> None:
    model, stated = CATALOG.model(name), STATED[name]
    assert (model.line, model.launched) == (stated.says("line"), stated.says("launched"))


def test_calls_of_an_action_cost_what_is_stated() -> None:
    stated: Any = STATED["midjourney"].says("usd_per_call")
    for action, usd in stated.items():
        cost = CATALOG.model("midjourney").price.cost({"action": "zoom" if action == "other_actions" else action}, 1)
        words = str(usd).split(" to ")
        assert (cost.least_nusd, cost.most_nusd) == (nusd_from_usd(words[0]), nusd_from_usd(words[-1]))
