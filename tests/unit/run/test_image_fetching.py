"""Whole runs in which paid images are hard to come by: they are asked for in time, and given up on proof only."""

from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image

from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.record import JobStatus
from qwave_batch.model.terms import Terms
from qwave_batch.run.state.run_request import RunOptions
from tests.unit.run.world import World, make_job

COMPLETED = JobStatus.COMPLETED
Before = Callable[[World], World]


def with_image_gone(world: World) -> World:
    """Return the world with one job that is done, whose file was deleted."""
    world.plan([make_job(0)])
    world.run()
    (world.layout.root / "images/m/p0.png").unlink()
    world.api.calls.clear()
    world.api.log.clear()
    return world


def with_image_due(world: World) -> World:
    """Return the world with one job whose task is paid, and whose image did not come."""
    world.plan([make_job(0)])
    world.api.fault = lambda place, _: "drop_before" if place == "download" else None
    assert world.run_to_end().counts.pending == 1
    world.api.calls.clear()
    world.api.log.clear()
    return world


@pytest.mark.parametrize("fault", ["stale", "http500", "drop_before"])
@pytest.mark.parametrize("state_before", [with_image_gone, with_image_due])
def test_one_answer_that_tells_nothing_does_not_keep_an_image_from_coming(
    world: World, state_before: Before, fault: str
) -> None:
    world = state_before(world)
    world.api.fault = lambda place, number: fault if (place, number) == ("status", 1) else None
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, len(world.images())) == (0, 0, 1)


@pytest.mark.parametrize("state_before", [with_image_gone, with_image_due])
def test_a_task_that_looks_unfinished_is_no_proof_that_its_image_is_gone(world: World, state_before: Before) -> None:
    world = state_before(world)
    world.api.fault = lambda place, _: {"status": "stale", "download": "expired"}.get(place)
    end = world.run_to_end()
    assert (end.exit_status, end.counts.failed) == (1, 0)
    world.api.fault = lambda _, __: None
    assert (world.run_to_end().exit_status, world.statuses()) == (0, [COMPLETED])


def test_questions_that_nobody_answers_are_asked_again_with_growing_pauses(world: World) -> None:
    world = with_image_gone(world)
    world.api.fault = lambda place, _: "http500" if place == "status" else None
    assert world.run_to_end().exit_status == 1
    asked = world.api.sends("status")
    assert len(asked) == 1 + world.terms.retry_attempts
    assert asked[-1] - asked[0] > 5.0


BUSY_S = 600.0


def downloads_of(world: World, host: str) -> list[float]:
    return [at for at, kind, url in world.api.log if kind == "download" and url.startswith(f"https://{host}/")]


def test_a_host_that_asks_for_a_pause_holds_up_its_own_images_only(world: World) -> None:
    world.plan(make_job(index) for index in range(20))
    world.api.other_host = "slow-cdn"
    world.api.busy_until = {"slow-cdn": BUSY_S}
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed) == (0, 20)
    assert max(downloads_of(world, "cdn")) < BUSY_S / 2


def test_a_host_that_asks_for_a_pause_is_left_alone_by_all_downloads(world: World) -> None:
    world.plan(make_job(index) for index in range(20))
    world.api.busy_until = {"cdn": BUSY_S}
    assert world.run_to_end().exit_status == 0
    downloads = downloads_of(world, "cdn")
    first_answer = downloads[0] + world.api.delay_s
    assert not [at for at in downloads if first_answer < at < BUSY_S]


def test_a_host_that_asks_for_too_long_a_pause_leaves_its_images_to_the_next_run(world: World) -> None:
    world.plan(make_job(index) for index in range(20))
    world.options = RunOptions(max_wait_s=100.0)
    world.api.busy_until = {"cdn": BUSY_S}
    end = world.run_to_end()
    assert (end.exit_status, end.counts.pending, len(world.api.tasks)) == (1, 20, 4)
    assert end.seconds < 100
    world.clock.passed += BUSY_S
    assert world.run_to_end().exit_status == 0


def test_a_run_counts_a_job_whose_image_it_could_not_fetch_again_as_it_stands_on_record(world: World) -> None:
    world = with_image_gone(world)
    world.plan([make_job(0), make_job(1)])
    world.api.fault = lambda place, _: "drop_before" if place == "download" and world.clock.passed < 100 else None
    world.terms = Terms(retry_attempts=1)
    end = world.run_to_end()
    with world.read() as ledger:
        on_record = [line.record.status for line in ledger.lines()]
    assert on_record == [COMPLETED, JobStatus.PENDING]
    assert (end.counts.completed, end.counts.pending, end.counts.damaged) == (1, 1, 1)
    assert (end.exit_status, end.reason) == (1, "1 pending, 1 with damaged images")
    world.clock.passed = 100
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.damaged) == (0, 2, 0)


def test_addresses_on_record_are_not_kept_waiting_by_questions_that_nobody_answers(world: World) -> None:
    world = with_image_due(world)
    world.api.fault = lambda place, _: "http500" if place == "status" else None
    end = world.run_to_end()
    assert (end.exit_status, end.requests.poll, end.requests.download) == (0, 1, 1)


HEIF = b"\0\0\0\x20ftypheic" + bytes(50)


def avif() -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 48), "red").save(out, "AVIF")
    return out.getvalue()


def test_an_image_in_a_format_that_is_read_is_kept_as_it_is_with_a_note(world: World) -> None:
    world.plan([make_job(0)])
    world.api.instead = {1: avif()}
    world.asked_format = lambda _: "png"
    end = world.run_to_end()
    assert (end.exit_status, end.requests.download, world.statuses()) == (0, 1, [COMPLETED])
    assert list(world.images()) == ["images/m/p0.avif"]
    assert [text for text in end.warnings if "AVIF where PNG was asked for" in str(text)]
    assert world.run_to_end().requests.download == 0


def test_what_is_returned_unasked_is_noted_only_where_it_is_strange(world: World) -> None:
    world.plan([make_job(0)])
    world.asked_format = lambda _: "webp"
    assert world.run_to_end().warnings == ()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_result_in_a_format_that_is_not_read_is_fetched_once_and_kept(world: World, number: int) -> None:
    """Also as one of several, whose others are stored."""
    world.plan([make_job(0, n=3)])
    world.api.instead = {number: HEIF}
    end = world.run_to_end()
    assert (end.exit_status, end.requests.download, world.statuses()) == (1, 3, [JobStatus.FAILED])
    assert len(world.images()) == 2
    with Ledger.open(world.layout.workspace.ledger, read_only=True) as ledger:
        error = next(ledger.lines()).record.error
    assert error is not None
    assert (error.code, error.retryable) == ("other_format", False)
    kept = f".qwave/evidence/{0:016x}-1_{number}.heic"
    assert error.message.endswith(f"HEIF of 62 bytes; it is paid, and kept as {kept}")
    assert (world.layout.root / kept).read_bytes() == HEIF
    end = world.run_to_end()
    assert (end.requests.submit, end.requests.download) == (0, 0)
    world.options = RunOptions(fetch_only=True)
    world.api.instead = {}
    assert world.run_to_end().requests.submit == 0
    assert world.statuses() == [COMPLETED], "as with a library that has come to read it"


def test_an_error_page_alone_is_fetched_until_a_while_has_passed_and_its_place_is_named(world: World) -> None:
    """No other image arrived to rule out the connection, so two failures at once prove nothing."""
    world.plan([make_job(0)])
    world.api.instead = {1: b"<!doctype html><p>gone"}
    assert world.run_to_end().requests.download == 3
    with Ledger.open(world.layout.workspace.ledger, read_only=True) as ledger:
        error = next(ledger.lines()).record.error
    assert error is not None
    assert error.code == "bad_image"
    assert error.message.endswith(f"what came is kept in .qwave/evidence/{0:016x}-1_1.html")
