"""Win rates, strengths and agreement: held to closed forms, to evalica, and to raters whose strengths are known."""

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwave_batch import lazy
from qwave_batch.estimating.intervals import wilson
from qwave_batch.voting.ballots import LOSS, TIE, WIN, Ballots
from qwave_batch.voting.drawn_counts import drawn_counts
from qwave_batch.voting.pair_counts import pair_counts
from qwave_batch.voting.rater_agreement import alpha_of_raters
from qwave_batch.voting.strengths import Strength, are_all_beaten, newman_scores, strengths
from qwave_batch.voting.vote_warnings import vote_warnings
from qwave_batch.voting.win_rates import WinRate, win_rates
from tests.unit.voting.simulated_raters import ballot, ballots, simulated

KNOWN = {"a": 2.0, "b": 1.0, "c": 0.5}


def two(wins: int, ties: int, losses: int) -> Ballots:
    """Votes on a and b, each on a prompt of its own."""
    outcomes = [WIN] * wins + [TIE] * ties + [LOSS] * losses
    return ballots(ballot("a", "b", outcome, prompt=number) for number, outcome in enumerate(outcomes))


def scores_of(found: Ballots) -> dict[str, float]:
    return {each.value: each.strength for each in strengths(pair_counts(found))}


# --- closed forms --------------------------------------------------------------------------------


def test_a_tie_counts_half_and_each_pair_stands_once() -> None:
    (rate,) = win_rates(pair_counts(two(3, 2, 15)))
    assert (rate.value, rate.against) == ("b", "a")
    assert (rate.wins, rate.losses, rate.ties, rate.votes, rate.prompts) == (15, 3, 2, 20, 20)
    assert rate.rate == 0.8
    assert (rate.low, rate.high) == pytest.approx((0.5840, 0.9193), abs=1e-4)
    assert (rate.boot_low, rate.boot_high) == (None, None)


@given(st.integers(0, 40), st.integers(0, 10), st.integers(0, 40))
@settings(max_examples=20)
def test_the_strengths_of_two_are_their_odds(wins: int, ties: int, losses: int) -> None:
    """With no finite odds, one tie more than there was makes them finite."""
    if wins + ties + losses == 0:
        return
    one, other = wins + ties / 2, losses + ties / 2
    if not one or not other:
        one, other = one + 0.5, other + 0.5
    found = scores_of(two(wins, ties, losses))
    assert found["a"] / found["b"] == pytest.approx(one / other, rel=1e-5)
    assert found["a"] * found["b"] == pytest.approx(1)


def test_strengths_of_a_perfect_ladder_are_found() -> None:
    """If every pair has exactly the odds of its strengths, those strengths fit best."""
    outcomes = [("a", "b", 20, 10), ("b", "c", 20, 10), ("a", "c", 40, 10)]
    found = ballots(
        ballot(first, second, outcome, prompt=number)
        for first, second, wins, losses in outcomes
        for number, outcome in enumerate([WIN] * wins + [LOSS] * losses)
    )
    assert scores_of(found) == pytest.approx(KNOWN, rel=1e-6)


def test_values_that_no_votes_join_are_groups_of_their_own() -> None:
    apart = ballots([*two(6, 0, 3).ballots, *(ballot("x", "y", WIN, prompt=number) for number in range(3))])
    found = strengths(pair_counts(apart))
    assert [(each.value, each.group, each.is_bounded) for each in found] == [
        ("a", 0, True), ("b", 0, True), ("x", 1, False), ("y", 1, False),
    ]  # fmt: skip
    assert math.prod(each.strength for each in found if each.group == 1) == pytest.approx(1)


def test_a_value_that_never_lost_has_no_bound_above_and_one_that_never_won_none_below() -> None:
    found = drawn_strengths(two(12, 0, 0))
    best, worst = found["a"], found["b"]
    assert not best.is_bounded
    assert best.strength == pytest.approx(5)  # the root of 12.5 to 0.5
    assert best.low is not None
    assert 1 < best.low < 3
    assert (best.high, worst.low) == (None, None)
    assert worst.high == pytest.approx(1 / best.low)


def test_a_value_between_two_without_bounds_has_none() -> None:
    pairs = [("a", "b"), ("b", "c"), ("a", "c")]
    found = drawn_strengths(ballots(ballot(*pair, WIN, prompt=prompt) for prompt in range(10) for pair in pairs))
    assert [(each.low is None, each.high is None) for each in found.values()] == [
        (False, True), (True, True), (True, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "alpha"),
    [
        ([(WIN, WIN), (LOSS, LOSS), (TIE, TIE)], 1.0),
        # two coders and binary data without gaps, from Krippendorff's "Computing Krippendorff's Alpha-Reliability", B
        (
            [(WIN, LOSS), (LOSS, LOSS), (WIN, LOSS), (WIN, WIN), (WIN, WIN), (WIN, LOSS), (WIN, WIN), (WIN, WIN),
             (LOSS, WIN), (WIN, WIN)],
            0.095,
        ),
    ],
)  # fmt: skip
def test_alpha_is_that_of_the_book(answers: list[tuple[int, int]], alpha: float) -> None:
    found = ballots(
        ballot("a", "b", outcome, prompt=number, rater=rater)
        for number, pair in enumerate(answers)
        for rater, outcome in zip(("Ann", "Bob"), pair, strict=True)
    )
    assert alpha_of_raters(found) == pytest.approx(alpha, abs=5e-4)


def test_raters_who_share_no_question_neither_agree_nor_disagree() -> None:
    apart = [ballot("a", "b", WIN, prompt=0, rater="Ann"), ballot("a", "b", WIN, prompt=1, rater="Bob")]
    assert alpha_of_raters(ballots(apart)) is None


# --- the bootstrap -------------------------------------------------------------------------------


def drawn_strengths(found: Ballots) -> dict[str, Strength]:
    counts = pair_counts(found)
    return {each.value: each for each in strengths(counts, drawn_counts(counts))}


def test_a_draw_keeps_the_votes_of_a_prompt_together() -> None:
    """Two prompts with ten votes each: every draw has both, or one of them twice, or the other."""
    found = ballots(ballot("a", "b", WIN if prompt else LOSS, prompt=prompt) for prompt in (0, 1) for _ in range(10))
    drawn = drawn_counts(pair_counts(found))
    assert drawn is not None
    assert {tuple(each) for each in drawn[:, 0].tolist()} == {(20, 0, 0), (10, 0, 10), (0, 0, 20)}


def test_the_same_votes_give_the_same_intervals() -> None:
    votes = simulated(KNOWN, prompts=12, raters=1, seed=3)
    shuffled = ballots(reversed(votes.ballots))
    assert drawn_strengths(votes) == drawn_strengths(shuffled)


def test_one_prompt_can_not_be_drawn_anew() -> None:
    assert drawn_counts(pair_counts(ballots([ballot("a", "b", WIN)]))) is None


def test_votes_that_repeat_each_other_widen_the_bootstrap_alone() -> None:
    """Ten raters who all agree know no more of prompts than one does."""
    one = simulated(KNOWN, prompts=30, raters=1, seed=5)
    ten = ballots(
        ballot(each.first, each.second, each.outcome, prompt=each.prompt, rater=str(rater))
        for each in one.ballots
        for rater in range(10)
    )
    alone, together = (win_rates(counts, drawn_counts(counts))[0] for counts in (pair_counts(one), pair_counts(ten)))
    assert together.high - together.low < (alone.high - alone.low) / 2
    assert (together.boot_low, together.boot_high) == pytest.approx((alone.boot_low, alone.boot_high))


def rate_of(found: Ballots, first: str, second: str) -> WinRate:
    counts = pair_counts(found)
    rates = win_rates(counts, drawn_counts(counts, draws=300))
    return next(each for each in rates if {each.value, each.against} == {first, second})


def test_prompts_that_are_all_alike_count_as_one_answer_each() -> None:
    """Draws of prompts that all say the same are all the same: they can't tell of prompts that were not asked."""
    agreed = ballots(
        ballot("a", "b", WIN, prompt=prompt, rater=str(rater)) for prompt in range(10) for rater in range(9)
    )
    rate = rate_of(agreed, "a", "b")
    ten = wilson(1.0, 10)
    assert (rate.boot_low, rate.boot_high) == (ten.low, ten.high)
    assert drawn_strengths(two(0, 12, 0))["a"].low is None


def test_the_interval_of_a_pair_is_drawn_over_its_own_prompts() -> None:
    many = [ballot("a", "b", prompt % 2, prompt=prompt) for prompt in range(40)]
    one = [ballot("a", "c", WIN, prompt=0, rater=str(rater)) for rater in range(9)]
    three = [
        ballot("b", "c", WIN if prompt else LOSS, prompt=prompt, rater=str(n)) for prompt in range(3) for n in range(9)
    ]
    apart = [ballot("x", "y", n % 2, prompt=0, rater=str(n)) for n in range(9)]
    found = ballots([*many, *one, *three, *apart])
    assert rate_of(found, "a", "c").boot_low is None
    few = rate_of(found, "b", "c")
    assert (few.boot_low, few.boot_high) == (0.0, 1.0)
    assert drawn_strengths(found)["x"].low is None


MATRICES = st.integers(2, 5).flatmap(
    lambda values: st.lists(
        st.lists(st.integers(0, 6), min_size=values, max_size=values), min_size=values, max_size=values
    )
)


@given(MATRICES)
@settings(max_examples=25)
def test_many_strengths_at_once_are_those_of_evalica(matrix: list[list[int]]) -> None:
    wins = lazy.np.array(matrix, dtype=float)
    lazy.np.fill_diagonal(wins, 0)
    if not are_all_beaten(wins):
        return
    pairs = [(one, other) for one in range(len(wins)) for other in range(len(wins)) if wins[one, other]]
    found = lazy.evalica.bradley_terry(
        [one for one, _ in pairs], [other for _, other in pairs], [lazy.evalica.Winner.X] * len(pairs),
        weights=[float(wins[pair]) for pair in pairs], index=lazy.pd.Index(range(len(wins))),
        tolerance=1e-9, limit=10_000,
    )  # fmt: skip
    expected = [float(found.scores[value]) for value in range(len(wins))]
    assert newman_scores(lazy.np.array([wins, wins * 3])) == pytest.approx(
        lazy.np.array([expected, expected]), rel=1e-4
    )


@pytest.mark.parametrize(("values", "warnings"), [("abcdef", 0), ("abcdefg", 1)])
def test_with_many_pairs_chance_alone_settles_some(values: str, warnings: int) -> None:
    found = simulated(dict.fromkeys(values, 1.0), prompts=10, raters=1, seed=1)
    said = [each for each in vote_warnings(found, pair_counts(found), (), None) if "by chance alone" in each]
    assert len(said) == warnings


# --- raters whose strengths are known ------------------------------------------------------------


@pytest.mark.parametrize(("prompts", "raters", "first_seed"), [(20, 2, 0), (40, 1, 1_000)])
def test_intervals_cover_what_is_known_in_90_to_99_of_100(prompts: int, raters: int, first_seed: int) -> None:
    covered: dict[str, int] = {}

    def look(name: str, low: float | None, truth: float, high: float | None) -> None:
        assert low is not None
        assert high is not None
        covered[name] = covered.get(name, 0) + (low <= truth <= high)

    for seed in range(first_seed, first_seed + 100):
        counts = pair_counts(simulated(KNOWN, prompts=prompts, raters=raters, seed=seed))
        drawn = drawn_counts(counts)
        for each in strengths(counts, drawn):
            look(f"strength of {each.value}", each.low, KNOWN[each.value], each.high)
        for rate in win_rates(counts, drawn):
            truth = KNOWN[rate.value] / (KNOWN[rate.value] + KNOWN[rate.against])
            pair = "".join(sorted(rate.value + rate.against))
            look(f"Wilson of {pair}", rate.low, truth, rate.high)
            look(f"bootstrap of {pair}", rate.boot_low, truth, rate.boot_high)
    assert len(covered) == 9
    assert {name: number for name, number in covered.items() if not 90 <= number <= 99} == {}


@pytest.mark.parametrize(("share", "prompts"), [(0.9, 10), (0.95, 20)])
def test_raters_who_all_agree_do_not_make_an_interval_too_narrow(share: float, prompts: int) -> None:
    """On a prompt all say the same, and one prompt in some is of the other kind: often none of those was asked."""
    rng = random.Random(7)
    covered = 0
    for _ in range(100):
        sayings = [WIN if rng.random() < share else LOSS for _ in range(prompts)]
        told = (
            ballot("a", "b", each, prompt=prompt, rater=rater) for prompt, each in enumerate(sayings) for rater in "xyz"
        )
        rate = rate_of(ballots(told), "a", "b")
        covered += rate.widest.low <= (share if rate.value == "a" else 1 - share) <= rate.widest.high
    assert covered >= 90


def mean_coverage(of: Callable[[Ballots], list[tuple[float, float, float]]], seeds: range, **options: float) -> float:
    hits = [low <= truth <= high for seed in seeds for low, truth, high in of(_correlated(seed, **options))]
    return sum(hits) / len(hits)


def _correlated(seed: int, *, spread: float) -> Ballots:
    return simulated({"a": 1.0, "b": 1.0}, prompts=25, raters=8, seed=seed, spread=spread)


def test_where_prompts_differ_the_bootstrap_covers_and_wilson_does_not() -> None:
    """With eight raters on each prompt and prompts that change who is better, votes are far from independent."""

    def of_wilson(found: Ballots) -> list[tuple[float, float, float]]:
        return [(each.low, 0.5, each.high) for each in win_rates(pair_counts(found))]

    def of_bootstrap(found: Ballots) -> list[tuple[float, float, float]]:
        counts = pair_counts(found)
        rates = win_rates(counts, drawn_counts(counts, draws=300))
        return [(each.boot_low or 0.0, 0.5, each.boot_high or 0.0) for each in rates]

    assert mean_coverage(of_wilson, range(100), spread=1.5) < 0.8
    assert 0.9 <= mean_coverage(of_bootstrap, range(100), spread=1.5) <= 0.99
