"""Decides for a run folder which jobs of its stages are made, and tells what the others wait for."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from qwave_batch.choosing.known_facts import KnownFacts, read_known_facts
from qwave_batch.choosing.planned_parents import (
    IsOver,
    PlannedJob,
    PlannedParents,
    read_planned_parents,
    wanted_stages,
)
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
from qwave_batch.choosing.stage_outlook import StageOutlook
from qwave_batch.errors import UsageError
from qwave_batch.ledger.snapshots import JobDecision, JobSnapshot
from qwave_batch.model.job import Job
from qwave_batch.model.planned_stage import RATING, PlannedStage
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.plan.expand.later_where import LaterFacts, LaterWhere, MissingFact, WhereAnswer
from qwave_batch.scoring.scorer import Better, Level
from qwave_batch.spec.template.templates import TemplateFault


@dataclass(frozen=True, slots=True)
class FolderChoice:
    """The decisions on the jobs of a folder."""

    decisions: Sequence[JobDecision] = ()
    """On those that have not begun, where there is one."""
    outlooks: tuple[StageOutlook, ...] = ()
    """Of each stage that is decided later."""


def choose_jobs(
    reader: FolderReader, snapshots: Iterable[JobSnapshot], stages: Sequence[PlannedStage], is_over: IsOver
) -> FolderChoice:
    """Return the decisions on the jobs of all stages that are decided later, by what the folder knows at this moment.

    Args:
        reader: The folder.
        snapshots: Its jobs, in plan order.
        stages: The stages of its plan, parents before their children.
        is_over: Whether nothing more is done for a job that has begun.

    Raises:
        UsageError: a ``where`` fails, or gives something other than true or false; or a score is not one of single
            images.
        BrokenVotes, FolderError, StorageError: as ``read_known_facts``.
    """
    parents = read_planned_parents(snapshots, wanted_stages(stages), is_over)
    facts = read_known_facts(reader, parents.images)
    decisions: list[JobDecision] = []
    outlooks: list[StageOutlook] = []
    for stage in stages:
        jobs = parents.by_stage.get(stage.name, [])
        if stage.is_decided_later:
            choice = _StageChoice(stage, parents, facts)
            verdicts = choice.verdicts(jobs)
            decided = [each for each in map(_decision, jobs, verdicts) if each is not None]
            decisions += decided
            outlooks.append(choice.outlook(jobs, verdicts))
        else:
            verdicts = [Taken()] * len(jobs)
        for job, verdict in zip(jobs, verdicts, strict=True):
            if not job.has_begun and (isinstance(verdict, NotChosen | NothingToDecide) or parents.is_over(job)):
                job.standing = ParentStanding.OVER
    return FolderChoice(decisions, tuple(outlooks))


def _decision(job: PlannedJob, verdict: Verdict) -> JobDecision | None:
    if job.has_begun or job.standing is ParentStanding.OVER:
        return None
    match verdict:
        case Taken():
            return JobDecision(job.job.job_id)
        case NotChosen(error):
            return JobDecision(job.job.job_id, error)
        case Undecided() | NothingToDecide():
            return None


@dataclass(frozen=True, slots=True)
class _StageChoice:
    stage: PlannedStage
    parents: PlannedParents
    facts: KnownFacts

    def verdicts(self, jobs: Sequence[PlannedJob]) -> list[Verdict]:
        """Return the verdict on each job of the stage."""
        where = self._where()
        self._check_scores(where)
        needs = self._needs(jobs)
        candidates: list[ParentCandidate] = []
        first: dict[str, int] = {}  # by the parent: the number of its first candidate
        for job_id, image in needs.items():
            parent = self.parents.by_id.get(job_id)
            if parent is not None:
                first[job_id] = len(candidates)
                candidates.extend(self._candidates(parent, image, where))
        verdicts = choose_parents(self.stage, candidates)
        return [self._of_places(job, first, verdicts) for job in jobs]

    def outlook(self, jobs: Sequence[PlannedJob], verdicts: Sequence[Verdict]) -> StageOutlook:
        """Return how many of the jobs that have not begun are decided in which way."""
        open_ = [v for job, v in zip(jobs, verdicts, strict=True) if not job.has_begun and job.job.skip is None]
        return StageOutlook(
            stage=self.stage,
            taken=sum(isinstance(verdict, Taken) for verdict in open_),
            left_out=sum(isinstance(verdict, NotChosen) for verdict in open_),
            waiting=Counter(verdict.reason for verdict in open_ if isinstance(verdict, Undecided)),
            known_scores=tuple(self.facts.scores.outputs_of(Level.IMAGE)),
            is_backwards=self._is_backwards(),
        )

    def _needs(self, jobs: Iterable[PlannedJob]) -> dict[str, int]:
        """Return the parents of jobs that may be made, each with the number of the last image that one of them needs.

        Jobs that have begun keep their parents in the contest: what was chosen before is compared as before.
        """
        needs: dict[str, int] = {}
        for job in jobs:
            if job.job.parents and job.job.skip is None:
                own = job.job.parents[0].job_id
                image = max((link.image or 0) for link in job.job.parents if link.job_id == own)
                needs[own] = max(needs.get(own, 0), image)
        return needs

    def _candidates(self, parent: PlannedJob, image: int, where: LaterWhere | None) -> Iterator[ParentCandidate]:
        standing = parent.standing_for(image)
        is_made = standing is ParentStanding.MADE
        pick = self.stage.pick
        number = self._number(parent, pick.by) if pick is not None and is_made else None
        for place in parent.places():
            yield ParentCandidate(
                job_id=place.job_id,
                index=place.index,
                group=() if pick is None else pick.group_of(place.prompt_id, place.model, place.repeat, place.axes),
                standing=standing,
                answer=None if where is None or not is_made else self._answer(place, where),
                number=number,
            )

    def _answer(self, place: Job, where: LaterWhere) -> WhereAnswer | MissingFact:
        try:
            return where.answer(self.parents.record(place).record, self._facts_of)
        except TemplateFault as fault:
            raise UsageError(f'where of stage "{self.stage.name}" on job {place.job_id}: {fault}') from fault

    def _facts_of(self, job_id: str) -> LaterFacts:
        known = self.parents.by_id[job_id]
        return self.facts.of(job_id, known.job.stage, known.images)

    def _number(self, parent: PlannedJob, by: str) -> float | MissingFact:
        known = self._facts_of(parent.job.job_id)
        found = known.rating if by == RATING else known.scores.get(by)
        return MissingFact(by, is_never_known=by in known.unscorable) if found is None else found

    def _where(self) -> LaterWhere | None:
        if self.stage.where is None:
            return None
        try:
            return LaterWhere.of(self.stage.where, self.stage.variables)
        except TemplateFault as fault:
            raise UsageError(f'where of stage "{self.stage.name}": {fault}') from fault

    def _of_places(self, job: PlannedJob, first: Mapping[str, int], verdicts: Sequence[Verdict]) -> Verdict:
        """Return the verdict on a job: the best one on the places that it is made from."""
        own = job.job.parents[0].job_id if job.job.parents else ""
        if own not in first:
            return NothingToDecide()
        parent = self.parents.by_id[own]
        found = [verdicts[first[own] + parent.place_of(place.axes)] for place in job.places()]
        for kind in (Taken, Undecided, NotChosen):
            for verdict in found:
                if isinstance(verdict, kind):
                    return verdict
        return NothingToDecide()

    def _check_scores(self, where: LaterWhere | None) -> None:
        pick = self.stage.pick
        names = {*(where.scores if where else ()), *((pick.by,) if pick and pick.by != RATING else ())}
        single = self.facts.scores.outputs_of(Level.IMAGE)
        for name in sorted(names & self.facts.scores.outputs.keys()):
            if name not in single:
                raise UsageError(
                    f'stage "{self.stage.name}" asks for {name}, which is a score of several images together; a choice '
                    "among parents takes scores of single images"
                )

    def _is_backwards(self) -> bool:
        pick = self.stage.pick
        if pick is None or pick.by not in self.facts.scores.outputs:
            return False
        better = self.facts.scores.outputs[pick.by].better
        return better is (Better.HIGHER if pick.lowest else Better.LOWER)
