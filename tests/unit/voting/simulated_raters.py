"""Raters who prefer by chance, with strengths that are known."""

import math
import random
from collections.abc import Iterable, Mapping
from itertools import combinations

from qwave_batch.voting.ballots import LOSS, TIE, WIN, Ballot, Ballots
from qwave_batch.voting.vote_lines import VotedImage, Winner


def ballot(first: str, second: str, outcome: int, *, prompt: int = 0, rater: str = "Ann", **changes: object) -> Ballot:
    """Return a ballot of two values whose images are named by the prompt."""
    images = (VotedImage(job_id=f"{prompt}-{name}", image=0) for name in (first, second))
    facts = {
        "first": first, "second": second, "outcome": outcome, "prompt": prompt, "rater": rater, "tags": frozenset(),
        "subject": (0, *images, "overall"), "criterion": "overall", "pressed": Winner.LEFT, **changes,
    }  # fmt: skip
    return Ballot(**facts)  # type: ignore[arg-type]


def ballots(found: Iterable[Ballot]) -> Ballots:
    return Ballots(axis="model", ballots=tuple(found))


def simulated(
    strengths: Mapping[str, float], *, prompts: int, raters: int, seed: int, spread: float = 0.0, ties: float = 0.0
) -> Ballots:
    """Let some raters compare each pair on each prompt.

    Args:
        strengths: The chance of the first is its share of both.
        prompts: How many.
        raters: How many.
        seed: Of the chances.
        spread: How much a prompt changes the strengths, as the standard deviation of their logarithms.
        ties: The share of ties.
    """
    rng = random.Random(seed)
    found = []
    for prompt in range(prompts):
        on_prompt = {name: strength * math.exp(rng.gauss(0, spread)) for name, strength in strengths.items()}
        for (first, second), rater in (
            (pair, rater) for pair in combinations(sorted(strengths), 2) for rater in range(raters)
        ):
            share = on_prompt[first] / (on_prompt[first] + on_prompt[second])
            outcome = TIE if rng.random() < ties else WIN if rng.random() < share else LOSS
            found.append(ballot(first, second, outcome, prompt=prompt, rater=str(rater)))
    return ballots(found)
