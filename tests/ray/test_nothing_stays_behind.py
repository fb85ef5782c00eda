"""Once a Ray is left, no process of it works on, whatever ended the process that used it."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.errors import WorkersGone
from qwave_batch.executors.ray_cluster import RayCluster, open_ray
from qwave_batch.executors.worker_pool import WorkerPool
from qwave_batch.executors.workers import Work
from tests.contracts.run_contract import HERE, JOBS, Place, staged
from tests.ray.started_ray import StartedRay, descendants
from tests.ray.test_run_on_its_own_ray import OWN, folder_of
from tests.ray.test_run_on_ray import place_on
from tests.ray.worker_tasks import writing_for_ever


def running(pids: list[int]) -> list[int]:
    """Return those of the processes that run; one that has ended may wait for long to be asked how."""
    return [pid for pid in pids if state_of(pid) not in {"", "Z", "X"}]


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return ""


def wait_until(is_so: Callable[[], object]) -> None:
    while not is_so():  # the limit is that of the test
        time.sleep(0.02)


@contextmanager
def busy_pool(cluster: RayCluster, ray: StartedRay, folder: Path) -> Iterator[list[int]]:
    """Yield two workers that write for ever, and their ids; they are told to end with the block."""
    folder.mkdir()
    pool = WorkerPool(cluster, 2)
    pool.wait_until_ready()
    work = pool.opening(Work(writing_for_ever, folder))
    asked = [pool.submit(work, number) for number in range(2)]
    wait_until(lambda: len({path.name.partition("-")[0] for path in folder.iterdir()}) == 2)
    yield ray.workers()
    pool.close(WorkersGone("it is over"))
    for future in asked:
        with pytest.raises(WorkersGone, match="it is over"):
            future.result()


def test_workers_have_ended_when_their_pool_is_closed_and_one_that_hangs_is_ended_by_ray(
    on_ray: qb.RayExecutor, ray_here: StartedRay, tmp_path: Path
) -> None:
    with open_ray(on_ray) as cluster:
        with busy_pool(cluster, ray_here, tmp_path / "busy") as workers:
            assert len(running(workers)) == 2
        assert running(workers) == []
        with busy_pool(cluster, ray_here, tmp_path / "hanging") as workers:
            os.kill(workers[0], signal.SIGSTOP)
        wait_until(lambda: not running(workers))


@pytest.mark.parametrize("is_own", [False, True])
def test_a_command_that_is_killed_leaves_no_process_and_no_folder(
    ray_here: StartedRay, checkout: Path, tmp_path: Path, *, is_own: bool
) -> None:
    place: Place = OWN if is_own else place_on(ray_here)

    async def story() -> None:
        async with staged(tmp_path, latency="1") as stage:
            with stage.command(place, checkout) as terminal:
                await asyncio.to_thread(terminal.read_until, r"[1-9]\d?/12 done", timeout_s=50)
                processes = descendants(terminal.process.pid)
                folder = folder_of(processes[0])
                assert folder.name.startswith("qwave-ray-")
                terminal.process.kill()
                await asyncio.to_thread(wait_until, lambda: not running(processes + ray_here.workers()))
                assert not folder.exists()
            assert (await stage.run(HERE)).counts.completed == JOBS
            assert stage.books() == (0, 0)

    asyncio.run(story())
