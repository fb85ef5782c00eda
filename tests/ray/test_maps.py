"""The contract of maps over images, by workers of a Ray."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.errors import WorkersGone
from qwave_batch.executors.image_shards import ask_workers
from qwave_batch.executors.ray_workers import RayWorkers, open_ray_workers
from qwave_batch.folder.layout import RunLayout
from tests.map_contract import MapContract, by_command
from tests.mapped_folders import COMMANDS, CountedWorkers, again, damaged_folder
from tests.ray.started_ray import StartedRay
from tests.ray.worker_tasks import ending_at_the_last


@pytest.fixture(scope="module")
def on_workers(on_ray: qb.RayExecutor) -> Iterator[RayWorkers]:
    with open_ray_workers(on_ray) as opened:
        yield opened


class TestByRay(MapContract):
    """Workers that are processes of a Ray."""

    @pytest.fixture
    def workers(self, on_workers: RayWorkers) -> RayWorkers:
        return on_workers

    @by_command
    def test_a_worker_that_is_killed_in_the_middle_changes_nothing(
        self, command: str, on_workers: RayWorkers, ray_here: StartedRay, tmp_path: Path
    ) -> None:
        folder = damaged_folder(tmp_path / "run")
        here = COMMANDS[command](folder, None)
        killed: list[int] = []

        def kill() -> None:
            pid = ray_here.workers()[0]
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

        assert COMMANDS[command](again(folder), CountedWorkers(on_workers, at_shard=kill, shards=1)) == here
        assert len(killed) == 1

    def test_images_that_end_every_worker_are_named(self, on_workers: RayWorkers, tmp_path: Path) -> None:
        layout = RunLayout(damaged_folder(tmp_path / "run"))
        asked = [(None, f"images/m/{number}.png") for number in range(9)]
        answers = ask_workers(on_workers, layout, asked, ending_at_the_last, on_shard=lambda: None)
        named = r"one of the 3 images images/m/6\.png to images/m/8\.png ended 3 workers"
        with pytest.raises(WorkersGone, match=named):
            list(answers)
