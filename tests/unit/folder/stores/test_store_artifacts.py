"""Artifacts in an object store: what is swapped under a condition, and what never takes memory."""

import hashlib
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from qwave_batch.files.tree import Tree
from qwave_batch.folder.artifacts import MANIFEST, SUMMARY, read_artifact
from qwave_batch.folder.stores.object_store import Content, ObjectFacts, StoredObject, WriteLost
from qwave_batch.folder.stores.obstore_client import ObstoreClient
from qwave_batch.folder.stores.run_store import RunStore
from qwave_batch.folder.stores.store_artifacts import StoreArtifacts
from qwave_batch.folder.stores.store_errors import StorePlace
from qwave_batch.model.store_url import StoreService, read_store_url

MB = 1 << 20


def memory_objects() -> ObstoreClient:
    return ObstoreClient(MemoryStore(), StorePlace(address="memory", bucket="memory", service=StoreService.S3))


@dataclass(slots=True)
class Hashed:
    """Objects of which only the hash is kept."""

    address: str = "hashed"
    hashes: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    def put(
        self,
        key: str,
        data: Content,
        *,
        content_type: str = "",
        if_absent: bool = False,  # noqa: ARG002 - nobody else writes here
        if_match: str | None = None,  # noqa: ARG002 - as above
    ) -> str:
        self.hashes[key] = hashlib.sha256(data).hexdigest()
        self.types[key] = content_type
        return self.hashes[key]

    def get(self, key: str) -> StoredObject | None:
        raise NotImplementedError

    def open(self, key: str) -> None:
        raise NotImplementedError

    def head(self, key: str) -> ObjectFacts | None:  # noqa: ARG002 - there is none
        return None

    def list(self, folder: str = "", *, after: str = "") -> Iterator[ObjectFacts]:
        raise NotImplementedError

    def delete(self, key: str) -> None:
        raise NotImplementedError


def test_what_another_has_written_since_the_run_began_is_not_overwritten() -> None:
    objects = memory_objects()
    ours, others = StoreArtifacts(objects), StoreArtifacts(objects)
    ours.put(MANIFEST, b"one")
    ours.hold_versions()
    others.put(MANIFEST, b"two")
    for path in (MANIFEST, SUMMARY):
        others.put(path, b"theirs")
        with pytest.raises(WriteLost):
            ours.put(path, b"ours")
        assert ours.look(path) is not None  # a look does not make it ours
        with pytest.raises(WriteLost):
            ours.put(path, b"ours")
        assert read_artifact(others, path, most_bytes=9) == b"theirs"
    ours.hold_versions()
    ours.put(MANIFEST, b"ours")
    assert read_artifact(others, MANIFEST, most_bytes=9) == b"ours"


def test_one_who_only_looks_replaces_what_was_seen_last() -> None:
    objects = memory_objects()
    ours, others = StoreArtifacts(objects), StoreArtifacts(objects)
    for text in (b"one", b"two", b"three"):
        others.put(MANIFEST, text)
        ours.look(MANIFEST)
        ours.put(MANIFEST, text + b" again")
        others.look(MANIFEST)
    others.remove(MANIFEST)
    ours.look(MANIFEST)
    ours.put(MANIFEST, b"anew")
    assert read_artifact(others, MANIFEST, most_bytes=9) == b"anew"


def test_the_hash_of_what_was_written_here_is_known_without_reading() -> None:
    objects = memory_objects()
    ours, others = StoreArtifacts(objects), StoreArtifacts(objects)
    ours.put(MANIFEST, iter([b"on", b"e"]))
    found = ours.look(MANIFEST)
    assert found is not None
    assert found.sha256 == hashlib.sha256(b"one").hexdigest()
    others.look(MANIFEST)
    others.put(MANIFEST, b"two")
    found = ours.look(MANIFEST)
    assert found is not None
    assert found.sha256 is None


def test_neither_a_large_manifest_nor_a_large_image_is_ever_in_memory(tmp_path: Path) -> None:
    objects, tree = Hashed(), Tree(tmp_path)
    store, piece = StoreArtifacts(objects), bytes(MB)
    with tree.create("image.part") as file:
        for _ in range(32):
            file.write(piece)
    expected = hashlib.sha256(piece * 32).hexdigest()
    tracemalloc.start()
    store.put(MANIFEST, (piece for _ in range(32)))
    placed = store.move_in("images/a.png", tree, "image.part")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MB
    assert objects.hashes == {MANIFEST: expected, "images/a.png": expected}
    assert (placed.size_bytes, tree.look("image.part")) == (32 * MB, None)


def test_each_kind_has_its_type() -> None:
    objects = Hashed()
    store = StoreArtifacts(objects)
    for name in ("a.PNG", "b.jpg", "c.webp", "manifest.jsonl", "summary.json", "spec.yaml", "x.tsv"):
        store.put(name, b"")
    assert list(objects.types.values()) == [
        "image/png", "image/jpeg", "image/webp", "application/x-ndjson", "application/json", "application/yaml",
        "application/octet-stream",
    ]  # fmt: skip


def test_a_name_that_no_key_can_have_is_known_before_it_is_tried() -> None:
    store = RunStore.of(read_store_url("s3://bucket/a/prefix"), memory_objects())
    longest = "images/" + "ü" * ((1024 - len("a/prefix/images/")) // 2)
    assert store.artifacts.fault_of(longest) is None
    assert "memory takes 1,015 below it" in (store.artifacts.fault_of(f"{longest}xx") or "")
