"""A run whose artifacts lie in another store: in another folder, on another file system, or in no folder at all."""

from dataclasses import dataclass
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.files.tree import Tree
from qwave_batch.folder.artifacts import IMAGES, MANIFEST, SPEC, SUMMARY, ArtifactStore, LocalArtifacts
from qwave_batch.folder.layout import RunLayout
from tests.memory_artifacts import MemoryArtifacts

SPEC_TEXT = """\
version: 1
name: elsewhere
catalog: "2026-05"
request: {aspect_ratio: "1:1"}
prompts: [a lantern, a kite]
matrix: {model: [z-image-turbo, doubao-seedream-5.0-lite]}
output: {path: "{{ model }}/{{ prompt.id }}"}
"""
FEWER = SPEC_TEXT.replace("[a lantern, a kite]", "[a lantern]")
JOBS = 4


@dataclass(frozen=True, slots=True)
class Remote:
    home: Path
    store: ArtifactStore

    @property
    def folder(self) -> Path:
        return self.home / "run"

    def run(self, text: str = SPEC_TEXT) -> qb.RunSummary:
        spec = self.home / "spec.yaml"
        spec.write_text(text, encoding="utf-8")
        return qb.run_batch_sync(spec, connection=qb.Simulated(latency="0"), out_dir=self.folder)

    def images(self) -> dict[str, int]:
        return {found.path: found.modified_ns for found in self.store.list(IMAGES)}

    def local_files(self) -> list[str]:
        """Return the files in the run folder that are not in the workspace."""
        files = (path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file())
        return [str(path) for path in files if path.parts[0] != ".qwave"]


@pytest.fixture(params=["a folder", "another file system", "memory"])
def remote(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    store: ArtifactStore
    match request.param:
        case "a folder":
            place = tmp_path / "elsewhere"
            place.mkdir()
            store = LocalArtifacts(Tree(place))
        case "another file system":
            store = LocalArtifacts(Tree(request.getfixturevalue("other_file_system")))
        case _:
            store = MemoryArtifacts()
    monkeypatch.setattr(RunLayout, "artifacts", property(lambda _: store))
    return Remote(tmp_path, store)


def test_everything_for_readers_is_there_and_nothing_is_local(remote: Remote) -> None:
    assert remote.run().counts.completed == JOBS
    assert len(remote.images()) == JOBS
    assert all(remote.store.look(path) is not None for path in (MANIFEST, SUMMARY, SPEC))
    assert remote.local_files() == []
    assert not (remote.folder / IMAGES).exists()
    assert not list((remote.folder / ".qwave" / "partial").iterdir())


def test_it_is_sound_and_a_second_run_does_nothing(remote: Remote) -> None:
    remote.run()
    before = remote.images()
    report = qb.open_run(remote.folder).verify()
    assert report.is_sound, report.problems
    assert (report.counts.files, report.counts.strangers) == (JOBS, 0)
    again = remote.run()
    assert (again.cost_nusd, again.counts.completed) == (0, JOBS)
    assert remote.images() == before


def test_a_lost_image_and_a_damaged_one_come_back_to_their_places_for_free(remote: Remote) -> None:
    remote.run()
    lost, damaged, *_ = before = sorted(remote.images())
    remote.store.remove(lost)
    remote.store.put(damaged, b"damaged")
    found = qb.open_run(remote.folder).verify().counts
    assert (found.missing, found.damaged) == (1, 1)
    assert remote.run().cost_nusd == 0
    assert sorted(remote.images()) == before
    assert qb.open_run(remote.folder).verify().is_sound
    assert remote.local_files() == []


def test_prune_removes_from_there(remote: Remote) -> None:
    remote.run()
    remote.run(FEWER)
    pruned = qb.open_run(remote.folder).prune()
    assert len(pruned.files) == JOBS // 2
    assert len(remote.images()) == JOBS // 2
    assert qb.open_run(remote.folder).verify().is_sound


def test_a_folder_without_its_ledger_is_known_by_what_lies_there(remote: Remote) -> None:
    remote.run()
    for path in (remote.folder / ".qwave").iterdir():
        if path.is_file():
            path.unlink()
    with pytest.raises(qb.QwaveError, match="is gone or empty"):
        remote.run()
