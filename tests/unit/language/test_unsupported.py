"""The effect of ``unsupported`` on jobs that a model does not support."""

from collections.abc import Callable

import pytest

from qwave_batch.model.job import Job
from qwave_batch.model.problem import Problem
from qwave_batch.plan.planner import Plan

PlanOf = Callable[..., Plan]
JobsOf = Callable[..., list[Job]]
ProblemsOf = Callable[..., list[Problem]]


def test_error_lists_every_violation_grouped_at_its_place(problems_of: ProblemsOf) -> None:
    problems = problems_of(
        """
        prompts: [x, y]
        request: {n: 0}
        matrix:
          model: [gpt-image-2, imagen-4.0]
          resolution: [1K, 9K]
          seed: {start: 1, count: 3}
        """
    )
    assert [(problem.path, problem.count) for problem in problems] == [
        ("request.n", 12),
        ("request.n", 12),
        ("matrix.resolution[0]", 6),
        ("matrix.resolution[1]", 6),
        ("matrix.resolution[1]", 6),
    ]


def test_skip_leaves_jobs_out_and_gives_the_reason(plan_of: PlanOf, jobs_of: JobsOf) -> None:
    body = "unsupported: skip\nprompts: [x]\nrequest: {quality: high}\nmatrix: {model: [gpt-image-2, imagen-4.0]}\n"
    good, left_out = jobs_of(body)
    assert good.skip is None
    assert left_out.skip is not None
    assert (left_out.skip.code, left_out.skip.field, left_out.dropped) == ("not_supported", "quality", ())
    assert "quality" in left_out.skip.message
    figures = plan_of(body).figures
    assert (figures.jobs, figures.skipped, sum(figures.skips.values())) == (1, 1, 1)


def test_drop_leaves_out_fields_that_the_model_does_not_take_and_names_them(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        unsupported: drop
        prompts: [x]
        request: {quality: high, seed: 3}
        matrix: {model: [gpt-image-2, imagen-4.0]}
        """
    )
    assert [(dict(job.request), job.dropped, job.skip) for job in made] == [
        ({"model": "gpt-image-2", "prompt": "x", "quality": "high", "seed": 3}, (), None),
        ({"model": "imagen-4.0", "prompt": "x", "seed": 3}, ("quality",), None),
    ]


def test_drop_skips_a_value_that_is_not_offered(jobs_of: JobsOf) -> None:
    made = jobs_of(
        "unsupported: drop\nprompts: [x]\nrequest: {quality: high}\n"
        "matrix: {model: [gemini-2.5-flash-image-preview], resolution: [1K, 2K]}\n"
    )
    assert [(job.request["resolution"], job.skip.field if job.skip else None) for job in made] == [
        ("1K", None),
        ("2K", "resolution"),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        'action: image2image, image_urls: ["https://example.org/a.png"]',
        'image_urls: ["https://example.org/a.png"]',
        'mask_url: "https://example.org/m.png"',
        "bbox_list: [[[1, 1, 2, 2]]]",
        "action: edit",
    ],
)
def test_drop_skips_a_job_that_would_lose_content(jobs_of: JobsOf, fields: str) -> None:
    made = jobs_of(
        f"unsupported: drop\nprompts: [x, {{text: y, request: {{{fields}}}}}]\nrequest: {{model: imagen-4.0}}\n"
    )
    assert [(job.skip is not None, job.dropped) for job in made] == [(False, ()), (True, ())]


def test_drop_skips_a_job_that_lacks_a_required_field(jobs_of: JobsOf) -> None:
    made = jobs_of(
        "unsupported: drop\nprompts: [x, {text: y, request: {action: edit}}]\nrequest: {model: gpt-image-2}\n"
    )
    assert [job.skip.field if job.skip else None for job in made] == [None, "image_urls"]


def test_jobs_that_become_equal_are_one(plan_of: PlanOf) -> None:
    plan = plan_of(
        "unsupported: drop\nprompts: [x]\nmatrix: {model: [imagen-4.0, gpt-image-2], quality: [low, high, auto]}\n"
    )
    assert (plan.figures.jobs, plan.figures.folded) == (4, 2)


@pytest.mark.parametrize("written", ["1K", "1k"])
def test_spelling_is_no_violation_and_the_models_own_is_sent(jobs_of: JobsOf, written: str) -> None:
    made = jobs_of(
        f"prompts: [x]\nrequest: {{resolution: {written}}}\nmatrix: {{model: [gpt-image-2, qwen-image-2.0]}}\n"
    )
    assert [job.request["resolution"] for job in made] == ["1k", "1K"]
