"""The contract of maps over images, by workers that are threads; and a command that is killed."""

import os
import subprocess
import sys
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import pytest

from qwave_batch.cli.main import main
from qwave_batch.executors.workers import Workers
from tests.local_workers import LocalWorkers
from tests.map_contract import DONE, SHARD, MapContract, by_command, left_of
from tests.mapped_folders import COMMANDS, IMAGES, CountedWorkers, again, damaged_folder, sound_folder

KILLED = f"""
import os, signal, sys
from pathlib import Path
from qwave_batch.executors import image_shards
from tests.local_workers import LocalWorkers
from tests.mapped_folders import COMMANDS, CountedWorkers

image_shards.SHARD_IMAGES = {SHARD}
end = lambda: os.kill(os.getpid(), signal.SIGKILL)
COMMANDS[sys.argv[1]](Path(sys.argv[2]), CountedWorkers(LocalWorkers(2), at_shard=end, shards={DONE}))
"""


class TestByThreads(MapContract):
    """Workers that are threads."""

    @pytest.fixture
    def workers(self) -> Workers:
        return LocalWorkers(2)

    @by_command
    def test_a_command_that_was_killed_goes_on_with_the_shards_that_are_left(
        self, command: str, workers: Workers, tmp_path: Path
    ) -> None:
        folder = damaged_folder(tmp_path / "run")
        here = COMMANDS[command](folder, None)
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        ended = subprocess.run([sys.executable, "-c", KILLED, command, str(again(folder))], check=False, env=environ)
        assert ended.returncode == -9
        counted = CountedWorkers(workers)
        assert COMMANDS[command](folder, counted) == here
        assert IMAGES - DONE * SHARD <= sum(counted.asked) <= left_of(command, DONE)


def left_by(*argv: str) -> tuple[int, str, list[str]]:
    """Run a command on a folder; return its status, its words and what is in the folder."""
    stdout, stderr = StringIO(), StringIO()
    status = main(list(argv), stdout, stderr, environ={"COLUMNS": "200"})
    return status, stderr.getvalue(), sorted(path.name for path in Path(argv[1]).iterdir())


UNTOUCHED = [".qwave", "images", "manifest.jsonl"]


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed")
@by_command
def test_a_ray_that_is_not_installed_is_told_before_any_work(command: str, tmp_path: Path) -> None:
    folder = str(sound_folder(tmp_path / "run", images=2))
    status, words, left = left_by(command, folder, "--executor", "ray")
    assert status == 2
    assert "pip install 'qwave-batch[ray]'" in words
    assert left == UNTOUCHED


@by_command
def test_options_of_a_ray_without_one_are_refused(command: str, tmp_path: Path) -> None:
    folder = str(sound_folder(tmp_path / "run", images=2))
    status, words, left = left_by(command, folder, "--workers", "2")
    assert status == 2
    assert "--workers is for Ray: add --executor ray" in words
    assert left == UNTOUCHED


def test_an_executor_for_a_report_that_makes_no_page_is_refused(tmp_path: Path) -> None:
    folder = str(sound_folder(tmp_path / "run", images=2))
    figures = str(tmp_path / "figures")
    status, words, left = left_by("report", folder, "--figures", figures, "--executor", "ray")
    assert status == 2
    assert "--executor is about the page's thumbnails" in words
    assert left == UNTOUCHED
