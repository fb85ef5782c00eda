"""Counts the numbers of the figures in one pass over the lines of run folders; memory does not grow with them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from qwave_batch.model.axis_labels import model_label
from qwave_batch.model.money import nusd_from_usd
from qwave_batch.model.record import JobStatus
from qwave_batch.model.signed_links import unsigned_text
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.report.figure_numbers import (
    CostRow,
    ErrorRow,
    FigureNumbers,
    LatencyRow,
    OutcomeRow,
    Outcomes,
    SessionOfFolder,
    StageNumbers,
)
from qwave_batch.report.latency_sketch import RELATIVE_ERROR, LatencyBins, LatencySketch
from qwave_batch.report.report_index import shown_status
from qwave_batch.report.run_limits import RunLimits, limits_of_summary
from qwave_batch.report.run_sessions import ImageTimes
from qwave_batch.report.score_counting import ScoreCounter
from qwave_batch.scoring.kept_scores import KeptScores

_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_ERRORS = 500
"""Errors of a model that are told apart, for all folders; jobs with further ones are counted under ``other``."""
_LONGEST_EXAMPLE = 300


def figure_numbers(
    readers: Sequence[FolderReader], labels: Sequence[str], scores: Sequence[KeptScores]
) -> FigureNumbers:
    """Return the numbers of the figures; the folders' lines are read once.

    Args:
        readers: The open folders.
        labels: A name for each of them that no other one has.
        scores: The scores that each of them holds.

    Raises:
        FolderError, StorageError: as ``FolderReader.lines`` does.
    """
    counter = FigureCounter(tuple(labels))
    for folder, (reader, kept) in enumerate(zip(readers, scores, strict=True)):
        for line in reader.lines():
            counter.add(folder, line)
            counter.scores.add(folder, counter.scopes(folder), line, kept)
        counter.scores.add_others(folder, counter.scopes(folder), kept)
        counter.add_summary(folder, reader.header().summary)
    return counter.numbers()


@dataclass(slots=True)
class _JobCounts:
    """The counts of a model or a stage in one folder, or in all."""

    latency: LatencySketch = field(default_factory=LatencySketch)
    outcomes: Outcomes = field(default_factory=Outcomes)
    nusd: int = 0
    made: int = 0
    """Completed jobs whose images were made here."""
    images: int = 0
    """Images that were made here."""

    def add(self, line: ManifestLine, status: str) -> None:
        self.outcomes.add(status)
        self.nusd += nusd_from_usd(line.cost_usd)
        if line.reused_from is not None:
            return
        self.images += len(line.images)
        if line.status is JobStatus.COMPLETED:
            self.made += 1
            if line.seconds is not None:
                self.latency.add(line.seconds)


@dataclass(slots=True)
class _ErrorCount:
    message: str
    jobs: int = 0


@dataclass(slots=True)
class FigureCounter:
    """Takes lines one by one, whatever their order among the folders."""

    folders: tuple[str, ...]
    scores: ScoreCounter = field(default_factory=ScoreCounter)
    _models: dict[tuple[str, int | None], _JobCounts] = field(default_factory=dict)
    _stages: dict[tuple[str, int | None], _JobCounts] = field(default_factory=dict)
    _tags: dict[tuple[str | None, int | None], Outcomes] = field(default_factory=dict)
    _errors: dict[tuple[str, str, str, int | None], _ErrorCount] = field(default_factory=dict)
    """By code, status, model and folder."""
    _times: dict[int, ImageTimes] = field(default_factory=dict)
    _limits: list[RunLimits] = field(default_factory=list)

    def add(self, folder: int, line: ManifestLine) -> None:
        """Count a line of a folder."""
        status, model = shown_status(line.status, line.error), model_label(line.axes, line.model)
        for scope in self.scopes(folder):
            self._models.setdefault((model, scope), _JobCounts()).add(line, status)
            if line.stage:
                self._stages.setdefault((line.stage, scope), _JobCounts()).add(line, status)
            for tag in _tags_of(line):
                self._tags.setdefault((tag, scope), Outcomes()).add(status)
            if line.error is not None and line.status is not JobStatus.COMPLETED:
                self._add_error(line.error.code, status, model, scope, unsigned_text(line.error.message))
        is_made_here = line.images and line.reused_from is None
        if is_made_here and line.submitted_at is not None and line.completed_at is not None:
            times = self._times.setdefault(folder, ImageTimes())
            times.add(line.submitted_at, line.completed_at, len(line.images))

    def add_summary(self, folder: int, summary: object) -> None:
        """Take what the newest run of a folder tells of limits and waits."""
        found = limits_of_summary(folder, summary)
        if found is not None:
            self._limits.append(found)

    def numbers(self) -> FigureNumbers:
        """Return the numbers of all that was counted."""
        groups = (*self._models.values(), *self._stages.values())
        timed = [counts.latency for counts in groups if counts.latency.count]
        bins = LatencyBins.over(timed)
        scores = self.scores.rows()
        return FigureNumbers(
            folders=self.folders,
            edges=tuple(bins.edges),
            relative_error=0.0 if all(sketch.is_exact for sketch in timed) else RELATIVE_ERROR,
            latencies=tuple(_latencies(self._models, bins)),
            by_model=tuple(_outcomes(self._models)),
            by_tag=tuple(
                OutcomeRow(name=tag, folder=scope, outcomes=outcomes)
                for (tag, scope), outcomes in sorted(self._tags.items(), key=lambda item: item[0][0] is None)
            ),
            by_error=tuple(self._error_rows()),
            costs=tuple(_costs(self._models)),
            sessions=tuple(
                SessionOfFolder(folder=folder, session=session)
                for folder, times in sorted(self._times.items())
                for session in times.sessions()
            ),
            limits=tuple(self._limits),
            outputs=self.scores.outputs_of(scores),
            scores=tuple(scores),
            stages=StageNumbers(
                outcomes=tuple(_outcomes(self._stages)),
                latencies=tuple(_latencies(self._stages, bins)),
                costs=tuple(_costs(self._stages)),
            ),
        )

    def scopes(self, folder: int) -> tuple[int | None, ...]:
        """Return all folders together, and the single one where there are several."""
        return (None,) if len(self.folders) == 1 else (None, folder)

    def _add_error(self, code: str, status: str, model: str, scope: int | None, message: str) -> None:
        key = (code, status, model, scope)
        if key not in self._errors and len(self._errors) >= MOST_ERRORS:
            key, message = ("other", status, model, scope), ""
        self._errors.setdefault(key, _ErrorCount(message[:_LONGEST_EXAMPLE])).jobs += 1

    def _error_rows(self) -> Iterator[ErrorRow]:
        """Yield the errors, the most frequent first."""
        for (code, status, model, scope), found in sorted(self._errors.items(), key=lambda item: -item[1].jobs):
            yield ErrorRow(code=code, status=status, model=model, folder=scope, jobs=found.jobs, message=found.message)


_Groups: TypeAlias = Mapping[tuple[str, int | None], _JobCounts]


def _outcomes(groups: _Groups) -> Iterator[OutcomeRow]:
    for (name, scope), counts in groups.items():
        yield OutcomeRow(name=name, folder=scope, outcomes=counts.outcomes)


def _costs(groups: _Groups) -> Iterator[CostRow]:
    for (name, scope), counts in groups.items():
        yield CostRow(
            name=name,
            folder=scope,
            nusd=counts.nusd,
            jobs=counts.outcomes.jobs,
            completed=counts.made,
            images=counts.images,
        )


def _latencies(groups: _Groups, bins: LatencyBins) -> Iterator[LatencyRow]:
    for (name, scope), counts in groups.items():
        sketch = counts.latency
        if not sketch.count:
            continue
        p05, p25, p50, p75, p95 = sketch.quantiles(_SHARES)
        yield LatencyRow(
            name=name,
            folder=scope,
            count=sketch.count,
            least=sketch.least,
            p05=p05,
            p25=p25,
            p50=p50,
            p75=p75,
            p95=p95,
            greatest=sketch.greatest,
            histogram=tuple(bins.histogram(sketch)),
        )


def _tags_of(line: ManifestLine) -> Iterable[str | None]:
    """Return the tags of a job and of the places that folded with it; None for a place without any."""
    places = (line.tags, *(duplicate.tags for duplicate in line.also))
    return dict.fromkeys(tag for tags in places for tag in (tags or (None,)))
