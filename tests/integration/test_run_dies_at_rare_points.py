"""Real processes that die at the changes of the ledger that need a person, a refusal, or a day between two runs."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.ledger.database import open_to_write
from qwave_batch.simulator import Behaviour, Simulator, parse_latency, serve
from tests.integration.doomed import Doom, Moment, Plight, run
from tests.integration.settled import contents_of, lost, paid_twice

SPEC = """
version: 1
name: rare
catalog: "2026-05"
request: {model: z-image-turbo, aspect_ratio: "1:1"}
prompts: [PROMPTS]
matrix: {seed: [1, 2]}
completion: poll
timeout: 1
"""
JOBS = 4
WEEK_S = 7 * 86_400
KILLED = -signal.SIGKILL


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A spec, an API that keeps its tasks from one serving to the next, and a folder."""

    home: Path
    folder: Path
    simulator: Simulator
    base_url: str

    @property
    def log(self) -> Path:
        return self.home / "log"

    async def call(self, *argv: str, doom: Doom | None = None) -> int:
        return await run(argv, base_url=self.base_url, log=self.log, plight=Plight(doom=doom))

    async def run(self, *more: str, doom: Doom | None = None) -> int:
        return await self.call("run", str(self.home / "spec.yaml"), "-o", str(self.folder), "--yes", *more, doom=doom)

    def write_spec(self, prompts: str = "a lantern, a kite") -> None:
        (self.home / "spec.yaml").write_text(SPEC.replace("PROMPTS", prompts), encoding="utf-8")

    def change_ledger(self, change: str) -> None:
        ledger = open_to_write(self.folder / ".qwave" / "ledger.sqlite")
        ledger.execute(change)
        ledger.close()

    def check_whole(self, jobs: int = JOBS) -> None:
        contents = contents_of(self.folder)
        assert contents.statuses() == {"completed": jobs}, self.log.read_text(encoding="utf-8")
        assert len(contents.images) == jobs
        assert (paid_twice(self.simulator), lost(self.simulator, contents)) == (0, 0)


@asynccontextmanager
async def scene_at(home: Path, *, latency: str = "0.05", port: int = 0) -> AsyncIterator[Scene]:
    behaviour = Behaviour(latency=parse_latency(latency))
    with Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour, state_path=home / "api.sqlite") as simulator:
        async with serve(simulator, port=port) as base_url:
            scene = Scene(home=home, folder=home / "run", simulator=simulator, base_url=base_url)
            scene.write_spec()
            yield scene


async def refused(home: Path, moment: Moment) -> None:
    """The model is away, and later it is there again: a refusal costs nothing, and is tried again on request.

    One that did not come on record is unknown: its resend is refused too, but the first sending may have been taken.
    """
    async with scene_at(home) as scene:
        catalog = scene.simulator.catalog
        scene.simulator.catalog = replace(catalog, models={})
        assert await scene.run(doom=Doom(at="refuse", moment=moment)) == KILLED
        assert await scene.run() == 1
        scene.simulator.catalog = catalog
        unknown = contents_of(scene.folder).statuses()["unknown"]
        assert (unknown > 0) == (moment is Moment.INSIDE)
        assert await scene.run("--retry-failed", "--resubmit-unknown") == 0
        scene.check_whole()


async def doubted(home: Path, moment: Moment) -> None:
    """A key that is a week old is not sent again by itself, and a person's word finds its task."""
    async with scene_at(home) as scene:
        assert await scene.run(doom=Doom(at="accept", moment=Moment.INSIDE)) == KILLED
        made = len(scene.simulator.tasks())
        scene.change_ledger(f"UPDATE attempts SET first_sent_at = first_sent_at - {WEEK_S} WHERE state = 'intended'")
        assert await scene.run(doom=Doom(at="doubt", moment=moment)) == KILLED
        assert await scene.run() == 1
        assert contents_of(scene.folder).statuses()["unknown"] >= 1
        assert len(scene.simulator.tasks()) == JOBS >= made
        assert await scene.run("--resubmit-unknown") == 0
        scene.check_whole()


async def withdrawn(home: Path, moment: Moment) -> None:
    """A task that the API cancelled is handled again, whether or not the first ``cancel`` recorded it."""
    async with scene_at(home, latency="600") as scene:
        assert await scene.run(doom=Doom(at="accept", count=3, moment=Moment.AFTER)) == KILLED
        assert await scene.call("cancel", str(scene.folder), doom=Doom(at="cancelled", moment=moment)) == KILLED
        assert await scene.call("cancel", str(scene.folder)) in {0, 1}  # 1: a submit without an answer has no task yet
        port = int(scene.base_url.rsplit(":", 1)[1].split("/")[0])
    async with scene_at(home, port=port) as scene:
        in_vain = 0
        while await scene.run() != 0:  # a submit that was cut short finds a task that takes its 600 s
            in_vain += 1
            assert await scene.call("cancel", str(scene.folder)) == 0
            assert in_vain < 4, scene.log.read_text(encoding="utf-8")
        scene.check_whole()


async def given_up(home: Path, moment: Moment) -> None:
    """A task that takes longer than a run waits is asked again by the next one."""
    async with scene_at(home, latency="2.5") as scene:
        assert await scene.run(doom=Doom(at="remark", moment=moment)) == KILLED
        ends = [await scene.run()]
        while ends[-1] != 0 and len(ends) < 5:
            ends.append(await scene.run())
        assert ends[-1] == 0, scene.log.read_text(encoding="utf-8")
        scene.check_whole()
        assert len(scene.simulator.tasks()) == JOBS


async def touched(home: Path, moment: Moment) -> None:
    """A folder that was copied without its dates is whole, and nothing is fetched."""
    async with scene_at(home) as scene:
        assert await scene.run() == 0
        answers = scene.simulator.seen.answers.total()
        for image in (scene.folder / "images").rglob("*.*"):
            os.utime(image)
        assert await scene.run(doom=Doom(at="touch", moment=moment)) == KILLED
        assert await scene.run() == 0
        assert scene.simulator.seen.answers.total() == answers
        scene.check_whole()


async def taken(home: Path, moment: Moment) -> None:
    """Images of another folder are reused once and cost nothing."""
    async with scene_at(home) as scene:
        assert await scene.run() == 0
        other = replace(scene, folder=home / "other")
        assert await other.run("--reuse", str(scene.folder), doom=Doom(at="take", moment=moment)) == KILLED
        assert await other.run("--reuse", str(scene.folder)) == 0
        other.check_whole()
        assert len(scene.simulator.tasks()) == JOBS


async def forgotten(home: Path, moment: Moment) -> None:
    """Jobs that left the spec go with their files; all others stay."""
    async with scene_at(home) as scene:
        assert await scene.run() == 0
        scene.write_spec("a kite")
        assert await scene.run() == 0
        assert await scene.call("prune", str(scene.folder), "--yes", doom=Doom(at="forget", moment=moment)) == KILLED
        assert await scene.call("prune", str(scene.folder), "--yes") == 0
        assert await scene.call("verify", str(scene.folder)) == 0
        contents = contents_of(scene.folder)
        assert (contents.statuses(), len(contents.images)) == ({"completed": 2}, 2)


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("story", [refused, doubted, withdrawn, given_up, touched, taken, forgotten])
def test_death_at_a_rare_point_pays_nothing_twice_and_loses_nothing(
    story: Callable[[Path, Moment], Awaitable[None]], moment: Moment, tmp_path: Path
) -> None:
    asyncio.run(_told(story(tmp_path, moment)))


async def _told(story: Awaitable[None]) -> None:
    await asyncio.wait_for(story, 60)
