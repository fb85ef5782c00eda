"""Scores of pairs as numbers of prompts: how often one value of an axis was preferred to another. Pure."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from qwave_batch.errors import UsageError
from qwave_batch.gating.gate_rules import Preferred
from qwave_batch.gating.scored_cells import CellGatherer, ScoredCell
from qwave_batch.gating.sides import Side
from qwave_batch.scoring.kept_scores import KeptScores, PairScore
from qwave_batch.scoring.scorer import Output
from qwave_batch.voting.judged_jobs import JobPlace, JudgedJob

_EITHER = (0, 1)
"""The range of a preference: 1 for the first image, 0 for the second, and a tie between them."""


def check_is_preference(name: str, output: Output) -> None:
    """Refuse a score of pairs that does not say which image is preferred.

    Raises:
        UsageError: its range is another.
    """
    if tuple(output.range) != _EITHER:
        raise UsageError(f"{name} is not a preference: a score from 0, the second image, to 1, the first one")


def add_preferences(
    sides: tuple[Side, Side], scores: KeptScores, names: Iterable[str], jobs: Mapping[str, JudgedJob], axis: str
) -> None:
    """Give the cells of two values of an axis how often each was preferred to the other.

    Args:
        sides: The two values, of one folder.
        scores: The scores of the folder.
        names: The scores of pairs.
        jobs: The jobs that count, by id.
        axis: The axis.

    Raises:
        UsageError: a score does not say which image is preferred.
    """
    for name, (side, other) in product(names, (sides, (sides[1], sides[0]))):
        check_is_preference(name, scores.outputs[name])
        asked = Preferred(axis=axis, value=side.label, to=other.label)
        found = {(cell.prompt_id, cell.values): cell.numbers for cell in preference_cells(scores, name, jobs, asked)}
        for cell in side.cells:
            cell.numbers[name] = found.get((cell.prompt_id, cell.values), {}).get(name, array("d"))
            cell.missing[name] = 0


def preference_cells(
    scores: KeptScores, name: str, jobs: Mapping[str, JudgedJob], asked: Preferred
) -> Sequence[ScoredCell]:
    """Return a cell for each prompt and value of the other axes, with how often the value was preferred.

    Args:
        scores: The scores of the folder.
        name: The score of pairs.
        jobs: The jobs that count, by id.
        asked: The two values.
    """
    gatherer = CellGatherer(scores, ())
    for pair in scores.pairs():
        if name in pair.scores and pair.job_id in jobs and pair.other_job_id in jobs:
            number = pair.scores[name]
            for place, is_first in _places(pair, jobs, asked):
                cell = gatherer.cell_of(place)
                cell.numbers.setdefault(name, array("d")).append(number if is_first else 1 - number)
    return gatherer.sorted_cells()


def _places(pair: PairScore, jobs: Mapping[str, JudgedJob], asked: Preferred) -> Iterable[tuple[JobPlace, bool]]:
    """Yield the places of the value that is to be preferred, and whether it is of the first image."""
    for first, second in product(jobs[pair.job_id].places, jobs[pair.other_job_id].places):
        values = (first.values.get(asked.axis), second.values.get(asked.axis))
        if first.prompt_id == second.prompt_id and _others(first, asked.axis) == _others(second, asked.axis):
            if values == (asked.value, asked.to):
                yield first, True
            elif values == (asked.to, asked.value):
                yield second, False


def _others(place: JobPlace, axis: str) -> Mapping[str, str]:
    return {name: value for name, value in place.values.items() if name != axis}
