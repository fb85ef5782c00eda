"""Tokens and prices of chats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.client.chat_answers import TokenUsage
from qwave_batch.judging.token_costs import TokenPrice, estimate_tokens, price_from_usd, stated_price
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.simulator.chat_completions import _image_tokens, _text_tokens
from qwave_batch.simulator.chat_orders import ShownImage

PRICE = TokenPrice(input_nusd=400_000_000, output_nusd=1_600_000_000)


def test_an_answer_costs_what_its_tokens_cost() -> None:
    assert PRICE.cost_nusd(TokenUsage(input_tokens=1000, output_tokens=10)) == 400_000 + 16_000
    assert PRICE.cost_nusd(TokenUsage(input_tokens=1, output_tokens=0)) == 400


def test_the_dearer_of_text_and_images_counts() -> None:
    price = TokenPrice(input_nusd=400_000_000, output_nusd=0, image_input_nusd=800_000_000)
    assert price.cost_nusd(TokenUsage(input_tokens=1000, output_tokens=10)) == 800_000


def test_a_stretch_makes_the_most_larger_and_nothing_else() -> None:
    estimate = estimate_tokens("Is it red?", [(512, 512)], most_output=100, answers=1)
    usual, stretched = estimate.cost(PRICE), estimate.cost(PRICE, stretch=3.0)
    assert stretched.most_nusd > 2 * usual.most_nusd
    assert stretched.typical_nusd == usual.typical_nusd


def test_known_tokens_of_an_image_are_taken() -> None:
    estimate = estimate_tokens("", [(1024, 1024)] * 2, most_output=10, answers=1, image_tokens=300)
    assert estimate.typical_input == 600


@given(st.text(max_size=300), st.integers(1, 3000), st.integers(1, 3000))
def test_the_simulators_count_is_within_the_estimate(text: str, width: int, height: int) -> None:
    estimate = estimate_tokens(text, [(width, height)], most_output=50, answers=1)
    image = ShownImage(digest="", width=width, height=height)
    if _image_tokens(image) <= 16_384:
        assert _text_tokens(text) + _image_tokens(image) <= estimate.most_input
    cost = estimate.cost(PRICE)
    assert 0 <= cost.least_nusd <= cost.typical_nusd <= cost.most_nusd


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ({"price_config": {"usage_rates": {"text_input": 0.4, "text_output": "1.6"}}}, (400, 1600, None)),
        (
            {"price_config": {"image_usage_rates": {"text_input": 1, "image_input": 2, "text_output": 3}}},
            (1000, 3000, 2000),
        ),
        ({"pricing": {"prompt": "0.0000004", "completion": "0.0000016"}}, (400, 1600, None)),
        ({"price_config": {"image_prices": {"default": 0.1}}}, None),
        ({"price_config": {"usage_rates": {"text_input": 0.4}}}, None),
        ({"pricing": {"prompt": "free", "completion": "0"}}, None),
        ({"pricing": {"prompt": "-1", "completion": "0"}}, None),
        ({"pricing": {"prompt": "NaN", "completion": "0"}}, None),
        ({"price_config": {"usage_rates": {"text_input": True, "text_output": 1}}}, None),
        ({"price_config": 3, "pricing": []}, None),
        ({}, None),
    ],
)
def test_a_stated_price_is_read_only_where_it_is_plain(
    model: JsonObject, price: tuple[int, int, int | None] | None
) -> None:
    found = stated_price(model)
    if price is None:
        assert found is None
    else:
        assert found is not None
        per_million = found.input_nusd, found.output_nusd, found.image_input_nusd
        assert per_million == tuple(None if amount is None else amount * 1_000_000 for amount in price)


@pytest.mark.parametrize("pair", [("", "1"), ("-1", "1"), ("1", "inf"), ("a", "b"), ("1e9", "1")])
def test_an_amount_that_makes_no_sense_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="USD for a million tokens"):
        price_from_usd(*pair)
