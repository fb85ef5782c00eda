"""Requests that go on from an earlier task: it must be one's own, completed, of a fitting action and version."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Behaviour, Simulator, parse_faults, parse_latency
from qwave_batch.simulator.api_calls import Caller
from qwave_batch.simulator.simulated_task import SimulatedTask

OURS = Caller(account="ours", origin="http://127.0.0.1", elsewhere="")
THEIRS = Caller(account="theirs", origin="http://127.0.0.1", elsewhere="")
MASK = "https://example.com/mask.png"


class Chain:
    """An embedded API whose tasks end at once."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    def answer(self, caller: Caller = OURS, **fields: Any) -> SimulatedTask | str:
        """Return the task of a request, or the field for which it is refused."""
        submission = self.simulator.submit(caller, json.dumps({"model": "midjourney", **fields}).encode(), None)
        if submission.task is not None:
            return submission.task
        error = json.loads(submission.reply.body)["error"]
        assert (submission.reply.status, error["code"]) == (400, "capability_violation"), error
        return str(error["param"])

    def made(self, caller: Caller = OURS, **fields: Any) -> SimulatedTask:
        task = self.answer(caller, **fields)
        assert isinstance(task, SimulatedTask), task
        return task

    def grid(self, caller: Caller = OURS, **fields: Any) -> str:
        return self.made(caller, prompt="a fox", **fields).task_id


@pytest.fixture
def chain() -> Iterator[Chain]:
    with Simulator(catalog=open_catalog("2026-10"), behaviour=Behaviour(latency=parse_latency("0"))) as simulator:
        yield Chain(simulator)


def test_a_chain_of_actions_goes_on_from_task_to_task(chain: Chain) -> None:
    grid = chain.grid()
    assert chain.made(action="reroll", ref_task_id=grid).images == 4
    large = chain.made(action="upscale", ref_task_id=grid, index=4)
    assert large.images == 1
    inpaint = chain.made(action="inpaint", ref_task_id=large.task_id, index=1)
    assert inpaint.images == 0
    assert chain.made(action="modal", ref_task_id=inpaint.task_id, mask_url=MASK).images == 4


@pytest.mark.parametrize("action", ["zoom", "inpaint"])
def test_a_task_of_another_action_is_refused(chain: Chain, action: str) -> None:
    assert chain.answer(action=action, ref_task_id=chain.grid(), index=1) == "ref_task_id"


def test_a_task_that_is_not_there_or_anothers_or_of_another_model_is_refused(chain: Chain) -> None:
    other = chain.made(model="z-image-turbo", prompt="a fox").task_id
    for task_id in ("task-wave1", chain.grid(THEIRS), other):
        assert chain.answer(action="reroll", ref_task_id=task_id) == "ref_task_id"


@pytest.mark.parametrize("faults", ["task_failed", "never_ends"])
def test_a_task_that_is_not_completed_is_refused(faults: str) -> None:
    behaviour = Behaviour(latency=parse_latency("0"), faults=parse_faults(faults))
    with Simulator(catalog=open_catalog("2026-10"), behaviour=behaviour) as simulator:
        chain = Chain(simulator)
        assert chain.answer(action="reroll", ref_task_id=chain.grid()) == "ref_task_id"


def test_a_number_beyond_the_images_of_the_task_is_refused(chain: Chain) -> None:
    large = chain.made(action="upscale", ref_task_id=chain.grid(), index=4).task_id
    assert chain.answer(action="zoom", ref_task_id=large, index=2) == "index"


def test_an_action_of_some_versions_asks_for_that_of_the_first_task(chain: Chain) -> None:
    """The version is kept from task to task; where none was asked for, nobody knows it and it is taken."""

    def remix(**fields: Any) -> SimulatedTask | str:
        varied = chain.made(action="variation", ref_task_id=chain.grid(**fields), index=1).task_id
        return chain.answer(action="remix-subtle", ref_task_id=varied, index=1)

    assert remix(version="v7") == "ref_task_id"
    assert isinstance(remix(version="v8.2"), SimulatedTask)
    assert isinstance(remix(), SimulatedTask)


def test_a_task_that_returns_no_image_of_its_own_is_charged_and_one_that_lacks_its_images_is_not(chain: Chain) -> None:
    large = chain.made(action="upscale", ref_task_id=chain.grid(), index=1)
    inpaint = chain.made(action="inpaint", ref_task_id=large.task_id, index=1)
    assert 0 < inpaint.price_quota <= inpaint.hold_quota
    behaviour = Behaviour(latency=parse_latency("0"), faults=parse_faults("no_images"))
    with Simulator(catalog=open_catalog("2026-10"), behaviour=behaviour) as simulator:
        lacking = Chain(simulator).made(prompt="a fox")
    assert (lacking.images, lacking.price_quota) == (0, 0)
    assert lacking.hold_quota > 0
