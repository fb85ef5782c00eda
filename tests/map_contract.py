"""The contract of ``verify``, ``check`` and ``report`` with workers: facts that hold for all kinds of them."""

import shutil
from pathlib import Path

import pytest

from qwave_batch.errors import FolderError
from qwave_batch.executors import image_shards
from qwave_batch.executors.workers import FromNode, Item, Result, Setup, Work, Workers
from qwave_batch.folder.workspace import PRIVATE, VERIFIED
from tests.mapped_folders import COMMANDS, IMAGES, CountedWorkers, Stopped, damaged_folder, sound_folder

SHARD = 3
SHARDS = -(-IMAGES // SHARD)

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
        folder = make(tmp_path / "here" / "run")  # type: ignore[operator]
        other = Path(shutil.copytree(folder, tmp_path / "there" / "run", symlinks=True))
        here = COMMANDS[command](folder, None)
        shutil.rmtree(folder.parent)
        other.parent.rename(folder.parent)
        assert COMMANDS[command](folder, workers) == here

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
        other = Path(shutil.copytree(folder, tmp_path / "other" / "run", symlinks=True))

        def stop() -> None:
            raise Stopped

        with pytest.raises(Stopped):
            COMMANDS[command](folder, CountedWorkers(workers, end=stop, shards=4))
        counted = CountedWorkers(workers)
        resumed = COMMANDS[command](folder, counted)
        faulty = 0 if command == "verify" else 8  # of which nothing is kept but by a verify
        assert sum(counted.asked) <= IMAGES - 4 * SHARD + faulty
        shutil.rmtree(folder)
        other.rename(folder)
        assert resumed == COMMANDS[command](folder, None)

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
