"""Runs against a simulator with limits that the spec does not know, in a time that skips all waiting."""

from dataclasses import dataclass
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.client.task_api import TaskApi
from qwave_batch.client.transport import AiohttpTransport
from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.terms import Completion
from qwave_batch.run.engine import run_plan
from qwave_batch.run.state.context import RunContext
from qwave_batch.run.state.run_end import RunEnd
from qwave_batch.run.state.run_request import RunOptions
from qwave_batch.simulator import Behaviour, RateLimits, Settings, Simulator, parse_latency, serve
from qwave_batch.simulator.api_calls import Seen
from qwave_batch.simulator.simulated_task import SimulatedTask
from tests.api_units import QUOTA
from tests.integration.skipping_time import SkippingClock, run_skipping

CATALOG = open_catalog("2026-05")
CLAIM = FolderClaim(spec_name="rates", backend="simulator", path="/rates", host="here", key="k")
SPEC = """
version: 1
name: rates
catalog: "2026-05"
prompts: [A teahouse]
matrix: {model: [MODELS], seed: {start: 1, count: COUNT}}
"""


async def run(folder: Path, simulator: Simulator, clock: SkippingClock, options: RunOptions, plan: qb.Plan) -> RunEnd:
    layout = RunLayout(folder)
    layout.create()
    with Ledger.open(layout.workspace.ledger) as ledger:
        ledger.claim(CLAIM, adopt=False)
        ledger.replace_plan(plan.items())
        async with serve(simulator) as base_url, AiohttpTransport(base_url, max_connections=160) as transport:
            return await run_plan(
                RunContext(
                    layout=layout,
                    ledger=ledger,
                    claim=CLAIM,
                    api=TaskApi(transport, base_url, "k", clock, quota=QUOTA),
                    terms=plan.terms,
                    options=options,
                    idempotency_hours=24.0,
                    catalog=plan.catalog_used,
                    write_manifest=lambda: None,
                    clock=clock,
                )
            )


@dataclass(frozen=True)
class Rig:
    """A folder, and a way to skip the waiting in it."""

    folder: Path
    patch: pytest.MonkeyPatch

    def run(
        self,
        limits: RateLimits,
        *,
        jobs: int,
        models: str = "z-image-turbo",
        completion: Completion = Completion.POLL,
    ) -> tuple[RunEnd, Seen, tuple[SimulatedTask, ...]]:
        """Return how the run ended, in the clock's time, and what the simulator has seen of it."""
        spec = self.folder / "spec.yaml"
        spec.write_text(SPEC.replace("MODELS", models).replace("COUNT", str(jobs // (models.count(",") + 1))))
        plan = qb.open_plan(spec)
        assert isinstance(plan, qb.Plan)
        clock = SkippingClock()
        behaviour = Behaviour(latency=parse_latency("normal(2,0.3)"))
        options = RunOptions(completion=completion)
        with Simulator(
            catalog=CATALOG, behaviour=behaviour, settings=Settings(limits=limits), clock=clock
        ) as simulator:
            end = run_skipping(clock, lambda: run(self.folder / "run", simulator, clock, options, plan), self.patch)
            return end, simulator.seen, simulator.tasks()


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    return Rig(tmp_path, monkeypatch)


@pytest.mark.parametrize("completion", [Completion.POLL, Completion.WAIT])
def test_a_limit_that_nobody_named_is_used_and_not_stormed(rig: Rig, completion: Completion) -> None:
    """300 jobs at 120 a minute take two minutes and what the last 60 take."""
    limits = RateLimits(requests_per_minute=120)
    end, seen, _ = rig.run(limits, jobs=300, completion=completion)
    assert (end.exit_status, end.counts.completed) == (0, 300)
    assert end.seconds < 120 * 1.15 + 20
    assert seen.throttled <= 36, "12 in 100: 8 where the machine has time"


def test_where_headers_tell_the_limit_it_is_hardly_ever_met(rig: Rig) -> None:
    limits = RateLimits(requests_per_minute=120, send_headers=True)
    end, seen, _ = rig.run(limits, jobs=300)
    assert (end.exit_status, end.counts.completed) == (0, 300)
    assert end.seconds < 120 * 1.15 + 20
    assert seen.throttled <= 2


def test_the_limit_of_one_model_is_no_trouble_of_the_other(rig: Rig) -> None:
    limits = RateLimits(models={"z-image-turbo": 20})
    end, seen, tasks = rig.run(limits, jobs=120, models="z-image-turbo, gpt-image-2")
    assert end.exit_status == 0
    began = min(task.created_at for task in tasks)
    took = {
        model: max(task.ends_at or 0.0 for task in tasks if task.model == model) - began
        for model in ("z-image-turbo", "gpt-image-2")
    }
    assert took["gpt-image-2"] < 40
    assert 115 < took["z-image-turbo"] < 150
    assert seen.throttled <= 12


def test_where_polls_count_too_they_are_paced_with_the_submits(rig: Rig) -> None:
    """The run learns from a 429 on a poll that they count, and asks no more than is left."""
    limits = RateLimits(requests_per_minute=240, count_polls=True, send_headers=True)
    end, seen, _ = rig.run(limits, jobs=200)
    assert (end.exit_status, end.counts.completed) == (0, 200)
    assert seen.throttled <= 24
    assert end.seconds < 60.0 * ((end.requests.submit + end.requests.poll) // 240 + 1) * 1.2 + 20
