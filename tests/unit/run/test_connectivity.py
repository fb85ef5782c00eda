"""The connection of a run to the API: its clock, whether it answers, and whether it accepts the key."""

from collections import Counter
from collections.abc import Collection

import pytest

from qwave_batch.client.answers import AccountBlocked, Balance, Denied, NoAnswer, TaskAnswer, Throttled
from qwave_batch.model.run_ends import EndKind
from qwave_batch.model.task import Task, TaskState
from qwave_batch.run.state.connectivity import ApiTime, Connectivity, is_key_kept
from qwave_batch.run.state.counters import RunCounters
from qwave_batch.run.state.stop_reasons import StopReasons
from tests.unit.run.virtual_time import VirtualClock

HOUR = 3600.0


class OneOfTwo:
    """A key that can be tried for two models."""

    def are_within(self, denied: Collection[str]) -> bool:
        return {"m", "n"} <= set(denied)


class Api:
    """Answers on a clock, recorded by what is tested."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.stops = StopReasons()
        self.counters = RunCounters(statuses=Counter(), images=0, short=0, damaged=0, started_at=0.0)
        self.connectivity = Connectivity(
            clock=self.clock, max_offline_s=120.0, stops=self.stops, counters=self.counters, trials=OneOfTwo()
        )


ANSWERED = TaskAnswer(task=Task(task_id="t", state=TaskState.QUEUED))
LOST = NoAnswer(reason="no answer in time", sent=True)
NEVER_LEFT = NoAnswer(reason="connection refused", sent=False)
HIDDEN = Denied(status=403, code="forbidden", message="no")


def test_calls_without_an_answer_count_from_the_first_until_any_answer() -> None:
    api = Api()
    for passed, answer, model in ((1.0, LOST, "m"), (3.0, NEVER_LEFT, "n")):
        api.clock.passed = passed
        api.connectivity.record_response(answer, model=model)
    calls = api.connectivity.unanswered
    assert calls is not None
    assert (calls.since, calls.why, calls.models) == (1.0, "connection refused", frozenset({"m", ""}))
    api.connectivity.record_response(NoAnswer(reason="HTTP 500", sent=True, status=500))
    assert api.connectivity.unanswered is None
    assert not api.connectivity.is_key_proven, "a server error takes no key"


def test_an_api_that_is_out_of_reach_for_long_ends_the_run() -> None:
    api = Api()
    api.connectivity.record_response(NEVER_LEFT)
    api.clock.passed = 120.0
    api.connectivity.record_response(NEVER_LEFT)
    assert not api.stops.is_on
    api.clock.passed = 120.5
    api.connectivity.record_response(NEVER_LEFT)
    assert api.stops.is_leaving
    assert api.stops.is_for(EndKind.OFFLINE)


def test_a_bad_certificate_ends_a_run_that_was_never_answered_at_the_second_call() -> None:
    api, proven = Api(), Api()
    proven.connectivity.record_response(ANSWERED)
    untrusted = NoAnswer(reason="certificate", sent=False, is_untrusted=True)
    for each in (api, proven):
        each.connectivity.record_response(untrusted)
        assert not each.stops.is_on
        each.connectivity.record_response(untrusted)
    assert (api.stops.is_on, proven.stops.is_on) == (True, False)


def test_a_key_is_refused_at_once_and_an_empty_account_ends_the_submits() -> None:
    key, balance = Api(), Api()
    key.connectivity.record_response(AccountBlocked(status=401, code="", message="", kind="key"))
    balance.connectivity.record_response(AccountBlocked(status=402, code="", message="", kind="balance"))
    assert (key.stops.is_leaving, balance.stops.is_leaving) == (True, False)
    assert key.stops.is_for(EndKind.ACCOUNT)
    assert balance.stops.is_for(EndKind.ACCOUNT)


def test_denials_of_two_models_refuse_a_key_that_nothing_has_proven() -> None:
    api, proven, shown = Api(), Api(), Api()
    for each in (api, proven):
        each.connectivity.record_balance(HIDDEN)
    shown.connectivity.record_balance(Balance(available_usd=1.0))
    proven.connectivity.record_response(ANSWERED)
    for each in (api, proven, shown):
        each.connectivity.record_response(HIDDEN, model="m")
        assert not each.stops.is_on
        each.connectivity.record_response(HIDDEN, model="n")
    assert (api.stops.is_leaving, proven.stops.is_on, shown.stops.is_on) == (True, False, False)
    assert api.connectivity.has_denials


def test_a_429_on_the_balance_proves_the_key_and_that_the_api_lives() -> None:
    api = Api()
    api.connectivity.record_response(NEVER_LEFT)
    api.connectivity.record_balance(Throttled(served_at=9e9))
    assert api.connectivity.is_key_proven
    assert api.connectivity.unanswered is None
    assert api.connectivity.is_time_sure()


def test_the_apis_clock_goes_on_while_ours_stands_still() -> None:
    """A laptop that slept: its monotonic clock stood still, its wall clock did not."""
    time = ApiTime()
    time.observe(1_000_000.0, now=500.0, monotonic=50.0)
    assert time.latest(now=500.0 + 30 * HOUR, monotonic=51.0) == 1_000_000.0 + 30 * HOUR
    assert not time.is_sure(now=500.0 + 30 * HOUR, monotonic=51.0)
    assert time.is_sure(now=510.0, monotonic=60.0)


def test_a_wall_clock_that_was_set_back_does_not_make_keys_younger() -> None:
    time = ApiTime()
    time.observe(1_000_000.0, now=500.0, monotonic=50.0)
    assert time.latest(now=-9e9, monotonic=60.0) == 1_000_010.0


def test_a_wall_clock_that_was_set_forward_does_not_make_stamps_younger() -> None:
    time = ApiTime()
    time.observe(1_000_000.0, now=500.0, monotonic=50.0)
    assert time.earliest(now=9e9, monotonic=60.0) == 1_000_010.0
    assert time.earliest(now=501.0, monotonic=60.0) == 1_000_001.0


def test_before_any_date_our_own_clock_is_all_there_is() -> None:
    time = ApiTime()
    assert time.latest(now=77.0, monotonic=5.0) == time.earliest(now=77.0, monotonic=5.0) == 77.0
    assert not ApiTime().is_sure(now=77.0, monotonic=5.0)


@pytest.mark.parametrize(
    ("first_sent_at", "hours", "kept"),
    [
        (0.0, 24.0, True),
        (0.0, None, False),
        (None, 24.0, False),
        (-22.9 * HOUR, 24.0, True),
        (-23.0 * HOUR, 24.0, False),
        (59.0, 24.0, True),
        (0.1 * HOUR, 24.0, False),
    ],
)
def test_a_key_is_trusted_an_hour_less_than_promised(
    first_sent_at: float | None, hours: float | None, *, kept: bool
) -> None:
    assert is_key_kept(first_sent_at, 0.0, hours) is kept
