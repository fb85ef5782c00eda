"""Win rates: how often one value of an axis was preferred to another. Each pair of values stands once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qwave_batch import lazy
from qwave_batch.estimating.intervals import LEAST_PROMPTS, Interval, wilson
from qwave_batch.estimating.prompt_bootstrap import interval_of_draws
from qwave_batch.voting.ballots import LOSS, TIE, WIN
from qwave_batch.voting.pair_counts import Pair, PairCounts

if TYPE_CHECKING:
    from qwave_batch.estimating.prompt_bootstrap import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class WinRate:
    """How one value fared against another."""

    value: str
    """The better one of the two; of two that are even, the first by name."""
    against: str
    wins: int
    losses: int
    ties: int
    """With those of which both were bad."""
    prompts: int
    rate: float
    """Wins and half of the ties, as a share of all."""
    low: float
    """Wilson's interval at 95 %, as if all votes were independent."""
    high: float
    boot_low: float | None
    """The interval at 95 % of a bootstrap over prompts; None where there is none."""
    boot_high: float | None

    @property
    def votes(self) -> int:
        """Votes on the pair."""
        return self.wins + self.losses + self.ties

    @property
    def widest(self) -> Interval:
        """The more careful one of both intervals, at each end."""
        lows = [each for each in (self.low, self.boot_low) if each is not None]
        highs = [each for each in (self.high, self.boot_high) if each is not None]
        return Interval(min(lows), max(highs))


def win_rates(counts: PairCounts, drawn: "Numbers | None" = None) -> tuple[WinRate, ...]:
    """Return the win rate of every pair of values that was compared: the most decided first.

    Args:
        counts: The outcomes.
        drawn: The same, drawn anew many times; see ``drawn_counts``.
    """
    return tuple(sorted(_win_rates(counts, drawn), key=lambda each: (-each.rate, each.value, each.against)))


def _win_rates(counts: PairCounts, drawn: "Numbers | None") -> Iterator[WinRate]:
    for number, pair in enumerate(counts.counts):
        wins, ties, losses = counts.of_pair(pair)
        names = (counts.values[pair[0]], counts.values[pair[1]])
        boot = None if drawn is None else _bootstrap(counts, pair, drawn[:, number])
        if losses > wins:
            wins, losses, names = losses, wins, (names[1], names[0])
            boot = None if boot is None else Interval(1 - boot.high, 1 - boot.low)
        total = wins + ties + losses
        rate = (wins + ties / 2) / total
        interval = wilson(rate, total)
        yield WinRate(
            value=names[0],
            against=names[1],
            wins=wins,
            losses=losses,
            ties=ties,
            prompts=len(counts.counts[pair]),
            rate=rate,
            low=interval.low,
            high=interval.high,
            boot_low=None if boot is None else boot.low,
            boot_high=None if boot is None else boot.high,
        )


def _bootstrap(counts: PairCounts, pair: Pair, drawn: "Numbers") -> Interval | None:
    """Return the interval of the first value's rate over the prompts of the pair; None below two.

    If the rate is the same on all of them, the draws are all alike and say nothing of prompts that were not asked:
    each prompt then counts as one answer.
    """
    of_prompts = counts.counts[pair].values()
    if len(of_prompts) < LEAST_PROMPTS:
        return None
    rates = {(2 * wins + ties) / (2 * (wins + ties + losses)) for wins, ties, losses in of_prompts}
    if len(rates) == 1:
        return wilson(rates.pop(), len(of_prompts))
    return interval_of_draws(_rates(drawn), len(of_prompts))


def _rates(drawn: "Numbers") -> "Numbers":
    """Return the win rate of the first value in each draw; NaN where no prompt of the pair came."""
    with lazy.np.errstate(invalid="ignore", divide="ignore"):
        rates: Numbers = (drawn[:, WIN] + drawn[:, TIE] / 2) / drawn.sum(axis=1)
    return rates


assert (WIN, TIE, LOSS) == (0, 1, 2)  # noqa: S101 - the order of columns in all arrays of outcomes
