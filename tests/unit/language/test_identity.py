"""The identity of a job is its request, and nothing else."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from qwave_batch.model.job import Duplicate, Job
from qwave_batch.model.problem import Problem
from qwave_batch.plan.file.plan_file import plan_lines
from qwave_batch.plan.planner import Plan

PlanOf = Callable[..., Plan]
JobsOf = Callable[..., list[Job]]
ProblemsOf = Callable[..., list[Problem]]


def named(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]


@pytest.mark.parametrize(
    ("prompt", "written"),
    [
        ("plain", b'"plain"'),
        ('a \\"quote\\", a \\\\ and a slash /', b'"a \\"quote\\", a \\\\ and a slash /"'),
        ("tab \\t line \\n \\u0001 \\u007f", b'"tab \\t line \\n \\u0001 \x7f"'),
        ("\u00e9 \\u2028 \U0001f600 \ufb33", '"\u00e9 \u2028 \U0001f600 \ufb33"'.encode()),
    ],
)
def test_the_id_is_the_hash_of_canonical_json(jobs_of: JobsOf, prompt: str, written: bytes) -> None:
    (job,) = jobs_of(f'prompts: ["{prompt}"]\nrequest: {{seed: 3, model: z-image-turbo}}\n')
    body = b'{"repeat":0,"request":{"model":"z-image-turbo","prompt":' + written + b',"seed":3}}'
    assert job.job_id == named(body)


@pytest.mark.parametrize("seed", ["7", "7.0", "0.7e1", "'{{ 3 + 4 }}'", "'{{ 14 / 2 }}'"])
def test_a_whole_number_is_written_without_a_point(jobs_of: JobsOf, seed: str) -> None:
    (job,) = jobs_of(f"prompts: [x]\nrequest: {{model: z-image-turbo, seed: {seed}}}\n")
    assert job.job_id == named(b'{"repeat":0,"request":{"model":"z-image-turbo","prompt":"x","seed":7}}')


def test_the_request_is_the_body_that_is_sent(jobs_of: JobsOf) -> None:
    (job,) = jobs_of(
        """
        prompts: [x]
        request: {model: gpt-image-2, resolution: 2K, callback_url: "https://example.org/x", quality: null}
        """
    )
    assert job.job_id == named(b'{"repeat":0,"request":{"model":"gpt-image-2","prompt":"x","resolution":"2k"}}')
    assert dict(job.callback) == {"callback_url": "https://example.org/x"}


def test_repeat_is_part_of_the_identity(jobs_of: JobsOf) -> None:
    assert [job.job_id for job in jobs_of("repeat: 2\nprompts: [x]\nrequest: {model: imagen-4.0}\n")] == [
        named(b'{"repeat":%d,"request":{"model":"imagen-4.0","prompt":"x"}}' % repeat) for repeat in (0, 1)
    ]


def test_nothing_is_added_to_a_request(jobs_of: JobsOf) -> None:
    (job,) = jobs_of("prompts: [x]\nrequest: {model: gpt-image-2}\n")
    assert dict(job.request) == {"model": "gpt-image-2", "prompt": "x"}


def test_text_is_not_normalised(jobs_of: JobsOf) -> None:
    composed, apart = jobs_of('prompts: ["\\u00e9", "e\\u0301"]\nrequest: {model: imagen-4.0}\n')
    assert (composed.prompt, apart.prompt) == ("\u00e9", "e\u0301")
    assert composed.job_id != apart.job_id


@pytest.mark.parametrize(
    "body",
    [
        "prompts: [x]\nrequest: {model: z-image-turbo, seed: 9007199254740992}\n",
        "prompts: [x]\nrequest: {model: z-image-turbo, seed: '{{ 2 ** 53 }}'}\n",
        "prompts: [x]\nrequest: {model: z-image-turbo}\nmatrix: {seed: {start: 9007199254740991, count: 2}}\n",
        'prompts: ["\\ud800"]\nrequest: {model: z-image-turbo}\n',
        "prompts: [{from: t.jsonl, text: '{{ row.a }}'}]\nrequest: {model: z-image-turbo}\n",
    ],
)
def test_large_integers_and_lone_surrogates_are_errors(problems_of: ProblemsOf, body: str) -> None:
    problems = problems_of(body, files={"t.jsonl": '{"a": "\\udc00"}\n'})
    assert all(problem.place for problem in problems)
    assert any("2^53-1" in problem.message or "nicode" in problem.message for problem in problems)


def test_a_skipped_jobs_id_is_that_of_its_rendered_request(jobs_of: JobsOf) -> None:
    body = "unsupported: %s\nprompts: [x, y]\nrequest: {resolution: 2K}\nmatrix: {model: [imagen-4.0, gpt-image-2]}\n"
    (skipped,) = [job for job in jobs_of(body % "skip") if job.skip and job.prompt == "x"]
    assert skipped.job_id == named(b'{"repeat":0,"request":{"model":"imagen-4.0","prompt":"x","resolution":"2K"}}')
    assert skipped.path == ""


def test_the_same_job_is_one_and_names_the_others(plan_of: PlanOf) -> None:
    plan = plan_of(
        """
        unsupported: drop
        prompts: [{id: a, text: x, tags: [one]}, {id: b, text: x, tags: [two], meta: {k: 1}}]
        request: {model: imagen-4.0}
        matrix: {resolution: [1K, 2K]}
        """
    )
    job, *duplicates = plan.items()
    assert isinstance(job, Job)
    assert [
        (duplicate.index, duplicate.prompt_id, dict(duplicate.axes), duplicate.tags)
        for duplicate in duplicates
        if isinstance(duplicate, Duplicate)
    ] == [
        (1, "a", {"resolution": "2K"}, ("one",)),
        (2, "b", {"resolution": "1K"}, ("two",)),
        (3, "b", {"resolution": "2K"}, ("two",)),
    ]
    (line,) = [json.loads(text) for text in list(plan_lines(plan))[1:]]
    assert [(other["index"], other["prompt_id"], other["axes"], other["tags"]) for other in line["also"]] == [
        (1, "a", {"resolution": "2K"}, ["one"]),
        (2, "b", {"resolution": "1K"}, ["two"]),
        (3, "b", {"resolution": "2K"}, ["two"]),
    ]


def test_order_comments_names_and_idle_axes_cost_nothing(jobs_of: JobsOf) -> None:
    plain = jobs_of("prompts: [x, y]\nmatrix: {model: [z-image-turbo, imagen-4.0], seed: [1, 2]}\n")
    other = jobs_of(
        """
        # in another order, with another look
        vars: {unused: 1}
        output: {path: "{{ kind.id }}/{{ job_id }}"}
        matrix:
          seed: [2, 1]                  # a comment
          kind: [{id: k}]
          model: [imagen-4.0, z-image-turbo]
        prompts: [{id: b, text: "{{ 'y' }}"}, {id: a, text: x}]
        """
    )
    assert {job.job_id for job in plain} == {job.job_id for job in other}


@pytest.mark.parametrize(("seed", "is_so"), [("", True), ("seed: -1", True), ("seed: 0", False), ("seed: 5", False)])
def test_a_job_without_a_seed_is_random(jobs_of: JobsOf, seed: str, *, is_so: bool) -> None:
    (job,) = jobs_of(f"prompts: [x]\nrequest: {{model: z-image-turbo, {seed}}}\n")
    assert job.random is is_so


def test_a_job_of_a_model_that_takes_no_seed_is_random(plan_of: PlanOf) -> None:
    plan = plan_of("prompts: [x]\nrequest: {model: z-image-turbo, seed: 1}\n")
    model = plan.catalog_used.models["z-image-turbo"]
    other = replace(model, fields={name: schema for name, schema in model.fields.items() if name != "seed"})
    catalog = replace(plan.catalog_used, models={"z-image-turbo": other})
    (known,), (unknown,) = plan.items(), replace(plan, catalog_used=catalog).items()
    assert isinstance(known, Job)
    assert isinstance(unknown, Job)
    assert (known.random, unknown.random) == (False, True)
