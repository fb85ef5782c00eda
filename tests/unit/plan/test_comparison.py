from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.model.job import Job, JobError
from qwave_batch.plan.comparison import EXAMPLES, ComparedJob, Standing, compare, compared_jobs
from qwave_batch.plan.plan_summary import PlanEntrySummary, summary_of
from qwave_batch.plan.planner import Plan

PlanOf = Callable[[str], Plan]


def job(number: int, *, model: str = "m", nusd: int = 10, random: bool = False, skip: bool = False) -> Job:
    return Job(
        job_id=f"{number:016x}",
        index=number,
        prompt_id=f"p{number}",
        prompt="",
        model=model,
        action="generate",
        request={},
        random=random,
        estimated_nusd=nusd,
        skip=JobError(code="not_supported", message="no") if skip else None,
    )


def outlined(*numbers: int, **facts: Any) -> list[PlanEntrySummary]:
    return [summary_of(job(number, **facts)) for number in numbers]


def known(
    number: int, standing: Standing = Standing.PLANNED, *, stage: str = "", is_planned: bool = True
) -> ComparedJob:
    return ComparedJob(
        number=number,
        model="m",
        images=1,
        nusd=7,
        standing=standing,
        stage=stage,
        is_planned=is_planned,
        label=lambda: f"p{number}",
    )


def theirs(*jobs: ComparedJob) -> Callable[[], Iterator[ComparedJob]]:
    return lambda: iter(jobs)


def test_a_job_is_added_removed_or_unchanged_by_its_id() -> None:
    found = compare(outlined(1, 2, 3), theirs(known(2), known(4)))
    total = found.total
    assert (total.added.jobs, total.removed.jobs, total.unchanged.jobs) == (2, 1, 1)
    assert (total.added.nusd, total.removed.nusd) == (20, 7)
    assert (found.added, found.removed) == (["p1", "p3"], ["p4"])


def test_skipped_jobs_and_duplicates_are_no_jobs() -> None:
    entries = [*outlined(1), replace(summary_of(job(1)), is_new=False), *outlined(2, skip=True)]
    assert compare(entries, theirs()).total.added.jobs == 1
    assert [found.number for found in compared_jobs(entries)] == [1]


@pytest.mark.parametrize(
    ("standing", "fate"),
    [
        (Standing.PLANNED, "to_make"),
        (Standing.MADE, "made"),
        (Standing.HELD, "held"),
        (Standing.FAILED, "failed"),
        (Standing.LEFT_OUT, "left_out"),
    ],
)
def test_only_what_was_not_begun_is_still_to_make(standing: Standing, fate: str) -> None:
    total = compare(outlined(1), theirs(known(1, standing))).total
    assert {name: getattr(total, name).jobs for name in ("to_make", "made", "held", "failed", "left_out")} == {
        **dict.fromkeys(("to_make", "made", "held", "failed", "left_out"), 0),
        fate: 1,
    }


def test_what_left_the_plan_with_its_images_costs_nothing_when_it_comes_back() -> None:
    total = compare(outlined(1), theirs(known(1, Standing.MADE, is_planned=False))).total
    assert (total.added.jobs, total.made.jobs, total.to_make.jobs) == (1, 1, 0)


def test_what_left_the_plan_long_ago_is_not_removed_again() -> None:
    found = compare([], theirs(known(1, Standing.MADE, is_planned=False), known(2, Standing.MADE)))
    assert (found.total.removed.jobs, found.kept.jobs) == (1, 1)


@pytest.mark.parametrize(
    ("random", "standing", "is_taken"),
    [
        (False, Standing.PLANNED, True),
        (False, Standing.FAILED, True),
        (True, Standing.PLANNED, False),
        (False, Standing.MADE, False),
        (False, Standing.HELD, False),
    ],
)
def test_another_folder_gives_what_is_not_random_and_not_under_way(
    *, random: bool, standing: Standing, is_taken: bool
) -> None:
    total = compare(outlined(1, random=random), theirs(known(1, standing)), reusable={1}).total
    assert (total.reused.jobs == 1) is is_taken


def test_a_change_is_counted_by_stage_too() -> None:
    ours = [summary_of(replace(job(1), stage="draft")), summary_of(replace(job(2), stage="night"))]
    found = compare(ours, theirs(known(1, stage="draft"), known(3, stage="gone")))
    counted = {
        stage: (change.added.jobs, change.removed.jobs, change.unchanged.jobs)
        for stage, change in found.by_stage.items()
    }
    assert counted == {"draft": (0, 0, 1), "night": (1, 0, 0), "gone": (0, 1, 0)}
    assert found.added == ["night p2"]


def test_other_prices_can_be_counted_with() -> None:
    assert compare(outlined(1, 2), theirs(), price_of=lambda each: each.index).total.to_make.nusd == 3


def test_only_the_first_few_are_named() -> None:
    found = compare(outlined(*range(1, 50)), theirs(*map(known, range(100, 150))))
    assert (len(found.added), len(found.removed)) == (EXAMPLES, EXAMPLES)


def test_models_come_in_the_order_of_the_plan_and_then_those_that_are_gone() -> None:
    found = compare([*outlined(1, model="b"), *outlined(2, model="a")], theirs(known(9)))
    assert list(found.by_model) == ["b", "a", "m"]


def test_a_plan_is_the_same_as_itself(plan_of: PlanOf) -> None:
    plan = plan_of("prompts: [a, b]\nmatrix: {model: [imagen-4.0, z-image-turbo], seed: {start: 1, count: 3}}\n")
    found = compare(plan.outlines(), lambda: compared_jobs(plan.outlines()))
    assert (found.is_same, found.total.unchanged.jobs) == (True, 12)


IDS = st.lists(st.integers(0, 40), unique=True)


@given(IDS, IDS, IDS)
def test_every_job_is_counted_once_on_each_side(ours: list[int], planned: list[int], reusable: list[int]) -> None:
    def others() -> Iterable[ComparedJob]:
        return map(known, planned)

    total = compare(outlined(*ours), others, reusable=reusable).total
    assert total.added.jobs + total.unchanged.jobs == len(ours)
    assert total.removed.jobs + total.unchanged.jobs == len(planned)
    fates: Sequence[int] = [each.jobs for each in (total.made, total.held, total.failed, total.reused, total.to_make)]
    assert sum(fates) == len(ours)


def test_an_outline_says_what_the_whole_job_says(plan_of: PlanOf) -> None:
    plan = plan_of(
        "unsupported: drop\nprompts: [a, b]\nrequest: {n: 2}\n"
        "matrix: {model: [imagen-4.0, z-image-turbo], resolution: [1K, 2K, 4K]}\n"
    )
    entries = list(plan.outlines())
    for item, entry in zip(plan.items(), entries, strict=True):
        assert (entry.is_new, entry.number) == (isinstance(item, Job), int(item.job_id, 16))
        assert entry.labels() == item.axes
        if isinstance(item, Job):
            assert entry.job() == item
            assert (entry.model, entry.images, entry.nusd) == (item.model, item.max_images, item.estimated_nusd)
            assert (entry.dropped, entry.error) == (item.dropped, item.skip)
