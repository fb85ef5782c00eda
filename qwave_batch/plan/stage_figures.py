"""The figures of a plan by stage, and the most that can be made of each where ``pick`` chooses later."""

from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest

from qwave_batch.model.cost_range import NOTHING, CostRange
from qwave_batch.model.job import Duplicate, Job, JobError
from qwave_batch.model.job_identity import number_of
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import usd_from_nusd
from qwave_batch.model.planned_stage import ParentPick, PlannedStage

_NONE = -1


@dataclass(slots=True)
class StageFigures:
    """The jobs and images of one stage."""

    jobs: int = 0
    images: int = 0
    skipped: int = 0
    estimate: CostRange = NOTHING
    """The cost to expect."""

    def count(self, error: JobError | None, images: int, estimate: CostRange) -> None:
        """Add one job, or a skipped one."""
        if error:
            self.skipped += 1
            return
        self.jobs += 1
        self.images += images
        self.estimate += estimate

    def as_json(self) -> dict[str, Json]:
        """Return the figures of the object under ``by_stage``."""
        return {
            "jobs": self.jobs,
            "images": self.images,
            "skipped": self.skipped,
            "estimated_usd": usd_from_nusd(self.estimate.most_nusd),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MostMade:
    """The most that can be made of one stage, whatever is chosen."""

    jobs: int
    images: int
    nusd: int

    def as_json(self) -> dict[str, Json]:
        """Return the object under ``most``."""
        return {"jobs": self.jobs, "images": self.images, "estimated_usd": usd_from_nusd(self.nusd)}


class PickBound:
    """Bounds what is made of a plan with ``pick``: of each group of parents the dearest count, with all that follows.

    It holds a few numbers for each job. Picks of picks are bounded each for itself, so the bound may be too high there.
    """

    def __init__(self, stages: Sequence[PlannedStage]) -> None:
        self._stages = [stage.name for stage in stages]
        self._number = {name: number for number, name in enumerate(self._stages)}
        self._picks: dict[int, ParentPick] = {}
        self._asked: dict[str, list[int]] = defaultdict(list)
        """By stage of the parents: the stages that pick among them."""
        for stage in stages:
            if stage.pick is not None and stage.from_stage is not None:
                self._picks[self._number[stage.name]] = stage.pick
                self._asked[stage.from_stage].append(self._number[stage.name])
        self._rows: dict[int, int] = {}
        """By number of a job."""
        self._kinds: dict[int, tuple[str, int]] = {}
        """By row of a parent that competes: its model and repeat, which all its places share."""
        self._of_stage, self._parents = array("q"), array("q")
        self._images, self._nusd = array("q"), array("q")
        self._groups: dict[tuple[int, tuple[str, ...]], set[int]] = defaultdict(set)

    @property
    def is_needed(self) -> bool:
        """Whether any stage picks."""
        return bool(self._picks)

    def see(self, job: Job) -> None:
        """Add the next job of the plan; parents come before their children."""
        if not self._picks or job.skip is not None:
            return
        row = self._rows[number_of(job.job_id)] = len(self._rows)
        parent = number_of(job.parents[0].job_id) if job.parents else None
        self._of_stage.append(self._number[job.stage])
        self._parents.append(_NONE if parent is None else self._rows.get(parent, _NONE))
        self._images.append(job.max_images)
        self._nusd.append(job.estimated_nusd)
        if job.stage in self._asked:
            self._kinds[row] = job.model, job.repeat
            self._compete(row, job.prompt_id, job.axes)

    def see_again(self, duplicate: Duplicate) -> None:
        """Add another place of a job, in which it competes too."""
        row = self._rows.get(number_of(duplicate.job_id)) if self._picks else None
        if row is not None and row in self._kinds:
            self._compete(row, duplicate.prompt_id, duplicate.axes)

    def by_stage(self) -> dict[str, MostMade]:
        """Return the most that is made of each stage; empty where no stage picks."""
        if not self._picks:
            return {}
        ones = array("q", [1]) * len(self._rows)
        return {
            name: MostMade(
                jobs=self._most(number, ones),
                images=self._most(number, self._images),
                nusd=self._most(number, self._nusd),
            )
            for number, name in enumerate(self._stages)
        }

    def _compete(self, row: int, prompt_id: str, axes: Mapping[str, Json]) -> None:
        model, repeat = self._kinds[row]
        for picking in self._asked[self._stages[self._of_stage[row]]]:
            group = self._picks[picking].group_of(prompt_id, model, repeat, axes)
            self._groups[picking, group].add(row)

    def _most(self, stage: int, amounts: "array[int]") -> int:
        """Return the most of one amount that is made of a stage: each job hands its sum on to its parent."""
        below = array("q", bytes(8 * len(amounts)))
        picked: dict[tuple[int, int], int] = defaultdict(int)
        most = 0
        for row in range(len(amounts) - 1, -1, -1):
            of_stage, parent = self._of_stage[row], self._parents[row]
            whole = below[row] + (amounts[row] if of_stage == stage else 0)
            if of_stage in self._picks:
                picked[of_stage, parent] += whole
            elif parent == _NONE:
                most += whole
            else:
                below[parent] += whole
        for (picking, _), rows in self._groups.items():
            most += sum(nlargest(self._picks[picking].n, (picked.get((picking, row), 0) for row in rows)))
        return most
