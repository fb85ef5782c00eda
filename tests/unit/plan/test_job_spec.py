"""The smallest spec of a job gives the same job id when it is planned."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.plan.job_spec import AskedJob, draws_alone, spec_of_job
from qwave_batch.plan.planner import Plan, make_plan
from qwave_batch.spec.loading import load_spec

CHECKOUT = Path(__file__).parents[3]
SPECS = (*sorted((CHECKOUT / "specs").glob("*.yaml")), *sorted((CHECKOUT / "tests" / "specs-2026-05").glob("*.yaml")))
HARD_TEXTS = st.text(
    st.one_of(st.characters(codec="utf-8", exclude_characters="\0"), st.sampled_from("{}%#\r\n '\"\\:-")), min_size=1
).filter(lambda text: bool(text.strip()))


def planned(job: AskedJob, folder: Path) -> Plan:
    (folder / "again.yaml").write_bytes(spec_of_job(job).encode())
    return make_plan(load_spec(folder / "again.yaml", allow_read=[CHECKOUT]))


def jobs_of(plan: Plan) -> Iterator[Job]:
    return (item for item in plan.items() if isinstance(item, Job) and item.skip is None)


@pytest.mark.parametrize("file", SPECS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_job_of_the_examples_is_made_again(file: Path, tmp_path: Path) -> None:
    plan = make_plan(load_spec(file))
    files = {reference: str(image.path) for reference, image in plan.inputs.items()}
    jobs = {job.job_id: job for job in jobs_of(plan)}
    for job in jobs.values():
        asked = lineage_of(job, jobs, plan.catalog, files)
        again = planned(asked, tmp_path)
        assert [item.job_id for item in again.items()] == [each.job_id for each in asked.chain]
        *_, last = jobs_of(again)
        assert (last.body({}), last.model) == (job.body({}), job.model)
        assert again.warnings == ()


CHAIN = """\
version: 1
name: chain
catalog: "2026-10"
repeat: {repeat}
stages:
  - name: last
    from_stage: middle
    text: {last}
    request: {{action: edit, image_urls: [{images}]}}
    matrix: {{model: [gpt-image-2, qwen-image-2.0]}}
  - name: first
    prompts: [{first}, A cup]
    request: {{model: qwen-image-2.0, n: 3}}
  - name: middle
    from_stage: first
    text: "{{{{ parent.prompt }}}} {middle}"
    request: {{action: edit, model: qwen-image-2.0, image_urls: ["{{{{ parent.images[1] }}}}"], n: 2}}
"""
REFERENCES = ("parent.image", "parent.images[1]", "parent.parent.image", "parent.parent.images[2]")


def lineage_of(
    job: Job, jobs: Mapping[str, Job], catalog: str = "2026-10", files: Mapping[str, str] | None = None
) -> AskedJob:
    parent = lineage_of(jobs[job.parents[0].job_id], jobs, catalog, files) if job.parents else None
    return AskedJob(
        request=job.request, repeat=job.repeat, catalog=catalog, files=files or {}, stage=job.stage, parent=parent
    )


@settings(max_examples=6)
@given(
    texts=st.lists(st.text("{}%#\n '\"ab茶", min_size=1).filter(str.strip), min_size=2, max_size=2),
    middle=st.text("ab .,"),
    images=st.lists(st.sampled_from(REFERENCES), min_size=1, max_size=3, unique=True),
    repeat=st.integers(1, 3),
)
def test_every_job_of_a_chain_comes_with_its_line(
    folder: Path, texts: list[str], middle: str, images: list[str], repeat: int
) -> None:
    first, last = (json.dumps(f"{{% raw %}}{text}{{% endraw %}}") for text in texts)
    names = ", ".join(f'"{{{{ {name} }}}}"' for name in images)
    spec = CHAIN.format(repeat=repeat, first=first, last=last, middle=middle, images=names)
    (folder / "chain.yaml").write_bytes(spec.encode())
    jobs = {job.job_id: job for job in jobs_of(make_plan(load_spec(folder / "chain.yaml")))}
    assert {job.stage for job in jobs.values()} == {"first", "middle", "last"}
    for job in list(jobs.values())[:: len(jobs) // 3]:
        asked = lineage_of(job, jobs)
        again = list(jobs_of(planned(asked, folder)))
        assert [item.job_id for item in again] == [each.job_id for each in asked.chain]
        assert again[-1].request == job.request
        assert again[-1].parents == job.parents


TASKS = """\
version: 1
name: tasks
catalog: "2026-10"
request: {model: midjourney}
stages:
  - {name: grid, prompts: [A fox], request: {action: imagine}}
  - {name: large, from_stage: grid, request: {action: upscale, ref_task_id: "{{ parent.task }}", index: 2}}
  - {name: wide, from_stage: large, request: {action: zoom, ref_task_id: "{{ parent.task }}", index: 1, zoom_ratio: 2}}
"""


def test_a_line_of_tasks_is_asked_for_by_tasks(folder: Path) -> None:
    (folder / "tasks.yaml").write_text(TASKS)
    jobs = {job.job_id: job for job in jobs_of(make_plan(load_spec(folder / "tasks.yaml")))}
    again = list(jobs_of(planned(lineage_of(list(jobs.values())[-1], jobs), folder)))
    assert [(item.job_id, item.prompt, item.body()) for item in again] == [
        (job.job_id, job.prompt, job.body()) for job in jobs.values()
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("again")


@given(prompt=HARD_TEXTS, other=HARD_TEXTS, repeat=st.integers(0, 9))
def test_any_text_renders_to_itself(folder: Path, prompt: str, other: str, repeat: int) -> None:
    request: JsonObject = {"model": "qwen-image-2.0", "negative_prompt": other, "prompt": prompt}
    job = AskedJob(request=request, repeat=repeat, catalog="2026-10")
    again = planned(job, folder)
    assert [(item.job_id, item.request) for item in jobs_of(again)] == [(job.job_id, request)]


@pytest.mark.parametrize(
    "text", ["null", "True", "~", "1e3", "16:9", "2026-11-22", "- a", "{a: b}", "x" * 20_000, "\ufeff"]
)
def test_texts_that_yaml_takes_for_something_else_stay_texts(text: str, tmp_path: Path) -> None:
    request: JsonObject = {"model": "gpt-image-2", "prompt": text}
    assert [job.request for job in jobs_of(planned(AskedJob(request=request, catalog="2026-05"), tmp_path))] == [
        request
    ]


def test_a_late_repeat_is_drawn_alone(tmp_path: Path) -> None:
    job = AskedJob(request={"model": "gpt-image-2", "prompt": "A cup"}, repeat=300, catalog="2026-05")
    assert draws_alone(job)
    assert [item.job_id for item in planned(job, tmp_path).items()] == [job.job_id]


def test_a_repeat_that_no_sample_was_found_for_comes_with_those_before_it() -> None:
    job = AskedJob(request={"model": "gpt-image-2", "prompt": "A cup"}, repeat=1_000_000, catalog="2026-05")
    assert not draws_alone(job)
    assert "repeat: 1000001\n" in spec_of_job(job)
    assert "sample" not in spec_of_job(job)
