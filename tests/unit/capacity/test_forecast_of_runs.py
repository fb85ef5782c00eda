"""The forecast holds for runs: the engine works on virtual time against an API that keeps limits strictly."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qwave_batch.capacity.capacity import bounded_by
from qwave_batch.capacity.plan_work import CapacityAsk, JobCount, workload_of
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.terms import Completion, Limits, ModelLimits, Terms
from tests.unit.run.world import World, make_job

TOLERANCE = 0.12
"""Polls notice the end of a task a little late, which holds its slot: docs/engine.md has by how much."""


@dataclass(frozen=True)
class Case:
    jobs: Mapping[str, int]
    latency_s: Mapping[str, float]
    limits: Limits = field(default_factory=Limits)
    completion: Completion = Completion.AUTO


CASES = {
    "slots": Case({"a": 150}, {"a": 6.0}, Limits(concurrency=10)),
    "rate": Case({"a": 240}, {"a": 6.0}, Limits(concurrency=60, requests_per_minute=60)),
    "rate that ends within a window": Case({"a": 270}, {"a": 6.0}, Limits(concurrency=60, requests_per_minute=60)),
    "a slow model among quick ones": Case(
        {"a": 200, "b": 200}, {"a": 2.0, "b": 20.0}, Limits(concurrency=64, models={"b": ModelLimits(concurrency=10)})
    ),
    "a rate of one model": Case(
        {"a": 150, "b": 150}, {"a": 5.0, "b": 5.0},
        Limits(concurrency=40, models={"b": ModelLimits(requests_per_minute=30)}),
    ),
    "slots that two models share": Case({"a": 200, "b": 100}, {"a": 3.0, "b": 12.0}, Limits(concurrency=24)),
    "slots that are found out": Case({"a": 600}, {"a": 8.0}),
    "slots of quick tasks": Case({"a": 300}, {"a": 2.0}),
    "slots of slow tasks": Case({"a": 300}, {"a": 30.0}),
    "few jobs": Case({"a": 24}, {"a": 9.0}, Limits(concurrency=8)),
    "polls": Case({"a": 150}, {"a": 6.0}, Limits(concurrency=10), Completion.POLL),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_run_takes_as_long_as_it_was_to(tmp_path: Path, name: str) -> None:
    case, world = CASES[name], World(tmp_path)
    terms = world.terms = Terms(limits=case.limits, completion=case.completion)
    world.api.latency = lambda request, rng: _latency_of(case, request) * rng.uniform(0.8, 1.2)
    world.api.holds_s = 60.0 if case.completion is Completion.AUTO else 0.0
    models = [model for model, jobs in case.jobs.items() for _ in range(jobs)]
    world.plan(make_job(index, model=model) for index, model in enumerate(_spread(models, len(case.jobs))))
    assert world.run_to_end().exit_status == 0

    counts = {model: JobCount(jobs=jobs, images=jobs) for model, jobs in case.jobs.items()}
    load = workload_of(counts, terms, keeps_keys=True, ask=CapacityAsk(latency_s=case.latency_s))
    assert bounded_by(load).seconds == pytest.approx(world.clock.passed, rel=TOLERANCE)


def _latency_of(case: Case, request: JsonObject) -> float:
    return case.latency_s[str(request["model"])]


def _spread(models: list[str], step: int) -> list[str]:
    """Return the models in turns, as a matrix has them."""
    part = -(-len(models) // step)
    return [models[place] for first in range(part) for place in range(first, len(models), part)]
