"""Why a parent has no children is told with the facts that decided it."""

from qwave_batch.choosing.stage_choice import (
    AwaitedKind,
    NotChosen,
    ParentCandidate,
    ParentStanding,
    Taken,
    Undecided,
    WaitReason,
    choose_parents,
)
from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.planned_stage import ParentPick, PlannedStage
from qwave_batch.plan.expand.later_where import MissingFact, WhereAnswer
from tests.every_case import in_one_test

BEST = PlannedStage(name="night", from_stage="draft", pick=ParentPick(n=1, by="checks.sharpness"))
KEPT = PlannedStage(name="night", from_stage="draft", where="{{ parent.pick == 'keep' }}")


def made(index: int, number: float | MissingFact | None = None, answer: WhereAnswer | None = None) -> ParentCandidate:
    return ParentCandidate(job_id=f"j{index}", index=index, standing=ParentStanding.MADE, number=number, answer=answer)


def test_one_that_is_not_picked_is_told_its_number_and_that_of_the_last_one_picked() -> None:
    _, second = choose_parents(BEST, [made(0, 0.4), made(1, 0.25)])
    message = "checks.sharpness of its parent is 0.25; the highest of 2 is picked, with 0.4"
    assert second == NotChosen(JobError(code="not_picked", message=message))
    two = PlannedStage(name="night", from_stage="draft", pick=ParentPick(n=2, by="ocr.cer", lowest=True))
    *_, third = choose_parents(two, [made(0, 0.1), made(1, 0.2), made(2, 0.3)])
    message = "ocr.cer of its parent is 0.3; the 2 lowest of 3 are picked, the last of them with 0.2"
    assert third == NotChosen(JobError(code="not_picked", message=message))


def test_of_equal_ones_the_first_in_the_plan_is_picked() -> None:
    first, second = choose_parents(BEST, [made(7, 0.4), made(3, 0.4)])
    assert (isinstance(first, NotChosen), second) == (True, Taken())


def test_a_job_that_stands_twice_in_a_group_takes_one_of_its_places() -> None:
    two = PlannedStage(name="night", from_stage="draft", pick=ParentPick(n=2, by="checks.sharpness"))
    twice, other = made(0, 0.9), made(1, 0.5)
    again = ParentCandidate(job_id="j0", index=2, standing=ParentStanding.MADE, number=0.9)
    assert choose_parents(two, [twice, other, again]) == [Taken(), Taken(), Taken()]


@in_one_test(
    ("facts", "told"),
    [
        ({"ocr.cer": 0.123456789}, ": ocr.cer is 0.123457"),
        ({"findings": ["blank", "duplicate"]}, ": findings is blank, duplicate"),
        ({"pick": "reject", "rating": 2.5}, ": pick is reject, rating is 2.5"),
        ({}, ""),
    ],
)
def test_one_that_where_leaves_out_is_told_the_facts(facts: dict[str, Json], told: str) -> None:
    (verdict,) = choose_parents(KEPT, [made(0, answer=WhereAnswer(is_met=False, facts=facts))])
    message = f'where of stage "night" leaves out its parent{told}'
    assert verdict == NotChosen(JobError(code="left_out_by_where", message=message))


@in_one_test(
    ("missing", "reason"),
    [
        ("ocr.cer", WaitReason(AwaitedKind.SCORE, "ocr.cer")),
        ("findings", WaitReason(AwaitedKind.CHECK)),
        ("pick", WaitReason(AwaitedKind.PICK)),
        ("rating", WaitReason(AwaitedKind.RATING)),
    ],
)
def test_a_missing_fact_is_waited_for_by_the_whole_group(missing: str, reason: WaitReason) -> None:
    verdicts = choose_parents(BEST, [made(0, 0.4), made(1, MissingFact(missing))])
    assert verdicts == [Undecided(reason), Undecided(reason)]


def test_a_score_that_its_scorer_can_not_give_leaves_a_parent_out_of_the_pick() -> None:
    first, second = choose_parents(BEST, [made(0, 0.4), made(1, MissingFact("checks.sharpness", is_never_known=True))])
    message = 'stage "night" asks for checks.sharpness of its parent, which its scorer could not give'
    assert (first, second) == (Taken(), NotChosen(JobError(code="not_picked", message=message)))
