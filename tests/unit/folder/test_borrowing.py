"""An image of another folder comes over whole and decoded, or not at all, by link where that is possible."""

from pathlib import Path

import pytest

from qwave_batch.files.tree import Tree
from qwave_batch.folder.artifacts import LocalArtifacts
from qwave_batch.folder.borrowing import borrow_image
from tests.unit.run.honest_api import image_of

DATA = image_of({"seed": 1}, 1)


def borrow(source: Path, into: Path, size_bytes: int = len(DATA)) -> bool:
    found = borrow_image(
        LocalArtifacts(Tree(source.parent)), source.name, Tree(into.parent), into.name, size_bytes=size_bytes
    )
    return found is not None


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "there.png"
    file.write_bytes(DATA)
    return file


def test_on_one_file_system_it_is_the_same_file(source: Path, tmp_path: Path) -> None:
    into = tmp_path / "here.part"
    assert borrow(source, into)
    assert into.samefile(source)


def test_across_file_systems_it_is_a_copy(source: Path, other_file_system: Path) -> None:
    into = other_file_system / "here.part"
    assert borrow(source, into)
    assert into.read_bytes() == DATA
    assert not into.samefile(source)


@pytest.mark.parametrize("data", [b"", DATA[:-1], DATA[:-1] + b"?", b"x" * len(DATA)])
def test_what_is_not_a_whole_image_of_that_size_is_not_taken(source: Path, tmp_path: Path, data: bytes) -> None:
    source.write_bytes(data)
    assert not borrow(source, tmp_path / "here.part")
    assert not (tmp_path / "here.part").exists()
    assert source.read_bytes() == data


def test_a_file_that_is_gone_is_not_taken(tmp_path: Path) -> None:
    assert not borrow(tmp_path / "nowhere.png", tmp_path / "here.part")


def test_a_symbolic_link_is_not_followed(source: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.png"
    link.symlink_to(source)
    assert not borrow(link, tmp_path / "here.part")


def test_what_an_earlier_crash_left_gives_way(source: Path, tmp_path: Path) -> None:
    into = tmp_path / "here.part"
    into.write_bytes(b"half")
    assert borrow(source, into)
    assert into.read_bytes() == DATA
