"""The lineage of jobs as the page reads it: the stages of a report, and for each job those that it is made from."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from qwave_batch.model.jsontypes import Json
from qwave_batch.output.manifest_line import ManifestLine


@dataclass(slots=True)
class JobLineage:
    """Takes in the jobs of one folder after the other, each by its number in the report."""

    stages: dict[int, str] = field(default_factory=dict)
    """By job the name of its stage, for jobs that have one."""
    _parents: dict[int, list[tuple[int, str, int | None]]] = field(default_factory=dict)
    """By job its folder, with the id of the other job and the place of the image there, from 0."""
    _numbers: dict[tuple[int, str], int] = field(default_factory=dict)
    """Of the jobs that have a stage, by folder and id."""

    def add(self, folder: int, number: int, line: ManifestLine) -> None:
        """Take in a job."""
        if line.stage:
            self.stages[number] = line.stage
            self._numbers[folder, line.job_id] = number
        if line.parents:
            self._parents[number] = [
                (folder, link.job_id, None if link.image is None else link.image - 1) for link in line.parents
            ]

    def ordered_stages(self) -> list[str]:
        """Return all stages, each behind those that its jobs are made from; otherwise as they came."""
        waiting = list(dict.fromkeys(self.stages.values()))
        before: dict[str, set[str]] = {stage: set() for stage in waiting}
        for number in self._parents:
            if number in self.stages:
                stage = self.stages[number]
                before[stage].update(self.stages[parent] for parent, _ in self._known_parents(number))
        ordered: list[str] = []
        while waiting:
            ready = (stage for stage in waiting if not before[stage].difference(ordered, {stage}))
            ordered.append(next(ready, waiting[0]))  # two folders may have them in opposite orders
            waiting.remove(ordered[-1])
        return ordered

    def as_json(self) -> list[dict[str, Json]]:
        """Return by job what the index says of it beside the rest: nothing for one without a stage."""
        places = {stage: place for place, stage in enumerate(self.ordered_stages())}
        found: list[dict[str, Json]] = [{} for _ in range(max(self.stages, default=-1) + 1)]
        for number, stage in self.stages.items():
            parents: list[Json] = [[parent, image] for parent, image in self._known_parents(number)]
            found[number] = {"stage": places[stage], **({"parents": parents} if parents else {})}
        return found

    def _known_parents(self, number: int) -> Iterator[tuple[int, int | None]]:
        """Yield the jobs that a job is made from, and which image of them; those that the folder holds."""
        for folder, job_id, image in self._parents.get(number, ()):
            parent = self._numbers.get((folder, job_id))
            if parent is not None and parent != number:
                yield parent, image
