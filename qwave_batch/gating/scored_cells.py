"""The numbers of a run folder by cell: one prompt with one value of every axis, its repeats and images together.

A job that stands in several places of the plan counts in each of them. A number that ought to be there and is not is
counted, too: an image without the score, and a job that has no image.
"""

import math
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qwave_batch.gating.measures import OWN_MEASURES, Measure
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
    images: int = 0
    """A sum of the hashes of its images, equal where those are the same; 0 where they are not known."""

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
    """Return the cells of a folder, as ``CellGatherer`` makes them.

    Raises:
        FolderError, StorageError, UsageError: as ``FolderReader.lines``.
    """
    gatherer = CellGatherer(scores, measures)
    for line in reader.lines(where):
        gatherer.add(line)
    return gatherer.sorted_cells()


@dataclass(slots=True)
class CellGatherer:
    """Makes cells of lines; values and tags that many cells share are kept once."""

    scores: KeptScores
    measures: Sequence[Measure]
    _cells: dict[tuple[str, Values], ScoredCell] = field(default_factory=dict)
    _values: dict[Values, Values] = field(default_factory=dict)
    _tags: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)

    def add(self, line: ManifestLine) -> None:
        """Take in a job, in each of its places; one that was skipped, or makes no image, is in none."""
        if line.status is JobStatus.SKIPPED or line.imageless:
            return
        numbers = self._numbers_of(line)
        images = sum(int(image.sha256[:16], 16) for image in line.images)
        for place in judged_job(line).places:
            cell = self.cell_of(place)
            if line.prompt not in cell.texts:
                cell.texts |= {line.prompt}
            cell.images += images
            for name, found in numbers.items():
                known = [number for number in found if number is not None]
                cell.numbers.setdefault(name, array("d")).extend(known)
                cell.missing[name] += len(found) - len(known)

    def sorted_cells(self) -> list[ScoredCell]:
        """Return the cells so far, in the order of prompts and values."""
        return sorted(self._cells.values(), key=lambda cell: (cell.prompt_id, cell.values))

    def cell_of(self, place: JobPlace) -> ScoredCell:
        """Return the cell of a place, which may be new."""
        values = tuple(sorted((name, value) for name, value in place.values.items() if name != REPEAT))
        values = self._values.setdefault(values, values)
        key = (place.prompt_id, values)
        if key not in self._cells:
            tags = self._tags.setdefault(place.tags, place.tags)
            self._cells[key] = ScoredCell(prompt_id=place.prompt_id, values=values, tags=tags)
        return self._cells[key]

    def _numbers_of(self, line: ManifestLine) -> Mapping[str, Sequence[float | None]]:
        """Return the numbers of a job by measure: of each image, or of the job; None for one that is missing."""
        images = [self.scores.of(line.job_id, index, image.sha256) for index, image in enumerate(line.images)] or [{}]
        return {
            measure.name: [of_image.get(measure.name) for of_image in images]
            if measure.is_scored
            else OWN_MEASURES[measure.name](line)
            for measure in self.measures
        }
