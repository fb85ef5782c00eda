"""All that the API says of prices is read as the keys of catalog.yaml; what is not plain is not guessed at."""

from typing import Any

import pytest

from qwave_batch.catalog import catalog_dates, open_catalog
from qwave_batch.catalog.live_offers import Offer, OfferState, offers, overlay_content, read_price
from qwave_batch.catalog.live_prices import stated_entry
from qwave_batch.simulator.dialect import price_config

OCTOBER = open_catalog("2026-10")
TOKENS = next(name for name, model in OCTOBER.models.items() if "usd_per_million_tokens" in model.price.parts)
FEES = next(name for name, model in OCTOBER.models.items() if "usd_per_reference" in model.price.parts)
CALLS = next(name for name, model in OCTOBER.models.items() if "usd_per_call" in model.price.parts)


def offered(name: str, config: dict[str, Any] | None = None, **raw: Any) -> Offer:
    configs = {one: price_config(model) for one, model in OCTOBER.models.items()}
    configs = configs if config is None else {**configs, name: config}
    return next(offer for offer in offers(OCTOBER, configs, {name: raw}) if offer.model == name)


@pytest.mark.parametrize("date", catalog_dates())
def test_what_a_catalog_states_plainly_is_read_back_as_the_same(date: str) -> None:
    catalog = open_catalog(date)
    found = offers(catalog, {name: price_config(model) for name, model in catalog.models.items()})
    ranges = [offer for offer in found if offer.standing is not OfferState.SAME]
    assert all(offer.standing is OfferState.OTHER_PRICE for offer in ranges), "each stated price is understood"
    for offer in ranges:
        assert " to " in str(offer.catalog_price), "only a range of the catalog differs from the one price of the API"


def test_rates_of_tokens_come_from_the_api_and_their_number_from_the_catalog() -> None:
    config: Any = price_config(OCTOBER.model(TOKENS))
    config["image_usage_rates"]["image_output"] *= 2
    offer = offered(TOKENS, config)
    assert offer.standing is OfferState.OTHER_PRICE
    assert offer.live_price is not None
    request = {"model": TOKENS, "prompt": "a heron"}
    assert offer.live_price.cost(request, 1).most_nusd > OCTOBER.model(TOKENS).price.cost(request, 1).most_nusd
    assert offer.entry.keys() == {"usd_per_million_tokens"}


def test_a_rate_of_a_kind_that_no_request_takes_is_no_difference() -> None:
    config: Any = price_config(OCTOBER.model(TOKENS))
    config["image_usage_rates"]["video_output"] = 3
    assert offered(TOKENS, config).standing is OfferState.SAME


def test_reserved_tokens_are_the_most_where_the_catalog_counts_none() -> None:
    config: dict[str, Any] = {
        "image_usage_rates": {"image_output": 30},
        "image_usage_reservation": {"image_output": 2000},
    }
    price = read_price(config, OCTOBER.model(CALLS), OCTOBER.data.models[CALLS])
    assert price is not None
    assert price.cost({}, 1).most_nusd == 60_000_000
    assert read_price({"image_usage_rates": {"image_output": 30}}, None) is None


def test_a_price_by_action_is_one_of_the_call() -> None:
    model = OCTOBER.model(CALLS)
    entry = stated_entry({"image_prices": {"default": 0.1, model.actions[0]: 0.05}}, model, OCTOBER.data.models[CALLS])
    assert entry is not None
    assert entry["usd_per_call"]["by"] == "action"
    assert (entry["usd_per_call"]["values"][model.actions[0]], len(entry["usd_per_call"]["values"])) == (
        "0.05",
        len(model.actions),
    )


def test_a_price_by_quality_and_tier_is_a_table_in_a_table() -> None:
    model = OCTOBER.model("gpt-image-2")
    config: Any = {
        "image_prices": {"default": 0.5, "low": {"1k": 0.1, "default": 0.2}, "high": {"1k": 0.3, "default": 0.4}}
    }
    price = read_price(config, model)
    assert price is not None
    asked = [
        price.nusd_per_image({"quality": quality, "resolution": tier})
        for quality, tier in (("low", "1k"), ("low", "2k"), ("high", "1k"), ("medium", "1k"))
    ]
    assert asked == [100_000_000, 200_000_000, 300_000_000, 500_000_000]


def test_the_fee_of_an_input_image_is_read_where_the_catalog_has_one() -> None:
    config = {**price_config(OCTOBER.model(FEES)), "reference_prices": {"default": 0.9}}
    offer = offered(FEES, config)
    assert offer.entry["usd_per_reference"] == {**OCTOBER.data.models[FEES]["usd_per_reference"], "usd": "0.9"}
    plain = next(name for name in OCTOBER.models if "usd_per_reference" not in OCTOBER.data.models[name])
    config = {**price_config(OCTOBER.model(plain)), "reference_prices": {"default": 0.9}}
    assert offered(plain, config).standing is OfferState.UNREAD


@pytest.mark.parametrize(
    "config",
    [
        {"image_usage_rates": {}},
        {"image_usage_rates": {"image_output": "much"}},
        {"image_usage_rates": {"image_output": 0.00001}},
        {"image_usage_rates": [1]},
        {"image_usage_reservation": {"image_output": 5}},
        {"image_usage_rates": {"a": 1}, "image_usage_reservation": {"b": 1}},
        {"image_usage_rates": {"a": 1}, "image_usage_reservation": {"a": 1.5}},
        {"image_prices": {"default": 0.1}, "factor": 2},
        {"image_prices": {"low": {"1k": "x"}, "high": {"1k": 1}}},
        {"image_prices": {"low": {"nine": 1}}},
        {"image_prices": {"default": 1e12}},
        {"reference_prices": {"default": 0.1, "other": 2}},
    ],
)
def test_what_is_not_plain_is_not_understood(config: dict[str, Any]) -> None:
    assert offered("gpt-image-2", config).standing is OfferState.UNREAD


def test_parts_of_a_nano_dollar_are_rounded_up() -> None:
    assert stated_entry({"image_prices": {"default": 0.01 / 3}}, None, {}) == {"usd_per_image": "0.003333334"}


def test_what_is_out_of_service_is_told_and_laid_over() -> None:
    tier = OCTOBER.model("gpt-image-2").resolutions[-1]
    offer = offered("gpt-image-2", unavailable={"resolution": [tier.upper(), "999k"], "colour": ["red"]})
    assert (offer.standing, offer.down) == (OfferState.DOWN, {"resolution": [tier]})
    whole = offered(FEES, available=False)
    assert whole.is_down
    content: Any = overlay_content(OCTOBER, (offer, whole), as_of="2026-11-02", written_by="a test")
    assert content["models"]["gpt-image-2"] == {"down": {"resolution": [tier]}}
    assert content["models"][FEES]["down"] is True


def test_a_key_that_the_api_no_longer_states_goes() -> None:
    content: Any = overlay_content(
        OCTOBER, (offered(TOKENS, {"image_prices": {"default": 0.05}}),), as_of="2026-11-02", written_by="a test"
    )
    assert content["models"][TOKENS] == {"usd_per_image": "0.05", "usd_per_million_tokens": None, "tokens": None}
