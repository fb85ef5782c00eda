"""Cancel, refetch, reuse, events, waits and books of whole runs, against the embedded API over a real socket."""

import asyncio
import json
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import qwave_batch as qb
from qwave_batch.cli.main import main
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.run.images import image_breaker as breaker

SPEC = """\
version: 1
name: small
catalog: "2026-05"
request: {resolution: 1K, seed: 1}
prompts:
  - {id: cat, text: A cat asleep on a windowsill}
  - {id: dog, text: "A dog at the door"}
matrix:
  model: [gpt-image-2, z-image-turbo]
completion: poll  # so that a task is known as soon as it is made, and can be seen in the queue
"""
KEY = "sk-very-secret"


def call(*argv: object, **environ: str) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    status = main([str(argument) for argument in argv], stdout, stderr, environ={"COLUMNS": "600", **environ})
    return status, stdout.getvalue(), stderr.getvalue()


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    file = tmp_path / "small.yaml"
    file.write_text(SPEC, encoding="utf-8")
    return file


@pytest.fixture
def simulated(spec: Path, tmp_path: Path) -> Path:
    """A folder with all its images, of the folder's own simulator."""
    qb.run_batch_sync(spec, connection=qb.Simulated(latency="0.01"), out_dir=tmp_path / "made")
    return tmp_path / "made"


@asynccontextmanager
async def api_at(port: int, state: Path, latency: str, faults: str = "") -> AsyncIterator[qb.Connection]:
    """Serve an API that keeps its tasks from one time to the next."""
    simulated = qb.Simulated(latency=latency, faults=faults)
    async with qb.serve_simulator(simulated, port=port, state_path=state, catalog="2026-05") as base_url:
        yield qb.Connection(key=KEY, base_url=base_url)


def port_of(connection: qb.Connection) -> int:
    return int(str(connection.base_url).rsplit(":", 1)[1].split("/", maxsplit=1)[0])


def after_accepting(stop: qb.StopSignal, tasks: int) -> Callable[[qb.Event], None]:
    """Return a listener that ends a run at once when so many tasks were made."""
    made: list[str] = []

    def hear(event: qb.Event) -> None:
        if isinstance(event, qb.events.TaskAccepted):
            made.append(event.task_id)
            if len(made) == tasks:
                stop.request()
                stop.request()

    return hear


async def abandon(spec: Path, connection: qb.Connection, folder: Path, tasks: int = 4) -> None:
    """Run until the tasks are made, then leave them there."""
    stop = qb.StopSignal()
    await qb.run_batch(spec, connection=connection, out_dir=folder, stop=stop, on_event=after_accepting(stop, tasks))


def statuses(folder: Path) -> list[str]:
    return [line.status.value for line in qb.open_run(folder).lines()]


def images_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.glob("images/*/*.*"))}


# Cancel.


def test_what_is_queued_is_withdrawn_and_a_plain_run_makes_it(spec: Path, tmp_path: Path) -> None:
    folder, state = tmp_path / "run", tmp_path / "api.sqlite"

    async def way() -> tuple[qb.runs.CancelReport, float, qb.RunSummary]:
        async with api_at(0, state, latency="600") as connection:
            await abandon(spec, connection, folder)
            report = await qb.cancel_tasks(folder, connection=connection)
            assert statuses(folder) == ["cancelled"] * 4
            left = (await qb.ask_balance(connection, catalog="2026-05")).available_usd
            port = port_of(connection)
        async with api_at(port, state, latency="0.01") as connection:
            summary = await qb.run_batch(spec, connection=connection, out_dir=folder)
            return report, left, summary

    report, left, summary = asyncio.run(way())
    assert (len(report.withdrawn), report.exit_status) == (4, 0)
    assert report.refunded_nusd == pytest.approx(34_000_000, rel=1e-3)
    assert left == 1_000
    assert summary.exit_status == 0
    assert [line.attempts for line in qb.open_run(folder).lines()] == [2] * 4
    assert summary.books.refunds == 4
    assert qb.open_run(folder).verify().is_sound


def test_what_was_begun_is_left_alone_and_collected(spec: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"

    async def way() -> tuple[qb.runs.CancelReport, qb.RunSummary]:
        async with api_at(0, tmp_path / "api.sqlite", latency="2.5") as connection:
            await abandon(spec, connection, folder)
            await asyncio.sleep(0.7)  # a fifth of the time it is queued
            report = await qb.cancel_tasks(folder, connection=connection)
            return report, await qb.run_batch(spec, connection=connection, out_dir=folder)

    report, summary = asyncio.run(way())
    assert {outcome.state for outcome in report.left_alone} == {qb.runs.TaskState.PROCESSING}
    assert (len(report.left_alone), report.exit_status) == (4, 0)
    assert (summary.exit_status, summary.counts.completed) == (0, 4)
    assert [line.attempts for line in qb.open_run(folder).lines()] == [1] * 4


def test_the_command_tells_what_became_of_each_task(spec: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"

    async def way() -> tuple[int, str, str]:
        async with api_at(0, tmp_path / "api.sqlite", latency="600") as connection:
            await abandon(spec, connection, folder)
            argv = ("cancel", folder, "--base-url", connection.base_url, "--json")
            return await asyncio.to_thread(call, *argv, QWAVE_API_KEY=KEY)

    status, out, talk = asyncio.run(way())
    report = json.loads(out)
    assert (status, report["cancelled"], report["left_alone"], report["exit"]) == (0, 4, 0, 0)
    assert {task["outcome"] for task in report["tasks"]} == {"cancelled"}
    assert "4 tasks withdrawn, 0.03399" in talk
    assert "given back" in talk


def test_an_api_that_is_away_leaves_all_as_it_is(spec: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"

    async def way() -> qb.runs.CancelReport:
        async with api_at(0, tmp_path / "api.sqlite", latency="600") as connection:
            await abandon(spec, connection, folder)
        return await qb.cancel_tasks(folder, connection=connection)

    report = asyncio.run(way())
    assert (len(report.not_said), report.exit_status) == (4, 1)
    assert statuses(folder) == ["pending"] * 4


def test_a_folder_with_a_live_run_is_busy(spec: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    refused: list[qb.FolderBusy] = []

    async def way() -> None:
        async with api_at(0, tmp_path / "api.sqlite", latency="1") as connection:
            running = asyncio.create_task(qb.run_batch(spec, connection=connection, out_dir=folder))
            while not (folder / ".qwave" / "live.json").exists():  # noqa: ASYNC110 - it is told on disk
                await asyncio.sleep(0.02)
            for attempt in (qb.cancel_tasks, qb.refetch_images):
                with pytest.raises(qb.FolderBusy) as busy:
                    await attempt(folder, connection=connection)
                refused.append(busy.value)
            await running

    asyncio.run(way())
    assert [error.exit_status for error in refused] == [4, 4]


@pytest.mark.parametrize("command", ["cancel", "refetch"])
def test_a_folder_of_another_api_is_refused_with_the_way_out(simulated: Path, command: str) -> None:
    status, _, talk = call(command, simulated, QWAVE_API_KEY=KEY)
    assert status == 2
    assert "use --simulate" in talk
    assert call(command, simulated)[0] == 2
    assert call(command, simulated, "--simulate", "--base-url", "http://127.0.0.1:1/v1")[0] == 2


def test_cancel_of_a_folder_with_nothing_open_says_so(simulated: Path) -> None:
    status, _, talk = call("cancel", simulated, "--simulate")
    assert (status, talk) == (0, "nothing to cancel: no task of this folder is open\n")


# Refetch.


def test_what_was_deleted_or_damaged_comes_back_and_nothing_is_submitted(simulated: Path) -> None:
    whole = images_of(simulated)
    first, second, *_ = sorted(whole)
    (simulated / first).unlink()
    (simulated / second).write_bytes(whole[second][:-7])
    status, out, _ = call("refetch", simulated, "--simulate", "--json")
    report = json.loads(out)
    assert (status, report["images"], report["fetched"], report["gone"], report["left"]) == (0, 2, 2, [], [])
    assert images_of(simulated) == whole
    assert call("verify", simulated)[0] == 0
    assert [line.attempts for line in qb.open_run(simulated).lines()] == [1] * 4
    assert "nothing to fetch" in call("refetch", simulated, "--simulate")[2]


def forget_the_task_of(folder: Path, path: str) -> None:
    task_id = next(line.task_id for line in qb.open_run(folder).lines() if path in {i.path for i in line.images})
    with closing(sqlite3.connect(folder / ".qwave" / "simulator.sqlite")) as state, state:
        state.execute("DELETE FROM tasks WHERE task_id = ?", (task_id,))


def let_time_pass(folder: Path, seconds: float) -> None:
    """Have the tasks of a folder ended so long ago."""
    with closing(sqlite3.connect(folder / ".qwave" / "ledger.sqlite")) as ledger, ledger:
        ledger.execute("UPDATE attempts SET submitted_at = submitted_at - ?, ended_at = ended_at - ?", (seconds,) * 2)
    with closing(sqlite3.connect(folder / ".qwave" / "simulator.sqlite")) as state, state:
        times = ("created_at", "starts_at", "ends_at")
        state.execute(f"UPDATE tasks SET {', '.join(f'{at} = {at} - {seconds}' for at in times)}")


def test_what_the_api_no_longer_has_is_gone_for_good_and_named(spec: Path, simulated: Path) -> None:
    """Its remains do not count as a stray image, neither then nor after a new attempt."""
    whole = images_of(simulated)
    first, second, *_ = sorted(whole)
    (simulated / first).write_bytes(whole[first][:-7])
    (simulated / second).unlink()
    forget_the_task_of(simulated, first)
    status, _, talk = call("refetch", simulated, "--simulate")
    assert status == 1
    assert "1 of 2 images fetched again" in talk
    assert "1 job gone for good: the API no longer knows the task" in talk
    assert sorted(statuses(simulated)) == ["completed"] * 3 + ["failed"]
    assert qb.open_run(simulated).verify().problems == ()
    assert [file.read_bytes() for file in (simulated / ".qwave" / "evidence").iterdir()] == [whole[first][:-7]]
    options = qb.RunOptions(retry_failed=True)
    qb.run_batch_sync(spec, connection=qb.Simulated(latency="0.01"), out_dir=simulated, options=options)
    assert images_of(simulated) == whole
    assert qb.open_run(simulated).verify().problems == ()


def test_what_an_account_does_not_know_is_not_given_up_until_one_task_is_found(simulated: Path) -> None:
    (simulated / min(images_of(simulated))).unlink()
    state = simulated / ".qwave" / "simulator.sqlite"
    state.rename(state.with_name("kept"))
    status, _, talk = call("refetch", simulated, "--simulate")
    assert status == 1
    assert "not fetched, try again: the API does not know the task: is this the account" in talk
    assert statuses(simulated) == ["completed"] * 4
    state.with_name("kept").replace(state)
    assert call("refetch", simulated, "--simulate")[0] == 0


def test_what_was_given_up_comes_back_when_the_api_has_it_after_all(
    simulated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking is free, so that nothing is paid again before it; and a file of a young task is not given up at all."""
    whole = images_of(simulated)
    (simulated / min(whole)).unlink()
    let_time_pass(simulated, 600)
    monkeypatch.setattr(breaker, "LONE_S", 0.1)

    async def fetch(faults: str) -> qb.runs.RefetchReport:
        return await qb.refetch_images(simulated, connection=qb.Simulated(latency="0.01", faults=faults))

    for _ in range(2):
        report = asyncio.run(fetch("expired_url"))
        assert (report.fetched, len(report.gone), report.exit_status) == (0, 1, 1)
        assert sorted(statuses(simulated)) == ["completed"] * 3 + ["failed"]
    report = asyncio.run(fetch(""))
    assert (report.fetched, len(report.gone), report.exit_status) == (1, 0, 0)
    assert images_of(simulated) == whole
    assert [line.attempts for line in qb.open_run(simulated).lines()] == [1] * 4
    assert qb.open_run(simulated).verify().problems == ()


@pytest.mark.parametrize("command", ["refetch", "cancel"])
def test_a_folder_that_names_no_catalog_of_ours_is_read_with_the_newest_and_that_is_said(
    simulated: Path, command: str
) -> None:
    """A summary names the catalog: that of a first run that was killed is missing, and a newer program's is unknown."""
    newest, summary = qb.catalog.newest_catalog(), simulated / "summary.json"
    note = f"note: {simulated} is read with catalog {newest}, the newest: "
    assert "note: " not in call(command, simulated, "--simulate")[2]
    summary.write_text(json.dumps({**json.loads(summary.read_text()), "catalog": "2031-01"}))
    status, _, talk = call(command, simulated, "--simulate")
    assert (status, talk.splitlines()[0]) == (0, f"{note}catalog 2031-01 is not at hand")
    summary.unlink()
    status, out, talk = call(command, simulated, "--simulate", "--json")
    assert (status, talk.splitlines()[0]) == (0, f"{note}no summary.json names one")
    assert "warnings" not in json.loads(out)


def test_what_can_not_be_fetched_now_is_left_for_another_try(simulated: Path) -> None:
    (simulated / min(images_of(simulated))).unlink()

    async def way() -> qb.runs.RefetchReport:
        faults = qb.Simulated(latency="0.01", faults="poll.http500")
        return await qb.refetch_images(simulated, connection=faults)

    report = asyncio.run(way())
    assert (report.fetched, len(report.gone), len(report.left), report.exit_status) == (0, 0, 1, 1)
    assert call("refetch", simulated, "--simulate")[0] == 0


def test_what_was_never_made_is_no_business_of_a_refetch(spec: Path, tmp_path: Path) -> None:
    folder = tmp_path / "part"
    qb.run_batch_sync(spec, connection=qb.Simulated(latency="0.01"), out_dir=folder, options=qb.RunOptions(limit=1))
    next((folder / "images").rglob("*.png")).unlink()
    status, out, _ = call("refetch", folder, "--simulate", "--json")
    assert (status, json.loads(out)["fetched"]) == (0, 1)
    assert statuses(folder) == ["completed", "pending", "pending", "pending"]


# Reuse.


def reuse(spec: Path, folder: Path, *lenders: Path, **options: Any) -> qb.RunSummary:
    return qb.run_batch_sync(
        spec,
        connection=qb.Simulated(latency="0.01"),
        out_dir=folder,
        reuse=lenders,
        options=qb.RunOptions(**options),
    )


def test_what_another_folder_holds_costs_nothing_and_says_where_it_is_from(
    spec: Path, simulated: Path, tmp_path: Path
) -> None:
    summary = reuse(spec, tmp_path / "two", simulated)
    assert (summary.exit_status, summary.reused, summary.cost_nusd, summary.counts.completed) == (0, 4, 0, 4)
    assert summary.summary["reused"] == 4
    assert images_of(tmp_path / "two") == images_of(simulated)
    paid = {line.job_id: line.cost_usd for line in qb.open_run(simulated).lines()}
    for line in qb.open_run(tmp_path / "two").lines():
        assert line.reused_from is not None
        assert (line.reused_from.folder, line.reused_from.cost_usd) == ("../made", paid[line.job_id])
        assert (line.cost_usd, line.cost_from, line.attempts) == (0, None, 0)
    assert qb.open_run(tmp_path / "two").verify().is_sound
    assert qb.open_run(simulated).verify().is_sound


def test_only_what_is_missing_is_made(spec: Path, simulated: Path, tmp_path: Path) -> None:
    spec.write_text(SPEC + "repeat: 2\n", encoding="utf-8")
    summary = reuse(spec, tmp_path / "two", simulated)
    assert (summary.reused, summary.counts.completed) == (4, 8)
    requests = summary.summary["requests"]
    assert isinstance(requests, dict)
    assert requests["submit"] == 4


def test_a_folder_that_took_may_give_and_its_own_losses_are_its_own(
    spec: Path, simulated: Path, tmp_path: Path
) -> None:
    reuse(spec, tmp_path / "two", simulated)
    for path in images_of(simulated):
        (simulated / path).unlink()
    summary = reuse(spec, tmp_path / "three", simulated, tmp_path / "two")
    assert (summary.reused, summary.cost_nusd) == (4, 0)
    assert {line.reused_from.folder for line in qb.open_run(tmp_path / "three").lines() if line.reused_from} == {
        "../two"
    }


def test_a_file_that_is_not_whole_is_not_taken(spec: Path, simulated: Path, tmp_path: Path) -> None:
    path = min(images_of(simulated))
    data = bytearray((simulated / path).read_bytes())
    data[len(data) // 2] ^= 1
    (simulated / path).write_bytes(data)
    summary = reuse(spec, tmp_path / "two", simulated)
    assert (summary.reused, summary.counts.completed) == (3, 4)
    assert qb.open_run(tmp_path / "two").verify().is_sound
    (told,) = summary.warnings
    assert str(told).startswith(f"1 job of {simulated} can't be taken")
    assert told.next_steps == (Advice(NextStep.REFETCH, str(simulated)),)


def test_what_is_damaged_elsewhere_is_told_before_it_is_paid_again(spec: Path, simulated: Path, tmp_path: Path) -> None:
    for path in images_of(simulated):
        (simulated / path).unlink()
    asked: list[qb.CostEstimate] = []

    def refuse(estimate: qb.CostEstimate) -> bool:
        asked.append(estimate)
        return False

    connection = qb.Simulated(latency="0.01")
    with pytest.raises(qb.BudgetError):
        qb.run_batch_sync(spec, connection=connection, out_dir=tmp_path / "two", reuse=[simulated], confirm=refuse)
    (told,) = asked[0].warnings
    assert str(told).startswith(f"4 jobs of {simulated} can't be taken")


def test_random_jobs_are_never_taken(spec: Path, tmp_path: Path) -> None:
    spec.write_text(SPEC.replace(", seed: 1", "").replace("gpt-image-2, ", ""), encoding="utf-8")
    plan = qb.open_plan(spec)
    assert all(item.random for item in plan.items() if isinstance(item, qb.Job))
    reuse(spec, tmp_path / "one")
    assert reuse(spec, tmp_path / "two", tmp_path / "one").reused == 0


def test_only_what_the_run_is_asked_for_is_taken(spec: Path, simulated: Path, tmp_path: Path) -> None:
    summary = reuse(spec, tmp_path / "two", simulated, limit=2)
    assert summary.reused == 2
    assert statuses(tmp_path / "two") == ["completed", "completed", "pending", "pending"]


def test_a_second_run_takes_nothing_that_is_there(spec: Path, simulated: Path, tmp_path: Path) -> None:
    reuse(spec, tmp_path / "two", simulated)
    assert reuse(spec, tmp_path / "two", simulated).reused == 0


def test_a_folder_that_is_at_work_may_give_what_it_has(spec: Path, tmp_path: Path) -> None:
    async def way() -> tuple[qb.RunSummary, qb.RunSummary]:
        stored = asyncio.Event()

        def hear(event: qb.Event) -> None:
            if isinstance(event, qb.events.ImagesStored):
                stored.set()

        simulated = qb.Simulated(latency="0.3..1.5")
        first = asyncio.create_task(qb.run_batch(spec, connection=simulated, out_dir=tmp_path / "one", on_event=hear))
        await stored.wait()
        second = await qb.run_batch(spec, connection=simulated, out_dir=tmp_path / "two", reuse=[tmp_path / "one"])
        return await first, second

    first, second = asyncio.run(way())
    assert (first.exit_status, second.exit_status) == (0, 0)
    assert 1 <= second.reused <= 4
    assert qb.open_run(tmp_path / "one").verify().is_sound
    assert qb.open_run(tmp_path / "two").verify().is_sound


def test_images_of_another_backend_stand_for_none_of_ours(spec: Path, simulated: Path, tmp_path: Path) -> None:
    connection = qb.Connection(key=KEY, base_url="http://127.0.0.1:9/v1")
    with pytest.raises(qb.FolderError, match=r"made with the simulator, and this run is with 127\.0\.0\.1:9"):
        qb.run_batch_sync(spec, connection=connection, out_dir=tmp_path / "two", reuse=[simulated])
    assert not (tmp_path / "two").exists()


def test_a_folder_does_not_take_from_itself_nor_from_one_without_ledger(
    spec: Path, simulated: Path, tmp_path: Path
) -> None:
    with pytest.raises(qb.UsageError, match="the run folder itself"):
        reuse(spec, simulated, simulated)
    copy = tmp_path / "copy"
    shutil.copytree(simulated, copy, ignore=shutil.ignore_patterns(".qwave"))
    with pytest.raises(qb.FolderError, match="without its ledger"):
        reuse(spec, tmp_path / "two", copy)
    status, _, talk = call("run", spec, "--simulate", "-o", tmp_path / "two", "--reuse", tmp_path / "mad")
    assert status == 2
    assert "made" in talk


def test_a_file_of_ones_own_in_the_way_is_never_replaced(spec: Path, simulated: Path, tmp_path: Path) -> None:
    reuse(spec, tmp_path / "two", limit=1)
    first = next((tmp_path / "two" / "images").rglob("*.png"))
    mine = next(tmp_path / "two" / path for path in images_of(simulated) if (tmp_path / "two" / path) != first)
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_bytes(b"mine")
    assert reuse(spec, tmp_path / "two", simulated).reused == 3
    assert mine.read_bytes() == b"mine"


# Events.


def test_each_job_is_told_from_submit_to_image_in_order(spec: Path, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    status, _, _ = call("run", spec, "--simulate", "-o", tmp_path / "made", "--events", file)
    lines = [json.loads(line) for line in file.read_text(encoding="ascii").splitlines()]
    assert status == 0
    assert [line["event"] for line in (*lines[:2], lines[-1])] == ["run_started", "run_estimated", "run_ended"]
    told: dict[str, list[str]] = defaultdict(list)
    for line in lines[2:-1]:
        told[line["job_id"]].append(line["event"])
    assert list(told.values()) == [["submit_begun", "task_accepted", "task_ended", "images_stored"]] * 4
    assert sorted(line["time"] for line in lines) == [line["time"] for line in lines]
    assert KEY not in file.read_text(encoding="ascii")


def test_failures_and_refusals_are_told_with_their_error(spec: Path, tmp_path: Path) -> None:
    events: list[qb.Event] = []
    qb.run_batch_sync(
        spec,
        connection=qb.Simulated(latency="0.01", faults="upstream_bad_request"),
        out_dir=tmp_path / "made",
        on_event=events.append,
    )
    ended = [event for event in events if isinstance(event, qb.events.TaskEnded)]
    assert [event.status for event in ended] == ["failed"] * 4
    assert {event.error.code for event in ended if event.error} == {"upstream_bad_request"}
    last = events[-1]
    assert isinstance(last, qb.events.RunEnded)
    assert last.exit_status == 1


def test_a_stop_before_anything_is_sent_leaves_a_folder_that_tells_of_it(spec: Path, tmp_path: Path) -> None:
    stop, folder = qb.StopSignal(), tmp_path / "made"
    connection = qb.Simulated(latency="0.01")

    def hear(event: qb.Event) -> None:
        if isinstance(event, qb.events.RunStarted):
            stop.request()

    with pytest.raises(qb.RunStopped, match="before anything was sent"):
        asyncio.run(qb.run_batch(spec, connection=connection, out_dir=folder, stop=stop, on_event=hear))
    assert statuses(folder) == ["pending"] * 4
    assert json.loads((folder / "summary.json").read_text())["exit"] == 130
    assert qb.run_batch_sync(spec, connection=connection, out_dir=folder).exit_status == 0


def test_a_callback_that_raises_stops_nothing_that_is_paid(spec: Path, tmp_path: Path) -> None:
    calls: list[qb.Event] = []

    def hear(event: qb.Event) -> None:
        calls.append(event)
        if isinstance(event, qb.events.TaskAccepted):
            raise OSError("oh no")

    with pytest.raises(OSError, match="oh no"):
        qb.run_batch_sync(spec, connection=qb.Simulated(latency="0.01"), out_dir=tmp_path / "made", on_event=hear)
    assert statuses(tmp_path / "made") == ["completed"] * 4
    assert sum(isinstance(event, qb.events.TaskAccepted) for event in calls) == 1
    assert not isinstance(calls[-1], qb.events.RunEnded)


def test_a_progress_callback_that_raises_stops_nothing_that_is_paid(spec: Path, tmp_path: Path) -> None:
    shown: list[qb.Progress] = []
    events: list[qb.Event] = []

    def show(progress: qb.Progress) -> None:
        shown.append(progress)
        raise OSError("oh no")

    with pytest.raises(OSError, match="oh no"):
        qb.run_batch_sync(
            spec,
            connection=qb.Simulated(latency="0.01"),
            out_dir=tmp_path / "made",
            on_progress=show,
            on_event=events.append,
        )
    assert statuses(tmp_path / "made") == ["completed"] * 4
    assert len(shown) == 1
    assert isinstance(events[-1], qb.events.RunEnded), "the other callback is told to the end"


def test_a_full_disk_under_the_events_loses_no_image(spec: Path, tmp_path: Path) -> None:
    status, _, talk = call("run", spec, "--simulate", "-o", tmp_path / "made", "--events", "/dev/full")
    assert status == 0
    assert "note: events are no longer written to /dev/full: the disk is full" in talk
    assert statuses(tmp_path / "made") == ["completed"] * 4


def test_events_go_to_stdout_but_not_beside_a_summary(spec: Path, tmp_path: Path) -> None:
    status, out, _ = call("run", spec, "--simulate", "-o", tmp_path / "made", "--events", "-")
    assert status == 0
    assert [json.loads(line)["event"] for line in out.splitlines()][-1] == "run_ended"
    status, _, talk = call("run", spec, "--simulate", "-o", tmp_path / "made", "--events", "-", "--json")
    assert status == 2
    assert "stdout" in talk


def test_events_that_can_not_be_written_at_all_are_told_before_anything_is_sent(spec: Path, tmp_path: Path) -> None:
    status, _, talk = call("run", spec, "--simulate", "-o", tmp_path / "made", "--events", tmp_path / "no" / "e")
    assert status == 4
    assert "cannot write events" in talk
    assert not (tmp_path / "made").exists()


# Waits.


def test_a_quota_window_longer_than_max_wait_ends_with_3_and_its_end(spec: Path, tmp_path: Path) -> None:
    async def way() -> tuple[int, str, str]:
        async with api_at(0, tmp_path / "api", "0.01", faults="quota_window_exceeded=@1:120") as connection:
            argv = ("run", spec, "-o", tmp_path / "made", "--base-url", connection.base_url, "--max-wait", 60)
            return await asyncio.to_thread(call, *argv, QWAVE_API_KEY=KEY)

    status, _, talk = asyncio.run(way())
    assert status == 3, talk
    assert "is used up (" in talk
    assert "until" in talk
    assert "more than the 60 s" in talk


def test_a_short_quota_window_is_waited_for_and_told(spec: Path, tmp_path: Path) -> None:
    notes: list[str] = []

    def hear(event: qb.Event) -> None:
        if isinstance(event, qb.events.RunWaiting):
            notes.append(event.note)

    async def way() -> qb.RunSummary:
        async with api_at(0, tmp_path / "api", "0.01", faults="quota_window_exceeded=@1:4") as connection:
            return await qb.run_batch(spec, connection=connection, out_dir=tmp_path / "made", on_event=hear)

    assert asyncio.run(way()).exit_status == 0
    assert any("is used up until" in note for note in notes)


def test_an_api_out_of_reach_is_said_to_be_so(spec: Path, tmp_path: Path) -> None:
    notes: list[str] = []

    async def way() -> qb.RunSummary:
        return await qb.run_batch(
            spec,
            connection=qb.Connection(key=KEY, base_url="http://127.0.0.1:9/v1"),
            out_dir=tmp_path / "made",
            options=qb.RunOptions(max_offline_s=3),
            on_progress=lambda progress: notes.append(progress.note),
        )

    summary = asyncio.run(way())
    assert summary.exit_status == 1
    assert any(note.startswith("the API can't be reached") for note in notes)
    assert not any("rate limit" in note for note in notes)


# Money.


def test_refunds_are_told_when_a_run_ends_and_by_status(spec: Path, tmp_path: Path) -> None:
    async def way() -> tuple[tuple[int, str, str], float]:
        async with api_at(0, tmp_path / "api", "0.01", faults="upstream_unavailable#1") as connection:
            argv = ("run", spec, "-o", tmp_path / "made", "--base-url", connection.base_url, "--json")
            ended = await asyncio.to_thread(call, *argv, QWAVE_API_KEY=KEY)
            return ended, (await qb.ask_balance(connection, catalog="2026-05")).available_usd

    (status, out, talk), left = asyncio.run(way())
    assert status == 0, talk
    money = json.loads(out)["money"]
    assert money["refunds"] == 4
    assert money["tasks"] == 8
    assert money["paid_usd"] == pytest.approx(1_000 - left)
    told = money["pre_consumed_usd"] - money["refunded_usd"] + money["surcharged_usd"]
    assert told == pytest.approx(money["paid_usd"])
    assert "refund" in talk
    assert "refund" in call("status", tmp_path / "made")[1]
    assert json.loads(call("status", tmp_path / "made", "--json")[1])["money"] == money


def test_a_run_without_surprises_says_nothing_of_its_books(spec: Path, tmp_path: Path) -> None:
    _, _, talk = call("run", spec, "--simulate", "-o", tmp_path / "made")
    assert "paid" not in talk
    assert "catalog" not in talk


# The summary while a run is at work.


def test_a_second_run_tells_no_end_before_its_own(spec: Path, simulated: Path) -> None:
    told: list[object] = []

    def look(event: qb.Event) -> None:
        if isinstance(event, qb.events.RunStarted):
            status = qb.open_run(simulated).status()
            assert status.summary is not None
            told.extend([status.holder is not None, status.summary["exit"], status.summary["ended_at"]])

    before = qb.open_run(simulated).summary()
    qb.run_batch_sync(spec, connection=qb.Simulated(latency="0.01"), out_dir=simulated, on_event=look)
    after = qb.open_run(simulated).summary()
    assert told == [True, None, None]
    assert before is not None
    assert after is not None
    assert (before["exit"], after["exit"]) == (0, 0)


def test_a_first_run_that_was_killed_before_it_wrote_a_summary_did_not_come_to_its_end(simulated: Path) -> None:
    (simulated / "summary.json").unlink()
    assert "the newest run did not come to its end" in call("status", simulated)[1]


# Watching.


def test_a_live_run_can_be_glanced_at_and_leaves_no_trace_of_that(spec: Path, tmp_path: Path) -> None:
    folder = tmp_path / "made"

    async def way() -> list[qb.folders.Glance]:
        running = asyncio.create_task(qb.run_batch(spec, connection=qb.Simulated(latency="1..2"), out_dir=folder))
        seen: list[qb.folders.Glance] = []
        while not running.done():
            if (folder / ".qwave" / "ledger.sqlite").exists():
                seen.append(await asyncio.to_thread(qb.open_run(folder).glance))
            await asyncio.sleep(0.1)
        await running
        return seen

    seen = asyncio.run(way())
    live = [glance.live for glance in seen if glance.live is not None]
    assert any(told.progress.in_flight == 4 for told in live)
    assert all(glance.holder is not None for glance in seen[1:-2])
    assert qb.open_run(folder).glance().live is None
    assert not (folder / ".qwave" / "live.json").exists()


def test_watching_a_folder_where_nothing_runs_shows_it_once(simulated: Path) -> None:
    assert call("status", simulated, "--watch") == call("status", simulated)
    (line,) = call("status", simulated, "--watch", "--json")[1].splitlines()
    assert json.loads(line)["live"] is False


@pytest.fixture(autouse=True)
def _no_key_is_written(tmp_path: Path) -> Iterator[None]:
    """Hold every file that a test has left to the promise that no key is in it."""
    yield
    for file in tmp_path.rglob("*"):
        if file.is_file() and file.suffix in {".jsonl", ".json", ".sqlite", ".yaml"}:
            assert KEY.encode() not in file.read_bytes(), file
