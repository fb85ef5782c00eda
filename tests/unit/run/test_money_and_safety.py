"""Whole runs in which something goes wrong: never paid twice, never lost, and ended with the right words."""

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from qwave_batch.errors import BudgetError, FolderError, StorageError
from qwave_batch.files.folder_handles import TEMPORARY_PREFIX
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.money import usd_from_nusd
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.progress import Progress
from qwave_batch.model.record import JobStatus
from qwave_batch.model.run_ends import EndKind
from qwave_batch.model.terms import Completion, Limits, Terms
from qwave_batch.run.state.run_request import RunOptions
from qwave_batch.run.state.stop_reasons import StopSignal
from tests.unit.run.world import CLAIM, PRICE_NUSD, World, make_job

PENDING, COMPLETED, FAILED, UNKNOWN = JobStatus.PENDING, JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.UNKNOWN


class Faults:
    """Faults by place and number of the call there, from 1; a star stands for all calls."""

    def __init__(self, **faults: str) -> None:
        self.faults = faults

    def __call__(self, place: str, number: int) -> str | None:
        return self.faults.get(f"{place}_{number}") or self.faults.get(place)


def once(place: str, fault: str) -> Faults:
    return Faults(**{f"{place}_1": fault})


def first_record_error(world: World) -> tuple[str | None, bool | None]:
    with world.read() as ledger:
        error = next(ledger.lines()).record.error
    return (error.code, error.retryable) if error else (None, None)


# --- the account


def test_a_bad_key_ends_the_run_before_anything_else_is_sent(world: World) -> None:
    world.plan(make_job(index) for index in range(3))
    world.api.fault = Faults(balance="401")
    end = world.run_to_end()
    assert (end.exit_status, dict(world.api.calls)) == (3, {"balance": 1})
    assert "refuses the key" in end.reason
    assert world.statuses() == [PENDING] * 3


def test_where_the_balance_is_silent_the_first_submit_goes_alone(world: World) -> None:
    world.plan(make_job(index) for index in range(3))
    world.api.fault = Faults(balance="http500", submit="401")
    end = world.run_to_end()
    assert end.exit_status == 3
    assert world.api.calls["submit"] == 1


def test_an_empty_account_still_collects_what_is_in_flight(world: World) -> None:
    world.plan(make_job(index) for index in range(10))
    world.api.fault = lambda place, number: "402" if place == "submit" and number > 4 else None
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.pending) == (3, 4, 6)
    assert "balance" in end.reason
    world.api.fault = Faults()
    assert world.run_to_end().exit_status == 0
    assert len(world.api.tasks) == 10


def test_a_task_that_the_api_does_not_know_stops_the_run(world: World) -> None:
    world.plan(make_job(index) for index in range(6))
    world.terms = Terms(limits=Limits(concurrency=2), timeout_s=1.0)
    world.api.latency = lambda _, __: 50.0
    world.run()
    kept = dict(world.api.tasks)
    world.api.tasks.clear()
    submits = world.api.calls["submit"]
    world.plan(make_job(index) for index in range(8))
    end = world.run_to_end()
    assert end.exit_status == 3
    assert "does not know the task" in end.reason
    with world.read() as ledger:
        assert len({line.record.error for line in ledger.lines() if line.record.error}) == 1, "one reason for all"
    assert world.api.calls["submit"] == submits, "nothing new was sent"
    assert UNKNOWN in world.statuses()
    world.api.tasks.update(kept)
    world.terms = Terms(limits=Limits(concurrency=2))
    assert world.run_to_end().exit_status == 0, "the right account is back"
    assert max(world.api.paid().values()) == 1


def test_a_task_that_is_not_found_right_after_it_was_made_is_asked_again(world: World) -> None:
    world.plan([make_job(0)])
    world.api.fault = once("status", "404")
    assert world.run_to_end().exit_status == 0


def test_another_key_is_refused_while_tasks_are_open(world: World) -> None:
    world.plan([make_job(0)])
    world.terms = Terms(timeout_s=1.0)
    world.api.latency = lambda _, __: 50.0
    assert world.run_to_end().counts.pending == 1
    world.claim = replace(CLAIM, key="another")
    with pytest.raises(FolderError, match="another API key"):
        world.run()


# --- submits without a definite answer


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "http500", "html_after", "hang"])
def test_the_same_key_is_sent_again_after_no_answer(world: World, fault: str) -> None:
    world.plan([make_job(0)])
    world.api.fault = once("submit", fault)
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, end.requests.retried) == (0, 2, 1)
    assert len(world.api.tasks) == len(world.api.keys) == 1


def test_a_job_is_tried_so_often_and_then_left_to_the_next_run(world: World) -> None:
    world.plan([make_job(0)])
    world.terms = Terms(retry_attempts=2)
    world.api.fault = Faults(submit="http500")
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, world.statuses()) == (1, 3, [PENDING])
    assert first_record_error(world) == ("server_error", True)
    world.api.fault = Faults()
    assert world.run_to_end().exit_status == 0
    assert len(world.api.keys) == 1


def test_no_tries_more_means_none(world: World) -> None:
    world.plan([make_job(0), make_job(1), make_job(2)])
    world.terms = Terms(retry_attempts=0)
    world.api.fault = Faults(submit_1="http500", submit_2="429", submit_3="unreached")
    end = world.run_to_end()
    assert (end.requests.submit, end.requests.retried) == (3, 0)
    assert world.statuses() == [PENDING, FAILED, FAILED]
    world.api.fault = Faults()
    assert world.run_to_end().exit_status == 0, "and all are tried by the next run"


def test_where_keys_are_not_kept_a_lost_answer_makes_the_job_unknown(world: World) -> None:
    world.idempotency_hours = None
    world.api.keeps_keys_s = None
    world.plan([make_job(0)])
    world.api.fault = once("submit", "drop_after")
    end = world.run_to_end()
    assert (end.exit_status, world.statuses(), end.requests.submit) == (1, [UNKNOWN], 1)
    assert world.run_to_end().requests.submit == 0, "it is not sent again by itself"
    with world.read() as ledger:
        assert ledger.held_nusd() == PRICE_NUSD, "and its money stays held"
    world.options = RunOptions(resubmit_unknown=True)
    assert world.run_to_end().exit_status == 0
    with world.read() as ledger:
        assert ledger.held_nusd() == PRICE_NUSD


def test_where_keys_are_not_kept_what_never_left_is_sent_again(world: World) -> None:
    world.idempotency_hours = None
    world.api.keeps_keys_s = None
    world.plan([make_job(0)])
    world.api.fault = Faults(submit_1="unreached", submit_2="429")
    assert world.run_to_end().exit_status == 0
    assert len(world.api.tasks) == 1


@pytest.mark.parametrize(("hours", "expected"), [(22.9, COMPLETED), (23.1, UNKNOWN)])
def test_a_key_is_trusted_for_23_hours_of_the_apis_own_clock(world: World, hours: float, expected: JobStatus) -> None:
    world.plan([make_job(0)])
    world.terms = Terms(retry_attempts=1)
    world.api.fault = Faults(submit="drop_before")
    world.run()
    world.api.fault = Faults()
    world.clock.passed += hours * 3600
    world.clock.wall_offset = -1e6  # our own clock means nothing
    world.run()
    assert world.statuses() == [expected]


def test_a_clock_that_jumped_forward_makes_no_key_look_young(world: World) -> None:
    """The API keeps keys for 24 hours from the sending, whatever our clock said then."""
    world.terms = Terms(limits=Limits(requests_per_minute=1), retry_attempts=0)
    world.plan([make_job(0), make_job(1)])
    world.api.latency = lambda _, __: 50.0

    def jump(_: int) -> None:
        if world.clock.passed > 30:
            world.clock.wall_offset = 20 * 3600.0
            world.api.fault = Faults(submit="drop_after", balance="drop_before", status="drop_before")

    world.api.on_call = jump
    world.run()
    world.api.on_call, world.api.fault = lambda _: None, Faults()
    world.clock.wall_offset = 0.0
    world.clock.passed += 30 * 3600.0
    world.run()
    assert max(world.api.paid().values()) == 1
    assert UNKNOWN in world.statuses()


def test_a_429_on_one_model_holds_that_model_only(world: World) -> None:
    world.api.per_minute_of = {"a": 2}
    world.api.wait_s = 30.0
    world.plan(make_job(index, model="ab"[index % 2]) for index in range(12))
    end = world.run_to_end()
    assert end.exit_status == 0
    sent = [(at, model) for at, kind, model in world.api.log if kind == "submit"]
    first_429 = next(at for at, model in sent[[model for _, model in sent].index("a") :] if model == "a")
    assert max(at for at, model in sent if model == "b") < first_429 + 30
    assert world.clock.passed > 120


def test_no_submit_leaves_before_the_time_a_429_names(world: World) -> None:
    world.api.fault = once("submit", "429")
    world.api.wait_s = 47.0
    world.terms = Terms(limits=Limits(concurrency=1))
    world.plan(make_job(index) for index in range(3))
    world.run()
    sends = world.api.sends("submit")
    assert sends[1] - sends[0] >= 47.0
    assert sends[1] - sends[0] < 48.0


def test_a_429_on_a_poll_holds_everything(world: World) -> None:
    world.api.fault = once("status", "429")
    world.api.wait_s = 20.0
    world.plan(make_job(index) for index in range(8))
    assert world.run_to_end().exit_status == 0
    asked = world.api.sends("status")[0]
    held = [at for at, kind, _ in world.api.log if kind in {"submit", "status"} and asked + 0.02 < at < asked + 20]
    assert not held


def test_a_short_quota_window_is_waited_for(world: World) -> None:
    world.api.fault = once("submit", "quota")
    world.api.wait_s = 600.0
    world.plan(make_job(index) for index in range(3))
    assert world.run_to_end().exit_status == 0
    assert world.clock.passed > 600


def test_a_long_quota_window_ends_the_run(world: World) -> None:
    world.api.fault = lambda place, number: "quota" if place == "submit" and number > 2 else None
    world.api.wait_s = 36_000.0
    world.plan(make_job(index) for index in range(6))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.pending) == (3, 2, 4)
    assert world.clock.passed < 60
    with world.read() as ledger:
        assert ledger.held_nusd() == 0, "what surely was not made holds no money"


def test_an_api_that_throttles_hard_is_not_stormed(world: World) -> None:
    world.api.rpm = 10
    world.api.wait_s = None
    world.terms = Terms(limits=Limits(concurrency=32))
    world.plan(make_job(index) for index in range(60))
    end = world.run_to_end()
    assert end.exit_status == 0
    assert end.requests.submit < 60 * 3


def test_an_api_that_is_out_of_reach_is_given_up(world: World) -> None:
    world.plan(make_job(index) for index in range(5))
    world.api.fault = Faults(balance="drop_before", submit="unreached")
    end = world.run_to_end()
    assert (end.exit_status, end.counts.pending) == (1, 5)
    assert "could not be reached" in end.reason
    assert 120 < world.clock.passed < 200
    with world.read() as ledger:
        assert ledger.held_nusd() == 0


# --- refusals and failures


def test_a_refused_job_is_final_until_asked_for_again(world: World) -> None:
    world.plan([make_job(0), make_job(1)])
    world.api.fault = once("submit", "refused")
    end = world.run_to_end()
    assert (end.exit_status, world.statuses()) == (1, [FAILED, COMPLETED])
    assert world.run_to_end().requests.submit == 0
    world.options = RunOptions(retry_failed=True)
    assert world.run_to_end().exit_status == 0
    assert len({key.split("-")[2] for key in world.api.keys}) == 2, "a refusal lets the attempt number grow"


@pytest.mark.parametrize("refusal", ["refused", "price_not_configured"])
def test_a_refusal_of_the_same_key_proves_nothing_about_the_sending_before_it(world: World, refusal: str) -> None:
    world.plan([make_job(0)])
    world.api.fault = Faults(submit_1="drop_after", submit_2=refusal)
    end = world.run_to_end()
    assert (end.exit_status, world.statuses()) == (1, [UNKNOWN])
    with world.read() as ledger:
        assert (ledger.spent_nusd(), ledger.held_nusd()) == (0, PRICE_NUSD), "what may have been paid stays held"
    world.options = RunOptions(retry_failed=True)
    assert world.run_to_end().requests.submit == 0, "no other key is tried"
    world.options = RunOptions(resubmit_unknown=True)
    assert world.run_to_end().exit_status == 0
    assert world.api.paid().total() == 1


def test_a_refusal_after_a_crash_proves_nothing_about_the_sending_before_it(world: World) -> None:
    world.plan([make_job(0)])
    world.run(crash=lambda cut: setattr(world.api, "on_made", cut))
    world.api.on_made = lambda: None
    world.api.fault = Faults(submit="refused")
    world.run()
    assert world.statuses() == [UNKNOWN]
    with world.read() as ledger:
        assert ledger.held_nusd() == PRICE_NUSD


def test_a_refusal_after_what_surely_made_nothing_is_definite(world: World) -> None:
    world.plan([make_job(0)])
    world.api.fault = Faults(submit_1="unreached", submit_2="429", submit_3="refused")
    assert (world.run_to_end().exit_status, world.statuses()) == (1, [FAILED])
    with world.read() as ledger:
        assert ledger.held_nusd() == 0


def test_a_model_without_a_price_fails_its_job_and_keeps_the_key(world: World) -> None:
    world.plan([make_job(0)])
    world.api.fault = once("submit", "price_not_configured")
    assert (world.run_to_end().exit_status, world.statuses()) == (1, [FAILED])
    assert first_record_error(world) == ("price_not_configured", False)
    assert world.run_to_end().requests.submit == 0
    world.options = RunOptions(retry_failed=True)
    assert world.run_to_end().exit_status == 0
    assert [key.split("-")[2] for key in world.api.keys] == ["1"]


@pytest.mark.parametrize(
    ("code", "tasks", "is_tried_by_the_next_run"),
    [
        ("upstream_unavailable", 4, True),
        ("upstream_rate_limited", 4, True),
        ("upstream_bad_request", 1, False),
        ("task_failed", 2, False),
        ("something_new", 2, False),
        ("empty", 2, True),
    ],
)
def test_each_failure_has_its_number_of_tries(
    world: World, code: str, tasks: int, *, is_tried_by_the_next_run: bool
) -> None:
    world.terms = Terms(retry_attempts=3)
    world.plan([make_job(0)])
    world.api.ending = lambda _, __: code
    end = world.run_to_end()
    assert (end.exit_status, world.statuses(), len(world.api.tasks)) == (1, [FAILED], tasks)
    assert (end.cost_nusd, first_record_error(world)[1]) == (0, is_tried_by_the_next_run)
    assert (world.run_to_end().requests.submit > 0) == is_tried_by_the_next_run


def test_a_failed_task_is_followed_by_another(world: World) -> None:
    world.plan([make_job(0)])
    world.api.ending = lambda _, earlier: "upstream_unavailable" if earlier < 2 else "completed"
    end = world.run_to_end()
    assert (end.exit_status, len(world.api.tasks), end.cost_nusd) == (0, 3, PRICE_NUSD)
    assert first_record_error(world) == (None, None)


def test_a_cancelled_task_is_made_again_by_the_next_run(world: World) -> None:
    world.plan([make_job(0)])
    world.api.ending = lambda _, earlier: "completed" if earlier else "cancelled"
    shown: list[Progress] = []
    world.on_progress = shown.append
    assert (world.run_to_end().exit_status, world.statuses()) == (1, [JobStatus.CANCELLED])
    assert (shown[-1].cancelled, shown[-1].failed) == (1, 0)
    assert world.run_to_end().exit_status == 0


def test_fail_fast_submits_nothing_more(world: World) -> None:
    world.options = RunOptions(fail_fast=True)
    world.terms = Terms(limits=Limits(concurrency=2))
    world.plan(make_job(index) for index in range(20))
    world.api.ending = lambda request, _: "upstream_bad_request" if request["prompt"] == "tea 3" else "completed"
    end = world.run_to_end()
    assert (end.exit_status, end.counts.failed) == (1, 1)
    assert end.counts.pending > 10
    assert all(task.ends_at <= world.clock.passed for task in world.api.tasks.values()), "what was in flight is in"


def test_giving_up_waiting_keeps_the_task(world: World) -> None:
    world.terms = Terms(timeout_s=30.0)
    world.plan([make_job(0)])
    world.api.latency = lambda _, __: 100.0
    end = world.run_to_end()
    assert (end.exit_status, world.statuses(), first_record_error(world)) == (1, [PENDING], ("timeout", True))
    assert 30 <= world.clock.passed < 31
    world.clock.passed += 100
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, len(world.api.tasks)) == (0, 0, 1)


def test_tasks_on_record_are_asked_before_anything_is_submitted(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=3), timeout_s=1.0)
    world.plan(make_job(index) for index in range(9))
    world.api.latency = lambda _, __: 500.0
    world.run()
    made = set(world.api.tasks)
    world.api.log.clear()
    world.api.latency = lambda _, __: 1.0
    world.terms = Terms(limits=Limits(concurrency=20))
    world.plan(make_job(index) for index in range(12))
    world.run()
    kinds = [(kind, what) for _, kind, what in world.api.log if kind in {"status", "submit"}]
    first_submit = [kind for kind, _ in kinds].index("submit")
    assert {what for _, what in kinds[:first_submit]} == made


def test_a_job_that_left_the_plan_is_still_collected(world: World) -> None:
    world.terms = Terms(timeout_s=1.0)
    world.plan([make_job(0), make_job(1)])
    world.api.latency = lambda _, __: 50.0
    world.run()
    world.clock.passed += 50
    world.plan([make_job(1)])
    end = world.run_to_end()
    assert (end.exit_status, end.counts.jobs, end.requests.submit) == (0, 1, 0)
    assert len(world.images()) == 2
    world.plan([make_job(0), make_job(1)])
    assert world.run_to_end().requests.submit == 0


# --- images


def test_an_address_that_has_expired_is_asked_for_again(world: World) -> None:
    world.plan([make_job(0)])
    world.api.fault = once("download", "expired")
    assert world.run_to_end().exit_status == 0
    assert len(world.images()) == 1


def test_a_broken_image_is_fetched_once_more(world: World) -> None:
    world.plan([make_job(0)])
    world.api.fault = once("download", "truncated")
    end = world.run_to_end()
    assert (end.exit_status, end.requests.download) == (0, 2)


def test_an_image_that_is_broken_twice_fails_with_cost_and_evidence(world: World) -> None:
    world.plan([make_job(0)])
    world.api.fault = Faults(download="truncated")
    end = world.run_to_end()
    assert (end.exit_status, world.statuses(), end.cost_nusd) == (1, [FAILED], PRICE_NUSD)
    assert first_record_error(world) == ("bad_image", False)
    assert len(list((world.layout.workspace.private / "evidence").iterdir())) == 1
    world.api.fault = Faults()
    assert world.run_to_end().requests.submit == 0, "it is paid, and not paid again by itself"
    world.options = RunOptions(retry_failed=True)
    end = world.run_to_end()
    assert (end.exit_status, end.folder_cost_nusd) == (0, 2 * PRICE_NUSD)


def test_an_image_that_does_not_come_stays_paid_and_pending(world: World) -> None:
    world.plan([make_job(0)])
    world.terms = Terms(retry_attempts=2)
    world.api.fault = Faults(download="drop_before")
    end = world.run_to_end()
    assert (end.exit_status, world.statuses(), end.requests.download) == (1, [PENDING], 6)
    world.api.fault = Faults()
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, end.folder_cost_nusd) == (0, 0, PRICE_NUSD)


def test_a_paid_image_whose_address_leads_nowhere_in_the_next_run_is_fetched_all_the_same(world: World) -> None:
    world.plan([make_job(0)])
    world.api.fault = Faults(download="drop_before")
    assert world.run_to_end().exit_status == 1
    world.api.fault = Faults()
    world.api.file_host = "another-cdn"
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, end.requests.download) == (0, 0, 1)


def test_one_refusal_of_a_fresh_address_does_not_give_a_paid_image_up(world: World) -> None:
    world.plan([make_job(0)])
    world.api.fault = Faults(download="drop_before")
    assert world.run_to_end().exit_status == 1
    downloads = world.api.calls["download"]
    world.api.fault = Faults(**{f"download_{downloads + 1}": "expired"})
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, end.requests.download) == (0, 0, 2)


def test_an_address_that_holds_a_secret_is_fetched_and_written_nowhere(world: World) -> None:
    world.plan([make_job(0)])
    world.api.masked_url = "https://cdn/***"
    end = world.run_to_end()
    assert (end.exit_status, end.requests.download) == (0, 1)
    with world.read() as ledger:
        assert next(ledger.lines()).record.images[0].source_url == "https://cdn/***"
    assert not any(
        b"https://cdn/task-1" in path.read_bytes() for path in world.layout.workspace.private.glob("ledger*")
    )


def test_an_image_that_moves_within_a_run_is_found_again(world: World) -> None:
    world.plan([make_job(0)])
    world.terms = Terms(retry_attempts=1)
    world.api.fault = Faults(download_1="drop_before")
    calls = iter(range(100))

    def move(_: int) -> None:
        if world.api.calls["download"] and not next(calls):
            world.api.file_host = "another-cdn"

    world.api.on_call = move
    assert world.run_to_end().exit_status == 0


def test_an_address_of_an_earlier_run_still_does_when_the_task_is_gone(world: World) -> None:
    world.plan([make_job(0)])
    world.api.fault = Faults(download="drop_before")
    assert world.run_to_end().exit_status == 1
    world.api.fault = Faults(status="404")
    assert world.run_to_end().exit_status == 0


@pytest.mark.parametrize("damage", ["deleted", "cut", "changed"])
def test_a_damaged_file_is_fetched_again_and_not_made_again(world: World, damage: str) -> None:
    world.plan([make_job(0), make_job(1, n=2)])
    world.run()
    before = world.images()
    victim = world.layout.root / "images/m/p1_2.png"
    if damage == "deleted":
        victim.unlink()
    elif damage == "cut":
        victim.write_bytes(victim.read_bytes()[:-5])
    else:
        victim.write_bytes(b"x" * victim.stat().st_size)
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, end.requests.download) == (0, 0, 1)
    assert world.images() == before


def test_a_folder_where_an_image_belongs_is_left_alone_and_the_image_stands_beside_it(world: World) -> None:
    world.plan([make_job(0), make_job(1)])
    world.run()
    victim = world.layout.root / "images/m/p0.png"
    victim.unlink()
    victim.mkdir()
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, len(world.images())) == (0, 0, 2)
    assert victim.is_dir()
    assert world.run_to_end().requests.download == 0


def test_what_a_killed_run_has_half_written_is_cleared_away(world: World) -> None:
    world.plan([make_job(0)])
    left = [world.layout.root / f"{TEMPORARY_PREFIX}manifest", world.layout.workspace.partial / "x_1.part"]
    for path in left:
        path.write_bytes(b"half")
    assert world.run_to_end().exit_status == 0
    assert not any(path.exists() for path in left)


def test_a_copied_folder_is_looked_at_once_and_not_fetched(world: World) -> None:
    world.plan([make_job(0)])
    world.run()
    image = world.layout.root / "images/m/p0.png"
    data = image.read_bytes()
    image.unlink()
    image.write_bytes(data)
    calls = world.api.calls.total()
    assert world.run_to_end().exit_status == 0
    assert world.api.calls.total() == calls


def test_a_deleted_file_that_the_api_no_longer_has_is_not_paid_for_by_itself(world: World) -> None:
    world.plan([make_job(0)])
    world.run()
    (world.layout.root / "images/m/p0.png").unlink()
    world.api.fault = Faults(download="expired")
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, world.statuses()) == (1, 0, [COMPLETED])
    world.clock.passed += 86_400
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit) == (1, 0)
    assert first_record_error(world) == ("result_gone", False)
    world.api.fault = Faults()
    world.options = RunOptions(retry_failed=True)
    assert world.run_to_end().exit_status == 0


def damaged_world(world: World) -> dict[str, bytes]:
    """Two jobs that are done, with an image missing of each."""
    world.plan([make_job(0), make_job(1)])
    world.run()
    whole = world.images()
    for path in whole:
        (world.layout.root / path).unlink()
    return whole


def test_under_another_accounts_key_nothing_that_was_paid_is_given_up(world: World) -> None:
    whole = damaged_world(world)
    world.claim = replace(CLAIM, key="another")
    world.api.fault = Faults(status="404")
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, world.statuses()) == (1, 0, [COMPLETED, COMPLETED])
    assert "is this the account and the host it was made with?" in " ".join(map(str, end.warnings))
    world.claim = CLAIM
    world.api.fault = Faults()
    assert world.run_to_end().exit_status == 0
    assert world.images() == whole


def test_new_tasks_under_another_accounts_key_say_nothing_of_the_old_ones(world: World) -> None:
    damaged_world(world)
    old = set(world.api.tasks)
    world.plan([make_job(0), make_job(1), make_job(2)])
    world.claim = replace(CLAIM, key="another")
    kept = {task_id: world.api.tasks.pop(task_id) for task_id in old}
    world.api.tasks["unrelated"] = kept[min(kept)]  # so that ids are not given twice
    world.api.tasks["unrelated too"] = kept[max(kept)]
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, world.statuses()) == (1, 1, [COMPLETED] * 3)
    world.api.tasks.update(kept)
    assert world.run_to_end().exit_status == 0


def test_a_task_that_is_gone_is_given_up_once_another_of_the_folder_is_found(world: World) -> None:
    """However late the other answer comes in of two questions that left together."""
    damaged_world(world)
    del world.api.tasks["task-1"]
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, sorted(world.statuses())) == (1, 0, [COMPLETED, FAILED])


def test_a_person_may_say_that_a_task_is_gone_where_no_other_tells(world: World) -> None:
    damaged_world(world)
    world.api.tasks.clear()
    assert (world.run_to_end().exit_status, world.statuses()) == (1, [COMPLETED, COMPLETED])
    world.options = RunOptions(resubmit_unknown=True)
    assert (world.run_to_end().exit_status, world.statuses()) == (1, [FAILED, FAILED])
    world.options = RunOptions(retry_failed=True)
    assert (world.run_to_end().exit_status, world.statuses()) == (0, [COMPLETED, COMPLETED])


# --- money


def test_an_estimate_above_the_budget_sends_nothing(world: World) -> None:
    world.terms = Terms(max_usd=usd_from_nusd(3 * PRICE_NUSD))
    world.plan(make_job(index) for index in range(4))
    with pytest.raises(BudgetError, match="nothing was sent"):
        world.run()
    assert not world.api.calls


def test_what_costs_nothing_more_is_done_without_any_money(world: World) -> None:
    world.plan([make_job(0), make_job(1)])
    world.terms = Terms(timeout_s=1.0)
    world.api.latency = lambda _, __: 50.0
    assert world.run_to_end().counts.pending == 2
    world.clock.passed += 50
    world.options = RunOptions(max_usd=0.0)
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.requests.submit) == (0, 2, 0)
    assert world.run_to_end().exit_status == 0, "and a complete folder is complete"


@pytest.mark.parametrize(
    ("spec_usd", "run_usd", "raised"),
    [
        (1e-9, None, NextStep.RAISE_BUDGET),
        (None, 1e-9, NextStep.RAISE_RUN_BUDGET),
        (1.0, 1e-9, NextStep.RAISE_RUN_BUDGET),
        (1e-9, 1e-9, NextStep.RAISE_BOTH_BUDGETS),
    ],
)
def test_the_cap_that_is_too_low_is_named(
    world: World, spec_usd: float | None, run_usd: float | None, raised: NextStep
) -> None:
    world.terms = Terms(max_usd=spec_usd)
    world.options = RunOptions(max_usd=run_usd)
    world.plan([make_job(0)])
    with pytest.raises(BudgetError, match="the budget leaves") as caught:
        world.run()
    assert [advice.step for advice in caught.value.next_steps] == [raised, NextStep.UNTIL_BUDGET]


def test_until_budget_goes_on_until_it_is_used_up(world: World) -> None:
    world.terms = Terms(max_usd=usd_from_nusd(3 * PRICE_NUSD))
    world.options = RunOptions(until_budget=True)
    world.plan(make_job(index) for index in range(10))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.cost_nusd) == (3, 3, 3 * PRICE_NUSD)
    assert "budget is used up" in end.reason
    world.terms = Terms()
    assert world.run_to_end().exit_status == 0


def test_a_cheaper_end_frees_money_for_more(world: World) -> None:
    world.terms = Terms(max_usd=usd_from_nusd(4 * PRICE_NUSD), limits=Limits(concurrency=8))
    world.options = RunOptions(until_budget=True)
    world.plan(make_job(index, price_nusd=2 * PRICE_NUSD) for index in range(10))
    assert world.run_to_end().counts.completed == 3, "2 + 2, then 1 + 1 + 2"


def test_a_job_whose_money_is_reserved_is_waited_for_when_the_rest_has_none(world: World) -> None:
    """The third job is held by a 429, and the fourth would cost more than is left."""
    world.terms = Terms(max_usd=usd_from_nusd(3 * PRICE_NUSD), limits=Limits(concurrency=4))
    world.options = RunOptions(until_budget=True)
    world.api.wait_s = 20.0
    world.api.fault = Faults(submit_3="429")
    world.plan(make_job(index) for index in range(10))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.cost_nusd) == (3, 3, 3 * PRICE_NUSD)
    assert end.seconds > 20.0


def test_another_try_that_there_is_no_money_for_holds_up_none_that_is_paid(world: World) -> None:
    """The first job fails unpaid; its money goes to the second, which a 429 holds beyond the first one's next try."""
    world.terms = Terms(max_usd=usd_from_nusd(PRICE_NUSD), limits=Limits(concurrency=2))
    world.options = RunOptions(until_budget=True)
    world.api.wait_s = 100.0
    world.api.ending = lambda request, _: "upstream_unavailable" if request["prompt"] == "tea 0" else "completed"
    world.api.fault = Faults(submit_2="429")
    world.plan(make_job(index) for index in range(2))
    end = world.run_to_end()
    assert (end.exit_status, world.statuses()) == (3, [FAILED, COMPLETED])


@pytest.mark.parametrize("concurrency", [1, 4])
def test_what_there_will_never_be_the_money_for_holds_up_nothing_that_there_is(world: World, concurrency: int) -> None:
    world.terms = Terms(max_usd=usd_from_nusd(3 * PRICE_NUSD), limits=Limits(concurrency=concurrency))
    world.options = RunOptions(until_budget=True)
    prices = [1, *[4] * 200, 1, 4, 1, 4]
    world.plan(make_job(index, n=price) for index, price in enumerate(prices))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.cost_nusd) == (3, 3, 3 * PRICE_NUSD)
    assert "every job that is left may cost more" in end.reason


def test_a_dear_job_waits_for_what_others_give_back_before_cheap_ones_follow(world: World) -> None:
    """Order within a model is plan order as long as the money may suffice."""
    world.terms = Terms(max_usd=usd_from_nusd(5 * PRICE_NUSD), limits=Limits(concurrency=4))
    world.options = RunOptions(until_budget=True)
    dear, cheap = make_job(1, price_nusd=4 * PRICE_NUSD), [make_job(index) for index in (2, 3)]
    world.plan([make_job(0, price_nusd=4 * PRICE_NUSD), dear, *cheap])
    assert world.run_to_end().counts.completed == 4
    assert [task.request["prompt"] for task in world.api.tasks.values()] == [f"tea {index}" for index in range(4)]


def test_a_budget_covers_earlier_runs_and_open_tasks(world: World) -> None:
    world.plan(make_job(index) for index in range(2))
    world.run()
    world.terms = Terms(max_usd=usd_from_nusd(3 * PRICE_NUSD))
    world.plan(make_job(index) for index in range(4))
    with pytest.raises(BudgetError):
        world.run()
    world.options = RunOptions(max_usd=100.0)
    with pytest.raises(BudgetError):
        world.run()


@pytest.mark.parametrize("seed", range(5))
def test_the_budget_is_never_broken(world: World, seed: int) -> None:
    rng = random.Random(seed)
    cap = 7 * PRICE_NUSD
    world.terms = Terms(max_usd=usd_from_nusd(cap), limits=Limits(concurrency=5))
    world.options = RunOptions(until_budget=True)
    world.plan(make_job(index) for index in range(30))
    world.api.fault = lambda _, __: rng.choice([None, None, "drop_after", "drop_before", "http500"])
    world.api.ending = lambda _, __: rng.choice(["completed", "upstream_unavailable"])
    for _ in range(4):
        world.run()
        assert sum(world.api.paid().values()) * PRICE_NUSD <= cap
        assert max(world.api.paid().values(), default=1) == 1


def test_a_surprising_hold_stops_its_model_and_says_so(world: World) -> None:
    world.api.hold_nusd = 10_000_000
    world.terms = Terms(limits=Limits(concurrency=1))
    world.plan(make_job(index) for index in range(5))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.pending) == (3, 1, 4)
    assert "m is paused" in end.reason
    assert end.warnings


# --- the folder, the disk, the person


def test_a_moved_folder_is_adopted_before_it_submits(world: World) -> None:
    world.plan([make_job(0)])
    world.run()
    world.claim = replace(CLAIM, path="/elsewhere")
    assert world.run_to_end().exit_status == 0, "nothing is to be submitted"
    world.plan([make_job(0), make_job(1)])
    with pytest.raises(FolderError, match="was last used as") as caught:
        world.run()
    assert [advice.step for advice in caught.value.next_steps] == [NextStep.ADOPT]
    world.options = RunOptions(adopt=True)
    assert world.run_to_end().exit_status == 0


def test_a_copied_folder_collects_its_tasks_and_makes_none_in_place_of_those_that_failed(world: World) -> None:
    world.plan(make_job(index) for index in range(3))
    world.terms = Terms(timeout_s=1.0)
    world.api.latency = lambda _, __: 50.0
    world.api.ending = lambda request, _: "upstream_unavailable" if request["prompt"] == "tea 0" else "completed"
    assert world.run_to_end().counts.pending == 3
    world.claim = replace(CLAIM, path="/copy", host="other")
    world.clock.passed += 60.0
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, end.counts.pending) == (2, 0, 0)
    assert end.stop is not None
    assert NextStep.ADOPT in end.stop.next_steps
    assert end.kind is EndKind.MOVED
    assert world.statuses() == [FAILED, COMPLETED, COMPLETED]
    world.claim, world.terms = CLAIM, Terms()
    world.api.ending = lambda _, __: "completed"
    assert world.run_to_end().exit_status == 0, "the original goes on"


def test_a_copied_folder_sends_no_lost_task_again(world: World) -> None:
    world.plan([make_job(0)])
    world.terms = Terms(timeout_s=1.0)
    world.api.latency = lambda _, __: 50.0
    world.run()
    world.api.tasks.clear()
    assert world.run_to_end().exit_status == 3
    world.claim = replace(CLAIM, path="/copy", host="other")
    world.options = RunOptions(resubmit_unknown=True)
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, world.statuses()) == (2, 0, [UNKNOWN])
    with world.read() as ledger:
        assert ledger.held_nusd() == PRICE_NUSD


def test_a_disk_that_fails_ends_the_run_and_loses_nothing(world: World) -> None:
    world.plan(make_job(index) for index in range(10))

    def full() -> None:
        raise StorageError("the disk is full")

    world.on_manifest = full
    world.api.latency = lambda _, __: 20.0
    with pytest.raises(StorageError, match="disk is full"):
        world.run()
    world.on_manifest = lambda: None
    assert world.run_to_end().exit_status == 0
    assert world.api.paid().total() == 10


def test_a_plan_that_can_not_be_read_on_ends_the_run_like_any_failing_disk(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is not wrapped in a group, so it can be caught by its class."""
    pages = itertools.count(1)
    original = Ledger.snapshots_of

    def snapshots_of(ledger: Ledger, rows: Sequence[int]) -> object:
        if next(pages) == 2:
            raise StorageError("the disk is gone")
        return original(ledger, rows)

    monkeypatch.setattr(Ledger, "snapshots_of", snapshots_of)
    world.plan(make_job(index) for index in range(100))
    with pytest.raises(StorageError, match="disk is gone"):
        world.run()
    assert 0 < len(world.api.tasks) <= 64
    assert world.run_to_end().exit_status == 0
    assert max(world.api.paid().values()) == 1


def test_the_first_stop_lets_what_is_in_flight_finish(world: World) -> None:
    world.plan(make_job(index) for index in range(20))
    world.stop = StopSignal()
    world.api.on_call = lambda number: world.stop.request() if number == 6 and world.stop else None
    end = world.run_to_end()
    assert (end.exit_status, len(world.api.tasks)) == (130, end.counts.completed)
    assert 0 < end.counts.completed <= 4


def test_a_stop_waits_no_longer_than_its_grace(world: World) -> None:
    world.plan(make_job(index) for index in range(20))
    world.stop = StopSignal()
    world.api.latency = lambda _, __: 100.0
    world.api.on_call = lambda number: world.stop.request() if number == 6 and world.stop else None
    assert world.run_to_end().exit_status == 130
    assert 10 <= world.clock.passed < 13
    world.stop = None
    world.api.on_call = lambda _: None
    assert world.run_to_end().exit_status == 0
    assert max(world.api.paid().values()) == 1


def test_the_second_stop_leaves_at_once(world: World) -> None:
    world.plan(make_job(index) for index in range(20))
    world.stop = StopSignal()
    world.api.latency = lambda _, __: 100.0
    world.api.on_call = lambda number: world.stop.request() if number in {6, 7} and world.stop else None
    assert world.run_to_end().exit_status == 130
    assert world.clock.passed < 3


def test_a_single_drop_after_a_long_pause_is_not_the_end(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=1, requests_per_minute=1))
    world.plan(make_job(index) for index in range(6))
    world.options = RunOptions(max_offline_s=20.0)
    world.api.fault = Faults(submit_3="drop_before", submit_5="drop_after")
    assert world.run_to_end().exit_status == 0


def test_a_429_after_a_long_task_is_not_a_429_for_too_long(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=1), timeout_s=5_000)
    world.plan(make_job(index) for index in range(2))
    world.api.latency = lambda _, __: 2_000.0
    world.api.fault = Faults(submit_2="429")
    assert world.run_to_end().exit_status == 0


def test_an_endless_429_ends_the_run(world: World) -> None:
    world.plan(make_job(index) for index in range(3))
    world.api.fault = Faults(submit="429")
    end = world.run_to_end()
    assert (end.exit_status, end.counts.pending) == (3, 3)
    assert 900 < world.clock.passed < 1_000


def test_a_job_that_waits_for_another_try_is_counted_as_it_stands(world: World) -> None:
    world.plan(make_job(index) for index in range(2))
    world.options = RunOptions(fail_fast=True)
    world.api.latency = lambda request, _: 1.0 if request["prompt"] == "tea 0" else 1.4
    world.api.ending = lambda request, _: (
        "upstream_unavailable" if request["prompt"] == "tea 0" else "upstream_bad_request"
    )
    end = world.run_to_end()
    assert [str(status) for status in world.statuses()].count("failed") == end.counts.failed


def test_a_ledger_that_finds_no_room_ends_the_run_and_loses_nothing(world: World) -> None:
    world.plan(make_job(index) for index in range(60))
    world.ledger_pages_left = 2
    with pytest.raises(StorageError, match="full"):
        world.run()
    assert 0 < len(world.api.tasks) < 60
    world.ledger_pages_left = None
    assert world.run_to_end().exit_status == 0
    assert max(world.api.paid().values()) == 1


def test_money_that_a_task_leaves_over_is_spent_while_its_image_is_fetched(world: World) -> None:
    world.plan([make_job(0, price_nusd=2 * PRICE_NUSD), make_job(1, price_nusd=2 * PRICE_NUSD)])
    world.terms = Terms(max_usd=usd_from_nusd(3 * PRICE_NUSD), completion=Completion.POLL)
    world.options = RunOptions(until_budget=True)
    world.api.fault = lambda place, number: "hang" if (place, number) == ("download", 1) else None  # for 30 s
    assert world.run_to_end().exit_status == 0
    first, second = world.api.sends("submit")
    assert second - first < 15


@pytest.mark.parametrize(("fault", "resent"), [("drop_after", 1), ("unreached", 0), (None, 0)])
def test_what_went_out_again_without_an_answer_is_told_at_the_end(world: World, fault: str | None, resent: int) -> None:
    """An API that does not heed its keys was perhaps paid twice, and only its balance tells."""
    world.api.fault = once("submit", fault) if fault else world.api.fault
    world.plan([make_job(0), make_job(1)])
    end = world.run_to_end()
    assert end.exit_status == 0
    told = [warning for warning in end.warnings if str(warning).startswith("1 job got no answer and went out again")]
    assert len(told) == resent
    assert all(warning.next_steps == (Advice(NextStep.CHECK_BALANCE),) for warning in told)
