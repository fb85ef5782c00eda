"""Jobs that wait for others are freed when all of those are stored, and given up when one of them fails."""

import sys
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.model.record import JobStatus
from qwave_batch.run.jobs.waiting_children import FreedChild, ParentEnd, WaitingChildren


def add(
    waiting: WaitingChildren,
    row: int,
    *parents: tuple[int, int],
    model: str = "m",
    status: JobStatus = JobStatus.PENDING,
    has_begun: bool = False,
    is_resubmit: bool = False,
) -> None:
    waiting.add(row, model, parents, status=status, has_begun=has_begun, is_resubmit=is_resubmit)


def test_a_child_is_freed_by_its_last_parent_and_in_the_order_of_the_plan() -> None:
    waiting = WaitingChildren()
    add(waiting, 10, (1, 1))
    add(waiting, 11, (1, 1), (2, 0), is_resubmit=True)
    add(waiting, 12, (1, 0), model="other")
    assert waiting.left_by_model() == {"m": 2, "other": 1}
    assert waiting.store(1, images=1).freed == [FreedChild(10, "m", False), FreedChild(12, "other", False)]
    assert waiting.store(2, images=1).freed == [FreedChild(11, "m", True)]
    assert waiting.left_by_model() == {"m": 0, "other": 0}
    assert waiting.open_rows() == (0, [])


def test_a_job_that_nobody_waits_for_changes_nothing() -> None:
    waiting = WaitingChildren()
    add(waiting, 10, (5, 1))
    assert not waiting.has_children(4)
    assert not waiting.has_children(1_000)
    assert waiting.store(4, images=1).freed == []
    assert waiting.end(1_000, ParentEnd.LOST).given_up == []


def test_a_failure_skips_all_descendants_and_a_delay_none() -> None:
    for end, skipped in ((ParentEnd.LOST, 3), (ParentEnd.LEFT, 0)):
        waiting = WaitingChildren()
        add(waiting, 10, (1, 1))
        add(waiting, 11, (10, 1))
        add(waiting, 12, (11, 1))
        change = waiting.end(1, end)
        assert (len(change.given_up), change.skipped) == (3, skipped)
        assert waiting.left_by_model() == {"m": 0}


def test_a_child_that_was_left_is_skipped_when_its_other_parent_fails() -> None:
    waiting = WaitingChildren()
    add(waiting, 10, (1, 1), (2, 1))
    assert waiting.end(1, ParentEnd.LEFT).given_up == ["m"]
    assert waiting.open_rows() == (1, [])
    change = waiting.end(2, ParentEnd.LOST)
    assert (change.given_up, change.skipped) == ([], 1), "it was given up already"
    assert waiting.open_rows() == (0, [])


def test_too_few_images_skip_those_that_need_more() -> None:
    waiting = WaitingChildren()
    add(waiting, 10, (1, 2))
    add(waiting, 11, (1, 3))
    add(waiting, 12, (11, 1))
    change = waiting.store(1, images=2)
    assert [child.row for child in change.freed] == [10]
    assert change.skipped == 2


def test_what_has_begun_keeps_its_status_and_its_children_follow_that() -> None:
    """A child with a failed attempt of its own stays failed; those that wait for it are skipped then."""
    for status, skipped in ((JobStatus.FAILED, 1), (JobStatus.PENDING, 0)):
        waiting = WaitingChildren()
        add(waiting, 10, (1, 1), status=status, has_begun=True)
        add(waiting, 11, (10, 1))
        change = waiting.end(1, ParentEnd.LOST)
        assert (len(change.given_up), change.skipped) == (2, skipped)


def test_those_that_were_skipped_before_are_asked_about_in_the_end() -> None:
    waiting = WaitingChildren()
    add(waiting, 10, (1, 1), status=JobStatus.SKIPPED)
    add(waiting, 11, (2, 1))
    assert waiting.open_rows() == (2, [10])


@dataclass(frozen=True)
class Step:
    row: int
    images: int | None
    """None where the parent is not stored."""
    end: ParentEnd


STEPS = st.builds(Step, st.integers(0, 5), st.none() | st.integers(0, 2), st.sampled_from(ParentEnd))
PLANS = st.lists(st.dictionaries(st.integers(0, 5), st.integers(0, 2), min_size=1, max_size=3), min_size=1, max_size=8)


@given(plan=PLANS, steps=st.lists(STEPS, max_size=6, unique_by=lambda step: step.row))
def test_exactly_those_are_freed_whose_parents_are_all_stored(plan: list[dict[int, int]], steps: list[Step]) -> None:
    """The children have no children here, so that it is said by each one's own parents."""
    waiting = WaitingChildren()
    for number, parents in enumerate(plan):
        add(waiting, 100 + number, *parents.items())
    freed: set[int] = set()
    skipped = 0
    for step in steps:
        change = waiting.end(step.row, step.end) if step.images is None else waiting.store(step.row, step.images)
        freed |= {child.row - 100 for child in change.freed}
        skipped += change.skipped
    stored = {step.row: step.images for step in steps if step.images is not None}
    lost = {step.row for step in steps if step.images is None and step.end is ParentEnd.LOST}
    is_made = [all(stored.get(row, -1) >= image for row, image in parents.items()) for parents in plan]
    is_lost = [any(row in lost or stored.get(row, image) < image for row, image in parents.items()) for parents in plan]
    assert freed == {number for number, made in enumerate(is_made) if made}
    assert skipped == sum(is_lost)


def test_a_hundred_thousand_take_a_few_megabytes() -> None:
    waiting, jobs = WaitingChildren(), 100_000
    for row in range(jobs):
        add(waiting, jobs + row, (row, 1))
    held = sum(sys.getsizeof(getattr(waiting, name)) for name in WaitingChildren.__slots__)
    assert held / jobs < 60
