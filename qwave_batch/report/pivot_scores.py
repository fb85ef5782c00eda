"""Scores in the grid's rules: which jobs a filter by a score lets through, and how rows and cells are sorted. Pure.

A job is seen if one of its images meets the condition. The mean of a row is over all images of its jobs, each once;
what has no score comes last. The page has the same rules in ``score_filter.js`` and ``scores.js``.
"""

import operator
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from qwave_batch.report.grid_view import MISSING, WORST, ReportView, ScoreCondition

ImageScores: TypeAlias = Sequence[Sequence[float | None]]
"""The numbers of each image of a job, in the order of the scores."""
SortKey: TypeAlias = tuple[bool, float]
Row = TypeVar("Row", bound=Hashable)
_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "ge": operator.ge,
    "gt": operator.gt,
}


@dataclass(frozen=True, slots=True)
class PivotScore:
    """A score as the grid's rules know it."""

    name: str
    better: str | None
    """``higher``, ``lower``, or None where neither is."""


def score_admits(scores: Sequence[PivotScore], condition: ScoreCondition | None) -> Callable[[ImageScores], bool]:
    """Return whether a condition lets a job through, by the scores of its images."""
    at = None if condition is None else number_of_score(scores, condition.name)
    if condition is None or at is None:
        return lambda _: True
    if condition.comparison == MISSING:
        return lambda images: any(image[at] is None for image in images)
    holds, limit = _HOLDS[condition.comparison], condition.limit
    if limit is None:
        return lambda _: True
    return lambda images: any((value := image[at]) is not None and holds(value, limit) for image in images)


@dataclass(frozen=True, slots=True)
class ScoreOrder:
    """Sorts by a score."""

    score: int
    is_descending: bool

    def keys_of_rows(
        self, cells: Mapping[tuple[Row, Row], Sequence[int]], scores: Sequence[ImageScores]
    ) -> dict[Row, SortKey]:
        """Return what each row is sorted by, of its cells and the scores of all jobs by position."""
        jobs: dict[Row, set[int]] = {}
        for (row, _), some in cells.items():
            jobs.setdefault(row, set()).update(some)
        return {row: self.key(scores[job] for job in sorted(some)) for row, some in jobs.items()}

    def in_order(self, jobs: Sequence[int], scores: Sequence[ImageScores]) -> tuple[int, ...]:
        """Return the jobs of a cell sorted."""
        return tuple(sorted(jobs, key=lambda job: self.key([scores[job]])))

    def key(self, jobs: Iterable[ImageScores]) -> SortKey:
        """Return what some jobs are sorted by, the least first."""
        mean = mean_score(jobs, self.score)
        return (True, 0.0) if mean is None else (False, -mean if self.is_descending else mean)


def score_order(scores: Sequence[PivotScore], view: ReportView) -> ScoreOrder | None:
    """Return the order that a view asks for; where neither direction is better the least counts as the worst."""
    at = number_of_score(scores, view.showscore)
    if at is None or not view.sort:
        return None
    return ScoreOrder(at, (scores[at].better == "lower") == (view.sort == WORST))


def mean_score(jobs: Iterable[ImageScores], score: int) -> float | None:
    """Return the mean of a score over all images that have it; None where none has."""
    total, count = 0.0, 0
    for images in jobs:
        for image in images:
            value = image[score]
            if value is not None:
                total += value  # one after the other, as the page does: sum() would round otherwise
                count += 1
    return total / count if count else None


def number_of_score(scores: Sequence[PivotScore], name: str) -> int | None:
    """Return the place of a score among others; None if it is not there."""
    return next((number for number, score in enumerate(scores) if score.name == name), None)
