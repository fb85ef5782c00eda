"""Thumbnails are made once: found again by hash, made anew where not as they were left, removed when unwanted."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from qwave_batch.errors import StorageError
from qwave_batch.imaging.thumbnail import Thumbnail, inspect_with_picture, thumbnail_of
from qwave_batch.model.work_progress import OnWork, WorkProgress, ignore_work
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.report.kept_thumbnails import thumbnail_path
from qwave_batch.report.thumbnail_making import Thumbnails, make_thumbnails
from qwave_batch.report.thumbnail_store import ThumbnailStore, open_thumbnails
from tests.unit.report.pictured_folder import PicturedFolder, picture, pictured_folder, sha256


@contextmanager
def made(out: Path, *folders: PicturedFolder, on_work: OnWork = ignore_work) -> Iterator[Thumbnails]:
    """Make the thumbnails of some folders, in the first one's report or elsewhere."""
    out.mkdir(exist_ok=True)
    with ExitStack() as stack:
        readers = [stack.enter_context(open_folder(folder.root)) for folder in folders]
        store = stack.enter_context(open_thumbnails(out))
        yield make_thumbnails(readers, store, on_work)


@pytest.fixture
def folder(tmp_path: Path) -> PicturedFolder:
    return pictured_folder(tmp_path / "run", [picture(1), picture(2), picture(3)])


@pytest.fixture
def out(folder: PicturedFolder) -> Path:
    return folder.root / "report"


def files(out: Path) -> dict[str, int]:
    """Return the inode of each file of the thumbnails, by path."""
    found = (path for path in (out / "thumbs").rglob("*") if path.is_file())
    return {path.relative_to(out).as_posix(): path.stat().st_ino for path in found}


def test_each_image_gets_its_thumbnail_and_its_nine_pixels(folder: PicturedFolder, out: Path) -> None:
    told: list[WorkProgress] = []
    with made(out, folder, on_work=told.append) as found:
        assert (found.made, found.kept, found.taken, found.removed, found.unmade) == (3, 0, 0, 0, [])
        for data in folder.images.values():
            expected = thumbnail_of(inspect_with_picture(data)[1])
            assert (out / thumbnail_path(sha256(data))).read_bytes() == expected.webp
            assert found.tiny_of(sha256(data)) == expected.tiny
    assert [(each.done, each.total) for each in told] == [(1, 3), (2, 3), (3, 3)]
    assert sorted(files(out)) == sorted(["thumbs/made.txt", *map(thumbnail_path, folder.hashes())])


def test_a_second_report_decodes_nothing(folder: PicturedFolder, out: Path) -> None:
    """It finds what is there, and so does not miss the images themselves."""
    with made(out, folder) as first:
        tinies = {each: first.tiny_of(each) for each in folder.hashes()}
    before = files(out)
    for path in folder.images:
        (folder.root / path).unlink()
    with made(out, folder) as found:
        assert (found.made, found.kept, found.unmade) == (0, 3, [])
        assert {each: found.tiny_of(each) for each in folder.hashes()} == tinies
    assert files(out) == before


def test_thumbnails_that_were_copied_with_their_folder_are_kept(folder: PicturedFolder, out: Path) -> None:
    """A copy has another time and the same bytes."""
    with made(out, folder):
        pass
    for path in folder.hashes():
        os.utime(out / thumbnail_path(path), ns=(5, 5))
    with made(out, folder) as found:
        assert (found.made, found.kept) == (0, 3)


@pytest.mark.parametrize("damage", ["shorter", "other", "foreign", "gone", "link"])
def test_what_is_not_as_it_was_left_is_made_anew(folder: PicturedFolder, out: Path, damage: str) -> None:
    with made(out, folder):
        pass
    path = out / thumbnail_path(folder.hashes()[0])
    whole = path.read_bytes()
    match damage:
        case "shorter":
            path.write_bytes(whole[:-1])
        case "other":
            path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        case "foreign":
            path.unlink()
            path.write_bytes(b"somebody else's")
        case "gone":
            path.unlink()
        case "link":
            path.unlink()
            path.symlink_to(out.parent / "manifest.jsonl")
    with made(out, folder) as found:
        assert (found.made, found.kept) == (1, 2)
    assert path.read_bytes() == whole
    assert not path.is_symlink()
    assert b"job_id" in (out.parent / "manifest.jsonl").read_bytes()


@pytest.mark.parametrize(
    "record", [b"", b"\0\xff" * 99, b"qwave-batch thumbnails 0\n", b"qwave-batch thumbnails 1\nx\n"]
)
def test_without_a_record_that_can_be_read_all_are_made_anew(folder: PicturedFolder, out: Path, record: bytes) -> None:
    with made(out, folder):
        pass
    (out / "thumbs/made.txt").write_bytes(record)
    with made(out, folder) as found:
        assert (found.made, found.kept) == (3, 0)


def test_thumbnails_of_no_image_go_and_strangers_files_stay(folder: PicturedFolder, out: Path) -> None:
    with made(out, folder):
        pass
    strangers = [out / "thumbs/notes.txt", out / "thumbs" / "ab" / f"{'ab' * 16}.webp", out / "thumbs/zz/x.webp"]
    for stranger in strangers:
        stranger.parent.mkdir(exist_ok=True)
        stranger.write_bytes(b"mine")
    smaller = pictured_folder(folder.root, [picture(1)])
    with made(out, smaller) as found:
        assert (found.made, found.kept, found.removed) == (0, 1, 2)
    assert all(stranger.read_bytes() == b"mine" for stranger in strangers)
    assert {path for path in files(out) if path.endswith(".webp")} == {
        thumbnail_path(smaller.hashes()[0]),
        *(stranger.relative_to(out).as_posix() for stranger in strangers[1:]),
    }


def test_an_image_that_can_not_be_shown_is_named_with_its_reason(folder: PicturedFolder, out: Path) -> None:
    gone, broken, changed = folder.images
    (folder.root / gone).unlink()
    (folder.root / broken).write_bytes(b"<html>busy</html>")
    (folder.root / changed).write_bytes(picture(9))
    with made(out, folder) as found:
        assert found.made == 0
        assert [(each.path, each.reason) for each in found.unmade] == [
            (gone, "the file is not there"),
            (broken, "neither PNG, JPEG, WebP nor GIF: an HTML page of 17 bytes"),
            (changed, "it has other bytes than were recorded"),
        ]
        assert all(found.tiny_of(each) is None for each in folder.hashes())


def test_an_image_behind_a_link_is_not_read(folder: PicturedFolder, out: Path, tmp_path: Path) -> None:
    first = next(iter(folder.images))
    elsewhere = tmp_path / "elsewhere.png"
    (folder.root / first).rename(elsewhere)
    (folder.root / first).symlink_to(elsewhere)
    with made(out, folder) as found:
        assert [each.path for each in found.unmade] == [first]


def test_a_folder_that_lacks_an_image_is_helped_out_by_another(folder: PicturedFolder, tmp_path: Path) -> None:
    (folder.root / next(iter(folder.images))).unlink()
    other = pictured_folder(tmp_path / "other", [picture(1)])
    with made(tmp_path / "out", folder, other) as found:
        assert (found.made, found.unmade) == (3, [])


def test_another_report_takes_what_a_folders_own_report_has(folder: PicturedFolder, out: Path, tmp_path: Path) -> None:
    """They are second names of the same files, and no image is decoded."""
    with made(out, folder):
        pass
    for path in folder.images:
        (folder.root / path).unlink()
    other = pictured_folder(tmp_path / "other", [picture(3), picture(4)])
    with made(tmp_path / "both", folder, other) as found:
        assert (found.made, found.taken, found.unmade) == (1, 3, [])
    for each in folder.hashes():
        assert (tmp_path / "both" / thumbnail_path(each)).samefile(out / thumbnail_path(each))


def test_a_damaged_thumbnail_is_not_taken(folder: PicturedFolder, out: Path, tmp_path: Path) -> None:
    with made(out, folder):
        pass
    path = out / thumbnail_path(folder.hashes()[0])
    path.write_bytes(path.read_bytes()[::-1])
    with made(tmp_path / "elsewhere", folder) as found:
        assert (found.made, found.taken) == (1, 2)


def test_a_link_in_place_of_a_folders_report_is_not_followed(folder: PicturedFolder, out: Path, tmp_path: Path) -> None:
    with made(out, folder):
        pass
    out.rename(tmp_path / "moved")
    out.symlink_to(tmp_path / "moved")
    with made(tmp_path / "elsewhere", folder) as found:
        assert (found.made, found.taken) == (3, 0)


KILLED = """
import os, sys
from pathlib import Path
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.report.thumbnail_making import make_thumbnails
from qwave_batch.report.thumbnail_store import open_thumbnails
with open_folder(sys.argv[1]) as reader, open_thumbnails(Path(sys.argv[2])) as store:
    make_thumbnails([reader], store, lambda work: work.done == 2 and os._exit(9), threads=1)
"""


def test_a_process_that_is_killed_loses_nothing_that_was_made(folder: PicturedFolder, out: Path) -> None:
    out.mkdir()
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder.root), str(out)], check=False)
    assert killed.returncode == 9
    there = {path for path in files(out) if path.endswith(".webp")}
    assert len(there) >= 2
    with made(out, folder) as found:
        assert (found.made, found.kept) == (3 - len(there), len(there))
    assert (out / "thumbs/made.txt").read_bytes().count(b"\n") == 4
    assert not (out / "thumbs/making.txt").exists()


def test_thumbnails_added_while_others_are_made_are_not_removed(folder: PicturedFolder, out: Path) -> None:
    """A run's images add theirs at any moment, also after the lines were read."""
    late = picture(7)
    out.mkdir()
    with open_folder(folder.root) as reader, open_thumbnails(out) as store:

        def on_work(_: WorkProgress) -> None:
            store.add(sha256(late), thumbnail_of(inspect_with_picture(late)[1]))

        assert make_thumbnails([reader], store, on_work).removed == 0
        assert store.has(sha256(late))
    assert (out / thumbnail_path(sha256(late))).is_file()


def test_a_disk_that_refuses_ends_it(folder: PicturedFolder, out: Path) -> None:
    out.mkdir()
    (out / "thumbs").mkdir()
    (out / "thumbs" / folder.hashes()[0][:2]).write_bytes(b"in the way")
    with pytest.raises(StorageError, match="a file stands where a folder is needed"), made(out, folder):
        pass


def test_a_store_keeps_what_it_is_given(tmp_path: Path) -> None:
    thumbnail = Thumbnail(b"RIFF....WEBP", "A" * 36)
    with open_thumbnails(tmp_path) as store:
        assert store.tiny("0" * 64) is None
        store.add("0" * 64, thumbnail)
        assert store.has("0" * 64)
    with open_thumbnails(tmp_path) as again:
        assert isinstance(again, ThumbnailStore)
        assert again.tiny("0" * 64) == "A" * 36


def test_a_thumbnail_is_a_small_webp(folder: PicturedFolder, out: Path) -> None:
    with made(out, folder):
        data = (out / thumbnail_path(folder.hashes()[0])).read_bytes()
    with Image.open(BytesIO(data)) as image:
        assert (image.format, image.size) == ("WEBP", (256, 256))
