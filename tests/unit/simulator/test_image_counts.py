"""How many images a simulated task brings: as many as were asked for, or fewer where the catalog says so."""

import json
from typing import Any

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Behaviour, Simulator, parse_latency
from qwave_batch.simulator.api_calls import Caller
from qwave_batch.simulator.simulated_task import SimulatedTask

CALLER = Caller(account="a", origin="http://127.0.0.1", elsewhere="")
ON_IMAGE = {"ref_task_id": "task-1", "index": 1}
PICTURE = {"image_urls": ["https://example.com/a.png"]}


def counts(model: str, date: str, **fields: Any) -> set[int]:
    """Return the numbers of images that 40 alike tasks bring."""
    with Simulator(catalog=open_catalog(date), behaviour=Behaviour(latency=parse_latency("0"))) as simulator:

        def made(**request: Any) -> SimulatedTask:
            task = simulator.submit(CALLER, json.dumps({"model": model, **request}).encode(), None).task
            assert task is not None
            return task

        if "ref_task_id" in fields:  # a grid, or one image of it
            source = made(prompt="A fox").task_id
            if fields["action"] == "zoom":
                source = made(action="upscale", ref_task_id=source, index=1).task_id
            fields = {**fields, "ref_task_id": source}
        return {made(**fields).images for _ in range(40)}


@pytest.mark.parametrize(
    ("model", "fields", "number"),
    [
        ("midjourney", {"prompt": "A fox"}, 4),
        ("midjourney", {"action": "upscale", **ON_IMAGE}, 1),
        ("midjourney", {"action": "zoom", **ON_IMAGE}, 4),
        ("wan2.7-image", {"prompt": "A fox", "n": 4}, 4),
        ("grok-imagine-image-quality", {"prompt": "A fox", "n": 10}, 10),
        ("z-image-turbo", {"prompt": "A fox"}, 1),
    ],
)
def test_a_fixed_number_is_kept(model: str, fields: dict[str, Any], number: int) -> None:
    assert counts(model, "2026-10", **fields) == {number}


@pytest.mark.parametrize(
    ("date", "model", "fields", "most"),
    [
        ("2026-10", "midjourney", {"prompt": "A fox", "action": "edit", **ON_IMAGE, **PICTURE}, 4),
        ("2026-10", "seedream-4.0", {"prompt": "A fox", "action": "edit", "n": 5, **PICTURE}, 5),
        ("2026-05", "doubao-seedream-4.0", {"prompt": "A fox", "action": "group"}, 15),
    ],
)
def test_a_model_that_chooses_may_bring_fewer(date: str, model: str, fields: dict[str, Any], most: int) -> None:
    found = counts(model, date, **fields)
    assert most in found
    assert 1 <= min(found) < most == max(found)
