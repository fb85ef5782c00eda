"""A plan file with stages is read as it was made, and held to the rules of references whatever it says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.errors import UsageError
from qwave_batch.model.job import Job
from qwave_batch.model.job_identity import job_id
from qwave_batch.plan.file.plan_file import plan_lines, read_plan
from qwave_batch.plan.planner import Plan, make_plan
from qwave_batch.spec.loading import load_spec
from tests.unit.plan.sealing import sealed

SPEC = """\
version: 1
name: chain
catalog: "2026-10"
request: {model: midjourney, speed: fast}
stages:
  - name: grid
    prompts: [{id: fox, text: A fox}, {id: owl, text: An owl, tags: [night]}]
  - name: big
    from_stage: grid
    pick: {n: 1, by: rating}
    request: {action: upscale, ref_task_id: "{{ parent.task }}", index: 2}
  - name: wide
    from_stage: big
    where: "{{ parent.scores.ocr.cer < level }}"
    vars: {level: 0.5}
    request: {action: pan, ref_task_id: "{{ parent.task }}", direction: left, index: 1}
  - name: edit
    from_stage: big
    text: "{{ parent.parent.prompt }} at night"
    request:
      action: edit
      model: gpt-image-2
      speed: null
      image_urls: ["{{ parent.image }}", "{{ parent.parent.images[3] }}"]
  - name: other
    from_stage: grid
    text: "{{ parent.prompt }} again"
    request: {model: z-image-turbo, speed: null}
"""
Edit = Callable[..., str]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    file = tmp_path_factory.mktemp("plan") / "spec.yaml"
    file.write_text(SPEC)
    return make_plan(load_spec(file))


@pytest.fixture(scope="module")
def text(plan: Plan) -> str:
    return "".join(plan_lines(plan))


@pytest.fixture
def refusal(text: str, tmp_path: Path) -> Edit:
    """Reads the plan with one value of one line set to something else, and right hashes; returns why it is refused."""

    def refusal(number: int, value: object, *way: str | int) -> str:
        lines = [json.loads(line) for line in text.splitlines()]
        spot: Any = lines[number]
        for step in way[:-1]:
            spot = spot[step]
        if value is None:
            del spot[way[-1]]
        else:
            spot[way[-1]] = value
        lines[number]["job_id"] = job_id(lines[number]["request"], 0) if number else ""
        return said(sealed(lines), tmp_path)

    return refusal


def said(text: str, folder: Path) -> str:
    file = folder / "plan.jsonl"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_plan(file)
    return str(caught.value).replace(str(file), "plan.jsonl")


def test_a_plan_with_stages_is_read_as_it_was_made(plan: Plan, text: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.jsonl"
    file.write_text(text)
    read = read_plan(file)
    assert [item for item in read.items() if isinstance(item, Job)] == [
        item for item in plan.items() if isinstance(item, Job)
    ]
    assert (read.stages, read.figures.by_stage) == (plan.stages, plan.figures.by_stage)
    assert "".join(plan_lines(read)) == text


def test_a_variable_that_only_where_uses_is_used(plan: Plan) -> None:
    assert [warning for warning in plan.warnings if "vars" in warning.path] == []


def test_its_header_says_what_is_decided_later(text: str) -> None:
    assert json.loads(text.splitlines()[0])["stages"][:3] == [
        {"name": "grid"},
        {"name": "big", "from_stage": "grid", "pick": {"n": 1, "by": "rating"}},
        {
            "name": "wide",
            "from_stage": "big",
            "where": "{{ parent.scores.ocr.cer < level }}",
            "variables": {"level": 0.5},
        },
    ]


def test_a_plan_without_stages_says_nothing_of_them(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text('version: 1\nname: a\ncatalog: "2026-10"\nrequest: {model: z-image-turbo}\nprompts: [x]\n')
    header, *lines = plan_lines(make_plan(load_spec(file)))
    assert "stages" not in json.loads(header)
    assert not {"stage", "parents"} & json.loads(lines[0]).keys()


OTHER = "0123456789abcdef"


@pytest.mark.parametrize(
    ("number", "value", "way", "message"),
    [
        (3, OTHER, ("parents", 0, "job_id"), "3: parents: they are not the jobs that the request refers to"),
        (3, 1, ("parents", 0, "image"), "3: parents: they are not the jobs that the request refers to"),
        (3, f"job:{OTHER}", ("request", "ref_task_id"), "3: parents: they are not the jobs that the request refers to"),
        (3, [], ("parents",), "3: parents: a job of stage big needs one of stage grid"),
        (1, [{"job_id": OTHER}], ("parents",), "1: parents: the jobs of stage grid have none"),
        (3, "huge", ("stage",), "3: stage: the header of the plan names no stage 'huge'"),
        (5, "grid", ("stage",), "5: stage: a job of grid stands behind those of big"),
        (3, None, ("stage",), "3: stage: the header of the plan names no stage ''"),
        (0, None, ("stages",), "1: stage: the header of the plan names no stages"),
        (0, "x", ("stages",), "0:1  stages: expected a list"),
        (0, "grid", ("stages", 1, "name"), "0:1  stages: [1]: each has a name of its own"),
        (0, "wide", ("stages", 1, "from_stage"), "0:1  stages: [1]: from_stage names no stage before it"),
        (0, 0, ("stages", 1, "pick", "n"), "0:1  stages: [1]: pick takes at least one, by a score, per prompt"),
        (
            0,
            "{{ 1",
            ("stages", 2, "where"),
            "0:1  stages: [2]: where: the template does not parse: unexpected end of template",
        ),
        (0, "{{ true }}", ("stages", 2, "where"), "0:1  stages: [2]: where asks nothing that is known only later"),
        (0, "1", ("stages", 1, "pick", "n"), "0:1  stages: [1]: pick.n: expected a non-negative integer"),
    ],
)
def test_an_edited_link_or_stage_is_refused_with_its_line(
    refusal: Edit, number: int, value: object, way: tuple[str | int, ...], message: str
) -> None:
    line, _, rest = message.partition(":")
    assert refusal(number, value, *way).startswith(f"plan.jsonl:{int(line) + 1}:{rest}")


def edited_both(text: str, number: int, folder: Path, request: dict[str, Any], parents: list[dict[str, Any]]) -> str:
    lines = [json.loads(line) for line in text.splitlines()]
    line = lines[number]
    line["request"] |= request
    line |= {"job_id": job_id(line["request"], 0), "parents": parents}
    return said(sealed(lines), folder)


def test_a_job_that_no_line_before_is_cannot_be_a_parent(text: str, tmp_path: Path) -> None:
    message = edited_both(text, 3, tmp_path, {"ref_task_id": f"job:{OTHER}"}, [{"job_id": OTHER, "image": None}])
    assert message == f"plan.jsonl:4: parents: no line before is the job {OTHER}"


def test_an_image_that_the_parent_does_not_make_cannot_be_taken(text: str, tmp_path: Path) -> None:
    line = json.loads(text.splitlines()[7])
    parent, grid = line["parents"][0]["job_id"], line["parents"][1]["job_id"]
    links = [{"job_id": parent, "image": 1}, {"job_id": grid, "image": 5}]
    message = edited_both(text, 7, tmp_path, {"image_urls": [f"job:{parent}#1", f"job:{grid}#5"]}, links)
    assert message == f"plan.jsonl:8: parents: the job {grid} makes at most 4 images, and this is image 5"


def test_a_rule_of_chains_holds_for_a_plan_file_too(text: str, tmp_path: Path) -> None:
    grid = json.loads(text.splitlines()[1])["job_id"]
    message = edited_both(text, 5, tmp_path, {"ref_task_id": f"job:{grid}"}, [{"job_id": grid, "image": None}])
    assert "pan goes on from a task of action upscale, and the parent's is imagine" in message


def test_a_line_moved_before_its_parent_is_refused(text: str, tmp_path: Path) -> None:
    lines = text.splitlines()
    lines.insert(1, lines.pop(3))
    assert "plan.jsonl:2: parents: no line before is the job" in said("\n".join(lines) + "\n", tmp_path)
