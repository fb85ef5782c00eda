"""Whole specs with their tables, through the real reader and planner."""

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from qwave_batch.errors import SpecError
from qwave_batch.model.job import Job
from qwave_batch.model.problem import Problem
from qwave_batch.plan.planner import Plan, make_plan
from qwave_batch.spec.loading import load_spec

PlanOf = Callable[..., Plan]
JobsOf = Callable[..., list[Job]]
ProblemsOf = Callable[..., list[Problem]]

HEAD = 'version: 1\nname: trial\ncatalog: "2026-05"\n'


def jobs_in(plan: Plan) -> list[Job]:
    """Return the jobs, without their duplicates."""
    return [item for item in plan.items() if isinstance(item, Job)]


@pytest.fixture
def plan_of(tmp_path: Path) -> PlanOf:
    """Plans a spec given without its head; ``files`` are laid beside it."""

    def plan(
        body: str,
        *,
        files: Mapping[str, str | bytes] | None = None,
        overrides: tuple[str, ...] = (),
        head: str = HEAD,
    ) -> Plan:
        for name, content in (files or {}).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        file = tmp_path / "spec.yaml"
        file.write_bytes((head + textwrap.dedent(body)).encode("utf-8", "surrogatepass"))
        return make_plan(load_spec(file, overrides=overrides))

    return plan


@pytest.fixture
def jobs_of(plan_of: PlanOf) -> JobsOf:
    """Returns the jobs of a spec given without its head."""

    def jobs(body: str, **how: object) -> list[Job]:
        return jobs_in(plan_of(body, **how))

    return jobs


@pytest.fixture
def problems_of(plan_of: PlanOf) -> ProblemsOf:
    """Returns what is wrong with a spec given without its head; the body's first line is the file's fourth."""

    def problems(body: str, **how: object) -> list[Problem]:
        with pytest.raises(SpecError) as caught:
            plan_of(body, **how)
        return list(caught.value.problems)

    return problems
