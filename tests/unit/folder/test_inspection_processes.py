"""Stored images are looked at by several processes as by one."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from qwave_batch.files.tree import Tree
from qwave_batch.folder.artifacts import LocalArtifacts
from qwave_batch.folder.inspection_processes import BATCH, MOST_CHARACTERS, inspect_by_processes
from qwave_batch.folder.inspection_worker import found_as_json, found_from_json
from qwave_batch.folder.stored_images import FileFault, inspect_stored
from qwave_batch.imaging.formats import judging
from qwave_batch.imaging.image_inspection import ImageInfo


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Return a folder with images of all kinds, and other things under their names."""
    images = tmp_path / "images"
    images.mkdir()
    for number, image_format in enumerate(("png", "jpeg", "webp", "gif", "bmp")):
        out = BytesIO()
        Image.new("RGB", (5 + number, 7)).save(out, image_format)
        (images / f"image{number}.png").write_bytes(out.getvalue())
    (images / "damaged.png").write_bytes((images / "image0.png").read_bytes()[:-20])
    (images / "empty.png").touch()
    (images / "folder.png").mkdir()
    (images / "link.png").symlink_to(images / "image0.png")
    (images / "linked").symlink_to(images)
    return Tree(tmp_path)


PATHS = [
    *(f"images/image{number}.png" for number in range(5)), "images/damaged.png", "images/empty.png",
    "images/folder.png", "images/link.png", "images/linked/image0.png", "images/image0.png/below.png",
    "images/missing.png", "images/nowhere/missing.png", "images/../image0.png", "/etc/passwd", "images/a\nb.png", "",
]  # fmt: skip


def found_by_one(tree: Tree, paths: list[str]) -> list[ImageInfo | FileFault]:
    return [inspect_stored(LocalArtifacts(tree), path) for path in paths]


def test_they_say_what_one_says_in_order(tree: Tree) -> None:
    paths = PATHS * (5 * BATCH // len(PATHS))
    found = list(inspect_by_processes(tree, enumerate(paths), processes=3))
    assert [number for number, _ in found] == list(range(len(paths)))
    assert [each for _, each in found] == found_by_one(tree, paths)
    assert sum(isinstance(each, ImageInfo) for each in found_by_one(tree, PATHS)) == 5


def test_a_process_that_ended_leaves_its_images_to_the_one_that_asked(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    paths = PATHS * 9
    found = list(inspect_by_processes(tree, enumerate(paths), processes=2))
    assert [each for _, each in found] == found_by_one(tree, paths)


def test_long_answers_to_long_questions_keep_nobody_waiting(tmp_path: Path) -> None:
    """A stranger's folder may hold a link at the end of a long path, which each answer repeats."""
    deep = "/".join(["images", *(["a" * 200] * 15)])
    make_deep(tmp_path, deep)
    paths = [f"{deep}/link/{number:05}{'/b' * 400}.png" for number in range(4 * BATCH)]
    found = [each for _, each in inspect_by_processes(Tree(tmp_path), enumerate(paths), processes=1)]
    assert found == found_by_one(Tree(tmp_path), paths)
    assert all(isinstance(each, FileFault) and "symbolic link" in each.message for each in found)


def make_deep(root: Path, path: str) -> None:
    """Make a folder with a link in it, whatever the length of its path."""
    handle = os.open(root, os.O_RDONLY)
    for part in path.split("/"):
        os.mkdir(part, dir_fd=handle)
        above, handle = handle, os.open(part, os.O_RDONLY, dir_fd=handle)
        os.close(above)
    os.symlink("/etc", "link", dir_fd=handle)
    os.close(handle)


def test_items_are_taken_as_they_are_needed(tree: Tree) -> None:
    taken = 0

    def items() -> Iterator[tuple[int, str]]:
        nonlocal taken
        for number in range(100 * BATCH):
            taken += 1
            yield number, "images/image0.png"

    found = inspect_by_processes(tree, items(), processes=2)
    next(found)
    assert taken <= 5 * BATCH
    found.close()  # type: ignore[attr-defined]  # a generator


@pytest.mark.parametrize("path", PATHS)
def test_what_one_process_tells_another_is_read_again(tree: Tree, path: str) -> None:
    (found,) = found_by_one(tree, [path])
    assert found_from_json(found_as_json(found)) == found


def test_large_decodes_take_the_lock_that_processes_share() -> None:
    held: list[str] = []

    @contextmanager
    def lock() -> Iterator[None]:
        held.append("taken")
        yield

    before = judging.large_decodes.lock
    judging.share_large_decodes(lock())
    try:
        with judging.memory(judging.LARGE_DECODE):
            assert held == []
        with judging.memory(judging.LARGE_DECODE + 1):
            assert held == ["taken"]
    finally:
        judging.share_large_decodes(before)


def test_paths_and_faults_that_no_pipe_takes_hold_nobody_up(tmp_path: Path) -> None:
    """Each side could wait for the other one to read."""
    folder = os.open(tmp_path, os.O_RDONLY)
    names = ["images", *["古" * 40] * 30]
    for name in names:
        os.mkdir(name, dir_fd=folder)
        below = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    for number in range(4 * BATCH):
        os.symlink("/nowhere", f"{number}.png", dir_fd=folder)
    os.close(folder)
    paths = ["/".join([*names, f"{number}.png"]) for number in range(4 * BATCH)]
    paths.insert(BATCH, "images/" + "a" * 2 * MOST_CHARACTERS)
    found = [each for _, each in inspect_by_processes(Tree(tmp_path), enumerate(paths), processes=1)]
    assert found == found_by_one(Tree(tmp_path), paths)
    assert all(isinstance(each, FileFault) and len(each.message) > 1_000 for each in found if each != found[BATCH])


def test_where_no_process_starts_the_one_that_asks_looks_itself(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    found = [each for _, each in inspect_by_processes(tree, enumerate(PATHS), processes=3)]
    assert found == found_by_one(tree, PATHS)


def test_where_nothing_temporary_can_be_written_the_one_that_asks_looks_itself(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    found = [each for _, each in inspect_by_processes(tree, enumerate(PATHS), processes=3)]
    assert found == found_by_one(tree, PATHS)


def test_names_are_never_read_otherwise_than_by_the_one_that_asks(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "iso8859-1")
    monkeypatch.setattr(subprocess, "Popen", None)
    found = [each for _, each in inspect_by_processes(tree, enumerate(PATHS), processes=3)]
    assert found == found_by_one(tree, PATHS)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux shows the environment of a process")
def test_they_are_not_told_the_key(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWAVE_API_KEY", "sk-secret")
    seen: list[bytes] = []

    def items() -> Iterator[tuple[int, str]]:
        yield from enumerate((PATHS * BATCH)[: 3 * BATCH])
        tasks = Path("/proc/self/task").iterdir()
        children = [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
        seen.extend(Path(f"/proc/{pid}/environ").read_bytes() for pid in children)

    assert all(found is not None for _, found in inspect_by_processes(tree, items(), processes=2))
    assert len(seen) >= 2, "other tests may have left a process"
    assert not any(b"sk-secret" in environment for environment in seen)
