"""images: exactly so many of each prompt and combination, of every model that can."""

from collections.abc import Callable

import pytest

from qwave_batch.model.job import Job
from qwave_batch.model.problem import Problem
from qwave_batch.plan.planner import Plan

PlanOf = Callable[..., Plan]
JobsOf = Callable[..., list[Job]]
ProblemsOf = Callable[..., list[Problem]]

HEAD = 'version: 1\nname: trial\ncatalog: "2026-10"\n'
UP_TO_N, FOUR_AT_ONCE, ONE_AT_A_TIME, FEWER_FOR_N = "qwen-image-3.0", "midjourney", "z-image-turbo", "seedream-5.0-lite"
SEEDED_UP_TO_N, SEEDED_ONE_AT_A_TIME = "wan2.7-image", "flux-2-pro"


def asked(jobs: list[Job]) -> list[tuple[int, int, object]]:
    """Return index, repeat and ``n`` of jobs."""
    return [(job.index, job.repeat, job.request.get("n")) for job in jobs]


@pytest.mark.parametrize(
    ("model", "requests"),
    [
        (UP_TO_N, [(0, 0, 4), (4, 0, 4)]),
        (FOUR_AT_ONCE, [(0, 0, None), (4, 0, None)]),
        (ONE_AT_A_TIME, [(number, number % 4, None) for number in range(8)]),
        (FEWER_FOR_N, [(number, number % 4, None) for number in range(8)]),
    ],
)
def test_each_model_is_asked_for_as_many_at_a_time_as_it_makes_exactly(
    jobs_of: JobsOf, model: str, requests: list[tuple[int, int, object]]
) -> None:
    made = jobs_of(f"images: 4\nprompts: [x, y]\nrequest: {{model: {model}}}\n", head=HEAD)
    assert asked(made) == requests
    assert sum(job.max_images for job in made) == 8


def test_it_is_the_greatest_number_that_divides_them(jobs_of: JobsOf) -> None:
    body = f"prompts: [x]\nrequest: {{model: {UP_TO_N}}}\n"  # which makes up to 6
    assert asked(jobs_of("images: 10\n" + body, head=HEAD)) == [(0, 0, 5), (5, 1, 5)]
    assert asked(jobs_of("images: 8\n" + body, head=HEAD)) == [(0, 0, 4), (4, 1, 4)]
    assert asked(jobs_of("images: 7\n" + body, head=HEAD)) == [(number, number, None) for number in range(7)]


def test_what_a_request_makes_by_itself_leaves_its_id_as_it_was(jobs_of: JobsOf) -> None:
    for model in (ONE_AT_A_TIME, FOUR_AT_ONCE):
        body = f"prompts: [x]\nrequest: {{model: {model}, aspect_ratio: '1:1'}}\n"
        (plain,) = jobs_of(body, head=HEAD)
        (same,) = jobs_of(f"images: {plain.max_images}\n" + body, head=HEAD)
        assert (same.job_id, dict(same.request)) == (plain.job_id, dict(plain.request))
        again = jobs_of(f"images: {plain.max_images * 3}\n" + body, head=HEAD)
        assert [job.job_id for job in again] == [job.job_id for job in jobs_of("repeat: 3\n" + body, head=HEAD)]


def test_templates_know_how_many_images_a_request_makes(jobs_of: JobsOf) -> None:
    made = jobs_of(
        f"""
        images: 4
        prompts: ["x {{{{ images_per_request }}}}"]
        request: {{seed: "{{{{ 10 + repeat * images_per_request }}}}"}}
        matrix: {{model: [{SEEDED_UP_TO_N}, {SEEDED_ONE_AT_A_TIME}]}}
        output: {{path: "{{{{ job_id }}}}-{{{{ images_per_request }}}}"}}
        """,
        head=HEAD,
    )
    assert [(job.request["seed"], job.prompt, job.path[-2:]) for job in made] == [
        (10, "x 4", "-4"), (10, "x 1", "-1"), (11, "x 1", "-1"), (12, "x 1", "-1"), (13, "x 1", "-1"),
    ]  # fmt: skip


def test_without_images_the_name_is_any_other(jobs_of: JobsOf, problems_of: ProblemsOf) -> None:
    body = 'vars: {images_per_request: 7}\nprompts: ["{{ images_per_request }}"]\nrequest: {model: z-image-turbo}\n'
    assert [job.prompt for job in jobs_of(body, head=HEAD)] == ["7"]
    (told,) = problems_of("images: 2\n" + body, head=HEAD)
    assert told.path == "vars.images_per_request"
    body = 'prompts: ["{{ images_per_request }}"]\nrequest: {model: z-image-turbo}\n'
    (told,) = problems_of(body, head=HEAD)
    assert '"images_per_request" is not defined' in told.message
    axis = "matrix: {images_per_request: [1, 2]}\n"
    assert [job.prompt for job in jobs_of(body + axis, head=HEAD)] == ["1", "2"]
    assert any(told.path == "matrix.images_per_request" for told in problems_of("images: 2\n" + body + axis, head=HEAD))


def test_a_number_that_a_model_cannot_make_is_unsupported(plan_of: PlanOf, problems_of: ProblemsOf) -> None:
    body = f"images: 10\nprompts: [x, y]\nmatrix: {{model: [{FOUR_AT_ONCE}, {ONE_AT_A_TIME}]}}\n"
    (told,) = problems_of(body, head=HEAD)
    assert (told.path, told.place and (told.place.line, told.place.column), told.count) == ("images", (4, 9), 2)
    assert told.message == f"{FOUR_AT_ONCE} makes 4 images with a request, so never exactly 10"
    assert told.suggestion == "write a multiple of 4, or leave the model out"
    plan = plan_of("unsupported: skip\n" + body, head=HEAD)
    items = [item for item in plan.items() if isinstance(item, Job)]
    assert [item.index for item in items if item.skip] == [0, 20]
    assert [item.index for item in items if not item.skip] == [*range(10, 20), *range(30, 40)]
    assert [skip.reason for skip in plan.figures.skips] == [told.message]


def test_an_action_that_may_give_fewer_makes_no_exact_number(problems_of: ProblemsOf) -> None:
    (told,) = problems_of(
        f"images: 4\nprompts: [{{id: a}}]\n"
        f"request: {{model: {FOUR_AT_ONCE}, action: inpaint, ref_task_id: task-1, index: 1}}\n",
        head=HEAD,
    )
    assert "makes 0 images with a request of action inpaint, so never exactly 4" in told.message


def test_another_mistake_of_a_request_is_told_once_and_as_ever(problems_of: ProblemsOf) -> None:
    body = f"prompts: [x]\nrequest: {{model: {UP_TO_N}, aspect_ratio: '7:7'}}\n"
    told = problems_of("images: 4\n" + body, head=HEAD)
    plain = problems_of("repeat: 1\n" + body, head=HEAD)
    assert [(one.path, one.message, one.count) for one in told] == [(one.path, one.message, one.count) for one in plain]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("prompts: [x]\nrequest: {model: qwen-image-3.0, n: 2}\n", "request.n"),
        ("prompts: [{text: x, request: {n: 1}}]\nrequest: {model: qwen-image-3.0}\n", "prompts[0].request.n"),
        ("prompts: [x]\nmatrix: {model: [qwen-image-3.0], n: [1, 2]}\n", "matrix.n"),
        ("prompts: [x]\nmatrix: {model: [qwen-image-3.0], include: [{n: 2}]}\n", "matrix.include[0].n"),
        ("prompts: [x]\nmatrix: {model: [{model: qwen-image-3.0, n: 2}]}\n", "matrix.model"),
    ],
)
def test_the_field_for_the_number_is_set_by_images_alone(problems_of: ProblemsOf, body: str, path: str) -> None:
    (told,) = problems_of("images: 4\n" + body, head=HEAD)
    assert (told.path, told.message) == (path, '"n" is set by images: 4, so nothing else can set it')


def test_images_and_repeat_are_one_too_many(problems_of: ProblemsOf) -> None:
    (told,) = problems_of("images: 4\nrepeat: 4\nprompts: [x]\nrequest: {model: z-image-turbo}\n", head=HEAD)
    assert (told.path, told.place and told.place.line) == ("repeat", 5)
    assert "both say how often a request is made" in told.message


@pytest.mark.parametrize("number", ["0", "101", "2.5", "many"])
def test_there_are_1_to_100_of_them(problems_of: ProblemsOf, number: str) -> None:
    body = 'prompts: ["x {{ images_per_request }}"]\nrequest: {model: z-image-turbo}\n'
    (told,) = problems_of(f"images: {number}\n{body}", head=HEAD)
    assert told.path == "images"


def test_rows_that_a_sample_leaves_out_keep_their_places(jobs_of: JobsOf) -> None:
    body = """
        images: 6
        prompts: [{from: t.txt, text: "{{ row.text }}", sample: {count: 2, seed: 1}}]
        request: {model: qwen-image-3.0}
    """
    rows = {"t.txt": "a\nb\nc\nd\n"}
    some = asked(jobs_of(body, head=HEAD, files=rows))
    every = asked(jobs_of(body.replace("count: 2", "count: 4"), head=HEAD, files=rows))
    assert len(some) == 2
    assert set(some) < set(every)
    assert [index for index, _, _ in every] == [0, 6, 12, 18]


def test_the_same_seed_again_is_a_warning(plan_of: PlanOf) -> None:
    body = f"images: 4\nprompts: [x, y]\nmatrix: {{model: [{SEEDED_UP_TO_N}, {SEEDED_ONE_AT_A_TIME}]}}\n"
    (told,) = plan_of(body + "request: {seed: 7}\n", head=HEAD).warnings
    assert told.path == "images"
    assert told.message.startswith(
        f"{SEEDED_ONE_AT_A_TIME} is asked more than once for the images of a prompt, each time"
    )
    assert told.count == 2
    for seed in ("-1", '"{{ 7 + repeat * images_per_request }}"'):
        assert not plan_of(body + f"request: {{seed: {seed}}}\n", head=HEAD).warnings


def test_a_plan_of_too_many_images_is_an_error(problems_of: ProblemsOf) -> None:
    body = "images: 100\nprompts: [x]\nrequest: {model: wan2.7-image}\nmatrix: {seed: {start: 0, count: 1000000}}\n"
    (told,) = problems_of(body, head=HEAD)
    assert told.message == "the matrix makes 100,000,000 images of every prompt; a plan has at most 20,000,000"
