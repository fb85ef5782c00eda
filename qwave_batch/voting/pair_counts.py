"""Counts ballots: for each pair of values and each prompt, how often the first was preferred, or neither. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from qwave_batch.voting.ballots import LOSS, TIE, WIN, Ballots

OUTCOMES = 3
"""Win, tie, loss."""
Pair = tuple[int, int]
"""The numbers of two values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairCounts:
    """The counts of all pairs of values that were compared."""

    values: tuple[str, ...]
    prompts: int
    counts: Mapping[Pair, Mapping[int, tuple[int, int, int]]] = field(repr=False)
    """By pair and prompt: wins of the first, ties, and losses."""

    def of_pair(self, pair: Pair) -> tuple[int, int, int]:
        """Return wins, ties and losses of the first value of a pair over all prompts."""
        wins, ties, losses = (sum(each[outcome] for each in self.counts[pair].values()) for outcome in range(OUTCOMES))
        return wins, ties, losses

    def prompts_of(self, group: Collection[int]) -> int:
        """Return on how many prompts the values of a group were compared."""
        return len({prompt for pair, of_pair in self.counts.items() if pair[0] in group for prompt in of_pair})

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The values that comparisons join, directly or by way of others, as groups."""
        group_of = list(range(len(self.values)))
        for one, other in self.counts:
            old, new = group_of[other], group_of[one]
            group_of = [new if each == old else each for each in group_of]
        numbers = sorted(set(group_of), key=group_of.index)
        return tuple(tuple(i for i, each in enumerate(group_of) if each == number) for number in numbers)


def pair_counts(ballots: Ballots) -> PairCounts:
    """Return the counts of some ballots."""
    values = tuple(sorted({value for each in ballots.ballots for value in (each.first, each.second)}))
    number_of = {value: number for number, value in enumerate(values)}
    prompts = {prompt: number for number, prompt in enumerate(sorted({each.prompt for each in ballots.ballots}))}
    counts: dict[Pair, dict[int, list[int]]] = {}
    for each in ballots.ballots:
        of_pair = counts.setdefault((number_of[each.first], number_of[each.second]), {})
        of_pair.setdefault(prompts[each.prompt], [0] * OUTCOMES)[each.outcome] += 1
    return PairCounts(
        values=values,
        prompts=len(prompts),
        counts={
            pair: {prompt: (each[WIN], each[TIE], each[LOSS]) for prompt, each in sorted(of_pair.items())}
            for pair, of_pair in sorted(counts.items())
        },
    )
