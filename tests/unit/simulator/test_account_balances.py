"""The law of the accounts: whatever happens, balance = granted - charges, and nothing unpaid is ever charged."""

import json
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.model.task import TaskState
from qwave_batch.simulator import Behaviour, Settings, Simulator, parse_faults, parse_latency
from qwave_batch.simulator.api_calls import Caller
from qwave_batch.simulator.embedded_api import account_of_key
from tests.api_units import QUOTA

FakeClock: TypeAlias = Any  # the fixture's class is in conftest.py, which is not importable

FAULTS = "task_failed=0.2,never_ends=0.1,no_images=0.2,fewer_images=0.3,drop_after=0.2"
GRANTED_QUOTA = 50_000

STEPS = st.one_of(
    st.tuples(st.just("submit"), st.integers(1, 4), st.sampled_from([None, "i-1", "i-2", "i-3"])),
    st.tuples(st.just("poll"), st.integers(0, 30), st.none()),
    st.tuples(st.just("cancel"), st.integers(0, 30), st.none()),
    st.tuples(st.just("wait"), st.integers(0, 6), st.none()),
    st.tuples(st.just("restart"), st.integers(0, 6), st.none()),
)


@given(st.lists(STEPS, max_size=40), st.integers(0, 1000))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_what_is_left_is_what_was_granted_less_the_charges(
    clock: FakeClock, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, str | None]], seed: int
) -> None:
    path = tmp_path_factory.mktemp("accounts") / "state.sqlite"
    caller = Caller(account=account_of_key("key"), origin="http://127.0.0.1", elsewhere="")

    def opened() -> Simulator:
        return Simulator(
            catalog=open_catalog("2026-05"),
            behaviour=Behaviour(seed=seed, latency=parse_latency("0..10"), faults=parse_faults(FAULTS)),
            settings=Settings(granted_usd=GRANTED_QUOTA / 500_000),
            state_path=path,
            clock=clock,
        )

    simulator = opened()
    try:
        for step, number, key in steps:
            tasks = simulator.tasks()
            if step == "submit":
                body = {"model": "gpt-image-2", "prompt": "a", "n": number, "seed": len(tasks) % 3}
                simulator.submit(caller, json.dumps(body).encode(), key)
            elif step == "wait":
                clock.advance(number)
            elif step == "restart":
                simulator.close()
                clock.advance(number)
                simulator = opened()
            elif tasks:
                ask = simulator.status if step == "poll" else simulator.cancel
                ask(caller, tasks[number % len(tasks)].task_id)
            check(simulator)
    finally:
        simulator.close()


def check(simulator: Simulator) -> None:
    charges = simulator.charges()
    left = simulator.available_quota("key")
    assert 0 <= left == GRANTED_QUOTA - sum(charge.cost_quota for charge in charges)
    for charge in charges:
        if charge.state in {TaskState.FAILED, TaskState.CANCELLED}:
            assert (charge.cost_quota, charge.images) == (0, 0)
        elif charge.state is TaskState.COMPLETED:
            assert charge.cost_quota == QUOTA.from_nusd(6_375_000 * charge.images)
        else:
            assert charge.cost_quota == charge.hold_quota
    keys = [charge.idempotency_key for charge in charges if charge.idempotency_key]
    assert len(keys) == len(set(keys))
