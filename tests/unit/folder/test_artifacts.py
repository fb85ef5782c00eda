"""The contract of an artifact store, held to by the local folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from qwave_batch.errors import QwaveError
from qwave_batch.files.tree import Tree
from qwave_batch.folder.artifacts import (
    Artifact,
    ArtifactStore,
    LocalArtifacts,
    read_artifact,
    sha256_of_artifact,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "run"
    root.mkdir()
    return root


@pytest.fixture
def store(root: Path) -> ArtifactStore:
    return LocalArtifacts(Tree(root))


def test_what_is_put_is_read(store: ArtifactStore) -> None:
    store.put("images/deep/a.png", b"one")
    store.put("manifest.jsonl", iter([b"tw", b"o"]))
    assert read_artifact(store, "images/deep/a.png", most_bytes=3) == b"one"
    assert read_artifact(store, "manifest.jsonl", most_bytes=3) == b"two"
    assert sha256_of_artifact(store, "manifest.jsonl").startswith("3fc4ccfe")


def test_a_look_shows_size_and_time(store: ArtifactStore, root: Path) -> None:
    assert store.look("summary.json") is None
    store.put("summary.json", b"{}")
    modified_ns = (root / "summary.json").stat().st_mtime_ns
    assert store.look("summary.json") == Artifact(path="summary.json", size_bytes=2, modified_ns=modified_ns)


def test_a_put_that_fails_leaves_the_old_one(store: ArtifactStore, root: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"new"
        raise ValueError("the source broke")

    store.put("manifest.jsonl", b"old")
    with pytest.raises(ValueError, match="source broke"):
        store.put("manifest.jsonl", broken())
    assert read_artifact(store, "manifest.jsonl", most_bytes=9) == b"old"
    assert [path.name for path in root.iterdir()] == ["manifest.jsonl"]


def test_a_reader_keeps_what_it_opened(store: ArtifactStore) -> None:
    store.put("manifest.jsonl", b"old")
    with store.open("manifest.jsonl") as file:
        store.put("manifest.jsonl", b"new")
        assert file.read() == b"old"


def test_a_list_is_in_order_and_goes_deep(store: ArtifactStore) -> None:
    for path in ("images/b.png", "images/a/2.png", "images/a/1.png", "inputs/x"):
        store.put(path, b"x")
    assert [each.path for each in store.list("images")] == ["images/a/1.png", "images/a/2.png", "images/b.png"]
    assert list(store.list("nothing")) == []


def test_what_is_removed_is_gone_and_twice_is_fine(store: ArtifactStore) -> None:
    store.put("images/a.png", b"x")
    for _ in range(2):
        store.remove("images/a.png")
    assert store.look("images/a.png") is None
    with pytest.raises(FileNotFoundError):
        store.open("images/a.png")


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


def test_a_large_one_is_not_read_whole(store: ArtifactStore) -> None:
    store.put("summary.json", b"x" * 10)
    with pytest.raises(QwaveError, match="too large"):
        read_artifact(store, "summary.json", most_bytes=9)
