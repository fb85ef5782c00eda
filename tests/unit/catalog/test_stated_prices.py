"""The prices of October 2026 against the facts themselves, amount by amount, where these are at hand."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from tests.documented_facts import StatedModel, documented_facts, stated_models

if documented_facts("2026-10") is None:
    pytest.skip("the facts of October 2026 are not at hand; QWAVE_FACTS can name their folder", allow_module_level=True)

CATALOG = open_catalog("2026-10")
STATED = stated_models()


def nusd(usd: float | str) -> int:
    return int(Decimal(str(usd)) * 10**9)


def amounts(stated: StatedModel) -> Iterator[tuple[dict[str, str], float]]:
    """Yield each stated amount for a call with one image, with the fields that it goes by; words are left out."""
    for key, field in {"usd_per_image": "resolution", "usd_per_call": "action"}.items():
        said = stated.says(key)
        pairs = [({field: value}, usd) for value, usd in said.items()] if isinstance(said, dict) else [({}, said)]
        for fields, usd in pairs:
            if isinstance(usd, int | float) and set(fields.values()) <= set(stated.choices(field)):
                yield fields, usd


@pytest.mark.parametrize("name", STATED)
def test_a_stated_price_is_within_the_catalogs(name: str) -> None:
    """One amount is stated, so the range of a price is that amount, unless the facts contradict one another."""
    model, found = CATALOG.model(name), list(amounts(STATED[name]))
    for fields, usd in found:
        cost = model.price.cost({"model": name, "prompt": "A fox", **fields}, 1)
        assert cost.least_nusd <= nusd(usd) <= cost.most_nusd, fields
        assert cost.least_nusd == cost.most_nusd or name == "seedream-5.0-lite", fields
    assert found or STATED[name].says("usd_per_1m_tokens")


@pytest.mark.parametrize("name", STATED)
def test_a_token_costs_what_is_stated(name: str) -> None:
    rates: Any = CATALOG.model(name).price.as_json().get("usd_per_million_tokens")
    stated = STATED[name].says("usd_per_1m_tokens")
    assert (rates is None) == (stated is None)
    if isinstance(stated, dict):
        assert {kind: nusd(rate) for kind, rate in rates.items()} == {kind: nusd(rate) for kind, rate in stated.items()}


@pytest.mark.parametrize("name", STATED)
def test_an_input_image_costs_what_is_stated(name: str) -> None:
    fee: Any = CATALOG.model(name).price.as_json().get("usd_per_reference")
    references = STATED[name].says("reference_images")
    stated = references if isinstance(references, dict) else {}
    if "fee_usd_each" in stated:
        assert nusd(fee["usd"]) == nusd(stated["fee_usd_each"])
        assert fee["of"] == ["image_urls"]
    if stated.get("fee") == "none":
        assert fee is None
