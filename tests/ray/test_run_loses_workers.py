"""Workers, nodes and whole Rays that die under a run: an image is downloaded again, and no task is made again."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import qwave_batch as qb
from tests.contracts.run_contract import HERE, JOBS, Place, Stage, staged
from tests.contracts.troubled_api import FINE
from tests.ray.started_ray import StartedRay, another_node, started_ray
from tests.ray.test_run_on_ray import place_on

QUICK_TO_MISS = {
    "RAY_health_check_initial_delay_ms": "500",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "3000",
    "RAY_health_check_failure_threshold": "3",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "5",
}
"""By default Ray waits most of a minute for a node that is silent, and a minute for a cluster that is gone."""
SLOW = "download.slow=#1:1"
"""A file comes in a second when it is first asked for, in which its worker can be killed."""


async def run_and_kill(stage: Stage, place: Place, victims: Callable[[], Sequence[int]]) -> qb.RunSummary:
    """Kill processes while a worker downloads an image, and return how the run ended."""
    running = asyncio.create_task(stage.run(place))
    while not stage.served(FINE) and not running.done():  # noqa: ASYNC110 - what is waited for is another's deed
        await asyncio.sleep(0.01)
    for pid in victims():
        os.kill(pid, signal.SIGKILL)
    return await running


def test_workers_that_are_killed_over_their_images_cost_downloads_and_no_task(
    ray_here: StartedRay, tmp_path: Path
) -> None:
    async def story() -> None:
        async with staged(tmp_path, faults=SLOW) as stage:
            made = await run_and_kill(stage, place_on(ray_here), ray_here.workers)
            assert (made.exit_status, made.counts.completed) == (0, JOBS)
            assert len(stage.simulator.tasks()) == JOBS
            assert stage.served(FINE) > JOBS
            assert stage.books() == (0, 0)
        assert qb.open_run(stage.folder).verify().is_sound

    asyncio.run(story())


@pytest.mark.timeout(120)
def test_a_node_that_dies_leaves_the_work_to_others_and_a_ray_that_dies_leaves_it_to_the_next_run(
    ray_here: StartedRay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in QUICK_TO_MISS.items():
        monkeypatch.setenv(name, value)

    async def story(ray: StartedRay, other: StartedRay) -> None:
        async with staged(tmp_path / "node", faults=SLOW) as stage:
            made = await run_and_kill(stage, place_on(ray), lambda: other.processes("raylet_socket_name"))
            assert (made.exit_status, made.counts.completed) == (0, JOBS)
            assert (stage.books(), len(stage.simulator.tasks())) == ((0, 0), JOBS)
        async with staged(tmp_path / "ray", faults=SLOW) as stage:
            made = await run_and_kill(stage, place_on(ray, workers=1), lambda: ray.processes("raylet_socket_name"))
            assert made.exit_status == 4
            assert made.counts.completed < JOBS
            some = await stage.run(place_on(ray_here), only="index < 6")
            assert some.exit_status == 0
            assert (await stage.run(HERE)).counts.completed == JOBS
            assert (stage.books(), len(stage.simulator.tasks())) == ((0, 0), JOBS)

    with started_ray(cpus=1) as ray, another_node(ray) as other:
        asyncio.run(story(ray, other))
