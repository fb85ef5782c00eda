"""Decides which parents of a stage have children, from what is known of each. Pure.

``where`` comes first: a parent that it leaves out does not compete. Then ``pick`` takes the best of each group of
parents, once all of the group have ended and those that were made have their number.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import TypeAlias, assert_never

from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.planned_stage import ChildSkip, ParentPick, PlannedStage
from qwave_batch.plan.expand.later_where import MissingFact, WhereAnswer


class ParentStanding(Enum):
    """How far a parent is."""

    AHEAD = auto()
    """It is not made yet."""
    MADE = auto()
    """Its images are stored."""
    OVER = auto()
    """It has ended without what its children need: it has none, and does not compete."""


class AwaitedKind(StrEnum):
    """The kinds of what a decision waits for."""

    PARENTS = "parents"
    """Jobs of the stage that it goes on from are not made yet."""
    SCORE = "score"
    CHECK = "check"
    """The images were not checked, or others are there since."""
    PICK = "pick"
    """People have not decided whether to keep an image."""
    RATING = "rating"


@dataclass(frozen=True, slots=True, order=True)
class WaitReason:
    """Something that a decision waits for."""

    kind: AwaitedKind
    score: str = ""
    """The full name of the score that is missing."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Its children are made."""


@dataclass(frozen=True, slots=True)
class NotChosen:
    """Its children are not made."""

    error: JobError


@dataclass(frozen=True, slots=True)
class Undecided:
    """Nothing is decided yet."""

    reason: WaitReason


@dataclass(frozen=True, slots=True)
class NothingToDecide:
    """It has ended without images, which is reason enough that its children are not made."""


Verdict: TypeAlias = Taken | NotChosen | Undecided | NothingToDecide


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentCandidate:
    """A place of a parent in the plan, with what is known of it."""

    job_id: str
    """A parent that stands in several places of a group takes one of the places that ``pick`` gives."""
    index: int
    """The place in the plan's order, by which equal numbers are told apart."""
    group: tuple[str, ...] = ()
    """Its values in all that ``pick`` names in ``per``."""
    standing: ParentStanding
    answer: WhereAnswer | MissingFact | None = None
    """The answer of ``where`` for it, once it is made; None without a ``where`` that is decided later."""
    number: float | MissingFact | None = None
    """The number that ``pick`` goes by, once it is made; None without ``pick``."""


def choose_parents(stage: PlannedStage, candidates: Sequence[ParentCandidate]) -> list[Verdict]:
    """Return the verdict on each candidate, in their order."""
    verdicts: list[Verdict | None] = [_before_pick(stage, each) for each in candidates]
    if stage.pick is None:
        return [verdict or Taken() for verdict in verdicts]
    groups: dict[tuple[str, ...], list[int]] = {}
    for number, candidate in enumerate(candidates):
        groups.setdefault(candidate.group, []).append(number)
    for group in groups.values():
        for number, verdict in _picked(stage.pick, candidates, verdicts, group):
            verdicts[number] = verdict
    return [verdict or Taken() for verdict in verdicts]


def _before_pick(stage: PlannedStage, candidate: ParentCandidate) -> Verdict | None:
    """Return the verdict on a candidate that does not compete yet, or not at all; None for one that does."""
    match candidate.standing:
        case ParentStanding.AHEAD:
            return Undecided(WaitReason(AwaitedKind.PARENTS))
        case ParentStanding.OVER:
            return NothingToDecide()
        case ParentStanding.MADE:
            pass
        case other:
            assert_never(other)
    answer = candidate.answer
    if isinstance(answer, MissingFact):
        return _missing(stage, ChildSkip.LEFT_OUT_BY_WHERE, answer)
    if answer is not None and not answer.is_met:
        return NotChosen(
            JobError(code=ChildSkip.LEFT_OUT_BY_WHERE.value, message=_left_out_message(stage, answer.facts))
        )
    number = candidate.number
    return _missing(stage, ChildSkip.NOT_PICKED, number) if isinstance(number, MissingFact) else None


def _missing(stage: PlannedStage, code: ChildSkip, fact: MissingFact) -> Verdict:
    if fact.is_never_known:
        message = f'stage "{stage.name}" asks for {fact.name} of its parent, which its scorer could not give'
        return NotChosen(JobError(code=code.value, message=message))
    match fact.name:
        case "findings":
            return Undecided(WaitReason(AwaitedKind.CHECK))
        case "pick" | "rating" as kind:
            return Undecided(WaitReason(AwaitedKind(kind)))
        case score:
            return Undecided(WaitReason(AwaitedKind.SCORE, score))


def _left_out_message(stage: PlannedStage, facts: Mapping[str, Json]) -> str:
    told = ", ".join(f"{name} is {_shown(value)}" for name, value in facts.items())
    return f'where of stage "{stage.name}" leaves out its parent' + (f": {told}" if told else "")


def _shown(value: Json) -> str:
    match value:
        case bool() | str() | None:
            return str(value)
        case int() | float():
            return f"{value:.6g}"
        case list():
            return ", ".join(map(str, value)) or "nothing"
        case _:
            return str(value)


def _picked(
    pick: ParentPick, candidates: Sequence[ParentCandidate], verdicts: Sequence[Verdict | None], group: Iterable[int]
) -> list[tuple[int, Verdict]]:
    """Return the verdicts on those of a group that compete."""
    competing = [number for number in group if verdicts[number] is None]
    waits = [verdict.reason for number in group if isinstance(verdict := verdicts[number], Undecided)]
    if waits:
        return [(number, Undecided(min(waits))) for number in competing]
    ranked = sorted(competing, key=lambda number: _rank(pick, candidates[number]))
    jobs = list(dict.fromkeys(candidates[number].job_id for number in ranked))
    best = dict(zip(jobs, range(pick.n), strict=False))
    last = _number(candidates[next(n for n in ranked if candidates[n].job_id == jobs[len(best) - 1])]) if jobs else 0
    return [
        (
            number,
            Taken() if candidates[number].job_id in best else _not_picked(pick, candidates[number], len(jobs), last),
        )
        for number in competing
    ]


def _rank(pick: ParentPick, candidate: ParentCandidate) -> tuple[float, int]:
    number = _number(candidate)
    return (number if pick.lowest else -number), candidate.index


def _number(candidate: ParentCandidate) -> float:
    return candidate.number if isinstance(candidate.number, int | float) else 0.0


def _not_picked(pick: ParentPick, candidate: ParentCandidate, competing: int, last: float) -> NotChosen:
    best = "lowest" if pick.lowest else "highest"
    if pick.n == 1:
        picked = f"the {best} of {competing:,} is picked, with {_shown(last)}"
    else:
        picked = f"the {pick.n:,} {best} of {competing:,} are picked, the last of them with {_shown(last)}"
    message = f"{pick.by} of its parent is {_shown(_number(candidate))}; {picked}"
    return NotChosen(JobError(code=ChildSkip.NOT_PICKED.value, message=message))
