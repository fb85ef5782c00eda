"""Bradley-Terry strengths: one number for each value, so that s / (s + t) is the chance of one to be preferred.

A tie counts half for each side. The strengths of values that votes join have the geometric mean 1. evalica finds them,
by Newman's iteration (2023). No finite strengths fit best while some value never lost, or never won, not even by half:
one even prompt is then added, on which all compared pairs are tied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qwave_batch import lazy
from qwave_batch.estimating.intervals import LEAST_PROMPTS, Interval
from qwave_batch.estimating.prompt_bootstrap import SEED, interval_of_draws
from qwave_batch.voting.ballots import LOSS, TIE, WIN
from qwave_batch.voting.pair_counts import PairCounts

if TYPE_CHECKING:
    from qwave_batch.estimating.prompt_bootstrap import Numbers, Truths

_TOLERANCE = 1e-9
_ALIKE = 1e-6
"""Strengths that differ less than this part of themselves are the same."""
_ROUNDS = 10_000
_AT_ONCE = 1 << 21
"""Numbers of the matrices that are in memory at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """The strength of a value."""

    value: str
    strength: float
    low: float | None
    """The interval at 95 % of a bootstrap over prompts; None where there is none, or no bound on this side."""
    high: float | None
    group: int
    """Only strengths of one group can be compared: no votes join the groups."""
    is_bounded: bool
    """Whether the votes alone fix it; else it stands for "very weak" or "very strong"."""


def strengths(counts: PairCounts, drawn: "Numbers | None" = None) -> tuple[Strength, ...]:
    """Return the strength of every value, group by group, the strongest first.

    Args:
        counts: The outcomes.
        drawn: The same, drawn anew many times; see ``drawn_counts``.
    """
    found: list[Strength] = []
    for number, group in enumerate(counts.groups):
        wins = win_matrix(counts, group)
        is_bounded = bool(are_all_beaten(wins))
        scores = _fitted(wins if is_bounded else wins + _even_prompt(wins))
        intervals = _intervals(counts, group, drawn, is_bounded=is_bounded)
        beats = reached(wins)
        found += (
            Strength(
                value=counts.values[value],
                strength=score,
                low=interval.low if interval is not None and beats[at].all() else None,
                high=interval.high if interval is not None and beats[:, at].all() else None,
                group=number,
                is_bounded=is_bounded,
            )
            for at, (value, score, interval) in enumerate(zip(group, scores, intervals, strict=True))
        )
    return tuple(sorted(found, key=lambda each: (each.group, -each.strength, each.value)))


def win_matrix(counts: PairCounts, group: Sequence[int]) -> "Numbers":
    """Return how often each value of a group was preferred to each other, ties as halves."""
    outcomes = lazy.np.array([[counts.of_pair(pair) for pair in counts.counts]], dtype=float)
    matrix: Numbers = _matrices(counts, group, outcomes)[0]
    return matrix


def _matrices(counts: PairCounts, group: Sequence[int], outcomes: "Numbers") -> "Numbers":
    """Return the win matrix of a group for each draw of outcomes."""
    at = {value: number for number, value in enumerate(group)}
    matrices = lazy.np.zeros((len(outcomes), len(group), len(group)))
    for number, (one, other) in enumerate(counts.counts):
        if one in at:
            matrices[:, at[one], at[other]] = outcomes[:, number, WIN] + outcomes[:, number, TIE] / 2
            matrices[:, at[other], at[one]] = outcomes[:, number, LOSS] + outcomes[:, number, TIE] / 2
    return matrices


def are_all_beaten(matrices: "Numbers") -> "Truths":
    """Whether in a matrix, or in each of many, every value is beaten by way of others by every other one."""
    return lazy.np.asarray(reached(matrices).all(axis=(-2, -1)))


def reached(matrices: "Numbers") -> "Truths":
    """Whether in a matrix, or in each of many, the value of a row beats that of a column, if by way of others.

    The strength of a value has no bound above unless all others beat it, and none below unless it beats all others.
    """
    np = lazy.np
    values = matrices.shape[-1]
    reach = (matrices > 0) | np.eye(values, dtype=bool)
    steps = 1
    while steps < values:
        reach = (reach.astype(np.float32) @ reach.astype(np.float32)) > 0
        steps *= 2
    return np.asarray(reach)


def _even_prompt(wins: "Numbers") -> "Numbers":
    """Return one tie for each pair that was compared."""
    even: Numbers = ((wins + wins.swapaxes(-2, -1)) > 0) / 2
    return even


def _fitted(wins: "Numbers") -> list[float]:
    """Return the strengths that evalica finds for a win matrix."""
    values = range(len(wins))
    pairs = [(one, other, float(wins[one, other])) for one in values for other in values if wins[one, other]]
    result = lazy.evalica.bradley_terry(
        [one for one, _, _ in pairs],
        [other for _, other, _ in pairs],
        [lazy.evalica.Winner.X] * len(pairs),
        index=lazy.pd.Index(list(values)),
        weights=[weight for _, _, weight in pairs],
        tolerance=_TOLERANCE,
        limit=_ROUNDS,
    )
    return [float(result.scores[value]) for value in values]


def _intervals(
    counts: PairCounts, group: Sequence[int], drawn: "Numbers | None", *, is_bounded: bool
) -> list[Interval | None]:
    """Return the interval of each strength.

    A draw that has no finite strengths gets the even prompt, too. If all votes together have none, the even prompt is
    one of the prompts that are drawn, and comes once on average; else its one tie would decide the interval alone.
    """
    prompts = counts.prompts_of(group)
    if drawn is None or prompts < LEAST_PROMPTS:
        return [None] * len(group)
    np = lazy.np
    even = _even_prompt(win_matrix(counts, group))
    rng = np.random.default_rng(SEED)
    times = np.zeros(len(drawn)) if is_bounded else rng.poisson(1, len(drawn)).astype(float)
    at_once = max(1, _AT_ONCE // len(group) ** 2)
    scores: list[Numbers] = []
    for start in range(0, len(drawn), at_once):
        wins = _matrices(counts, group, drawn[start : start + at_once])
        added = np.maximum(times[start : start + at_once], ~are_all_beaten(wins))
        scores.append(newman_scores(wins + added[:, None, None] * even))
    return [_interval(of_value, prompts) for of_value in np.concatenate(scores).T]


def _interval(scores: "Numbers", prompts: int) -> Interval | None:
    """Return the interval of a strength; None where all draws are alike: they tell of no other prompts."""
    interval = interval_of_draws(scores, prompts)
    return None if interval is None or lazy.np.ptp(scores) <= _ALIKE * interval.high else interval


def newman_scores(wins: "Numbers") -> "Numbers":
    """Return the strengths for each of many win matrices at once, as evalica does for one."""
    np = lazy.np
    scores: Numbers = np.ones(wins.shape[:2])
    active = np.arange(len(wins))
    for _ in range(_ROUNDS):
        before = scores[active]
        now, of_active = before.copy(), wins[active]
        for value in range(wins.shape[1]):
            sums = now[:, value, None] + now
            won = (of_active[:, value] * now / sums).sum(axis=1)
            now[:, value] = won / (of_active[:, :, value] / sums).sum(axis=1)
        now /= np.exp(np.log(now).mean(axis=1, keepdims=True))
        scores[active] = now
        active = active[(np.abs(now - before) > _TOLERANCE * now).any(axis=1)]
        if not len(active):
            break
    return scores
