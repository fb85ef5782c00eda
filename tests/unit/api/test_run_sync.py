"""A run from a cell of a notebook, where a loop is at work already, and what a cell prints of its value."""

import asyncio
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import qwave_batch as qb

SPEC = """\
version: 1
name: cell
catalog: "2026-05"
request: {model: z-image-turbo, aspect_ratio: "1:1"}
prompts: [A lantern, A kite]
"""
QUICK = qb.Simulated(latency="0.02")


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    file = tmp_path / "cell.yaml"
    file.write_text(SPEC, encoding="utf-8")
    return file


def test_a_cell_runs_it_twice_and_calls_back_from_another_thread(spec: Path, tmp_path: Path) -> None:
    threads = set[int]()

    async def cell() -> list[qb.RunSummary]:
        return [
            qb.run_batch_sync(
                spec,
                connection=QUICK,
                out_dir=tmp_path / "run",
                on_event=lambda _: threads.add(threading.get_ident()),
            )
            for _ in range(2)
        ]

    first, second = asyncio.run(cell())
    assert (first.exit_status, first.counts.completed) == (0, 2)
    assert (second.exit_status, second.cost_nusd) == (0, 0)
    assert threads.isdisjoint({threading.get_ident()})


def test_without_a_loop_it_runs_in_the_thread_that_asks(spec: Path, tmp_path: Path) -> None:
    threads = set[int]()
    qb.run_batch_sync(
        spec, connection=QUICK, out_dir=tmp_path / "run", on_event=lambda _: threads.add(threading.get_ident())
    )
    assert threads == {threading.get_ident()}


def test_two_cells_in_two_threads_do_not_meet(spec: Path, tmp_path: Path) -> None:
    async def cell(name: str) -> int:
        return qb.run_batch_sync(spec, connection=QUICK, out_dir=tmp_path / name).exit_status

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda name: asyncio.run(cell(name)), ("a", "b"))) == [0, 0]


def test_errors_come_out_as_they_are(spec: Path, tmp_path: Path) -> None:
    def fail(_: qb.Event) -> None:
        raise LookupError("mine")

    async def cell(source: Path, on_event: qb.events.OnEvent | None = None) -> None:
        qb.run_batch_sync(source, connection=QUICK, out_dir=tmp_path / "run", on_event=on_event)

    with pytest.raises(LookupError, match="mine"):
        asyncio.run(cell(spec, fail))
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("version: 2\n", encoding="utf-8")
    with pytest.raises(qb.SpecError):
        asyncio.run(cell(wrong))


def test_interrupting_the_kernel_ends_the_run_in_order(spec: Path, tmp_path: Path) -> None:
    events: list[qb.Event] = []

    def interrupt(event: qb.Event) -> None:
        events.append(event)
        if isinstance(event, qb.events.TaskAccepted):
            os.kill(os.getpid(), signal.SIGINT)

    async def cell() -> None:
        qb.run_batch_sync(spec, connection=QUICK, out_dir=tmp_path / "run", on_event=interrupt)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(cell())
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert isinstance(events[-1], qb.events.RunEnded)
    assert events[-1].exit_status in {0, 130}
    assert qb.open_run(tmp_path / "run").status().holder is None


def test_values_print_in_a_line(checkout: Path, spec: Path, tmp_path: Path) -> None:
    """The value of a cell is printed, whatever it holds."""
    large = checkout / "specs" / "all-vendors.yaml"
    plan = qb.open_plan(large)
    qb.write_plan(plan, tmp_path / "plan.jsonl")
    summary = qb.run_batch_sync(spec, connection=QUICK, out_dir=tmp_path / "run")
    folder = qb.open_run(summary.folder)
    catalog = qb.open_catalog("2026-05")
    assert isinstance(plan, qb.Plan)
    values = (
        plan, qb.plans.read_plan(tmp_path / "plan.jsonl"), plan.spec, plan.figures, summary, summary.books, folder,
        folder.status(), folder.glance(), folder.verify(), folder.find_prunable(), catalog,
        catalog.model("z-image-turbo"),
        qb.compare_plan(plan, str(tmp_path / "plan.jsonl"), source=large), qb.plans.support_matrix(large),
        asyncio.run(qb.cancel_tasks(summary.folder, connection=QUICK)),
        asyncio.run(qb.refetch_images(summary.folder, connection=QUICK)),
    )  # fmt: skip
    for value in values:
        assert len(repr(value).splitlines()) == 1
        assert len(repr(value)) < 300 + 2 * len(str(tmp_path)), repr(value)
    assert "2 of 2 jobs done" in repr(summary)
    assert "USD" in repr(plan)
