"""A few jobs of a plan to look at: the first, one from the middle, the one with the longest prompt."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.file.plan_file import plan_lines, read_plan
from qwave_batch.plan.plan_samples import Sampler
from qwave_batch.plan.planner import Plan

PlanOf = Callable[[str], Plan]


def listed(*texts: str, more: str = "request: {model: z-image-turbo, seed: 7}") -> str:
    prompts = [{"id": f"p{number}", "text": text} for number, text in enumerate(texts, start=1)]
    return f"prompts: {json.dumps(prompts)}\n{more}\n"


def ids(plan: Plan, count: int = 3) -> list[str]:
    return [sample.prompt_id for sample in plan.samples(count)]


def test_the_first_one_from_the_middle_and_the_longest_are_shown_in_order(plan_of: PlanOf) -> None:
    assert ids(plan_of(listed("aa", "bbb", "cc", "a long one", "dd"))) == ["p1", "p3", "p4"]
    assert ids(plan_of(listed("aa", "a long one", "cc", "dd", "ee"))) == ["p1", "p2", "p3"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_short_plan_is_shown_whole_each_job_once(plan_of: PlanOf, count: int) -> None:
    texts = ["the longest of them", "short", "other"][:count]
    assert ids(plan_of(listed(*texts))) == [f"p{number}" for number in range(1, count + 1)]


def test_where_the_first_is_the_longest_another_fills_its_place(plan_of: PlanOf) -> None:
    plan = plan_of(listed("the longest", *"bcdefgh"))
    assert len(ids(plan)) == 3
    assert ids(plan)[0] == "p1"


@pytest.mark.parametrize("count", [0, 1, 2, 5, 50, 400, 1000])
def test_as_many_as_are_asked_for_are_spread_evenly_with_the_longest(plan_of: PlanOf, count: int) -> None:
    texts = [f"tree {number:03}" for number in range(400)]
    texts[318] = "the one with the longest text"
    shown = plan_of(listed(*texts)).samples(count)
    places = [sample.index for sample in shown]
    assert len(places) == len(set(places)) == min(count, 400)
    assert places == sorted(places)
    assert not count or 318 in places
    if count in {5, 50}:
        gaps = [after - before for before, after in pairwise(places)]
        assert places[0] == 0
        assert max(gaps) <= 2 * 400 // count


def test_jobs_that_are_left_out_and_entries_that_are_there_already_are_no_samples(plan_of: PlanOf) -> None:
    plan = plan_of(
        "unsupported: skip\nprompts: [{id: a, text: x}, {id: b, text: x}, {id: c, text: y}]\n"
        "request: {seed: 1}\nmatrix: {model: [imagen-4.0, gpt-image-2], resolution: [0.5K, 1k]}\n"
    )
    assert plan.figures.skipped
    assert plan.figures.folded
    made = [item.index for item in plan.items() if isinstance(item, Job) and item.skip is None]
    assert [sample.index for sample in plan.samples(50)] == made


def test_a_sample_says_what_varies_and_not_what_is_the_same_everywhere(plan_of: PlanOf) -> None:
    plan = plan_of(
        listed("A {{ look.words }} kite", more="request: {resolution: 1k, n: 1}")
        + "matrix: {model: [gpt-image-2], look: [{id: dim, words: x}, {id: warm, words: y}], seed: [1, 2]}\n"
    )
    assert [dict(sample.varies) for sample in plan.samples(4)] == [
        {"look": look, "seed": seed} for look in ("dim", "warm") for seed in (1, 2)
    ]


def test_a_field_that_a_table_gives_row_by_row_varies(plan_of: PlanOf, tmp_path: Path) -> None:
    rows = "".join(f"tree {n % 3},{n // 2}\n" for n in range(300))
    (tmp_path / "t.csv").write_text("text,seed\n" + rows, encoding="utf-8")
    plan = plan_of(
        'request: {model: z-image-turbo}\nprompts: [{from: t.csv, text: "{{ row.text }}", '
        'request: {seed: "{{ row.seed | int }}"}}]\n'
    )
    first, middle, _ = plan.samples()
    assert first.varies == {"seed": 0}
    assert abs(int(str(middle.varies["seed"])) - 75) < 5


def test_a_plan_out_of_a_file_has_the_samples_of_its_spec(plan_of: PlanOf, tmp_path: Path) -> None:
    plan = plan_of(listed(*(f"tree {n}" for n in range(20))) + "matrix: {aspect_ratio: ['1:1', '16:9']}\n")
    file = tmp_path / "plan.jsonl"
    file.write_text("".join(plan_lines(plan)), encoding="utf-8", newline="")
    for count in (1, 3, 9, 100):
        assert read_plan(file).samples(count) == plan.samples(count)


def job(number: int) -> Job:
    request: dict[str, Json] = {
        "model": "m",
        "prompt": "p" * (1 + number % 7),
        "seed": number,
        "image_urls": ["data:" + "x" * 9000],
    }
    return Job(
        job_id=f"{number:016x}",
        index=number,
        prompt_id=str(number),
        prompt=str(request["prompt"]),
        model="m",
        action="generate",
        request=request,
    )


def test_of_a_plan_of_any_length_few_jobs_are_looked_at_and_held() -> None:
    sampler, looked_at, jobs = Sampler(), 0, 100_000
    for position in range(jobs):
        if position == sampler.next_position or 1 + position % 7 > sampler.longest:
            looked_at += 1
            sampler.look(position, job(position))
    assert looked_at < 1500
    first, middle, last = sampler.samples(3, jobs)
    assert (first.index, middle.index) == (0, 6)  # the first of the longest
    assert last.index > jobs // 3
    assert all(len(str(sample.varies)) < 1000 for sample in (first, middle, last))
    evenly = [sample.index for sample in sampler.samples(11, jobs)]
    assert max(after - before for before, after in pairwise(evenly)) < jobs // 8
