"""Faults as people ask for them."""

import pytest

from qwave_batch.errors import UsageError
from qwave_batch.simulator.behaviour import Behaviour, Delivers, Fails, NeverEnds
from qwave_batch.simulator.chat_completions import CHAT_SHAPES
from qwave_batch.simulator.corruption import _RULES, SHAPES
from qwave_batch.simulator.fault_language import Arrival, parse_faults
from qwave_batch.simulator.faults import KINDS, FaultName, FaultPlace


def struck(
    text: str, *, place: FaultPlace = FaultPlace.SUBMIT, tries: int = 10, keys: int = 1, model: str = "m"
) -> list[bool]:
    """Whether each try of each key is struck, keys first."""
    behaviour = Behaviour(faults=parse_faults(text))
    moments = [
        Arrival(place=place, key=str(key), attempt=attempt, arrival=key * tries + attempt, model=model)
        for key in range(keys)
        for attempt in range(1, tries + 1)
    ]
    return [bool(behaviour.striking(moment)) for moment in moments]


def test_a_bare_name_strikes_always() -> None:
    assert all(struck("http500"))


def test_a_chance_is_met_over_many_requests() -> None:
    assert 800 < sum(struck("http500=0.1", keys=1000, tries=10)) < 1200
    assert struck("http500=10%", keys=100) == struck("http500=0.1", keys=100)


def test_a_schedule_of_arrivals_strikes_exactly_these() -> None:
    hits = struck("drop_before=@2+5..6+9..")
    assert [arrival for arrival, hit in enumerate(hits, 1) if hit] == [2, 5, 6, 9, 10]


def test_a_schedule_of_tries_strikes_each_request_alike() -> None:
    assert struck("drop_before=#1", tries=3, keys=2) == [True, False, False, True, False, False]


def test_a_chance_and_tries_together_strike_some_requests_once() -> None:
    hits = struck("http502=0.5#1", tries=2, keys=100)
    assert not any(hits[1::2])
    assert 25 < sum(hits[::2]) < 75


def test_a_place_narrows_a_fault() -> None:
    assert not any(struck("poll.http500", place=FaultPlace.SUBMIT))
    assert all(struck("poll.http500", place=FaultPlace.POLL))


def test_a_model_without_a_price_never_gets_one() -> None:
    hits = [struck("price_not_configured=0.5", model=f"model-{number}") for number in range(40)]
    assert all(len(set(model_hits)) == 1 for model_hits in hits)
    assert {model_hits[0] for model_hits in hits} == {True, False}


def test_the_seed_decides_and_the_order_does_not() -> None:
    fault = parse_faults("http500=0.5")[0]
    moments = [Arrival(place=FaultPlace.SUBMIT, key=str(key)) for key in range(50)]
    one_way = {moment.key: fault.strikes(1, moment) for moment in moments}
    other_way = {moment.key: fault.strikes(1, moment) for moment in reversed(moments)}
    assert one_way == other_way
    assert one_way != {moment.key: fault.strikes(2, moment) for moment in moments}


def test_only_one_fault_replaces_an_answer_and_shapes_come_on_top() -> None:
    behaviour = Behaviour(faults=parse_faults("http500,drop,bare_url,unknown_fields"))
    hits = behaviour.striking(Arrival(place=FaultPlace.POLL, key="k"))
    assert [fault.name for fault in hits] == [FaultName.DROP, FaultName.BARE_URL, FaultName.UNKNOWN_FIELDS]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("htp500=0.1", 'did you mean "http500"'),
        ("drop_befor", 'did you mean "drop_before"'),
        ("http500=2", "between 0 and 1"),
        ("http500=often", "does not say when"),
        ("http500=0.1:5", "takes no :SECONDS"),
        ("download.task_lost", "possible: poll"),
        ("nowhere.drop", "possible: accepted, cancel"),
        ("@3", "unknown fault"),
    ],
)
def test_a_wrong_entry_is_refused_with_what_would_be_right(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_faults(text)


def test_seconds_are_taken_from_the_entry_or_the_kind() -> None:
    assert [fault.seconds for fault in parse_faults("hang=0.1:7, slow, http429=@1:30")] == [7, 10, 30]


def test_every_fault_has_something_to_do() -> None:
    of_tasks = {name for name, kind in KINDS.items() if kind.possible <= {FaultPlace.TASK, FaultPlace.CALLBACK}}
    reshaping = {FaultName.BARE_URL, FaultName.UNKNOWN_FIELDS, FaultName.STREAMED, *SHAPES, *CHAT_SHAPES}
    assert set(KINDS) == set(FaultName) == of_tasks | reshaping | set(_RULES)


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("", Delivers(4)),
        ("never_ends", NeverEnds()),
        ("no_images", Delivers(0)),
    ],
)
def test_a_task_ends_as_it_was_told_to(text: str, ending: object) -> None:
    behaviour = Behaviour(faults=parse_faults(text))
    assert behaviour.fate(Arrival(place=FaultPlace.TASK, key="k"), images=4, is_group=False).ending == ending


@pytest.mark.parametrize(
    "code", ["task_failed", "upstream_unavailable", "upstream_rate_limited", "upstream_bad_request"]
)
def test_a_task_fails_with_the_code_that_was_asked_for(code: str) -> None:
    fate = Behaviour(faults=parse_faults(code)).fate(Arrival(place=FaultPlace.TASK, key="k"), images=1, is_group=False)
    assert isinstance(fate.ending, Fails)
    assert fate.ending.code == code


def test_a_group_sometimes_brings_fewer_but_never_none() -> None:
    behaviour = Behaviour()
    fates = [
        behaviour.fate(Arrival(place=FaultPlace.TASK, key=str(key)), images=4, is_group=True) for key in range(400)
    ]
    counts = [fate.ending.images for fate in fates if isinstance(fate.ending, Delivers)]
    assert set(counts) == {1, 2, 3, 4}
    assert 250 < counts.count(4) < 350


def test_a_single_image_cannot_be_fewer() -> None:
    behaviour = Behaviour(faults=parse_faults("fewer_images"))
    assert behaviour.fate(Arrival(place=FaultPlace.TASK, key="k"), images=1, is_group=True).ending == Delivers(1)
