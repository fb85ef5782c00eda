"""An estimate is a range: what a request costs at least, typically and at most, by the parts of its price."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.catalog.price import Price
from qwave_batch.model.cost_range import CostRange
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.money import nusd_from_usd
from tests.every_case import in_one_test

OCTOBER = open_catalog("2026-10")
ONE, TWO = ["https://a.example/1.png"], ["https://a.example/1.png", "https://a.example/2.png"]


def most_usd(model: str, **fields: Any) -> float:
    request = {"model": model, "prompt": "A fox", **fields}
    return OCTOBER.model(model).estimate_nusd(request) / 1e9


def estimate(model: str, **fields: Any) -> CostRange:
    return OCTOBER.model(model).estimate({"model": model, "prompt": "A fox", **fields})


@pytest.mark.parametrize(
    ("model", "fields", "usd"),
    [
        ("gemini-3-pro-image-rev", {}, "0.03375"),
        ("gemini-3-pro-image-rev", {"resolution": "4k"}, "0.045"),
        ("gemini-3.1-flash-image-rev", {"resolution": "0.5k", "google_search": True}, "0.016875"),
        ("gpt-image-2-rev", {"resolution": "2k", "image_urls": TWO, "action": "edit"}, "0.01575"),
        ("seedream-5.0-pro", {"resolution": "2k"}, "0.081"),
        ("seedream-5.0-pro", {}, "0.0405"),
        ("seedream-4.5", {"action": "edit", "image_urls": ONE, "n": 3}, "0.108"),
        ("qwen-image-2.0", {"n": 6}, "0.135"),
        ("qwen-image-3.0", {"n": 2}, "0.04456"),
        ("qwen-image-3.0", {"action": "edit", "image_urls": ONE}, "0.02476"),
        ("qwen-image-3.0-pro", {"resolution": "2k"}, "0.06188"),
        ("wan2.7-image", {"enable_sequential": True, "n": 12}, "0.324"),
        ("flux-3-image", {"resolution": "4k"}, "0.5463"),
        ("grok-imagine-image", {"action": "edit", "image_urls": TWO}, "0.0216"),
        ("grok-imagine-image-quality", {"action": "edit", "image_urls": TWO, "n": 3}, "0.189"),
        ("grok-imagine-image-2.0", {"action": "edit", "image_urls": TWO, "n": 3}, "0.18"),
        ("midjourney", {}, "0.05067"),
        ("midjourney", {"action": "reroll", "ref_task_id": "t"}, "0.06192"),
    ],
)
def test_a_fixed_price_is_known_to_the_nano_dollar(model: str, fields: dict[str, Any], usd: str) -> None:
    """The documents' own arithmetic: tiers, images, and fees for input images once a request or once an image."""
    assert estimate(model, **fields).most_nusd == nusd_from_usd(usd)


def test_an_example_of_the_documents_is_met() -> None:
    """An edit with one input image cost 12,377 units of quota."""
    assert OCTOBER.quota.from_nusd(nusd_from_usd(most_usd("qwen-image-3.0", action="edit", image_urls=ONE))) == 12_380
    assert OCTOBER.quota.from_nusd(nusd_from_usd(most_usd("midjourney"))) == 25_335


@pytest.mark.parametrize(
    ("model", "fields", "usd"),
    [
        ("mai-image-2.6", {}, 0.0350),
        ("mai-image-2.6", {"resolution": "2k"}, 0.0788),
        ("mai-image-2.6-flash", {}, 0.0175),
        ("mai-image-2.6-flash", {"width": 1536, "height": 1536}, 0.0394),
        ("mai-image-2.6-flash", {"width": 1567, "height": 1536}, 0.0394),
    ],
)
def test_tokens_of_an_image_follow_its_size(model: str, fields: dict[str, Any], usd: float) -> None:
    """The output is width x height / 1024 tokens, the sides rounded down to multiples of 32."""
    assert estimate(model, **fields).typical_nusd / 1e9 == pytest.approx(usd, abs=1e-4)


def test_the_hold_of_a_size_is_that_of_the_largest() -> None:
    """The service holds 2,304 tokens of output whatever the size, so the most is the same for all."""
    assert estimate("mai-image-2.6").most_nusd == estimate("mai-image-2.6", resolution="2k").most_nusd


@pytest.mark.parametrize(
    ("dearer", "cheaper"),
    [
        ({"quality": "high"}, {"quality": "low"}),
        ({"quality": "high", "resolution": "4k"}, {"quality": "high", "resolution": "1k"}),
        ({"action": "edit", "image_urls": TWO}, {"action": "edit", "image_urls": ONE}),
        ({"action": "edit", "image_urls": ONE, "mask_url": ONE[0]}, {"action": "edit", "image_urls": ONE}),
        ({"prompt": "A fox " * 200}, {"prompt": "A fox"}),
        ({"prompt": "狐" * 100}, {"prompt": "f" * 100}),
    ],
)
def test_more_work_costs_more_tokens(dearer: dict[str, Any], cheaper: dict[str, Any]) -> None:
    high, low = estimate("gpt-image-2", **dearer), estimate("gpt-image-2", **cheaper)
    assert high.most_nusd > low.most_nusd
    assert high.typical_nusd > low.typical_nusd


def test_images_that_may_stay_away_are_in_the_most_and_not_in_the_least() -> None:
    cost = estimate("seedream-4.5", action="edit", image_urls=ONE, n=14)
    assert cost.least_nusd == nusd_from_usd("0.036")
    assert cost.most_nusd == 14 * nusd_from_usd("0.036")


def test_tokens_of_each_image_are_multiplied_and_those_of_text_are_not() -> None:
    one, four = estimate("gemini-nano-banana-2.1"), estimate("gemini-nano-banana-2.1", n=4)
    assert four.least_nusd - one.least_nusd == 3 * 1120 * 27_000
    assert four.most_nusd - one.most_nusd == 3 * 1120 * 27_000


def test_an_action_without_an_image_of_its_own_expects_none() -> None:
    """It is finished by a later call, and billed all the same."""
    model = OCTOBER.model("midjourney")
    request: JsonObject = {"model": "midjourney", "action": "inpaint", "ref_task_id": "t", "index": 1}
    assert model.max_images(request) == 0
    assert model.cost_nusd(request, 0) > 0


@in_one_test("name", list(OCTOBER.models))
def test_an_estimate_is_in_order_and_open_only_where_something_is_assumed(name: str) -> None:
    cost = estimate(name)
    assert 0 < cost.least_nusd <= cost.typical_nusd <= cost.most_nusd
    model = OCTOBER.model(name)
    assert cost.is_exact or model.price.assumed


@given(
    least=st.integers(0, 10**12),
    more=st.integers(0, 10**12),
    most=st.integers(0, 10**12),
    share=st.floats(0, 1, allow_nan=False),
)
def test_a_share_of_a_range_lies_inside_of_it(least: int, more: int, most: int, share: float) -> None:
    cost = CostRange(least, least + more, least + more + most)
    assert cost.least_nusd <= cost.at(share) <= cost.most_nusd


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "there is no price: state one of usd_per_image"),
        ({"usd_per_image": ["0.03", "0.02", "0.04"]}, "not in this order"),
        (
            {"usd_per_million_tokens": {"text_input": "1"}, "tokens": {"image_output": {"each": "image", "tokens": 1}}},
            "tokens of the kind image_output have no rate",
        ),
        (
            {"usd_per_million_tokens": {"text_input": "0.0001"}, "tokens": {}},
            "not a whole number of nano-dollars a token",
        ),
    ],
)
def test_a_price_that_cannot_be_is_refused(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Price.from_json(entry, {})
