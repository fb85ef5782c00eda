"""The contract of exports, by the workers of a Ray, and what only processes can do: end in the middle."""

import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.cli.main import main
from qwave_batch.executors.ray_workers import RayWorkers, open_ray_workers
from tests.export_contract import IMAGES, ExportContract, exported, files_of, spoiled_folder
from tests.ray.started_ray import StartedRay


@pytest.fixture(scope="module")
def ray_workers(on_ray: qb.RayExecutor) -> Iterator[RayWorkers]:
    with open_ray_workers(on_ray) as opened:
        yield opened


class TestExportsByRay(ExportContract):
    """Workers that are processes of a Ray."""

    @pytest.fixture
    def workers(self, ray_workers: RayWorkers) -> RayWorkers:
        return ray_workers


@pytest.mark.parametrize("form", ["hf", "webdataset"])
def test_the_images_of_a_worker_that_dies_are_made_again(
    form: str, ray_workers: RayWorkers, ray_here: StartedRay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qwave_batch.export.formats.webdataset.SAMPLES_IN_TAR", 5)
    monkeypatch.setattr("qwave_batch.export.worker_loading._MOST_IMAGES", 5)
    folder = spoiled_folder(tmp_path)
    exported(folder, form, tmp_path / "here")
    killed: list[int] = []

    def kill(progress: qb.exports.WorkProgress) -> None:
        if progress.done == IMAGES // 9 and not progress.doing and not killed:
            killed.extend(ray_here.workers())
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    exported(folder, form, tmp_path / "there", ray_workers, on_work=kill)
    assert killed
    assert files_of(tmp_path / "there") == files_of(tmp_path / "here")


@pytest.mark.parametrize("command", ["export", "score"])
def test_a_ray_that_is_not_there_is_said_before_any_work(command: str, tmp_path: Path) -> None:
    folder, out = spoiled_folder(tmp_path), tmp_path / "out"
    rest = ["--to", "hf", str(out)] if command == "export" else ["--with", "checks"]
    argv = [command, str(folder), *rest, "--executor", "ray", "--ray-address", "127.0.0.1:9"]
    err = io.StringIO()
    assert main(argv, stdout=io.StringIO(), stderr=err) == 2
    assert "the Ray at 127.0.0.1:9 can't be used" in " ".join(err.getvalue().split())
    assert not out.exists()
    assert not (folder / "scores.jsonl").exists()
