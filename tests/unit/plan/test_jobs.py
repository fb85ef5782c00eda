import hashlib
from collections.abc import Callable

import pytest

from qwave_batch.model.job import Duplicate, Job
from qwave_batch.plan.planner import Plan

PlanOf = Callable[[str], Plan]


def jobs(plan: Plan) -> list[Job]:
    return [item for item in plan.items() if isinstance(item, Job)]


def test_ids_do_not_depend_on_the_order_of_prompts_or_axes(plan_of: PlanOf) -> None:
    one = plan_of("prompts: [a, b]\nmatrix: {model: [z-image-turbo, imagen-4.0], seed: [1, 2]}\n")
    other = plan_of("prompts: [b, a]\nmatrix: {seed: [2, 1], model: [imagen-4.0, z-image-turbo]}\n")
    assert {job.job_id for job in jobs(one)} == {job.job_id for job in jobs(other)}


def test_spelling_is_no_difference(plan_of: PlanOf) -> None:
    upper = plan_of("prompts: [a]\nrequest: {model: gpt-image-2, resolution: 2K}\n")
    lower = plan_of("prompts: [a]\nrequest: {model: gpt-image-2, resolution: 2k}\n")
    assert [job.job_id for job in jobs(upper)] == [job.job_id for job in jobs(lower)]
    assert jobs(upper)[0].request["resolution"] == "2k"


def test_defaults_are_not_added(plan_of: PlanOf) -> None:
    (job,) = jobs(plan_of("prompts: [a]\nrequest: {model: z-image-turbo}\n"))
    assert dict(job.request) == {"model": "z-image-turbo", "prompt": "a"}
    assert job.action == "generate"


def test_callback_fields_are_sent_and_are_no_part_of_the_identity(plan_of: PlanOf) -> None:
    (plain,) = jobs(plan_of("prompts: [a]\nrequest: {model: z-image-turbo}\n"))
    (called,) = jobs(plan_of("prompts: [a]\nrequest: {model: z-image-turbo, callback_url: 'https://example.org/x'}\n"))
    assert called.job_id == plain.job_id
    assert dict(called.callback) == {"callback_url": "https://example.org/x"}
    assert "callback_url" not in called.request


def test_entries_that_come_out_the_same_are_one_job_and_its_duplicates(plan_of: PlanOf) -> None:
    plan = plan_of("prompts: [{id: a, text: x}, {id: b, text: x}]\nmatrix: {model: [imagen-4.0]}\n")
    job, duplicate = plan.items()
    assert isinstance(job, Job)
    assert isinstance(duplicate, Duplicate)
    assert (duplicate.job_id, duplicate.index, duplicate.prompt_id, plan.figures.folded) == (job.job_id, 1, "b", 1)


def test_index_counts_the_full_product_before_folding(plan_of: PlanOf) -> None:
    plan = plan_of("prompts: [x, x, y]\nrequest: {model: imagen-4.0}\n")
    assert [item.index for item in plan.items()] == [0, 1, 2]


def test_repeat_makes_every_job_k_times_under_different_ids(plan_of: PlanOf) -> None:
    made = jobs(plan_of("repeat: 3\nprompts: [x, y]\nrequest: {model: imagen-4.0}\n"))
    assert [(job.prompt, job.repeat, job.index) for job in made] == [
        ("x", 0, 0), ("x", 1, 1), ("x", 2, 2), ("y", 0, 3), ("y", 1, 4), ("y", 2, 5),
    ]  # fmt: skip
    assert len({job.job_id for job in made}) == 6


@pytest.mark.parametrize(("seed", "is_random"), [("", True), (", seed: -1", True), (", seed: 0", False)])
def test_job_is_random_without_a_seed_or_with_minus_one(plan_of: PlanOf, seed: str, *, is_random: bool) -> None:
    (job,) = jobs(plan_of(f"prompts: [x]\nrequest: {{model: z-image-turbo{seed}}}\n"))
    assert job.random is is_random


def test_prompt_without_id_is_named_by_its_unrendered_text_and_a_hash(plan_of: PlanOf) -> None:
    (job,) = jobs(
        plan_of("vars: {x: 1}\nprompts: ['A quiet teahouse at dawn, {{ x }}']\nrequest: {model: imagen-4.0}\n")
    )
    digits = hashlib.sha256(b"A quiet teahouse at dawn, {{ x }}").hexdigest()[:6]
    assert job.prompt_id == f"a-quiet-teahouse-at-dawn-x-{digits}"


def test_sample_keeps_the_jobs_with_the_smallest_hashes_in_their_order(plan_of: PlanOf) -> None:
    body = "prompts: [x]\nrequest: {model: z-image-turbo}\nmatrix: {seed: {start: 0, count: 40}}\n"
    every = jobs(plan_of(body))
    kept = jobs(plan_of("sample: {count: 5, seed: 3}\n" + body))
    by_hash = sorted(every, key=lambda job: hashlib.sha256(f"3:{job.job_id}".encode()).digest())[:5]
    assert [job.index for job in kept] == sorted(job.index for job in by_hash)


def test_sample_larger_than_the_plan_keeps_all(plan_of: PlanOf) -> None:
    assert plan_of("sample: {count: 9, seed: 3}\nprompts: [x, y]\nrequest: {model: imagen-4.0}\n").figures.jobs == 2
