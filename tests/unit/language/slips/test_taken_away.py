"""A null takes away what a base says."""

from collections.abc import Callable
from typing import Any

import pytest

from qwave_batch.model.job import Job
from qwave_batch.model.problem import Problem
from qwave_batch.plan.planner import Plan

HEAD = 'version: 1\nname: pots\ncatalog: "2026-05"\nrequest: {model: z-image-turbo, seed: 7}\n'
BASE = (
    HEAD
    + """\
description: what for
vars: {glaze: blue}
prompts: [{text: "A pot, {{ glaze | default('plain', true) }}", id: pot, tags: [a]}]
matrix: {aspect_ratio: ["1:1", "16:9"], resolution: [1K], exclude: [{aspect_ratio: "1:1"}], include: [{n: 1}]}
sample: {count: 1, seed: 3}
repeat: 2
limits: {concurrency: 2, models: {z-image-turbo: {concurrency: 1}}}
budget: {max_usd: 1}
output: {path: "{{ job_id }}"}
"""
)
SMALL = HEAD + "prompts: [A pot]\nmatrix: {aspect_ratio: ['1:1', '16:9']}\nsample: {count: 1}\nbudget: {max_usd: 1}\n"

Check = Callable[..., list[Problem]]
PlanOf = Callable[..., Plan]


@pytest.fixture
def child_of(plan_of: PlanOf) -> Callable[..., Plan]:
    def child_of(base: str, child: str, *overrides: str, files: dict[str, str] | None = None) -> Plan:
        return plan_of(
            f"extends: base.yaml\n{child}", head="", files={"base.yaml": base, **(files or {})}, overrides=overrides
        )

    return child_of


def jobs(plan: Plan) -> list[Job]:
    return [item for item in plan.items() if isinstance(item, Job)]


def test_the_parts_that_are_null_are_gone(child_of: Callable[..., Plan]) -> None:
    plan = child_of(SMALL, "name: pots-all\nmatrix: {aspect_ratio: null}\nsample: null\nbudget: null\n")
    [job] = jobs(plan)
    assert "aspect_ratio" not in job.request
    assert (plan.spec.sample, plan.spec.terms.max_usd, plan.spec.matrix.axes) == (None, None, ())


@pytest.mark.parametrize(
    ("key", "is_gone"),
    [
        ("matrix: null", lambda spec: spec.matrix.axes == ()),
        (
            "matrix: {aspect_ratio: ~, exclude: ~}",
            lambda spec: [axis.name for axis in spec.matrix.axes] == ["resolution"],
        ),
        ("matrix: {exclude: null}", lambda spec: spec.matrix.exclude == ()),
        ("matrix: {include: null}", lambda spec: spec.matrix.include == ()),
        ("repeat: null", lambda spec: spec.repeat == 1),
        ("sample: {seed: null}", lambda spec: (spec.sample.count, spec.sample.seed) == (1, 0)),
        ("sample: {count: null, seed: null}", lambda spec: spec.sample is None),
        ("limits: {models: {z-image-turbo: null}}", lambda spec: spec.terms.limits.models == {}),
        ("limits: {concurrency: null}", lambda spec: spec.terms.limits.concurrency is None),
        ("output: null", lambda spec: "prompt.id" in spec.output_path),
        ("output: {path: null}", lambda spec: "prompt.id" in spec.output_path),
        ("description: null", lambda spec: spec.description == ""),
        ("budget: {max_usd: null}", lambda spec: spec.terms.max_usd is None),
    ],
)
def test_so_is_each_that_a_base_may_have(
    child_of: Callable[..., Plan], key: str, is_gone: Callable[[Any], bool]
) -> None:
    assert not is_gone(child_of(BASE, "").spec)
    assert is_gone(child_of(BASE, f"{key}\n").spec)


def test_a_lower_base_brings_the_key_back(child_of: Callable[..., Plan]) -> None:
    files = {"middle.yaml": "extends: root.yaml\nsample: null\nrepeat: null\n", "root.yaml": BASE}
    plan = child_of("extends: middle.yaml\nsample: {count: 2}\n", "", files=files)
    assert plan.spec.sample is not None
    assert (plan.spec.sample.count, plan.spec.repeat) == (2, 1)


@pytest.mark.parametrize("override", ["sample=null", "sample=~"])
def test_an_override_takes_away_too(plan_of: PlanOf, override: str) -> None:
    assert plan_of(BASE, head="", overrides=(override,)).spec.sample is None


@pytest.mark.parametrize(
    ("override", "is_so"),
    [
        ("matrix.exclude=null", lambda spec: spec.matrix.exclude == ()),
        ("prompts.0.id=null", lambda spec: spec.prompts[0].id is None),
        ("output.path=null", lambda spec: "prompt.id" in spec.output_path),
        ("vars.glaze=null", lambda spec: spec.vars == {"glaze": None}),
        ("request.seed=null", lambda spec: spec.request == {"model": "z-image-turbo", "seed": None}),
    ],
)
def test_an_override_of_a_part(plan_of: PlanOf, override: str, is_so: Callable[[Any], bool]) -> None:
    assert is_so(plan_of(BASE, head="", overrides=(override,)).spec)


def test_a_variable_and_a_field_that_are_null_stay(child_of: Callable[..., Plan]) -> None:
    plan = child_of(BASE, "vars: {glaze: null}\nrequest: {seed: null}\n")
    assert {job.request["prompt"] for job in jobs(plan)} == {"A pot, plain"}
    assert all("seed" not in job.request for job in jobs(plan))


@pytest.mark.parametrize(
    ("child", "path"),
    [
        ("retry: null", "retry"),
        ("matrix: {seed: null}", "matrix.seed"),
        ("limits: {models: {x: ~}}", "limits.models.x"),
    ],
)
def test_a_null_for_what_no_base_has_stays_an_error(check: Check, child: str, path: str) -> None:
    [problem] = check(f"extends: b.yaml\n{child}\n", files={"b.yaml": BASE})
    assert (problem.path, problem.severity) == (path, "error")
    assert problem.place
    assert (problem.place.file, problem.place.line) == ("spec.yaml", 5)


@pytest.mark.parametrize("key", ["name", "catalog", "prompts"])
def test_a_key_that_must_be_there_cannot_be_taken_away(check: Check, key: str) -> None:
    [problem] = check(f"extends: b.yaml\n{key}: null\n", files={"b.yaml": BASE}, head="")
    what_instead = '; write catalog: "2026-10"' if key == "catalog" else ""
    assert problem.suggestion == f"{key} is required, so null cannot remove it{what_instead}"
    assert str(problem.place).startswith("spec.yaml:")


def test_a_key_with_nothing_behind_it_takes_nothing_away(check: Check) -> None:
    [problem] = check("extends: b.yaml\nsample:\n", files={"b.yaml": BASE})
    assert problem.message == '"sample" has no value'
