"""The keys of a spec and their meaning."""

from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.api.run_place import default_folder
from qwave_batch.client.connection import Simulated
from qwave_batch.model.job import Job
from qwave_batch.model.problem import Problem
from qwave_batch.model.terms import Terms
from qwave_batch.plan.planner import Plan

PlanOf = Callable[..., Plan]
JobsOf = Callable[..., list[Job]]
ProblemsOf = Callable[..., list[Problem]]

SMALL = "prompts: [x]\nrequest: {model: z-image-turbo, seed: 1}\n"


@pytest.mark.parametrize("key", ["version", "name", "catalog"])
def test_the_head_is_required(problems_of: ProblemsOf, key: str) -> None:
    lines = ["version: 1", "name: trial", 'catalog: "2026-05"']
    head = "\n".join(line for line in lines if not line.startswith(key)) + "\n"
    assert [key in problem.message for problem in problems_of(SMALL, head=head)] == [True]


@pytest.mark.parametrize(
    "head",
    [
        'version: 2\nname: trial\ncatalog: "2026-05"\n',
        'version: 1\nname: Trial/1\ncatalog: "2026-05"\n',
        'version: 1\nname: trial\ncatalog: "2026-04"\n',
    ],
)
def test_the_head_is_checked(problems_of: ProblemsOf, head: str) -> None:
    assert len(problems_of(SMALL, head=head)) == 1


def test_prompts_are_required_and_not_empty(problems_of: ProblemsOf) -> None:
    assert "prompts" in problems_of("request: {model: z-image-turbo}\n")[0].message
    assert problems_of("prompts: []\nrequest: {model: z-image-turbo}\n")[0].path == "prompts"


def test_the_name_names_the_run_folder(plan_of: PlanOf) -> None:
    plan = plan_of(SMALL, head='version: 1\nname: teahouse-ab\ncatalog: "2026-05"\n')
    assert (plan.name, default_folder(plan, Simulated())) == ("teahouse-ab", Path("runs/teahouse-ab-simulated"))


def test_request_holds_fields_of_every_job(jobs_of: JobsOf) -> None:
    made = jobs_of("prompts: [x, y]\nrequest: {model: gpt-image-2, quality: low}\nmatrix: {seed: [1, 2]}\n")
    assert [(job.prompt, job.request["quality"]) for job in made] == [("x", "low")] * 2 + [("y", "low")] * 2


def test_a_prompts_fields_are_those_of_its_jobs_only(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        prompts: [{text: x, request: {quality: high}}, y]
        request: {model: gpt-image-2}
        """
    )
    assert [job.request.get("quality") for job in made] == ["high", None]


def test_tags_and_meta_are_carried_and_change_nothing(jobs_of: JobsOf) -> None:
    (plain,) = jobs_of(SMALL)
    (rich,) = jobs_of(
        """
        prompts: [{id: a, text: x, tags: [street, 7], meta: {source: sketchbook, deep: [1, {a: null}]}}]
        request: {model: z-image-turbo, seed: 1}
        """
    )
    assert (rich.tags, rich.meta) == (("street", "7"), {"source": "sketchbook", "deep": [1, {"a": None}]})
    assert rich.job_id == plain.job_id


def test_an_id_is_unique_in_the_spec(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of("prompts: [{id: a, text: x}, {id: a, text: y}]\nrequest: {model: z-image-turbo}\n")
    assert (problem.path, problem.value) == ("prompts[1].id", "a")


def test_sample_and_limit_do_not_go_together(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(
        "prompts: [{from: t.txt, text: '{{ row.text }}', limit: 1, sample: {count: 1, seed: 1}}]\n"
        "request: {model: z-image-turbo}\n",
        files={"t.txt": "a\n"},
    )
    assert problem.path.startswith("prompts[0]")


@pytest.mark.parametrize("key", ["where: '{{ true }}'", "limit: 1", "sample: {count: 1, seed: 1}"])
def test_what_picks_rows_needs_a_table(problems_of: ProblemsOf, key: str) -> None:
    (problem,) = problems_of(f"prompts: [{{text: x, {key}}}]\nrequest: {{model: z-image-turbo}}\n")
    assert problem.path.startswith("prompts[0]")


def test_one_model_need_not_be_an_axis(jobs_of: JobsOf) -> None:
    (job,) = jobs_of(SMALL)
    assert (job.model, dict(job.axes)) == ("z-image-turbo", {})


def test_repeat_makes_every_job_so_often(jobs_of: JobsOf) -> None:
    assert [job.repeat for job in jobs_of("repeat: 3\n" + SMALL)] == [0, 1, 2]


def test_unsupported_is_an_error_by_default(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of("prompts: [x]\nrequest: {model: imagen-4.0, quality: high}\n")
    assert problem.path == "request.quality"


def test_terms_are_what_the_spec_says(plan_of: PlanOf) -> None:
    terms = plan_of(
        SMALL
        + """
limits:
  concurrency: 16
  requests_per_minute: 600
  count_polls: true
  models: {gpt-image-2: {concurrency: 4, requests_per_minute: 60}}
retry: {attempts: 0}
timeout: 120
budget: {max_usd: 30}
"""
    ).terms
    assert (terms.limits.concurrency, terms.limits.requests_per_minute, terms.limits.count_polls) == (16, 600, True)
    assert terms.limits.models["gpt-image-2"].concurrency == 4
    assert terms.limits.models["gpt-image-2"].requests_per_minute == 60
    assert (terms.retry_attempts, terms.timeout_s, terms.max_usd) == (0, 120, 30)


def test_terms_have_defaults(plan_of: PlanOf) -> None:
    assert plan_of(SMALL).terms == Terms()
    assert Terms().timeout_s == 300


def test_a_limit_of_a_model_that_does_not_exist_is_an_error(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of("limits: {models: {gpt-image-3: {concurrency: 1}}}\n" + SMALL)
    assert problem.path == "limits.models.gpt-image-3"
    assert problem.place is not None
    assert (problem.place.line, problem.place.column) == (4, 19)
    assert 'unknown model "gpt-image-3"' in problem.message


def test_terms_are_no_part_of_the_identity(jobs_of: JobsOf) -> None:
    (plain,) = jobs_of(SMALL)
    (other,) = jobs_of("limits: {concurrency: 1}\nretry: {attempts: 1}\ntimeout: 9\nbudget: {max_usd: 1}\n" + SMALL)
    assert other.job_id == plain.job_id


@pytest.mark.parametrize(
    ("written", "value"),
    [("16:9", "16:9"), ("no", "no"), ("on", "on"), ("2026-11-22", "2026-11-22"), ("1e3", 1000.0), ("0o7", 7)],
)
def test_scalars_are_those_of_yaml_1_2(jobs_of: JobsOf, written: str, value: object) -> None:
    (job,) = jobs_of(f"vars: {{v: {written}}}\nprompts: [{{text: x, meta: {{v: '{{{{ v }}}}'}}}}]\n{SMALL[13:]}")
    assert job.meta["v"] == value
    assert type(job.meta["v"]) is type(value)


@pytest.mark.parametrize("body", ["colour: red\n" + SMALL, "prompts: [{txt: x}]\nrequest: {model: z-image-turbo}\n"])
def test_unknown_keys_are_errors(problems_of: ProblemsOf, body: str) -> None:
    assert any("unknown key" in problem.message for problem in problems_of(body))


def test_duplicate_keys_are_errors(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(SMALL + "repeat: 1\nrepeat: 2\n")
    assert 'duplicate key "repeat"' in problem.message
