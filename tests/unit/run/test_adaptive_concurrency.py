"""How many tasks may be alive at once, as answers come in: the laws of growth and of cuts."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwave_batch.run.limits.adaptive_concurrency import CALM_S, MOST, PROBE_S, STEP_S, AdaptiveConcurrency


def full(allowance: AdaptiveConcurrency, now: float) -> bool:
    """Use all that is allowed, answered well, and see whether there is more."""
    allowance.went_well(now)
    return allowance.grow(allowance.limit, now)


def pushed(allowance: AdaptiveConcurrency, seconds: float, start: float = 0.0) -> float:
    """Use all that is allowed for some time, and return its end."""
    now = start
    while now < start + seconds:
        full(allowance, now)
        now += 0.25
    return now


def test_without_a_ceiling_it_begins_modestly_and_grows_by_one_a_second() -> None:
    allowance = AdaptiveConcurrency.under(None)
    assert allowance.limit == 16
    pushed(allowance, 10 * STEP_S)
    assert 16 + 8 <= allowance.limit <= 16 + 10
    pushed(allowance, 1000.0, start=20.0)
    assert allowance.limit == MOST


def test_a_ceiling_that_is_named_is_where_it_begins_and_ends() -> None:
    allowance = AdaptiveConcurrency.under(5)
    pushed(allowance, 100.0)
    assert allowance.limit == 5
    allowance.cut(101.0)
    assert allowance.limit == 3
    pushed(allowance, 300.0, start=102.0)
    assert allowance.limit == 5


def test_it_does_not_grow_while_some_of_it_is_unused() -> None:
    allowance = AdaptiveConcurrency.under(None)
    for second in range(100):
        allowance.went_well(second)
        assert not allowance.grow(15, second)
    assert allowance.limit == 16


def test_it_does_not_grow_while_nobody_answers() -> None:
    allowance = AdaptiveConcurrency.under(None)
    for second in range(100):
        allowance.grow(allowance.limit, second)
    assert allowance.limit == 16
    assert allowance.grows_at() == math.inf


def test_a_good_answer_to_what_left_before_a_cut_pays_for_no_growth() -> None:
    allowance = AdaptiveConcurrency.under(10)
    allowance.cut(2.0)
    allowance.went_well(1.5)
    allowance.grow(7, 3.0)
    assert not allowance.grow(7, 100.0)
    allowance.went_well(3.0)
    assert allowance.grow(7, 100.0)


def test_trouble_pauses_growth_and_cuts_nothing() -> None:
    allowance = AdaptiveConcurrency.under(None)
    pushed(allowance, 2.0)
    before = allowance.limit
    allowance.had_trouble(2.0)
    pushed(allowance, CALM_S - 1.0, start=2.0)
    assert allowance.limit == before
    pushed(allowance, 5.0, start=2.0 + CALM_S)
    assert allowance.limit > before


def test_it_recovers_quickly_and_then_asks_seldom_whether_more_is_allowed_now() -> None:
    """An API that takes 20 at once: hardly more than a 429 in half a minute, and most of what it takes is used."""
    allowance, now, used, cuts = AdaptiveConcurrency.under(64), 0.0, [], []
    while now < 1200.0:
        if allowance.limit > 20:
            allowance.cut(now)
            cuts.append(now)
        else:
            full(allowance, now)
        used.append(min(allowance.limit, 20))
        now += 0.25
    late = [at for at in cuts if at > 60.0]
    assert len(late) <= (1200.0 - 60.0) / PROBE_S
    assert sum(used[400:]) / len(used[400:]) > 0.85 * 20


def test_it_goes_on_growing_where_the_api_minds_no_more() -> None:
    allowance = AdaptiveConcurrency.under(64)
    allowance.cut(0.0)
    pushed(allowance, 44 - 24 + 3 * PROBE_S, start=1.0)
    assert allowance.limit == 64


EVENTS = st.lists(
    st.tuples(st.sampled_from(["well", "throttled", "trouble", "look"]), st.floats(0, 40), st.floats(0, 60)),
    max_size=200,
)


@settings(max_examples=300)
@given(ceiling=st.one_of(st.none(), st.integers(1, 200)), events=EVENTS)
def test_it_is_never_above_the_ceiling_and_never_below_one(
    ceiling: int | None, events: list[tuple[str, float, float]]
) -> None:
    allowance, now = AdaptiveConcurrency.under(ceiling), 0.0
    for kind, later, age in events:
        now += later
        sent_at, before = now - age, allowance.limit
        match kind:
            case "well":
                allowance.went_well(sent_at)
                assert allowance.limit == before
            case "throttled":
                allowance.cut(now)
                assert allowance.limit < before or before == 1
            case "trouble":
                allowance.had_trouble(now)
                assert allowance.limit == before
            case _:
                allowance.grow(before, now)
                assert before <= allowance.limit <= before + 1
        assert 1 <= allowance.limit <= (ceiling or MOST)


@given(ceiling=st.integers(1, 60), cuts=st.integers(1, 20))
def test_it_recovers_from_any_number_of_cuts(ceiling: int, cuts: int) -> None:
    allowance = AdaptiveConcurrency.under(ceiling)
    for second in range(cuts):
        allowance.cut(second + 1.0)
    assert allowance.limit >= 1
    pushed(allowance, ceiling * STEP_S * 2 + 4 * PROBE_S, start=cuts + 1.0)
    assert allowance.limit == ceiling


@pytest.mark.parametrize("ceiling", [1, 2, 3])
def test_small_ceilings_work_too(ceiling: int) -> None:
    allowance = AdaptiveConcurrency.under(ceiling)
    allowance.cut(1.0)
    assert allowance.limit == max(1, int(ceiling * 0.7))
