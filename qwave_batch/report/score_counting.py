"""Counts the scores of images by model and prompt, for the figures; memory is two numbers for each model and prompt."""

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from qwave_batch.model.axis_labels import model_label
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.report.figure_numbers import ScoreRow
from qwave_batch.report.score_intervals import mean_interval
from qwave_batch.scoring.kept_scores import KeptScores
from qwave_batch.scoring.scorer import Better, Output


@dataclass(slots=True)
class _Column:
    """The scores of an output and a model in one folder, or in all, by the number of the prompt."""

    sums: "array[float]" = field(default_factory=lambda: array("d"))
    counts: "array[int]" = field(default_factory=lambda: array("L"))

    def add(self, prompt: int, number: float) -> None:
        missing = prompt + 1 - len(self.sums)
        if missing > 0:
            self.sums.extend([0.0] * missing)
            self.counts.extend([0] * missing)
        self.sums[prompt] += number
        self.counts[prompt] += 1


@dataclass(slots=True)
class ScoreCounter:
    """Takes the lines of folders with their scores one by one."""

    _outputs: dict[str, Output] = field(default_factory=dict)
    _columns: dict[tuple[str, str, int | None], _Column] = field(default_factory=dict)
    """By output, model and folder."""
    _prompts: dict[tuple[str, str], int] = field(default_factory=dict)
    _jobs: dict[tuple[int, str], tuple[str, int]] = field(default_factory=dict)
    """The model and the prompt of each job in a folder with scores of pairs, whose lines name jobs only."""
    _sets: list[ScoreRow] = field(default_factory=list)

    def add(self, folder: int, scopes: Sequence[int | None], line: ManifestLine, kept: KeptScores) -> None:
        """Count the scores of a job's images.

        Args:
            folder: The number of the folder.
            scopes: The rows that it counts in: that of the folder, that of all folders (None), or both.
            line: The job.
            kept: The scores of the folder.
        """
        if not kept.outputs:
            return
        model = model_label(line.axes, line.model)
        prompt = self._prompts.setdefault((line.prompt_id, line.prompt), len(self._prompts))
        if next(kept.pairs(), None) is not None:
            self._jobs[folder, line.job_id] = (model, prompt)
        for at, image in enumerate(line.images):
            for output, number in kept.of(line.job_id, at, image.sha256).items():
                self._count(output, model, scopes, prompt, number)

    def add_others(self, folder: int, scopes: Sequence[int | None], kept: KeptScores) -> None:
        """Count the scores of pairs and sets, after all lines of their folder.

        A preference counts for both models of its pair: the first has the number, the second what is left of 1. Other
        numbers of pairs say nothing of one model.
        """
        preferences = {name for name in kept.outputs if name.rpartition(".")[2] == _PREFERENCE}
        for name, output in kept.outputs.items():
            self._outputs.setdefault(name, replace(output, better=Better.HIGHER) if name in preferences else output)
        for pair in kept.pairs():
            first, second = self._jobs.get((folder, pair.job_id)), self._jobs.get((folder, pair.other_job_id))
            for name in preferences & pair.scores.keys():
                if first is not None and second is not None:
                    self._count(name, first[0], scopes, first[1], pair.scores[name])
                    self._count(name, second[0], scopes, second[1], 1 - pair.scores[name])
        self._sets += [
            ScoreRow(score=name, model=found.model, folder=scopes[-1], images=found.count, mean=number)
            for found in kept.sets()
            for name, number in found.scores.items()
        ]

    def outputs_of(self, rows: Iterable[ScoreRow]) -> Mapping[str, Output]:
        """Return the outputs that rows are about, by full name."""
        told = {row.score for row in rows}
        return {name: output for name, output in self._outputs.items() if name in told}

    def rows(self) -> list[ScoreRow]:
        """Return the means, in the order of the outputs; one of numbers that are too large to add is not there."""
        places = {output: place for place, output in enumerate(self._outputs)}
        rows = [*(_row(*key, column) for key, column in self._columns.items()), *self._sets]
        return sorted((row for row in rows if math.isfinite(row.mean)), key=lambda row: places[row.score])

    def _count(self, output: str, model: str, scopes: Sequence[int | None], prompt: int, number: float) -> None:
        for scope in scopes:
            self._columns.setdefault((output, model, scope), _Column()).add(prompt, number)


_PREFERENCE = "preference"
"""The output of pairs that is 1 where the first image is preferred, 0 for the second, and 0.5 for neither."""


def _row(output: str, model: str, scope: int | None, column: _Column) -> ScoreRow:
    asked = [place for place, count in enumerate(column.counts) if count]
    sums, counts = [column.sums[place] for place in asked], [column.counts[place] for place in asked]
    interval = mean_interval(sums, counts)
    return ScoreRow(
        score=output,
        model=model,
        folder=scope,
        images=sum(counts),
        prompts=len(asked),
        mean=sum(sums) / sum(counts),
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
    )
