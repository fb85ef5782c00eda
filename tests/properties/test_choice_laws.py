"""Laws of the choice among parents: at most n of a group, the best ones, whatever the order in which they are seen."""

import random
from collections import defaultdict
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.choosing.stage_choice import (
    NotChosen,
    NothingToDecide,
    ParentCandidate,
    ParentStanding,
    Taken,
    Undecided,
    Verdict,
    choose_parents,
)
from qwave_batch.model.planned_stage import ParentPick, PlannedStage
from qwave_batch.plan.expand.later_where import MissingFact, WhereAnswer

ANSWERS = st.sampled_from([None, WhereAnswer(True), WhereAnswer(True), WhereAnswer(False), MissingFact("pick")])
NUMBERS = st.sampled_from([0.0, 0.5, 0.5, 1.0, -2.0, MissingFact("a.b"), MissingFact("a.b", is_never_known=True)])


@st.composite
def candidates(draw: st.DrawFn) -> list[ParentCandidate]:
    facts = st.tuples(st.integers(0, 9), st.sampled_from("ab"), st.sampled_from(ParentStanding), ANSWERS, NUMBERS)
    drawn = draw(st.lists(facts, max_size=12))
    known: dict[int, tuple[ParentStanding, object]] = {}  # a job has the same state and number in all of its places
    return [
        ParentCandidate(
            job_id=str(job),
            index=index,
            group=(group,),
            standing=known.setdefault(job, (standing, number))[0],
            answer=answer,
            number=known[job][1],  # type: ignore[arg-type]
        )
        for index, (job, group, standing, answer, number) in enumerate(drawn)
    ]


def stage(n: int, *, lowest: bool = False) -> PlannedStage:
    return PlannedStage(name="night", from_stage="draft", pick=ParentPick(n=n, by="a.b", lowest=lowest))


def by_group(
    found: list[ParentCandidate], verdicts: list[Verdict]
) -> dict[tuple[str, ...], list[tuple[ParentCandidate, Verdict]]]:
    groups = defaultdict(list)
    for candidate, verdict in zip(found, verdicts, strict=True):
        groups[candidate.group].append((candidate, verdict))
    return groups


@given(found=candidates(), n=st.integers(1, 4))
def test_a_group_takes_at_most_n_jobs_and_no_worse_one_than_it_leaves_out(found: list[ParentCandidate], n: int) -> None:
    for group in by_group(found, choose_parents(stage(n), found)).values():
        taken = {candidate.job_id: candidate for candidate, verdict in group if verdict == Taken()}
        left = [
            c
            for c, verdict in group
            if isinstance(verdict, NotChosen)
            and isinstance(c.number, float)
            and (c.answer is None or c.answer == WhereAnswer(True))
            and c.standing is ParentStanding.MADE
        ]
        assert len(taken) <= n
        assert all(each.standing is ParentStanding.MADE for each in taken.values())
        assert not left or len(taken) == n
        assert all(better.number >= worse.number for better in taken.values() for worse in left)  # type: ignore[operator]


@given(found=candidates(), n=st.integers(1, 4), seed=st.integers(0, 99))
def test_the_order_in_which_parents_are_seen_changes_nothing(found: list[ParentCandidate], n: int, seed: int) -> None:
    shuffled = random.Random(seed).sample(found, len(found))
    verdicts = dict(zip((each.index for each in shuffled), choose_parents(stage(n), shuffled), strict=True))
    assert [verdicts[each.index] for each in found] == choose_parents(stage(n), found)


@given(found=candidates(), n=st.integers(1, 4))
def test_a_group_is_decided_as_a_whole_once_nothing_of_it_is_missing(found: list[ParentCandidate], n: int) -> None:
    for group in by_group(found, choose_parents(stage(n), found)).values():
        waits = [isinstance(verdict, Undecided) for _, verdict in group]
        settled = [isinstance(verdict, Taken) for _, verdict in group]
        assert not (any(waits) and any(settled))
        if not any(c.standing is ParentStanding.AHEAD for c, _ in group) and not any(
            isinstance(fact, MissingFact) and not fact.is_never_known for c, _ in group for fact in (c.answer, c.number)
        ):
            assert not any(waits)


@given(found=candidates(), n=st.integers(1, 4))
def test_a_parent_that_ended_without_images_changes_nothing_for_the_others(
    found: list[ParentCandidate], n: int
) -> None:
    others = [each for each in found if each.standing is not ParentStanding.OVER]
    verdicts = choose_parents(stage(n), found)
    assert [v for c, v in zip(found, verdicts, strict=True) if c in others] == choose_parents(stage(n), others)
    assert all(v == NothingToDecide() for c, v in zip(found, verdicts, strict=True) if c not in others)


@given(found=candidates(), n=st.integers(1, 4))
def test_the_lowest_are_the_highest_of_the_negated_numbers(found: list[ParentCandidate], n: int) -> None:
    negated = [replace(each, number=-each.number if isinstance(each.number, float) else each.number) for each in found]
    lowest, highest = choose_parents(stage(n, lowest=True), negated), choose_parents(stage(n), found)
    assert [verdict == Taken() for verdict in lowest] == [verdict == Taken() for verdict in highest]


@given(found=candidates())
def test_a_pick_that_is_larger_than_the_group_takes_every_parent_with_a_number(found: list[ParentCandidate]) -> None:
    for candidate, verdict in zip(found, choose_parents(stage(99), found), strict=True):
        if isinstance(verdict, NotChosen):
            assert candidate.answer == WhereAnswer(False) or not isinstance(candidate.number, float)


@given(found=candidates())
def test_without_pick_each_parent_is_decided_by_itself(found: list[ParentCandidate]) -> None:
    alone = PlannedStage(name="night", from_stage="draft", where="{{ parent.pick == 'keep' }}")
    numberless = [replace(each, number=None) for each in found]
    assert choose_parents(alone, numberless) == [choose_parents(alone, [each])[0] for each in numberless]
