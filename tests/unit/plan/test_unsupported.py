from collections.abc import Callable

import pytest

from qwave_batch.model.job import Job
from qwave_batch.model.job_identity import job_id
from qwave_batch.model.problem import Problem
from qwave_batch.plan.planner import Plan

PlanOf = Callable[[str], Plan]
ProblemsOf = Callable[[str], tuple[Problem, ...]]

SWEEP = """
prompts: [x]
matrix:
  model: [gpt-image-2, imagen-4.0, gemini-2.5-flash-image-preview]
  resolution: [1K, 2K]
"""


def jobs(plan: Plan) -> list[Job]:
    return [item for item in plan.items() if isinstance(item, Job)]


def test_error_lists_every_violation_once_with_the_place_that_set_the_value(problems_of: ProblemsOf) -> None:
    problems = problems_of(SWEEP)
    assert [(problem.path, problem.place.line if problem.place else 0, problem.count) for problem in problems] == [
        ("matrix.resolution[0]", 8, 1),
        ("matrix.resolution[1]", 8, 1),
        ("matrix.resolution[1]", 8, 1),
    ]


def test_skip_leaves_the_job_out_with_its_reason(plan_of: PlanOf) -> None:
    plan = plan_of("unsupported: skip\n" + SWEEP)
    skipped = [job for job in jobs(plan) if job.skip]
    assert [(job.model, job.request["resolution"]) for job in skipped] == [
        ("imagen-4.0", "1K"),
        ("imagen-4.0", "2K"),
        ("gemini-2.5-flash-image-preview", "2K"),
    ]
    assert {job.skip.field for job in skipped if job.skip} == {"resolution"}
    assert (plan.figures.jobs, plan.figures.skipped) == (3, 3)


def test_a_skipped_jobs_id_is_that_of_its_rendered_request(plan_of: PlanOf) -> None:
    skipped = next(job for job in jobs(plan_of("unsupported: skip\n" + SWEEP)) if job.skip)
    assert skipped.job_id == job_id({"model": "imagen-4.0", "prompt": "x", "resolution": "1K"}, 0)


def test_drop_leaves_out_a_field_that_the_model_does_not_take_and_folds_what_becomes_equal(plan_of: PlanOf) -> None:
    plan = plan_of("unsupported: drop\n" + SWEEP)
    imagen = [job for job in jobs(plan) if job.model == "imagen-4.0"]
    assert [(job.dropped, "resolution" in job.request, job.skip) for job in imagen] == [(("resolution",), False, None)]
    assert plan.figures.folded == 1


def test_drop_still_skips_a_value_that_the_model_does_not_offer(plan_of: PlanOf) -> None:
    plan = plan_of("unsupported: drop\n" + SWEEP)
    (skipped,) = [job for job in jobs(plan) if job.skip]
    assert (skipped.model, skipped.request["resolution"]) == ("gemini-2.5-flash-image-preview", "2K")


def test_drop_skips_a_job_that_would_lose_content(plan_of: PlanOf) -> None:
    plan = plan_of(
        """
        unsupported: drop
        prompts: [x]
        request: {image_urls: ["https://example.org/a.png"], action: image2image}
        matrix: {model: [z-image-turbo, qwen-image-2.0]}
        """
    )
    assert [(job.model, job.skip is None) for job in jobs(plan)] == [("z-image-turbo", False), ("qwen-image-2.0", True)]


def test_unknown_model_is_an_error_whatever_unsupported_says(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of("unsupported: drop\nprompts: [x]\nrequest: {model: imagen-4}\n")
    assert problem.suggestion == 'did you mean "imagen-4.0"?'


def test_no_model_at_all_is_an_error(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of("prompts: [x]\n")
    assert problem.message == "no model is named"


def test_plan_in_which_every_job_is_skipped_is_an_error_that_says_why(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of("unsupported: skip\nprompts: [x]\nrequest: {model: imagen-4.0, resolution: 1K}\n")
    assert problem.message.startswith("nothing to make: all 1 jobs are skipped: ")


def test_many_equal_violations_are_one_problem_with_a_count(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(
        "prompts: [x]\nrequest: {model: imagen-4.0, quality: high}\nmatrix: {seed: {start: 0, count: 500}}\n"
    )
    assert problem.count == 500


@pytest.mark.parametrize("unsupported", ["skip", "drop"])
@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("request: {model: z-image-turbo, sead: 7}\nprompts: [x]\n", "request.sead"),
        ("request: {model: z-image-turbo}\nprompts: [{text: x, request: {sead: 7}}]\n", "prompts[0].request.sead"),
        ("prompts: [x]\nmatrix: {model: [{model: z-image-turbo, sead: 7}]}\n", "matrix.model[0].sead"),
        (
            "request: {model: z-image-turbo}\nprompts: ['{{ v.id }}']\nmatrix: {v: [{id: a, request: {sead: 1}}]}\n",
            "matrix.v[0].request.sead",
        ),
    ],
)
def test_field_that_no_model_takes_is_an_error_whatever_unsupported_says(
    problems_of: ProblemsOf, unsupported: str, body: str, path: str
) -> None:
    (problem,) = problems_of(f"unsupported: {unsupported}\n{body}")
    assert (problem.path, problem.suggestion) == (path, 'did you mean "seed"?')
