from typing import Any

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.catalog.live_offers import OfferState, offers, read_price
from qwave_batch.model.money import nusd_from_usd

CATALOG = open_catalog("2026-05")
QWEN = CATALOG.model("qwen-image-2.0")


def configs(**changed: Any) -> dict[str, Any]:
    same = {
        name: {"image_prices": {"default": float(model.price.nusd_per_image({}) / 1e9)}}
        for name, model in CATALOG.models.items()
    }
    return same | {name.replace("_", "-"): config for name, config in changed.items()}


def test_an_account_at_the_catalogs_prices_differs_in_nothing() -> None:
    assert {offer.standing for offer in offers(CATALOG, configs())} == {OfferState.SAME}


def test_new_models_and_gone_ones_are_told() -> None:
    priced = configs(imagen_9={"image_prices": {"default": 1}})
    del priced["imagen-4.0"]
    found = {offer.model: offer.standing for offer in offers(CATALOG, priced)}
    assert (found["imagen-9"], found["imagen-4.0"]) == (OfferState.NEW, OfferState.GONE)
    assert list(found)[-1] == "imagen-9"


def test_a_price_that_changed_is_told_with_both() -> None:
    (found,) = [
        offer
        for offer in offers(CATALOG, configs(z_image_turbo={"image_prices": {"default": "0.02"}}))
        if offer.standing is not OfferState.SAME
    ]
    assert (found.model, found.standing) == ("z-image-turbo", OfferState.OTHER_PRICE)
    assert (str(found.live_price), found.as_json()["live_price"]) == (
        "0.02 USD an image",
        {"usd_per_image": "0.02", "by": None, "surcharges": []},
    )


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"image_prices": {}},
        {"image_prices": 0.04},
        {"image_prices": {"default": True}},
        {"image_prices": {"default": -1}},
        {"image_prices": {"default": float("nan")}},
        {"image_prices": {"default": "free"}},
        {"image_prices": {"default": {"usd": 0.04}}},
        {"image_prices": {"default": 0.04}, "currency": "CNY"},
        {"image_prices": {"default": 0.04}, "factor": 0.8},
        {"image_prices": {"default": 0.04}, "tiers": [{"from": 1000, "price": 0.03}]},
        {"image_prices": {"default": 0.04, "8K": 0.08}},
        {"token_prices": {"input": 0.1}},
    ],
)
def test_a_price_stated_in_another_way_is_not_guessed_at(config: dict[str, Any]) -> None:
    assert read_price(config, QWEN) is None
    told = {offer.model: offer.standing for offer in offers(CATALOG, configs(**{"qwen-image-2.0": config}))}
    assert told["qwen-image-2.0"] is OfferState.UNREAD


def test_words_and_switches_beside_a_price_change_nothing() -> None:
    price = read_price({"image_prices": {"default": 0.04}, "currency": "USD", "unit": "image", "beta": True}, QWEN)
    assert price is not None
    assert price.nusd_per_image({}) == nusd_from_usd("0.04")


def test_a_price_by_resolution_is_read_in_any_spelling() -> None:
    price = read_price({"image_prices": {"default": 0.04, "2k": 0.06}}, QWEN)
    assert price is not None
    asked = [price.nusd_per_image({"resolution": tier}) for tier in QWEN.resolutions]
    assert sorted(set(asked)) == [nusd_from_usd("0.04"), nusd_from_usd("0.06")]
    assert price.fields == {"resolution"}


def test_the_same_price_for_every_value_is_a_flat_one() -> None:
    price = read_price({"image_prices": {"default": 0.02125, "2K": 0.02125}}, QWEN)
    assert price is not None
    assert price.fields == set()


def test_a_small_amount_is_no_power_of_ten() -> None:
    price = read_price({"image_prices": {"default": 1e-7}}, QWEN)
    assert price is not None
    assert price.per_image is not None
    assert price.per_image.usd_by_value == {"": "0.0000001"}
