"""The numbers of a run folder by cell: one prompt with one value of every axis, its repeats and images together.

A job that stands in several places of the plan counts in each of them. A number that ought to be there and is not is
counted, too: an image without the score, and a job that has no image.
"""

import math
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qwave_batch.gating.measures import JOB_MEASURES, Measure
from qwave_batch.model.record import JobStatus
from qwave_batch.output.folder_reader import EVERY_LINE, FolderReader, LineFilter
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.scoring.kept_scores import KeptScores
from qwave_batch.voting.judged_jobs import REPEAT, JobPlace, judged_job

Values = tuple[tuple[str, str], ...]
"""The values of a cell: each axis, the model too, with its value as a text, in alphabetical order."""


@dataclass(slots=True)
class ScoredCell:
    """The jobs of one prompt and one value of every axis."""

    prompt_id: str
    values: Values
    tags: frozenset[str]
    texts: frozenset[str] = frozenset()
    """The texts of its prompt: more than one where each repeat has its own."""
    numbers: dict[str, "array[float]"] = field(default_factory=dict)
    """By measure; without those that are missing."""
    missing: Counter[str] = field(default_factory=Counter)
    """By measure: images and jobs whose number is not there."""

    def value(self, axis: str) -> str | None:
        """Return the value of an axis; None where the cell has no such axis."""
        return next((value for name, value in self.values if name == axis), None)

    def mean(self, measure: str) -> float | None:
        """Return the mean of a measure; None without a number."""
        numbers = self.numbers.get(measure)
        return math.fsum(numbers) / len(numbers) if numbers else None


def read_cells(
    reader: FolderReader, scores: KeptScores, measures: Sequence[Measure], where: LineFilter = EVERY_LINE
) -> list[ScoredCell]:
    """Return the cells of a folder, in the order of prompts and values; jobs that were skipped are in none.

    Raises:
        FolderError, StorageError, UsageError: as ``FolderReader.lines``.
    """
    gathered = _Gathered(measures)
    for line in reader.lines(where):
        if line.status is not JobStatus.SKIPPED and not line.imageless:
            gathered.add(line, _numbers_of(line, scores, measures))
    return sorted(gathered.cells.values(), key=lambda cell: (cell.prompt_id, cell.values))


def _numbers_of(
    line: ManifestLine, scores: KeptScores, measures: Sequence[Measure]
) -> Mapping[str, Sequence[float | None]]:
    """Return the numbers of a job, by measure: one for each image, or one for the job; None for one that is missing."""
    images = [scores.of(line.job_id, index, image.sha256) for index, image in enumerate(line.images)] or [{}]
    return {
        measure.name: [_of_job(measure.name, line)]
        if measure.name in JOB_MEASURES
        else [of_image.get(measure.name) for of_image in images]
        for measure in measures
    }


def _of_job(name: str, line: ManifestLine) -> float | None:
    return JOB_MEASURES[name](line) if line.status is JobStatus.COMPLETED else None


@dataclass(slots=True)
class _Gathered:
    """The cells so far; values and tags that many cells share are kept once."""

    measures: Sequence[Measure]
    cells: dict[tuple[str, Values], ScoredCell] = field(default_factory=dict)
    values: dict[Values, Values] = field(default_factory=dict)
    tags: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)

    def add(self, line: ManifestLine, numbers: Mapping[str, Sequence[float | None]]) -> None:
        """Take in a job, in each of its places."""
        for place in judged_job(line).places:
            cell = self._cell(place)
            if line.prompt not in cell.texts:
                cell.texts = cell.texts | {line.prompt}
            for name, found in numbers.items():
                known = [number for number in found if number is not None]
                cell.numbers.setdefault(name, array("d")).extend(known)
                cell.missing[name] += len(found) - len(known)

    def _cell(self, place: JobPlace) -> ScoredCell:
        values = tuple(sorted((name, value) for name, value in place.values.items() if name != REPEAT))
        values = self.values.setdefault(values, values)
        key = (place.prompt_id, values)
        if key not in self.cells:
            tags = self.tags.setdefault(place.tags, place.tags)
            self.cells[key] = ScoredCell(prompt_id=place.prompt_id, values=values, tags=tags)
        return self.cells[key]
