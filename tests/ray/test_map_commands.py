"""The commands that look at images, as a shell starts them: with a Ray they print and end as without."""

from io import StringIO
from pathlib import Path

import pytest

from qwave_batch.cli.main import main
from tests.map_contract import by_command
from tests.mapped_folders import again, damaged_folder, sound_folder
from tests.ray.started_ray import StartedRay


def shown(*argv: str) -> tuple[int, str, str]:
    """Return status, output and words of a command, without those that tell of its progress after some seconds."""
    stdout, stderr = StringIO(), StringIO()
    status = main(list(argv), stdout, stderr, environ={"COLUMNS": "120"})
    words = [line for line in stderr.getvalue().splitlines() if not line.endswith("/s")]
    return status, stdout.getvalue(), "\n".join(words)


@by_command
def test_a_command_prints_and_ends_alike_wherever_images_are_looked_at(
    command: str, ray_here: StartedRay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is named from the folder at hand, which workers do not know."""
    monkeypatch.chdir(tmp_path)
    damaged_folder(tmp_path / "run")
    here = shown(command, "run")
    again(tmp_path / "run")
    there = ("--executor", "ray", "--workers", "2", "--ray-address", ray_here.address)
    assert shown(command, "run", *there) == here


@by_command
def test_a_ray_that_is_not_there_is_told_before_any_work(command: str, tmp_path: Path) -> None:
    folder = sound_folder(tmp_path / "run", images=2)
    status, _, words = shown(command, str(folder), "--executor", "ray", "--ray-address", "127.0.0.1:1")
    assert status == 2
    assert "the Ray at 127.0.0.1:1 can't be used" in words
    assert sorted(path.name for path in folder.iterdir()) == [".qwave", "images", "manifest.jsonl"]
