"""An overlay that is written of any answer of an API can be laid over the catalog."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.api.account_queries import LiveModelList
from qwave_batch.api.live_overlay import live_overlay_text
from qwave_batch.catalog import open_catalog
from qwave_batch.catalog.live_offers import OfferState, offers
from qwave_batch.catalog_reading.overlay_reading import overlaid_by
from qwave_batch.simulator.dialect import price_config
from qwave_batch.spec.overlay_text import read_yaml_or_json

OCTOBER = open_catalog("2026-10")
NAMES = [*OCTOBER.models, "heron-9", "a\nb: c", '"}: [', "日本\u2028"]
AMOUNTS = st.one_of(
    st.floats(), st.integers(-2, 10**12), st.sampled_from(["0.04", "free", "1e-30", "-1"]), st.none(), st.booleans()
)
KEYS = st.sampled_from(
    ["default", "1k", "2K", "4k", "low", "high", "1:1", "imagine", "text_input", "image_output", "x"]
)
TABLES = st.dictionaries(KEYS, st.one_of(AMOUNTS, st.dictionaries(KEYS, AMOUNTS, max_size=3)), max_size=4)
CONFIGS = st.dictionaries(
    st.sampled_from(
        ["image_prices", "image_usage_rates", "image_usage_reservation", "reference_prices", "currency", "y"]
    ),
    st.one_of(TABLES, AMOUNTS, st.lists(AMOUNTS, max_size=2)),
    max_size=3,
)
RAW = st.fixed_dictionaries(
    {},
    optional={
        "available": st.booleans(),
        "unavailable": st.one_of(st.booleans(), st.dictionaries(st.sampled_from(["resolution", "x"]), st.lists(KEYS))),
    },
)


@given(st.dictionaries(st.sampled_from(NAMES), CONFIGS, max_size=4), st.dictionaries(st.sampled_from(NAMES), RAW))
def test_an_overlay_of_any_answer_is_sound(changed: dict[str, Any], raw: dict[str, Any]) -> None:
    configs: dict[str, Any] = {name: price_config(model) for name, model in OCTOBER.models.items()}
    found = offers(OCTOBER, {**configs, **changed}, raw)
    live = LiveModelList(host="127.0.0.1", catalog=OCTOBER.date, catalog_used=OCTOBER, offers=found)
    text = live_overlay_text(live, "2026-11-02")
    catalog = overlaid_by(OCTOBER, read_yaml_or_json(text.encode(), "live.yaml", ""), "live.yaml")
    for offer in found:
        if offer.standing is OfferState.OTHER_PRICE and offer.live_price is not None:
            request = {"model": offer.model, "prompt": "a heron"}
            assert catalog.model(offer.model).price.cost(request, 1) == offer.live_price.cost(request, 1)
