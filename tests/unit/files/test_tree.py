"""Below a root nothing is reached over a link, and nothing but regular files is opened."""

import os
import shutil
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.errors import FolderError, UsageError
from qwave_batch.files.folder_handles import LinkInTheWay
from qwave_batch.files.regular_files import NotRegular
from qwave_batch.files.tree import Tree
from tests.every_case import in_one_test


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    root = tmp_path / "root"
    root.mkdir()
    return Tree(root)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "victim").write_bytes(b"mine")
    return folder


def move_to(tree: Tree, path: str) -> None:
    tree.write_atomic("new", b"theirs")
    tree.move("new", path)


ON_ENTRIES: dict[str, Callable[[Tree, str], object]] = {
    "look": Tree.look,
    "open": Tree.open,
    "read": lambda tree, path: tree.read(path, most_bytes=100),
    "create": lambda tree, path: tree.create(path).close(),
    "write_synced": lambda tree, path: tree.write_synced(path, b"theirs"),
    "write_atomic": lambda tree, path: tree.write_atomic(path, b"theirs"),
    "open_to_update": Tree.open_to_update,
    "unshare": Tree.unshare,
    "move from": lambda tree, path: tree.move(path, "taken"),
    "move to": move_to,
    "remove": Tree.remove,
    "remove_folder": Tree.remove_folder,
    "make_folder": Tree.make_folder,
    "link_from": lambda tree, path: tree.link_from(tree, path, "taken"),
    "sync": Tree.sync,
    "entries": Tree.entries,
}


def content_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", ON_ENTRIES)
def test_no_call_goes_through_a_folder_that_is_a_link(tree: Tree, outside: Path, name: str) -> None:
    (tree.root / "link").symlink_to(outside)
    before = content_of(outside)
    with pytest.raises(LinkInTheWay, match="link is a symbolic link"):
        ON_ENTRIES[name](tree, "link/victim")
    assert content_of(outside) == before


@in_one_test("path", ["/etc/passwd", "../outside/victim", "a/../../outside/victim", "", "a//b", "./a", "a\0b"])
@pytest.mark.parametrize("name", [name for name in ON_ENTRIES if name != "entries"])
def test_no_call_takes_a_path_that_is_not_below_the_root(tree: Tree, outside: Path, name: str, path: str) -> None:
    if name == "make_folder" and not path:
        return  # the root itself
    before = content_of(outside)
    with pytest.raises(FolderError, match="is not a path below a folder"):
        ON_ENTRIES[name](tree, path)
    assert content_of(outside) == before


@pytest.mark.parametrize("name", ["open", "read", "sync", "open_to_update", "write_atomic"])
def test_a_file_that_is_a_link_is_not_opened(tree: Tree, outside: Path, name: str) -> None:
    (tree.root / "link").symlink_to(outside / "victim")
    with pytest.raises(NotRegular, match="is a symbolic link"):
        ON_ENTRIES[name](tree, "link")
    assert (outside / "victim").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["create", "write_synced", "remove", "move to"])
def test_a_link_is_replaced_or_removed_and_what_it_leads_to_stays(tree: Tree, outside: Path, name: str) -> None:
    (tree.root / "link").symlink_to(outside / "victim")
    ON_ENTRIES[name](tree, "link")
    assert not (tree.root / "link").is_symlink()
    assert (outside / "victim").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["open", "read", "create", "write_synced", "write_atomic", "open_to_update", "sync"])
@pytest.mark.parametrize("kind", ["pipe", "socket", "folder"])
def test_what_is_not_a_regular_file_is_refused_at_once(tree: Tree, name: str, kind: str) -> None:
    at = tree.root / "odd"
    match kind:
        case "pipe":
            os.mkfifo(at)
        case "socket":
            with socket.socket(socket.AF_UNIX) as listener:
                before = Path.cwd()
                os.chdir(tree.root)  # the path of a socket may only be short
                listener.bind("odd")
                os.chdir(before)
        case _:
            at.mkdir()
    with pytest.raises(NotRegular, match=f"odd is a (named )?{kind}"):
        ON_ENTRIES[name](tree, "odd")
    assert not stat.S_ISREG(at.lstat().st_mode)


@pytest.mark.parametrize("name", ["create", "write_synced", "write_atomic"])
def test_another_name_of_a_file_does_not_see_what_is_written(tree: Tree, outside: Path, name: str) -> None:
    os.link(outside / "victim", tree.root / "a")
    ON_ENTRIES[name](tree, "a")
    assert (outside / "victim").read_bytes() == b"mine"


def test_an_unshared_file_can_be_written_in_place(tree: Tree, outside: Path) -> None:
    os.link(outside / "victim", tree.root / "a")
    tree.unshare("a")
    descriptor = tree.open_to_update("a")
    os.pwrite(descriptor, b"THEIRS", 0)
    os.close(descriptor)
    assert (outside / "victim").read_bytes() == b"mine"
    assert (tree.root / "a").read_bytes() == b"THEIRS"


def test_a_file_without_other_names_stays_the_same_file(tree: Tree) -> None:
    tree.write_atomic("a", b"x")
    before = (tree.root / "a").stat().st_ino
    tree.unshare("a")
    tree.unshare("nowhere")
    assert (tree.root / "a").stat().st_ino == before


def test_a_sparse_file_of_a_terabyte_is_refused_before_it_is_read(tree: Tree) -> None:
    with (tree.root / "huge").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(NotRegular, match="is too large: 1,099,511,627,776 bytes, at most 100 are read"):
        tree.read("huge", most_bytes=100)


def test_a_walk_yields_links_and_does_not_enter_them(tree: Tree, outside: Path) -> None:
    tree.make_folder("images/a")
    tree.write_atomic("images/a/1", b"x")
    tree.write_atomic("images/b", b"x")
    (tree.root / "images" / "a" / "link").symlink_to(outside)
    assert [found.path for found in tree.walk("images")] == ["images/a/1", "images/a/link", "images/b"]


def test_a_walk_of_folders_without_an_end_ends(tree: Tree) -> None:
    tree.make_folder("/".join(["a"] * 300))
    assert [found.path.count("/") for found in tree.walk("a")] == [100]


def test_the_root_itself_may_be_reached_over_a_link(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "short").symlink_to(tree.root)
    Tree(tmp_path / "short").write_atomic("a", b"x")
    assert (tree.root / "a").read_bytes() == b"x"


def test_a_source_that_fails_leaves_nothing_beside_the_old_file(tree: Tree) -> None:
    tree.write_atomic("a", b"old")
    with pytest.raises(ZeroDivisionError):
        tree.write_atomic("a", (bytes([1 // number]) for number in (1, 0)))
    assert content_of(tree.root) == {"a": b"old"}


def test_a_folder_that_is_swapped_for_a_link_again_and_again_is_never_a_way_out(tree: Tree, outside: Path) -> None:
    """A race: whatever the swapping hits, files end up below the root or nowhere."""
    stop = threading.Event()
    images, aside = tree.root / "images", tree.root / "aside"
    images.mkdir()

    def swap() -> None:
        while not stop.is_set():
            images.rename(aside)
            images.symlink_to(outside)
            images.unlink()
            aside.rename(images)

    swapper = threading.Thread(target=swap)
    swapper.start()
    written = refused = 0
    try:
        for number in range(400):
            try:
                tree.write_synced(f"images/{number}", b"x")
                tree.move(f"images/{number}", f"images/{number}-moved")
                tree.remove(f"images/{number}-moved")
                written += 1
            except (OSError, UsageError):
                refused += 1
    finally:
        stop.set()
        swapper.join()
    assert content_of(outside) == {"victim": b"mine"}
    assert written + refused == 400


def test_entries_of_a_folder_that_is_not_there_are_none(tree: Tree) -> None:
    assert tree.entries("nowhere") == []
    assert tree.look("nowhere/at/all") is None
    shutil.rmtree(tree.root)
    assert tree.look("a") is None
