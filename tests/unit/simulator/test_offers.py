import json
from collections.abc import Mapping
from typing import Any

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Settings, Simulator
from qwave_batch.simulator.api_calls import Caller

CALLER = Caller(account="a", origin="http://127.0.0.1", elsewhere="http://localhost")


def listed(settings: Settings) -> Mapping[str, Any]:
    with Simulator(catalog=open_catalog("2026-05"), settings=settings) as simulator:
        body = json.loads(simulator.models(CALLER).body)
    return {model["id"]: model["price_config"] for model in body["data"]}


def test_models_are_offered_at_the_catalogs_prices() -> None:
    offered = listed(Settings())
    assert list(offered) == list(open_catalog("2026-05").models)
    assert offered["imagen-4.0"] == {"image_prices": {"default": 0.0425}}


def test_an_account_may_be_offered_other_models_at_other_prices() -> None:
    dearer = {"image_prices": {"default": 0.05}}
    offered = listed(Settings(offers={"imagen-4.0": dearer, "imagen-5.0": dearer, "z-image-turbo": None}))
    assert offered["imagen-4.0"] == offered["imagen-5.0"] == dearer
    assert "z-image-turbo" not in offered


@pytest.mark.parametrize(("name", "status"), [("imagen-5.0", 200), ("z-image-turbo", 404), ("imagen-4.0", 200)])
def test_one_model_is_told_as_the_list_has_it(name: str, status: int) -> None:
    settings = Settings(offers={"imagen-5.0": {}, "z-image-turbo": None})
    with Simulator(catalog=open_catalog("2026-05"), settings=settings) as simulator:
        assert simulator.model(CALLER, name).status == status
