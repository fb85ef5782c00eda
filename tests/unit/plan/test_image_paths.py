from collections.abc import Callable

import pytest

from qwave_batch.model.job import Job
from qwave_batch.model.problem import Problem
from qwave_batch.plan.planner import Plan

PlanOf = Callable[[str], Plan]
ProblemsOf = Callable[[str], tuple[Problem, ...]]


def paths(plan: Plan) -> list[str]:
    return [item.path for item in plan.items() if isinstance(item, Job)]


def spec(path: str, *, prompts: str = "[{id: a, text: x}]", more: str = "") -> str:
    return f"prompts: {prompts}\nrequest: {{model: z-image-turbo}}\noutput: {{path: '{path}'}}\n{more}"


def test_default_path_is_model_prompt_and_job(plan_of: PlanOf) -> None:
    (job,) = plan_of("prompts: [{id: a, text: x}]\nrequest: {model: z-image-turbo}\n").items()
    assert isinstance(job, Job)
    assert job.path == f"z-image-turbo/a-{job.job_id}"


def test_only_slashes_written_in_the_template_separate_folders(plan_of: PlanOf) -> None:
    assert paths(plan_of(spec("{{ model }}/{{ prompt.id }}", prompts="[{id: a/b, text: x}]"))) == ["z-image-turbo/a-b"]


def test_filters_see_the_value_and_not_its_plain_form(plan_of: PlanOf) -> None:
    body = spec('{{ aspect_ratio | replace(":", "x") }}-{{ aspect_ratio }}', more="matrix: {aspect_ratio: ['16:9']}\n")
    assert paths(plan_of(body)) == ["16x9-16-9"]


def test_request_field_that_is_not_sent_is_empty(plan_of: PlanOf) -> None:
    assert paths(plan_of(spec("{{ prompt.id }}-{{ resolution }}.{{ seed }}x"))) == ["a-.x"]


@pytest.mark.parametrize("path", ["../{{ job_id }}", "a/../../{{ job_id }}", "/tmp/{{ job_id }}", "a//{{ job_id }}"])
def test_path_that_would_leave_the_folder_or_names_no_folder_is_an_error(problems_of: ProblemsOf, path: str) -> None:
    (problem,) = problems_of(spec(path))
    assert problem.path == "output.path"


def test_prompt_id_cannot_leave_the_folder(plan_of: PlanOf) -> None:
    (path,) = paths(plan_of(spec("{{ prompt.id }}/x", prompts='[{id: "..", text: x}]')))
    assert ".." not in path.split("/")


def test_a_long_id_is_cut_and_kept_apart_by_a_hash(plan_of: PlanOf) -> None:
    one, other = "x" * 300, "x" * 300 + "y"
    made = paths(plan_of(spec("{{ prompt.id }}", prompts=f"[{{id: {one}, text: x}}, {{id: {other}, text: y}}]")))
    assert len(set(made)) == 2
    assert all(len(path.encode()) <= 150 for path in made)


@pytest.mark.parametrize("ids", ["[{id: a, text: x}, {id: A, text: y}]", "[{id: a b, text: x}, {id: a-b, text: y}]"])
def test_two_jobs_with_one_path_case_ignored_are_an_error(problems_of: ProblemsOf, ids: str) -> None:
    (problem,) = problems_of(spec("{{ prompt.id }}", prompts=ids))
    assert problem.message.startswith("jobs 0 and 1 would both be written to ")


def test_numbered_names_of_several_images_can_clash_too(problems_of: ProblemsOf) -> None:
    body = """
        prompts:
          - {id: a, text: x, request: {n: 2}}
          - {id: a_2, text: y}
        request: {model: gpt-image-2}
        output: {path: "{{ prompt.id }}"}
    """
    (problem,) = problems_of(body)
    assert "would both be written" in problem.message


def test_duplicates_share_their_jobs_path(plan_of: PlanOf) -> None:
    assert paths(plan_of(spec("all", prompts="[{id: a, text: x}, {id: b, text: x}]"))) == ["all"]
