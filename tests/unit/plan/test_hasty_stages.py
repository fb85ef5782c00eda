"""Stages as they are written in haste: forged references, equal requests, paths, and samples of samples."""

from pathlib import Path

import pytest

from qwave_batch.errors import SpecError
from qwave_batch.model.job import Job
from qwave_batch.plan.cache.cached_expansion import expand_with_cache
from qwave_batch.plan.expand.entries import PromptExpander
from qwave_batch.plan.expand.request_assembly import RequestAssembler
from qwave_batch.plan.planner import Plan, make_plan
from qwave_batch.spec.loading import load_spec

GRID = "  - {name: grid, prompts: [{id: fox, text: A fox}], request: {model: midjourney}}\n"
EDIT = 'request: {model: wan2.7-image, action: edit, image_urls: ["{{ parent.image }}"]}'
DEPTH = 10


def spec_of(tmp_path: Path, stages: str, *outside: str) -> Path:
    file = tmp_path / "hasty.yaml"
    head = ["version: 1", "name: hasty", 'catalog: "2026-10"', *outside]
    file.write_text("\n".join([*head, stages]), encoding="utf-8")
    return file


def plan_of(tmp_path: Path, stages: str, *outside: str) -> Plan:
    return make_plan(load_spec(spec_of(tmp_path, "stages:\n" + stages, *outside)))


def errors(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        make_plan(load_spec(spec_of(tmp_path, text)))
    return [f"{found.place}".rpartition("hasty.yaml:")[2] + f" {found.message}" for found in caught.value.problems]


def chain(depth: int) -> str:
    """Return stages of which each goes on from the one before."""
    prompts = "[A fox, A wolf]"
    first = f"  - {{name: s0, prompts: {prompts}, request: {{model: wan2.7-image, seed: 1}}}}\n"
    later = (f'  - {{name: s{at}, from_stage: s{at - 1}, text: "Step {at}", {EDIT}}}\n' for at in range(1, depth))
    return first + "".join(later)


def test_the_task_of_another_job_cannot_be_written_by_hand(tmp_path: Path) -> None:
    follow = "request: {model: midjourney, action: upscale, index: 1, ref_task_id: 'job:0123456789abcdef'}"
    assert errors(tmp_path, f"prompts: [{{id: x}}]\n{follow}\n") == [
        '5:70 "job:0123456789abcdef" stands for the task of another job, and only a stage can go on from one'
    ]
    staged = f"stages:\n{GRID}  - {{name: large, from_stage: grid, {follow}}}\n"
    assert errors(tmp_path, staged)[0].startswith('6:106 "job:0123456789abcdef" stands for the task of another job')


def test_an_axis_of_tasks_is_checked_value_by_value(tmp_path: Path) -> None:
    request = "request: {model: midjourney, action: upscale, index: 1}"
    axis = 'matrix: {ref_task_id: [task-a, task-b, "job:0123456789abcdef"]}'
    assert errors(tmp_path, f"prompts: [{{id: x}}]\n{request}\n{axis}\n")[0].startswith('6:40 "job:0123456789abcdef"')


def test_an_index_beyond_the_only_image_is_named_so(tmp_path: Path) -> None:
    up = 'request: {model: midjourney, action: upscale, ref_task_id: "{{ parent.task }}", index: %d}'
    stages = GRID + f"  - {{name: a, from_stage: grid, {up % 4}}}\n" + f"  - {{name: b, from_stage: a, {up % 2}}}\n"
    assert errors(tmp_path, "stages:\n" + stages) == ["7:117 index 2 is beyond the only image of the parent"]


def test_a_path_may_ask_whether_there_is_a_parent(tmp_path: Path) -> None:
    path = "output: {path: \"{{ parent.prompt_id if parent is defined else 'first' }}/{{ job_id }}\"}"
    plan = plan_of(tmp_path, chain(2), path)
    folders = [item.path.partition("/")[0] for item in plan.items() if isinstance(item, Job)]
    assert folders == ["first", "first", "a-fox-db5a6b", "a-wolf-26012d"]


def test_a_request_of_an_earlier_stage_is_told_as_such(tmp_path: Path) -> None:
    twice = chain(2) + f'  - {{name: again, from_stage: s0, text: "Step 1", {EDIT}}}\n'
    (warning,) = plan_of(tmp_path, twice).warnings
    assert warning.message == (
        "1 prompt comes out as a request of an earlier stage, which is made once; the first is stages[2] on line 7"
    )


def test_samples_of_samples_are_drawn_once_for_each_stage(tmp_path: Path) -> None:
    passes = 0

    def counted(assembler: RequestAssembler) -> PromptExpander:
        nonlocal passes
        passes += 1
        return expand_with_cache(assembler)

    spec = load_spec(spec_of(tmp_path, "stages:\n" + chain(DEPTH), "sample: {count: 1}"))
    plan = make_plan(spec, start=counted)
    assert plan.figures.jobs == DEPTH
    assert passes <= 2 * DEPTH**2


def test_a_stage_of_an_empty_table_is_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id,text\n", encoding="utf-8")
    rows = '[{from: rows.csv, id: "{{ row.id }}", text: "{{ row.text }}"}]'
    stages = chain(1) + f"  - {{name: none, from_stage: s0, prompts: {rows}, {EDIT}}}\n"
    (warning,) = plan_of(tmp_path, stages).warnings
    assert warning.path == "stages[1].prompts[0].from"
    assert warning.message.endswith("rows.csv has a header and no rows, so this stage makes nothing")


def test_all_images_as_one_item_of_a_list_are_set_right(tmp_path: Path) -> None:
    edit = 'request: {model: wan2.7-image, action: edit, image_urls: ["{{ parent.images }}"]}'
    with pytest.raises(SpecError) as caught:
        plan_of(tmp_path, chain(1) + f"  - {{name: b, from_stage: s0, text: x, {edit}}}\n")
    assert {problem.suggestion for problem in caught.value.problems} == {
        'write image_urls: "{{ parent.images }}" for all of them, or "{{ parent.image }}" for the first'
    }


def test_neither_an_axis_nor_an_include_is_called_as_what_templates_know(tmp_path: Path) -> None:
    for name in ("parent", "stage"):
        for matrix in (f"{name}: [1, 2]", f"vars.{name}: [1, 2]", f"seed: [1], include: [{{{name}: 3}}]"):
            stage = f'  - {{name: b, from_stage: s0, text: "{{{{ {name} }}}}", matrix: {{{matrix}}}, {EDIT}}}\n'
            assert f'"{name}" is a name of the language itself' in "\n".join(
                errors(tmp_path, "stages:\n" + chain(1) + stage)
            )


def test_a_stage_without_text_is_told_where_to_write_it(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        plan_of(tmp_path, chain(1) + f"  - {{name: b, from_stage: s0, {EDIT}}}\n")
    (problem,) = caught.value.problems
    assert (problem.path, problem.message) == ("stages[1]", "prompt is missing")
    assert problem.suggestion == 'write text: "{{ parent.prompt }}" in this stage, or words of its own'


def test_a_reference_as_a_pattern_is_shown_as_it_is(tmp_path: Path) -> None:
    edit = 'request: {model: wan2.7-image, action: edit, image_urls: {from: "{{ parent.image }}"}}'
    found = errors(tmp_path, "stages:\n" + chain(1) + f"  - {{name: b, from_stage: s0, text: x, {edit}}}\n")
    assert '"job:' in found[0]
    assert "example.com" not in found[0]
