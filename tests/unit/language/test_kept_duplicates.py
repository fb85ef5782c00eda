"""duplicates: keep, so that equal requests are jobs of their own."""

from collections.abc import Callable

import pytest

from qwave_batch.model.job import Duplicate, Job
from qwave_batch.model.job_identity import job_id
from qwave_batch.plan.planner import Plan

PlanOf = Callable[..., Plan]
JobsOf = Callable[..., list[Job]]

REQUEST = "request: {model: z-image-turbo}\n"
TABLE = 'prompts: [{from: t.txt, text: "{{ row.text }}", id: "p{{ row_number }}"}]\n'


def test_equal_requests_are_folded_unless_the_spec_keeps_them(plan_of: PlanOf) -> None:
    body = "prompts: [x, y, x]\n" + REQUEST
    for said in ("", "duplicates: fold\n"):
        items = list(plan_of(said + body).items())
        assert [isinstance(item, Duplicate) for item in items] == [False, False, True]
    kept = plan_of("duplicates: keep\n" + body)
    assert [(item.index, item.job_id) for item in kept.items()] == [
        (index, job_id({"model": "z-image-turbo", "prompt": text}, repeat))
        for index, (text, repeat) in enumerate([("x", 0), ("y", 0), ("x", 1)])
    ]
    assert (kept.figures.folded, kept.figures.jobs, kept.warnings) == (0, 3, ())


def test_a_kept_job_counts_as_the_next_repeat_and_templates_see_its_own(jobs_of: JobsOf) -> None:
    body = 'repeat: 2\nduplicates: keep\nprompts: [x, x, x]\noutput: {path: "{{ job_id }}-{{ repeat }}"}\n' + REQUEST
    made = jobs_of(body)
    assert [(job.repeat, job.path.rpartition("-")[2]) for job in made] == [
        (0, "0"), (1, "1"), (2, "0"), (3, "1"), (4, "0"), (5, "1"),
    ]  # fmt: skip
    assert all(job.job_id == job_id(dict(job.request), job.repeat) for job in made)


def test_a_repeat_that_an_earlier_copy_took_is_not_taken_again(jobs_of: JobsOf) -> None:
    made = jobs_of(
        """
        repeat: 2
        duplicates: keep
        prompts: ["x{{ 0 if repeat else '' }}", x, x, x0, x0]
        request: {model: z-image-turbo}
        """
    )
    assert [(job.prompt, job.repeat) for job in made] == [
        ("x", 0), ("x0", 1), ("x", 1), ("x", 2), ("x", 3), ("x", 4), ("x0", 0), ("x0", 2), ("x0", 3), ("x0", 4),
    ]  # fmt: skip


def test_a_job_keeps_its_id_where_prompts_come_go_and_move(jobs_of: JobsOf) -> None:
    def ids(rows: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for job in jobs_of("duplicates: keep\n" + TABLE + REQUEST, files={"t.txt": rows}):
            found.setdefault(job.prompt, []).append(job.job_id)
        return found

    before = ids("a\nb\na\nc\na\n")
    after = ids("d\na\na\nc\na\n")
    assert (after["a"], after["c"]) == (before["a"], before["c"])
    assert len(set(before["a"])) == 3


@pytest.mark.parametrize("text", ["x", "{{ row.text }}"])
def test_a_sample_is_drawn_of_the_kept_jobs(jobs_of: JobsOf, text: str) -> None:
    body = f'duplicates: keep\nprompts: [{{from: t.txt, text: "{text}", id: "p{{{{ row_number }}}}"}}]\n' + REQUEST
    rows = {"t.txt": "x\n" * 30}
    every = {job.job_id for job in jobs_of(body, files=rows)}
    few, more = (
        {job.job_id for job in jobs_of(f"sample: {{count: {count}, seed: 3}}\n{body}", files=rows)} for count in (5, 9)
    )
    assert len(every) == 30
    assert few < more < every
    assert len(more) == 9


def test_a_skipped_copy_is_listed_under_an_id_of_its_own(plan_of: PlanOf) -> None:
    plan = plan_of(
        "duplicates: keep\nunsupported: skip\nprompts: [x, x]\nmatrix: {model: [z-image-turbo], n: [1, 9]}\n"
    )
    items = [item for item in plan.items() if isinstance(item, Job)]
    assert [(item.index, item.repeat, item.skip is None) for item in items] == [
        (0, 0, True), (1, 0, False), (2, 1, True), (3, 1, False),
    ]  # fmt: skip
    assert len({item.job_id for item in items}) == 4
