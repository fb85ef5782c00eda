"""Runs that are told to end before they have begun to send."""

import pytest

from qwave_batch.errors import RunStopped
from qwave_batch.run.state.stop_reasons import StopSignal
from tests.unit.run.world import World, make_job


def test_a_stop_does_not_wait_for_the_balance(world: World) -> None:
    world.plan(make_job(index) for index in range(20))
    stop = world.stop = StopSignal()
    world.api.fault = lambda place, _: "hang" if place == "balance" else None
    world.api.on_call = lambda _: stop.request()
    end = world.run_to_end()
    assert (end.exit_status, end.counts.pending, end.requests.submit) == (130, 20, 0)
    assert end.seconds < 1.0


def test_a_stop_does_not_wait_for_the_look_at_all_jobs(world: World) -> None:
    world.plan(make_job(index) for index in range(20))
    world.stop = StopSignal()
    world.stop.request()
    with pytest.raises(RunStopped, match="before anything was sent"):
        world.run()
    assert not world.api.calls
    world.stop = None
    assert world.run_to_end().exit_status == 0
