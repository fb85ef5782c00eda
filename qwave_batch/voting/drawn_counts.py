"""The counts of votes, had other prompts been asked: a bootstrap that draws whole prompts, with all their votes."""

from typing import TYPE_CHECKING

from qwave_batch import lazy
from qwave_batch.estimating.intervals import LEAST_PROMPTS
from qwave_batch.estimating.prompt_bootstrap import SEED, drawn_weights
from qwave_batch.voting.pair_counts import OUTCOMES, PairCounts

if TYPE_CHECKING:
    from qwave_batch.estimating.prompt_bootstrap import Numbers

DRAWS = 1_000


def drawn_counts(counts: PairCounts, *, draws: int = DRAWS, seed: int = SEED) -> "Numbers | None":
    """Return the outcomes of each pair in each draw: an array of draws, pairs and outcomes; None below two prompts."""
    if counts.prompts < LEAST_PROMPTS:
        return None
    np = lazy.np
    drawn = np.empty((draws, len(counts.counts), OUTCOMES))
    pairs = [
        (np.array(list(of_pair)), np.array(list(of_pair.values()), dtype=float)) for of_pair in counts.counts.values()
    ]
    start = 0
    for weights in drawn_weights(counts.prompts, draws, seed=seed):
        end = start + len(weights)
        for number, (prompts, outcomes) in enumerate(pairs):
            drawn[start:end, number] = weights[:, prompts] @ outcomes
        start = end
    return drawn
