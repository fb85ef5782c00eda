"""The simulator bills by the catalog: what is held, what is charged, and what goes back."""

import json
from typing import Any

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.model.cost_range import CostRange
from qwave_batch.simulator import Behaviour, Simulator, parse_faults, parse_latency
from qwave_batch.simulator.api_calls import Caller
from qwave_batch.simulator.simulated_task import SimulatedTask

CALLER = Caller(account="a", origin="http://127.0.0.1", elsewhere="")
CATALOG = open_catalog("2026-10")
PICTURES = {"action": "edit", "image_urls": ["https://example.com/a.png", "https://example.com/b.png"]}


def tasks(count: int, *, faults: str = "", **request: Any) -> list[SimulatedTask]:
    """Return so many tasks with one request, of which each has its own fate."""
    raw = json.dumps({"prompt": "a fox", **request}).encode()
    behaviour = Behaviour(latency=parse_latency("0"), faults=parse_faults(faults))
    with Simulator(catalog=CATALOG, behaviour=behaviour) as simulator:
        made = [simulator.submit(CALLER, raw, None).task for _ in range(count)]
    assert None not in made
    return [task for task in made if task is not None]


def quota(usd: str) -> int:
    return round(float(usd) * 500_000)


@pytest.mark.parametrize(
    ("request_", "usd"),
    [
        ({"model": "z-image-turbo"}, "0.01125"),
        ({"model": "gpt-image-2-rev", "resolution": "4k"}, "0.02363"),
        ({"model": "wan2.7-image", "n": 3}, "0.081"),
        ({"model": "midjourney"}, "0.05067"),  # a call, not four images
        ({"model": "qwen-image-3.0", "n": 2, **PICTURES}, "0.04952"),  # 2 x 0.02228 + 2 fees of 0.00248
        ({"model": "grok-imagine-image-quality", "n": 2, **PICTURES}, "0.126"),  # 2 x (0.045 + 2 x 0.009)
        ({"model": "grok-imagine-image-2.0", "n": 2, **PICTURES}, "0.126"),  # 2 x 0.054 + 2 x 0.009
    ],
)
def test_a_price_that_is_stated_is_held_and_charged(request_: dict[str, Any], usd: str) -> None:
    (task,) = tasks(1, **request_)
    assert (task.hold_quota, task.price_quota) == (quota(usd), quota(usd))


@pytest.mark.parametrize("model", [name for name, model in CATALOG.models.items() if "tokens" in str(model.price)])
def test_of_tokens_the_most_is_held_and_what_is_charged_lies_within_the_range(model: str) -> None:
    request = {"model": model, "prompt": "a fox"}
    estimate: CostRange = CATALOG.models[model].estimate(request)
    assert estimate.least_nusd < estimate.most_nusd
    made = tasks(40, model=model)
    assert {task.hold_quota for task in made} == {CATALOG.quota.from_nusd(estimate.most_nusd)}
    charged = {task.price_quota for task in made}
    assert len(charged) > 10
    assert CATALOG.quota.from_nusd(estimate.least_nusd) <= min(charged)
    assert max(charged) <= CATALOG.quota.from_nusd(estimate.most_nusd)
    assert [task.price_quota for task in tasks(40, model=model)] == [task.price_quota for task in made]


def test_a_short_delivery_is_billed_for_what_came_and_the_rest_goes_back() -> None:
    made = tasks(40, model="seedream-4.5", n=4, action="edit", image_urls=["https://example.com/a.png"])
    assert {task.images for task in made} == {1, 2, 3, 4}
    assert all(task.price_quota == task.images * quota("0.036") for task in made)
    assert {task.hold_quota for task in made} == {4 * quota("0.036")}


@pytest.mark.parametrize("faults", ["task_failed", "no_images"])
@pytest.mark.parametrize("model", ["gpt-image-2", "qwen-image-3.0", "midjourney"])
def test_what_fails_or_brings_no_image_is_refunded(model: str, faults: str) -> None:
    (task,) = tasks(1, faults=faults, model=model)
    assert task.hold_quota > 0
    assert task.cost_quota(task.created_at + 1) == 0
