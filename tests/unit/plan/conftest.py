"""Plans of specs written in the tests as YAML, through the real reader."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import Problem
from qwave_batch.plan.planner import Plan, make_plan
from qwave_batch.spec.loading import load_spec

PlanOf = Callable[[str], Plan]
ProblemsOf = Callable[[str], tuple[Problem, ...]]

HEAD = 'version: 1\nname: trial\ncatalog: "2026-05"\n'


@pytest.fixture
def plan_of(tmp_path: Path) -> PlanOf:
    """Plans a spec given without its head."""

    def plan(body: str) -> Plan:
        file = tmp_path / "spec.yaml"
        file.write_text(HEAD + textwrap.dedent(body), encoding="utf-8")
        return make_plan(load_spec(file))

    return plan


@pytest.fixture
def problems_of(plan_of: PlanOf) -> ProblemsOf:
    """Returns what is wrong with a spec given without its head; the body's first line is the file's fourth."""

    def problems(body: str) -> tuple[Problem, ...]:
        with pytest.raises(SpecError) as caught:
            plan_of(body)
        return caught.value.problems

    return problems
