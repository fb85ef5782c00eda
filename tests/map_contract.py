"""The contract of ``verify``, ``check`` and ``report`` with workers: facts that hold for all kinds of them."""

import signal
from pathlib import Path

import pytest

from qwave_batch.errors import FolderError
from qwave_batch.executors import image_shards
from qwave_batch.executors.workers import FromNode, Item, Result, Setup, Work, Workers
from qwave_batch.folder.workspace import PRIVATE, VERIFIED
from tests.mapped_folders import COMMANDS, FAULTY, IMAGES, CountedWorkers, again, damaged_folder, sound_folder

SHARD = 3
DONE = 4
"""Shards that are done when a command ends early."""


def left_of(command: str, shards: int) -> int:
    """Return how many images are asked about by a command that goes on after so many shards of a damaged folder."""
    again_asked = 0 if command == "verify" else FAULTY  # nothing is kept of them
    return IMAGES - shards * SHARD + again_asked


by_command = pytest.mark.parametrize("command", COMMANDS)


class MapContract:
    """The facts; a subclass has the fixture ``workers``."""

    @pytest.fixture(autouse=True)
    def _small_shards(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(image_shards, "SHARD_IMAGES", SHARD)

    @by_command
    @pytest.mark.parametrize("make", [sound_folder, damaged_folder])
    def test_workers_say_and_leave_what_this_process_does(
        self, make: object, command: str, workers: Workers, tmp_path: Path
    ) -> None:
        folder = make(tmp_path / "run")  # type: ignore[operator]
        here = COMMANDS[command](folder, None)
        assert COMMANDS[command](again(folder), workers) == here

    @by_command
    def test_each_image_is_asked_about_once(self, command: str, workers: Workers, tmp_path: Path) -> None:
        counted = CountedWorkers(workers)
        COMMANDS[command](sound_folder(tmp_path / "run"), counted)
        copies = 1 if command == "report" else 0
        assert sum(counted.asked) == IMAGES - copies
        assert max(counted.asked) == SHARD

    @by_command
    def test_an_interrupted_command_goes_on_with_the_shards_that_are_left(
        self, command: str, workers: Workers, tmp_path: Path
    ) -> None:
        folder = damaged_folder(tmp_path / "run")
        here = COMMANDS[command](folder, None)
        stopped = CountedWorkers(workers, at_shard=lambda: signal.raise_signal(signal.SIGINT), shards=DONE)
        with pytest.raises(KeyboardInterrupt):
            COMMANDS[command](again(folder), stopped)
        assert not (folder / "checks.jsonl").exists()
        assert not list(folder.rglob("*.part"))
        counted = CountedWorkers(workers)
        assert COMMANDS[command](folder, counted) == here
        assert IMAGES - DONE * SHARD <= sum(counted.asked) <= left_of(command, DONE)

    def test_a_verify_that_ended_leaves_no_log_and_the_next_one_looks_at_everything(
        self, workers: Workers, tmp_path: Path
    ) -> None:
        folder = sound_folder(tmp_path / "run")
        COMMANDS["verify"](folder, workers)
        assert not (folder / VERIFIED).exists()
        counted = CountedWorkers(workers)
        COMMANDS["verify"](folder, counted)
        assert sum(counted.asked) == IMAGES

    @by_command
    def test_a_folder_that_workers_do_not_reach_is_refused_before_any_work(
        self, command: str, workers: Workers, tmp_path: Path
    ) -> None:
        folder = sound_folder(tmp_path / "run")

        class Elsewhere(CountedWorkers):
            def on_each_node(self, work: Work[Setup, Item, Result], item: Item) -> list[FromNode[Result]]:
                (tmp_path / "run").rename(tmp_path / "away")
                try:
                    return super().on_each_node(work, item)
                finally:
                    (tmp_path / "away").rename(tmp_path / "run")

        elsewhere = Elsewhere(workers)
        with pytest.raises(
            FolderError, match=r"do not reach .*: there is no folder .* on a disk that all machines share"
        ):
            COMMANDS[command](folder, elsewhere)
        assert elsewhere.asked == []
        assert sorted(path.name for path in folder.iterdir()) == [PRIVATE, "images", "manifest.jsonl"]
