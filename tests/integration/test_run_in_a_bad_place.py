"""Real processes on a bad disk, on a clock that jumps, stopped, or on a folder that is not quite theirs."""

import asyncio
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.ledger.database import open_to_write
from qwave_batch.simulator import Behaviour, Simulator, parse_latency, serve
from tests.forked_programs import ForkedProgram
from tests.integration.doomed import Doom, Moment, Plight, run
from tests.integration.settled import contents_of, lost, paid_twice

SPEC = """
version: 1
name: misplaced
catalog: "2026-05"
request: {model: z-image-turbo, aspect_ratio: "1:1"}
prompts: ["a lantern", "a kite"]
matrix: {seed: [1, 2, 3]}
completion: poll
"""
JOBS = 6
_ON_A_TERMINAL = (
    "import fcntl, runpy, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "runpy.run_module('qwave_batch', run_name='__main__', alter_sys=True)"
)
"""The program with the terminal on its standard input as its own, so that it is told when that is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A spec, an API with its books, and a folder."""

    home: Path
    folder: Path
    simulator: Simulator
    base_url: str

    @property
    def log(self) -> Path:
        return self.home / "log"

    def argv(self, *more: str, folder: Path | None = None) -> tuple[str, ...]:
        return ("run", str(self.home / "spec.yaml"), "-o", str(folder or self.folder), "--yes", *more)

    async def run(self, *more: str, folder: Path | None = None, plight: Plight | None = None) -> int:
        return await run(self.argv(*more, folder=folder), base_url=self.base_url, log=self.log, plight=plight)

    async def call(self, *argv: str) -> int:
        return await run(argv, base_url=self.base_url, log=self.log)

    def said(self) -> str:
        return " ".join(self.log.read_text(encoding="utf-8").split())

    def check_whole(self, folder: Path | None = None) -> None:
        contents = contents_of(folder or self.folder)
        assert contents.statuses() == {"completed": JOBS}, self.said()
        assert (paid_twice(self.simulator), lost(self.simulator, contents)) == (0, 0)
        assert len(contents.images) == JOBS


def play(
    act: Callable[[Scene], Awaitable[None]], home: Path, *, latency: str = "0.1", folder: Path | None = None
) -> None:
    (home / "spec.yaml").write_text(SPEC, encoding="utf-8")

    async def stage() -> None:
        behaviour = Behaviour(latency=parse_latency(latency))
        with Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour) as simulator:
            async with serve(simulator) as base_url:
                await act(Scene(home=home, folder=folder or home / "run", simulator=simulator, base_url=base_url))

    asyncio.run(stage())


def mount(at: Path, options: str) -> bool:
    return subprocess.run(("mount", *options.split(), str(at)), capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("left", [30_000, 100_000, 180_000])
def test_a_full_disk_ends_the_run_with_4_and_the_next_one_completes_it(tmp_path: Path, left: int) -> None:
    """A file system of its own, so small that the ledger fits and the images do not."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if not mount(disk, "-t tmpfs -o size=640k tmpfs"):
        pytest.skip("file systems can not be mounted here")

    async def act(scene: Scene) -> None:
        ballast = disk / "ballast"
        ballast.write_bytes(b"x" * (640 * 1024 - left))
        status = await scene.run()
        assert status == 4, scene.said()
        assert re.search("No space left|disk is full|disk I/O error", scene.said())
        assert "Traceback" not in scene.said()
        ballast.unlink()
        assert await scene.run() == 0, scene.said()
        scene.check_whole()

    try:
        play(act, tmp_path, folder=disk / "run")
    finally:
        subprocess.run(("umount", str(disk)), check=True)


@pytest.mark.parametrize("limit", [4_000, 40_000, 70_000])
def test_files_that_can_not_grow_cost_nothing_twice(tmp_path: Path, limit: int) -> None:
    async def act(scene: Scene) -> None:
        assert await scene.run(plight=Plight(file_limit=limit)) in {1, 4}, scene.said()
        assert "Traceback" not in scene.said()
        assert await scene.run() == 0, scene.said()
        scene.check_whole()

    play(act, tmp_path)


def test_a_read_only_folder_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if not mount(disk, "-t tmpfs -o size=8m tmpfs"):
        pytest.skip("file systems can not be mounted here")

    async def act(scene: Scene) -> None:
        doom = Doom(at="complete", moment=Moment.AFTER)
        assert await scene.run(plight=Plight(doom=doom)) == -signal.SIGKILL
        assert mount(disk, "-o remount,ro")
        before = scene.simulator.seen.answers.total()
        assert await scene.run() == 4, scene.said()
        assert "read-only" in scene.said()
        assert scene.simulator.seen.answers.total() == before
        assert mount(disk, "-o remount,rw")
        assert await scene.run() == 0
        scene.check_whole()

    try:
        play(act, tmp_path, folder=disk / "run")
    finally:
        subprocess.run(("umount", str(disk)), check=True)


def test_a_clock_that_jumps_by_days_costs_nothing_twice(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        doom = Doom(at="accept", count=2)
        assert await scene.run(plight=Plight(clock_jumps=True, doom=doom)) == -signal.SIGKILL
        # by such a clock a key may be out of date; then its job is unknown, and waits for a person's word
        assert await scene.run(plight=Plight(clock_jumps=True)) in {0, 1}, scene.said()
        assert await scene.run("--resubmit-unknown") == 0, scene.said()
        scene.check_whole()

    play(act, tmp_path)


def test_of_two_processes_on_one_folder_one_works_and_one_says_who(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        assert sorted(await asyncio.gather(scene.run(), scene.run())) == [0, 4], scene.said()
        assert "is in use by process" in scene.said()
        scene.check_whole()

    play(act, tmp_path, latency="1")


def test_a_folder_copied_from_another_machine_submits_nothing_until_it_is_adopted(tmp_path: Path) -> None:
    """The original goes on with its own tasks, so that the copy must not."""

    async def act(scene: Scene) -> None:
        assert await scene.run(plight=Plight(doom=Doom(at="accept", count=3))) == -signal.SIGKILL
        copied = tmp_path / "copied"
        shutil.copytree(scene.folder, copied)
        ledger = open_to_write(copied / ".qwave" / "ledger.sqlite")
        ledger.execute("UPDATE identity SET host = 'elsewhere'")
        ledger.close()
        made = len(scene.simulator.tasks())
        assert await scene.run(folder=copied) != 0
        assert "--adopt" in scene.said()
        assert len(scene.simulator.tasks()) == made
        assert await scene.run("--adopt", folder=copied) == 0, scene.said()
        scene.check_whole(copied)
        assert await scene.run() == 0  # the same keys: the original finds the tasks that the copy made
        scene.check_whole()

    play(act, tmp_path)


def test_a_torn_last_line_of_the_manifest_is_made_whole(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        assert await scene.run() == 0
        manifest = scene.folder / "manifest.jsonl"
        os.truncate(manifest, manifest.stat().st_size - 100)
        assert await scene.run() == 0, scene.said()
        scene.check_whole()

    play(act, tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_a_run_in_order_and_the_next_one_completes_it(tmp_path: Path, number: signal.Signals) -> None:
    """SIGHUP is what a closed terminal sends."""

    async def act(scene: Scene) -> None:
        process = ForkedProgram(
            scene.argv("--concurrency", "2"),
            env={**os.environ, "QWAVE_API_KEY": "k", "QWAVE_BASE_URL": scene.base_url},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not scene.simulator.tasks():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        process.send_signal(number)
        _, said = await asyncio.to_thread(process.communicate)
        assert process.returncode == 130, said
        assert len(scene.simulator.tasks()) < JOBS
        assert contents_of(scene.folder).statuses().total() == JOBS
        assert await scene.run() == 0
        scene.check_whole()

    play(act, tmp_path, latency="0.3")


def test_signals_that_a_script_has_its_background_jobs_ignore_do_not_stop_a_run(tmp_path: Path, checkout: Path) -> None:
    async def act(scene: Scene) -> None:
        process = await asyncio.create_subprocess_exec(
            *("sh", "-c", 'trap "" INT HUP; exec "$@"', "sh"),
            *(sys.executable, "-m", "qwave_batch", *scene.argv("--concurrency", "8")),
            env={**os.environ, "PYTHONPATH": str(checkout), "QWAVE_API_KEY": "k", "QWAVE_BASE_URL": scene.base_url},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        while not scene.simulator.tasks():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGINT):
            process.send_signal(number)
        _, said = await process.communicate()
        assert process.returncode == 0, said.decode()
        scene.check_whole()

    play(act, tmp_path, latency="0.1")


def test_a_closed_terminal_ends_a_run_in_order_and_the_next_one_completes_it(tmp_path: Path, checkout: Path) -> None:
    """A real one: its master is closed, so that the kernel sends SIGHUP and every further word fails."""

    async def act(scene: Scene) -> None:
        master, terminal = pty.openpty()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _ON_A_TERMINAL, *scene.argv("--concurrency", "2")),
            env={**os.environ, "PYTHONPATH": str(checkout), "QWAVE_API_KEY": "k", "QWAVE_BASE_URL": scene.base_url},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )
        os.close(terminal)
        while not scene.simulator.tasks():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        os.close(master)
        assert await asyncio.wait_for(process.wait(), 20) == 130
        assert len(scene.simulator.tasks()) < JOBS
        assert contents_of(scene.folder).statuses().total() == JOBS
        assert await scene.run() == 0
        scene.check_whole()

    play(act, tmp_path, latency="0.3")


def test_a_machine_that_slept_until_the_addresses_had_expired_asks_for_fresh_ones(tmp_path: Path) -> None:
    """Results that are ready at the API are fetched from their tasks; nothing is created again."""

    async def act(scene: Scene) -> None:
        assert await scene.run(plight=Plight(doom=Doom(at="image"))) == -signal.SIGKILL
        ledger = open_to_write(scene.folder / ".qwave" / "ledger.sqlite")
        found = ledger.execute("SELECT count(*) FROM attempts WHERE state = 'completed'").fetchone()
        ledger.execute("UPDATE attempts SET results = replace(results, '/files/', '/gone/')")
        ledger.close()
        assert found[0] >= 1
        made = len(scene.simulator.tasks())
        with_images = {task.task_id for task in scene.simulator.tasks()}
        assert await scene.run() == 0, scene.said()
        scene.check_whole()
        assert with_images <= {task.task_id for task in scene.simulator.tasks()}
        assert len(scene.simulator.tasks()) == JOBS >= made

    play(act, tmp_path)
