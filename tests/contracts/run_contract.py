"""The facts of a run, wherever the work on its images is done, for the tests of each executor to inherit.

A test class has a fixture ``place``, and all facts of ``RunContract`` are then facts of that place.
"""

import asyncio
import json
import os
import resource
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Behaviour, parse_faults, parse_latency, serve
from tests.contracts.troubled_api import BROKEN, COME, GONE, HEIC, TROUBLES, TroubledSimulator
from tests.integration.doomed import hurry
from tests.integration.settled import Contents, contents_of, lost, paid_twice
from tests.integration.test_cli_terminal import Terminal

SPEC = """\
version: 1
name: made
catalog: "2026-05"
request: {model: z-image-turbo, aspect_ratio: "1:1"}
prompts: PROMPTS
matrix: {seed: {start: 1, count: COUNT}}
limits: {concurrency: 4}
"""
JOBS = 12
LITTLE = 2_000
"""Bytes that are less than an image's."""


@dataclass(frozen=True, slots=True)
class Place:
    """An executor: the place of the work on images."""

    executor: qb.RayExecutor | None
    options: tuple[str, ...]
    """The same choice on a command line."""
    writers: Callable[[int], Sequence[int]]
    """The ids of the processes that write images, by that of the command."""


HERE = Place(None, (), lambda pid: [pid])


@dataclass(frozen=True, slots=True)
class Stage:
    """A spec, its folder and the API."""

    home: Path
    simulator: TroubledSimulator
    base_url: str

    @property
    def folder(self) -> Path:
        return self.home / "run"

    async def run(self, place: Place, *, only: str | None = None) -> qb.RunSummary:
        """Run to the end."""
        connection, options = qb.Connection(key="k", base_url=self.base_url), qb.RunOptions(only=only)
        return await qb.run_batch(
            self.home / "spec.yaml",
            connection=connection,
            out_dir=self.folder,
            options=options,
            executor=place.executor,
        )

    def command(self, place: Place, checkout: Path, *, key: str = "k") -> Terminal:
        """Start the command on a terminal, in a process group of its own."""
        argv = ("run", "spec.yaml", "-o", self.folder, "--base-url", self.base_url, "--yes", *place.options)
        return Terminal(checkout, self.home, *argv, more={"QWAVE_API_KEY": key})

    def served(self, prompt: str) -> int:
        """Return how often the files of a prompt were asked for."""
        return self.simulator.served[prompt]

    def books(self) -> tuple[int, int]:
        """Return how much was paid twice and how many images were lost."""
        return paid_twice(self.simulator), lost(self.simulator, contents_of(self.folder))


@asynccontextmanager
async def staged(
    home: Path, prompts: Sequence[str] = ("a lantern",), *, count: int = JOBS, latency: str = "0.02", faults: str = ""
) -> AsyncIterator[Stage]:
    """Serve an API for a spec of so many jobs for each prompt."""
    home.mkdir(exist_ok=True)  # noqa: ASYNC240 - a test's own
    text = SPEC.replace("PROMPTS", json.dumps(list(prompts))).replace("COUNT", str(count))
    (home / "spec.yaml").write_text(text, encoding="utf-8")
    behaviour = Behaviour(latency=parse_latency(latency), faults=parse_faults(faults))
    with TroubledSimulator(catalog=open_catalog("2026-05"), behaviour=behaviour) as simulator:
        async with serve(simulator) as base_url:
            yield Stage(home, simulator, base_url)


def interrupt(terminal: Terminal) -> None:
    """Press Ctrl-C: a terminal tells every process of the group."""
    os.killpg(terminal.process.pid, signal.SIGINT)


class RunContract:
    """The facts."""

    def test_a_run_makes_every_image_once_and_another_does_nothing(self, place: Place, tmp_path: Path) -> None:
        async def story() -> Contents:
            async with staged(tmp_path) as stage:
                made = await stage.run(place)
                assert (made.exit_status, made.counts.completed, made.counts.images) == (0, JOBS, JOBS)
                assert stage.books() == (0, 0)
                again = await stage.run(place)
                assert (again.exit_status, again.cost_nusd, len(stage.simulator.tasks())) == (0, 0, JOBS)
            return contents_of(tmp_path / "run")

        contents = asyncio.run(story())
        assert contents.statuses() == {"completed": JOBS}
        assert qb.open_run(tmp_path / "run").verify().is_sound
        assert not list((tmp_path / "run" / ".qwave" / "partial").iterdir())

    def test_images_in_trouble_come_fail_or_wait_as_they_do_anywhere(
        self, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hurry(monkeypatch.setattr)

        async def story(where: Place, home: Path) -> tuple[qb.RunSummary, Contents]:
            async with staged(home, TROUBLES, count=1) as stage:
                return await stage.run(where), contents_of(stage.folder)

        made, contents = asyncio.run(story(place, tmp_path / "there"))
        assert (made.exit_status, made.counts.completed) == (1, len(COME))
        ends = {line["prompt"]: (line["error"] or {}).get("code") for line in contents.lines}
        assert ends == {**dict.fromkeys(COME), BROKEN: "bad_image", HEIC: "other_format", GONE: "download_failed"}
        evidence = tmp_path / "there" / "run" / ".qwave" / "evidence"
        assert sorted(path.suffix for path in evidence.rglob("*.*")) == [".heic", ".jpg"]
        if place is not HERE:
            assert contents == asyncio.run(story(HERE, tmp_path / "here"))[1]

    def test_ctrl_c_settles_what_is_in_flight(self, place: Place, checkout: Path, tmp_path: Path) -> None:
        async def story() -> None:
            async with staged(tmp_path, count=4 * JOBS, latency="0.3") as stage:
                with stage.command(place, checkout) as terminal:
                    await asyncio.to_thread(terminal.read_until, r"[1-9]/48 done", timeout_s=40)
                    interrupt(terminal)
                    shown = await asyncio.to_thread(terminal.read_to_the_end)
                assert terminal.process.returncode == 130, shown
                assert "Traceback" not in shown
                statuses = contents_of(stage.folder).statuses()
                assert statuses["completed"] == len(stage.simulator.tasks())
                assert 0 < statuses["completed"] < 4 * JOBS
                assert stage.books() == (0, 0)

        asyncio.run(story())

    def test_a_second_ctrl_c_ends_it_at_once_and_the_next_run_loses_nothing(
        self, place: Place, checkout: Path, tmp_path: Path
    ) -> None:
        async def story() -> None:
            async with staged(tmp_path, latency="1") as stage:
                with stage.command(place, checkout) as terminal:
                    await asyncio.to_thread(terminal.read_until, r"[1-9] in flight", timeout_s=40)
                    interrupt(terminal)
                    await asyncio.to_thread(terminal.read_until, "Ctrl-C again")
                    interrupt(terminal)
                    shown = await asyncio.to_thread(terminal.read_to_the_end)
                assert terminal.process.returncode == 130, shown
                assert "Traceback" not in shown
                assert (await stage.run(HERE)).counts.completed == JOBS
                assert stage.books() == (0, 0)

        asyncio.run(story())

    def test_a_disk_that_is_full_where_images_are_written_ends_the_run_and_no_task_is_made_again(
        self, place: Place, checkout: Path, tmp_path: Path
    ) -> None:
        async def story() -> None:
            async with staged(tmp_path, latency="1") as stage:
                with stage.command(place, checkout) as terminal:
                    await asyncio.to_thread(terminal.read_until, r"[1-9] in flight", timeout_s=40)
                    for writer in place.writers(terminal.process.pid):
                        resource.prlimit(writer, resource.RLIMIT_FSIZE, (LITTLE, LITTLE))
                    shown = await asyncio.to_thread(terminal.read_to_the_end)
                assert terminal.process.returncode == 4, shown
                assert "Traceback" not in shown
                assert (await stage.run(HERE)).counts.completed == JOBS
                assert stage.books() == (0, 0)

        asyncio.run(story())

    @pytest.mark.parametrize("goes_back", [False, True])
    def test_another_executor_goes_on_where_one_was_killed(
        self, place: Place, checkout: Path, tmp_path: Path, *, goes_back: bool
    ) -> None:
        first, second = (HERE, place) if goes_back else (place, HERE)

        async def story() -> None:
            async with staged(tmp_path, latency="0.3") as stage:
                with stage.command(first, checkout) as terminal:
                    await asyncio.to_thread(terminal.read_until, r"[1-9]\d?/12 done", timeout_s=40)
                    terminal.process.kill()
                    await asyncio.to_thread(terminal.process.wait)
                made = await stage.run(second)
                assert (made.exit_status, made.counts.completed) == (0, JOBS)
                assert len(stage.simulator.tasks()) == JOBS
                assert stage.books() == (0, 0)
            assert qb.open_run(stage.folder).verify().is_sound

        asyncio.run(story())
