"""Reasons to be careful with the result of votes, each a sentence. Pure."""

import math
from collections.abc import Iterator, Sequence

from qwave_batch.voting.ballots import Ballots
from qwave_batch.voting.more_votes import ENOUGH_PROMPTS
from qwave_batch.voting.pair_counts import PairCounts
from qwave_batch.voting.strengths import Strength
from qwave_batch.voting.vote_lines import Winner

_HABIT = 3.0
"""Standard deviations from one half at which a side is a habit: 10 of 10, 34 of 50."""
_MOSTLY = 0.5
_LEAST_ALPHA = 0.2
_SHOWN = 5
_MANY_PAIRS = 20
"""From here on one is expected to be settled by chance, at 95 %."""


def vote_warnings(
    ballots: Ballots, counts: PairCounts, strengths: Sequence[Strength], alpha: float | None
) -> tuple[str, ...]:
    """Return the warnings about a result, the most important ones first."""
    return (
        *_about_prompts(counts),
        *_about_pairs(counts),
        *_about_groups(counts),
        *_about_bounds(strengths),
        *_about_raters(ballots, alpha),
        *_about_votes(ballots),
    )


def _about_prompts(counts: PairCounts) -> Iterator[str]:
    if 0 < counts.prompts < ENOUGH_PROMPTS:
        number = f"only {counts.prompts} prompt{'s were' if counts.prompts != 1 else ' was'} voted on"
        yield f"{number}: below {ENOUGH_PROMPTS} prompts a result says little about other prompts"


def _about_pairs(counts: PairCounts) -> Iterator[str]:
    if (pairs := len(counts.counts)) >= _MANY_PAIRS:
        yield f"of {pairs} pairs about one in twenty looks settled by chance alone: look at the strengths first"


def _about_groups(counts: PairCounts) -> Iterator[str]:
    groups = counts.groups
    if len(groups) > 1:
        named = "; ".join(_listed([counts.values[value] for value in group]) for group in groups)
        yield f"no votes join these groups, so that strengths can't be compared between them: {named}"


def _about_bounds(strengths: Sequence[Strength]) -> Iterator[str]:
    loose = [each for each in strengths if not each.is_bounded]
    if loose:
        yield (
            f"some of {_listed([each.value for each in loose])} never lost, or never won: their strengths have no "
            "bounds, and are shown as if each pair had been tied once more"
        )


def _about_raters(ballots: Ballots, alpha: float | None) -> Iterator[str]:
    for rater in ballots.raters:
        pressed = [each.pressed for each in ballots.ballots if each.rater == rater]
        sides = [each for each in pressed if each in {Winner.LEFT, Winner.RIGHT}]
        for side in (Winner.LEFT, Winner.RIGHT):
            times, number = sides.count(side), len(sides)
            if number and (times - number / 2) / (math.sqrt(number) / 2) > _HABIT:
                yield (
                    f"{rater} preferred the {side.value} side {times} times of {number}: sides are drawn by lot, so "
                    "that this is a habit and not an opinion"
                )
    if alpha is not None and alpha < _LEAST_ALPHA:
        shown = f"{round(alpha, 2) + 0:.2f}"
        yield f"the raters hardly agree (alpha {shown}): they see different things, or nothing to choose from"


def _about_votes(ballots: Ballots) -> Iterator[str]:
    total = len(ballots.ballots)
    bad = sum(each.pressed is Winner.BOTH_BAD for each in ballots.ballots)
    if total and bad / total > _MOSTLY:
        yield f"{bad} of {total} votes say that both images are bad: the better of two bad ones is still bad"
    if len(ballots.criteria) > 1:
        yield f"votes on {len(ballots.criteria)} questions are counted together here: {_listed(ballots.criteria)}"
    if ballots.mixed:
        number = f"{ballots.mixed} vote{'s are' if ballots.mixed != 1 else ' is'}"
        yield f"{number} on images that differ in more than {ballots.axis}"
    if ballots.left_plan:
        number = f"{ballots.left_plan} vote{'s are' if ballots.left_plan != 1 else ' is'}"
        yield f"{number} about jobs that the plan no longer holds, and not counted"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
