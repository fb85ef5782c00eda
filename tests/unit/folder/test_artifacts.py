"""The contract of an artifact store, held to by the local folder, by one in memory and by one over objects."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from qwave_batch.errors import QwaveError
from qwave_batch.files.tree import Tree
from qwave_batch.folder.artifacts import (
    Artifact,
    ArtifactStore,
    LocalArtifacts,
    read_artifact,
    sha256_of_artifact,
)
from qwave_batch.folder.stores.obstore_client import ObstoreClient
from qwave_batch.folder.stores.store_artifacts import StoreArtifacts
from qwave_batch.folder.stores.store_errors import StorePlace
from qwave_batch.model.store_url import StoreService
from tests.memory_artifacts import MemoryArtifacts


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "run"
    root.mkdir()
    return root


@pytest.fixture
def store(root: Path) -> ArtifactStore:
    return LocalArtifacts(Tree(root))


@pytest.fixture(params=["local", "memory", "objects"])
def any_store(request: pytest.FixtureRequest, root: Path) -> ArtifactStore:
    match request.param:
        case "local":
            return LocalArtifacts(Tree(root))
        case "memory":
            return MemoryArtifacts()
        case _:
            place = StorePlace(address="memory", bucket="memory", service=StoreService.S3)
            return StoreArtifacts(ObstoreClient(MemoryStore(), place))


@pytest.fixture
def workspace(tmp_path: Path) -> Tree:
    (tmp_path / "work").mkdir()
    return Tree(tmp_path / "work")


def test_what_is_moved_in_replaces_what_was_there_and_leaves_the_workspace(
    any_store: ArtifactStore, workspace: Tree
) -> None:
    for data in (b"one", b"other"):
        workspace.write_synced("x.part", data)
        moved = any_store.move_in("images/deep/a.png", workspace, "x.part")
        assert moved == any_store.look("images/deep/a.png")
        assert read_artifact(any_store, "images/deep/a.png", most_bytes=9) == data
        assert workspace.entries() == []


def test_what_is_taken_in_from_memory_replaces_what_was_there(any_store: ArtifactStore) -> None:
    for data in (b"one", b"other"):
        assert any_store.take_in("images/a.png", data) == any_store.look("images/a.png")
        assert read_artifact(any_store, "images/a.png", most_bytes=9) == data


def test_other_content_is_another_version_written_now(any_store: ArtifactStore) -> None:
    one, other = any_store.take_in("images/a.png", b"one"), any_store.take_in("images/a.png", b"two")
    assert one.modified_ns != other.modified_ns
    found = any_store.look("images/a.png")
    assert found is not None
    assert abs(time.time() - found.written_at) < 60


def test_some_are_looked_at_together_as_one_by_one(any_store: ArtifactStore) -> None:
    for name in ("a", "b", "deep/a"):
        any_store.put(f"images/{name}.png", name.encode())
    paths = [f"images/{name}.png" for name in ("b", "missing", "a", "deep/a", "nowhere/a", "b")]
    for some in (paths, paths * 20):
        assert list(any_store.look_all(some)) == [any_store.look(path) for path in some]
    assert list(any_store.look_all([])) == []


def test_what_is_copied_out_replaces_a_file_and_stays(any_store: ArtifactStore, workspace: Tree) -> None:
    any_store.put("images/a.png", b"one")
    workspace.write_synced("x", b"older")
    any_store.copy_out("images/a.png", workspace, "x")
    assert workspace.read("x", most_bytes=9) == b"one"
    assert read_artifact(any_store, "images/a.png", most_bytes=9) == b"one"
    with pytest.raises(FileNotFoundError):
        any_store.copy_out("images/b.png", workspace, "x")


def test_a_move_over_a_link_replaces_the_link(store: ArtifactStore, root: Path, workspace: Tree) -> None:
    victim = root.parent / "victim"
    victim.write_bytes(b"theirs")
    (root / "a.png").symlink_to(victim)
    workspace.write_synced("x", b"ours")
    store.move_in("a.png", workspace, "x")
    assert (victim.read_bytes(), (root / "a.png").read_bytes()) == (b"theirs", b"ours")
    assert not (root / "a.png").is_symlink()


def test_a_folder_with_something_in_it_stays(store: ArtifactStore, root: Path) -> None:
    store.make_folder("images/m")
    store.put("images/m/a.png", b"x")
    assert not store.remove_folder("images/m")
    store.remove("images/m/a.png")
    assert store.remove_folder("images/m")
    assert not (root / "images" / "m").exists()


def test_what_is_put_is_read(any_store: ArtifactStore) -> None:
    any_store.put("images/deep/a.png", b"one")
    any_store.put("manifest.jsonl", iter([b"tw", b"o"]))
    any_store.put("checks.jsonl", iter([]))
    assert read_artifact(any_store, "checks.jsonl", most_bytes=3) == b""
    assert read_artifact(any_store, "images/deep/a.png", most_bytes=3) == b"one"
    assert read_artifact(any_store, "manifest.jsonl", most_bytes=3) == b"two"
    assert sha256_of_artifact(any_store, "manifest.jsonl").startswith("3fc4ccfe")


def test_a_look_shows_size_and_time(store: ArtifactStore, root: Path) -> None:
    assert store.look("summary.json") is None
    store.put("summary.json", b"{}")
    modified_ns = (root / "summary.json").stat().st_mtime_ns
    assert store.look("summary.json") == Artifact(path="summary.json", size_bytes=2, modified_ns=modified_ns)


def test_a_source_that_fails_leaves_the_old_one(any_store: ArtifactStore) -> None:
    def broken() -> Iterator[bytes]:
        yield b"new"
        raise OSError("the source broke")

    any_store.put("manifest.jsonl", b"old")
    with pytest.raises(OSError, match="source broke"):
        any_store.put("manifest.jsonl", broken())
    assert read_artifact(any_store, "manifest.jsonl", most_bytes=9) == b"old"


def test_a_put_that_fails_leaves_the_old_one(store: ArtifactStore, root: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"new"
        raise ValueError("the source broke")

    store.put("manifest.jsonl", b"old")
    with pytest.raises(ValueError, match="source broke"):
        store.put("manifest.jsonl", broken())
    assert read_artifact(store, "manifest.jsonl", most_bytes=9) == b"old"
    assert [path.name for path in root.iterdir()] == ["manifest.jsonl"]


def test_a_reader_keeps_what_it_opened(any_store: ArtifactStore) -> None:
    any_store.put("manifest.jsonl", b"old")
    with any_store.open("manifest.jsonl") as file:
        any_store.put("manifest.jsonl", b"new")
        assert file.read() == b"old"


def test_a_list_is_in_order_and_goes_deep(any_store: ArtifactStore) -> None:
    for path in ("images/b.png", "images/a/2.png", "images/a/1.png", "inputs/x"):
        any_store.put(path, b"x")
    assert [each.path for each in any_store.list("images")] == ["images/a/1.png", "images/a/2.png", "images/b.png"]
    assert list(any_store.list("nothing")) == []


def test_what_is_removed_is_gone_and_twice_is_fine(any_store: ArtifactStore) -> None:
    any_store.put("images/a.png", b"x")
    for _ in range(2):
        any_store.remove("images/a.png")
    assert any_store.look("images/a.png") is None
    with pytest.raises(FileNotFoundError):
        any_store.open("images/a.png")


def test_a_link_is_shown_and_never_followed(store: ArtifactStore, root: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    (root / "summary.json").symlink_to(secret)
    (root / "images").symlink_to(tmp_path)
    found = store.look("summary.json")
    assert found is not None
    assert not found.is_file
    for read in (store.open, store.look):
        with pytest.raises(QwaveError):
            read("images/secret")
    for path in ("summary.json", "images/secret"):
        with pytest.raises(QwaveError):
            store.put(path, b"theirs")
        with pytest.raises(QwaveError):
            store.open(path)
    assert secret.read_bytes() == b"secret"


def test_a_path_that_leads_out_is_refused(store: ArtifactStore) -> None:
    with pytest.raises(QwaveError):
        store.put("../outside", b"x")


def test_a_large_one_is_not_read_whole(any_store: ArtifactStore) -> None:
    any_store.put("summary.json", b"x" * 10)
    with pytest.raises(QwaveError, match="too large"):
        read_artifact(any_store, "summary.json", most_bytes=9)
