"""One run at a time works on a folder in a store, whichever machine it is on; real processes over an S3 server."""

import asyncio
import json
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Behaviour, Simulator, parse_latency, serve
from tests.forked_programs import ForkedProgram
from tests.integration.doomed import Doom, Moment, Plight, run
from tests.integration.settled import paid_twice
from tests.integration.stores.conftest import Bucket
from tests.integration.stores.faulty_proxy import (
    SLOW_DOWN,
    FaultyProxy,
    Refusal,
    ResetAfter,
    ResetBefore,
    StoreFault,
    serve_proxy,
)

SPEC = """
version: 1
name: shared
catalog: "2026-05"
request: {model: z-image-turbo, aspect_ratio: "1:1"}
prompts: ["a lantern", "a kite"]
matrix: {seed: [1, 2, 3]}
completion: poll
"""
JOBS = 6
LOCK, MANIFEST = "one/.qwave/lock.json", "one/manifest.jsonl"
KILLED = Doom(at="accept", count=2, moment=Moment.AFTER)


@dataclass
class Scene:
    """A spec, an API with its books, and a store."""

    home: Path
    bucket: Bucket
    simulator: Simulator
    base_url: str
    endpoint: str | None = None
    lock_s: float = 3.0
    logs: list[Path] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.bucket.url}/one"

    async def run(self, folder: str, *more: str, doom: Doom | None = None, endpoint: str | None = None) -> int:
        argv = ("run", str(self.home / "spec.yaml"), "-o", str(self.home / folder), "--store", self.url, "--yes", *more)
        return await self.call(*argv, doom=doom, endpoint=endpoint)

    async def call(self, *argv: str, doom: Doom | None = None, endpoint: str | None = None) -> int:
        self.logs.append(self.home / f"log-{len(self.logs)}")
        environ = self.bucket.environment(endpoint or self.endpoint)
        return await run(
            argv,
            base_url=self.base_url,
            log=self.logs[-1],
            plight=Plight(doom=doom, environ=tuple(environ.items()), lock_ttl_s=self.lock_s),
        )

    def said(self) -> str:
        """Return what the newest run said."""
        return " ".join(self.logs[-1].read_text(encoding="utf-8").split())

    def is_locked(self) -> bool:
        return LOCK in self.written()

    def manifest(self) -> bytes | None:
        return self.bucket.content(MANIFEST) if MANIFEST in self.written() else None

    def lock(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.bucket.content(LOCK))
        return found

    def written(self) -> list[str]:
        return self.bucket.below()

    def snapshots(self) -> list[str]:
        return [key.rpartition("/")[2] for key in self.written() if "/.qwave/ledger/" in key]

    def check_whole(self) -> None:
        found = qb.open_run(self.url)
        report = found.verify()
        assert report.is_sound, report.problems
        assert [line.status for line in found.lines()] == ["completed"] * JOBS
        assert paid_twice(self.simulator) == 0


def play(act: Callable[[Scene], Awaitable[None]], home: Path, bucket: Bucket, *, latency: str = "0.05") -> None:
    (home / "spec.yaml").write_text(SPEC, encoding="utf-8")

    async def stage() -> None:
        behaviour = Behaviour(latency=parse_latency(latency))
        with Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour) as simulator:
            async with serve(simulator) as base_url:
                await act(Scene(home=home, bucket=bucket, simulator=simulator, base_url=base_url))

    asyncio.run(stage())


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(400):
        if is_so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError


def test_a_second_run_beside_a_live_one_is_told_who_holds_the_folder(tmp_path: Path, bucket: Bucket) -> None:
    async def act(scene: Scene) -> None:
        first = asyncio.create_task(scene.run("here"))
        await until(scene.is_locked)
        tasks = len(scene.simulator.tasks())
        assert await scene.run("there") == 4
        assert "is in use by process" in scene.said()
        assert str(tmp_path / "here") in scene.said()
        assert not (tmp_path / "there" / ".qwave" / "ledger.sqlite").exists()
        assert tasks <= len(scene.simulator.tasks()) <= JOBS
        assert await first == 0
        scene.check_whole()

    play(act, tmp_path, bucket, latency="2")


def test_what_a_dead_run_left_is_taken_over_once_its_lock_has_run_out_and_needs_no_word(
    tmp_path: Path, bucket: Bucket
) -> None:
    async def act(scene: Scene) -> None:
        assert await scene.run("here", doom=KILLED) == -signal.SIGKILL
        dead = scene.lock()
        assert (dead["is_released"], dead["is_whole"]) == (False, False)
        assert await scene.run("there") == 0, scene.said()
        assert "is locked by process" in scene.said()
        assert "may be paid are sent again with the same key" in scene.said()
        alive = scene.lock()
        assert (alive["generation"], alive["is_released"], alive["is_whole"]) == (2, True, True)
        assert alive["snapshot"] == f".qwave/ledger/{scene.snapshots()[-1]}"
        assert len(scene.snapshots()) == 2
        scene.check_whole()

    play(act, tmp_path, bucket)


def test_the_folder_of_a_dead_run_goes_on_at_once(tmp_path: Path, bucket: Bucket) -> None:
    async def act(scene: Scene) -> None:
        scene.lock_s = 300.0
        assert await scene.run("here", doom=KILLED) == -signal.SIGKILL
        assert await scene.run("here") == 0, scene.said()
        assert "is locked by" not in scene.said()
        scene.check_whole()

    play(act, tmp_path, bucket)


def test_after_a_clean_end_another_folder_is_a_moved_one_and_has_nothing_in_doubt(
    tmp_path: Path, bucket: Bucket
) -> None:
    async def act(scene: Scene) -> None:
        assert await scene.run("here", "--limit", "2") == 0, scene.said()
        assert await scene.run("there") == 2
        assert "--adopt" in scene.said()
        assert len(scene.simulator.tasks()) == 2
        assert await scene.run("elsewhere", "--adopt") == 0, scene.said()
        assert "may be paid" not in scene.said()
        scene.check_whole()

    play(act, tmp_path, bucket)


def test_a_machine_that_comes_back_is_refused_and_with_adopt_brought_up_to_date(tmp_path: Path, bucket: Bucket) -> None:
    async def act(scene: Scene) -> None:
        assert await scene.run("here", doom=KILLED) == -signal.SIGKILL
        assert await scene.run("there", "--limit", "3") == 0, scene.said()
        tasks = len(scene.simulator.tasks())
        assert await scene.run("here") == 2
        assert "is older than that of" in scene.said()
        assert "--adopt" in scene.said()
        assert len(scene.simulator.tasks()) == tasks
        assert await scene.run("here", "--adopt") == 0, scene.said()
        assert list((tmp_path / "here" / ".qwave" / "evidence").glob("ledger-*.sqlite"))
        scene.check_whole()
        assert await scene.run("there") == 2

    play(act, tmp_path, bucket)


def test_the_store_of_another_folder_is_refused(tmp_path: Path, bucket: Bucket) -> None:
    async def act(scene: Scene) -> None:
        assert await scene.run("here", "--limit", "1") == 0, scene.said()
        for key in scene.written():
            scene.bucket.put(key.replace("one/", "kept/", 1), scene.bucket.content(key))
            scene.bucket.remove(key)
        assert await scene.run("there", "--limit", "1") == 0, scene.said()
        assert await scene.run("here", "--adopt") == 2
        assert "holds the run of another folder" in scene.said()

    play(act, tmp_path, bucket)


def test_a_place_that_is_not_this_run_s_leaves_the_folder_free_for_another_one(tmp_path: Path, bucket: Bucket) -> None:
    """A mistyped address costs a message: the folder has no ledger from there and belongs to no store."""

    async def act(scene: Scene) -> None:
        assert await scene.run("here", "--limit", "1") == 0, scene.said()
        before = scene.manifest()
        other = SPEC.replace("name: shared", "name: other")
        (tmp_path / "spec.yaml").write_text(other, encoding="utf-8")
        assert await scene.run("there") == 2
        assert f'{scene.url} holds the run of spec "shared", not of "other"' in scene.said()
        assert "--store" in scene.said()
        bucket.put("strange/images/mine.png", b"mine")
        argv = ("run", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "there"), "--yes", "--limit", "1", "--store")
        assert await scene.call(*argv, f"{bucket.url}/strange") == 2
        assert f"{bucket.url}/strange holds the work of earlier runs, or files of somebody else" in scene.said()
        assert "--store" in scene.said()
        assert await scene.call(*argv, f"{bucket.url}/two") == 0, scene.said()
        assert scene.manifest() == before
        assert bucket.content("strange/images/mine.png") == b"mine"
        assert len(scene.simulator.tasks()) == 2

    play(act, tmp_path, bucket)


@pytest.mark.parametrize("doom", [Doom(at="take", moment=Moment.AFTER), Doom(at="intend")], ids=str)
def test_a_run_that_died_while_it_took_images_from_a_folder_costs_none_of_them(
    tmp_path: Path, bucket: Bucket, doom: Doom
) -> None:
    """Nothing was submitted before all were taken, so none of these jobs may have been paid for."""

    async def act(scene: Scene) -> None:
        source = ("-o", str(tmp_path / "source"), "--yes", "--limit", "4")
        assert await scene.call("run", str(tmp_path / "spec.yaml"), *source) == 0, scene.said()
        reuse = ("--reuse", str(tmp_path / "source"))
        assert await scene.run("here", *reuse, doom=doom) == -signal.SIGKILL, scene.said()
        assert await scene.run("there", *reuse) == 0, scene.said()
        scene.check_whole()
        assert len(scene.simulator.tasks()) == JOBS

    play(act, tmp_path, bucket)


def test_without_its_lock_the_store_of_another_folder_is_refused_and_the_own_ledger_stays(
    tmp_path: Path, bucket: Bucket
) -> None:
    async def act(scene: Scene) -> None:
        assert await scene.run("here", "--limit", "1") == 0, scene.said()
        argv = ("run", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "there"), "--yes", "--limit", "1", "--store")
        assert await scene.call(*argv, f"{bucket.url}/two") == 0, scene.said()
        before = scene.manifest()
        bucket.remove(LOCK)
        assert await scene.run("there", "--adopt") == 2
        assert "holds the run of another folder" in scene.said()
        assert scene.manifest() == before
        assert await scene.call(*argv, f"{bucket.url}/two", "--adopt") == 0, scene.said()
        assert len(scene.simulator.tasks()) == 2

    play(act, tmp_path, bucket)


def test_a_run_whose_lock_was_taken_writes_nothing_more_and_submits_nothing(tmp_path: Path, bucket: Bucket) -> None:
    """As after a machine that slept: it learns of it with its next renewal."""

    async def act(scene: Scene) -> None:
        first = asyncio.create_task(scene.run("here"))
        await until(lambda: len(scene.simulator.tasks()) > 0)
        taken = {**scene.lock(), "generation": 9, "token": "other", "owner": {**OTHER}}
        manifest = scene.manifest()
        scene.bucket.put(LOCK, json.dumps(taken).encode())
        assert await first == 4
        assert "was taken by another run: by process 9 on elsewhere" in scene.said()
        assert scene.lock()["token"] == "other"
        assert scene.manifest() == manifest
        assert len(scene.simulator.tasks()) <= JOBS

    play(act, tmp_path, bucket, latency="3")


OTHER = {"pid": 9, "host": "elsewhere", "path": "/runs/x", "since": 0.0}


@pytest.mark.parametrize(
    "fault", [SLOW_DOWN, ResetBefore(), ResetAfter(), Refusal(409, "ConditionalRequestConflict")], ids=str
)
def test_bad_moments_of_the_store_at_lock_snapshot_and_manifest_are_borne(
    tmp_path: Path, bucket: Bucket, fault: StoreFault
) -> None:
    """Each second write of each of the three fails, or is carried out and its answer lost."""
    counts: dict[str, int] = {}
    lock = threading.Lock()

    def decide(method: str, path: str) -> StoreFault | None:
        kind = next((kind for kind in ("lock.json", ".sqlite.gz", "manifest.jsonl") if path.endswith(kind)), None)
        if method != "PUT" or kind is None:
            return None
        with lock:
            counts[kind] = counts.get(kind, 0) + 1
            return fault if counts[kind] % 2 == 1 else None

    async def act(scene: Scene) -> None:
        with serve_proxy(bucket.endpoint) as proxy:
            proxy.decide = decide
            assert await scene.run("here", endpoint=proxy.address) == 0, scene.said()
        assert set(counts) == {"lock.json", ".sqlite.gz", "manifest.jsonl"}
        assert scene.lock()["is_released"]
        scene.check_whole()

    play(act, tmp_path, bucket)


def test_a_run_that_cannot_renew_its_lock_submits_nothing_more_and_ends_with_4(tmp_path: Path, bucket: Bucket) -> None:
    async def act(scene: Scene) -> None:
        with serve_proxy(bucket.endpoint) as proxy:
            first = asyncio.create_task(scene.run("here", "--concurrency", "1", endpoint=proxy.address))
            await until(lambda: len(scene.simulator.tasks()) > 0)
            _fail_locks(proxy)
            assert await first == 4, scene.said()
            assert "could not be renewed for 3 s" in scene.said()
            tasks = len(scene.simulator.tasks())
            assert tasks < JOBS
        assert await scene.run("there") == 0, scene.said()
        scene.check_whole()

    play(act, tmp_path, bucket, latency="1")


def _fail_locks(proxy: FaultyProxy) -> None:
    proxy.decide = lambda method, path: SLOW_DOWN if method == "PUT" and path.endswith("lock.json") else None


def test_refetch_of_the_address_brings_a_lost_image_back_and_its_ledger_goes_on(tmp_path: Path, bucket: Bucket) -> None:
    async def act(scene: Scene) -> None:
        assert await scene.run("here") == 0, scene.said()
        image = next(key for key in scene.written() if "/images/" in key)
        content = scene.bucket.content(image)
        scene.bucket.remove(image)
        assert await scene.call("refetch", scene.url) == 0, scene.said()
        assert scene.bucket.content(image) == content
        assert (scene.lock()["generation"], scene.lock()["is_whole"]) == (2, True)
        assert await scene.run("here", "--adopt") == 0, scene.said()
        scene.check_whole()

    play(act, tmp_path, bucket)


def test_prune_holds_the_store_too_and_is_refused_in_a_folder_that_was_taken_over(
    tmp_path: Path, bucket: Bucket
) -> None:
    async def act(scene: Scene) -> None:
        assert await scene.run("here") == 0, scene.said()
        spec = tmp_path / "spec.yaml"
        spec.write_text(SPEC.replace('"a lantern", ', ""), encoding="utf-8")
        assert await scene.run("there", "--adopt") == 0, scene.said()
        assert await scene.run("here", "--adopt") == 0, scene.said()
        before = scene.written()
        assert await scene.call("prune", str(tmp_path / "there"), "--yes") == 2
        assert scene.written() == before
        assert await scene.call("prune", str(tmp_path / "here"), "--yes") == 0, scene.said()
        assert sum("/images/" in key for key in scene.written()) == JOBS // 2
        assert qb.open_run(scene.url).verify().is_sound

    play(act, tmp_path, bucket)


def test_ctrl_c_gives_the_lock_back_with_all_that_was_submitted(tmp_path: Path, bucket: Bucket) -> None:
    async def act(scene: Scene) -> None:
        environ = {**os.environ, **scene.bucket.environment(), "QWAVE_API_KEY": "k", "QWAVE_BASE_URL": scene.base_url}
        argv = ("run", tmp_path / "spec.yaml", "-o", tmp_path / "here", "--store", scene.url, "--concurrency", "1")
        process = ForkedProgram([*map(str, argv), "--yes"], env=environ)
        await until(lambda: len(scene.simulator.tasks()) > 1)
        process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(process.wait) == 130
        assert (scene.lock()["is_released"], scene.lock()["is_whole"]) == (True, True)
        assert len(scene.simulator.tasks()) < JOBS
        assert await scene.run("there", "--adopt") == 0, scene.said()
        assert "may be paid" not in scene.said()
        scene.check_whole()

    play(act, tmp_path, bucket, latency="1")
