from pathlib import Path

import pytest

from qwave_batch.errors import FolderBusy, StorageError
from qwave_batch.files.appended_lines import appended_lines
from qwave_batch.files.lone_writer import WrittenByAnother
from qwave_batch.files.tree import Tree
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.stores.run_store import RunStore
from qwave_batch.model.store_url import read_store_url
from qwave_batch.scoring.score_log import open_score_log
from tests.memory_objects import MemoryObjects


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, wait_s: float) -> None:
        self.time += wait_s


def layout_over(objects: MemoryObjects) -> RunLayout:
    return RunLayout(Path("memory:"), store=RunStore.of(read_store_url("s3://bucket/run"), objects), is_view=True)


def content(objects: MemoryObjects) -> bytes | None:
    found = objects.objects.get("scores.jsonl")
    return None if found is None else found.data


def test_a_folder_has_each_line_at_once(tmp_path: Path) -> None:
    with open_score_log(RunLayout(tmp_path), HandClock()) as log:
        places = log.append([b"one\n", b"two\n"])
        assert (tmp_path / "scores.jsonl").read_bytes() == b"one\ntwo\n"
        assert [log.line_at(place) for place in places] == [b"one", b"two"]
    with open_score_log(RunLayout(tmp_path), HandClock()) as log:
        assert log.append([b"three\n"]) == [8]


@pytest.mark.parametrize("torn", [b"o", b"one\ntw", b"x" * 200_000, b"one\n" + b"y" * 200_000])
def test_what_a_killed_writer_left_of_a_line_is_cut(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / "scores.jsonl").write_bytes(torn)
    with appended_lines(Tree(tmp_path), "scores.jsonl") as file:
        file.append([b"new\n"])

    assert (tmp_path / "scores.jsonl").read_bytes() == torn[: torn.rfind(b"\n") + 1] + b"new\n"


def test_a_file_has_one_writer(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    with appended_lines(tree, "scores.jsonl"), pytest.raises(WrittenByAnother), appended_lines(tree, "scores.jsonl"):
        pass


def test_a_store_is_written_every_half_minute_and_at_the_end() -> None:
    objects, clock = MemoryObjects(), HandClock()
    with open_score_log(layout_over(objects), clock) as log:
        log.append([b"one\n"])
        assert content(objects) is None
        clock.time = 31
        log.append([b"two\n"])
        assert content(objects) == b"one\ntwo\n"
        places = log.append([b"three\n"])
        assert log.line_at(places[0]) == b"three"
    assert content(objects) == b"one\ntwo\nthree\n"


def test_a_store_keeps_what_is_there_and_is_not_written_for_nothing() -> None:
    objects = MemoryObjects()
    objects.put("scores.jsonl", b"old\nto")
    with open_score_log(layout_over(objects), HandClock()) as log:
        log.append([])
    assert objects.writes == 1
    with open_score_log(layout_over(objects), HandClock()) as log:
        log.append([b"new\n"])
    assert content(objects) == b"old\nnew\n"


def test_two_writers_of_a_store_do_not_overwrite_each_other() -> None:
    objects = MemoryObjects()

    def write(line: bytes, *, meanwhile: bytes | None = None) -> None:
        with open_score_log(layout_over(objects), HandClock()) as log:
            log.append([line])
            if meanwhile is not None:
                write(meanwhile)

    with pytest.raises(FolderBusy):
        write(b"mine\n", meanwhile=b"theirs\n")
    assert content(objects) == b"theirs\n"


def test_a_place_that_can_not_be_written_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError), open_score_log(RunLayout(tmp_path / "nowhere"), HandClock()):
        pass
