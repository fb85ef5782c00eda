"""A folder that can't sync, rename, lock or name: found out before anything is paid, or done without."""

import errno
import fcntl
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.cli.next_steps import error_words
from qwave_batch.errors import FolderError, StorageError
from qwave_batch.folder.artifacts import LocalArtifacts
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.probing import StorageProbe

SPEC = """\
version: 1
name: place
catalog: "2026-05"
request: {aspect_ratio: "1:1"}
prompts: [a lantern, a kite]
matrix: {model: [z-image-turbo, doubao-seedream-5.0-lite]}
output: {path: "{{ model }}/{{ prompt.id }}"}
"""
JOBS = 4
MODELS = ("z-image-turbo", "doubao-seedream-5.0-lite")


@dataclass(frozen=True, slots=True)
class Scene:
    home: Path

    @property
    def folder(self) -> Path:
        return self.home / "run"

    def bought(self) -> int:
        tasks = self.folder / ".qwave" / "simulator.sqlite"
        if not tasks.exists():
            return 0
        with closing(sqlite3.connect(tasks)) as connection:
            return int(connection.execute("SELECT COUNT(*) FROM tasks").fetchone()[0])

    def run(self, *, only: str | None = None) -> qb.RunSummary:
        options = qb.RunOptions(only=None if only is None else f"model == '{only}'")
        return qb.run_batch_sync(
            self.home / "spec.yaml", connection=qb.Simulated(latency="0"), out_dir=self.folder, options=options
        )

    def is_refused(self, *says: str) -> None:
        before = self.bought()
        with pytest.raises(StorageError) as refused:
            self.run()
        assert all(part in error_words(refused.value) for part in says), str(refused.value)
        assert self.bought() == before
        assert not [path for path in self.folder.rglob("*") if path.suffix == ".probe"]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    return Scene(tmp_path)


def is_folder(descriptor: int) -> bool:
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


def path_of(descriptor: int) -> Path:
    return Path(f"/proc/self/fd/{descriptor}").readlink()


def fail_sync(monkeypatch: pytest.MonkeyPatch, number: int, of: Callable[[int], bool]) -> None:
    sync = os.fsync

    def failing(descriptor: int) -> None:
        if of(descriptor):
            raise OSError(number, os.strerror(number))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", failing)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM])
def test_a_folder_that_can_not_be_synced_is_let_be_with_a_note(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    fail_sync(monkeypatch, number, is_folder)
    summary = scene.run()
    assert (summary.exit_status, summary.counts.completed) == (0, JOBS)
    assert [text for text in summary.warnings if "can't sync folders" in str(text)] == [summary.warnings[0]]


def test_a_move_to_such_a_disk_in_the_middle_costs_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.run(only=MODELS[0])
    fail_sync(monkeypatch, errno.EINVAL, is_folder)
    assert scene.run().counts.completed == JOBS
    assert scene.bought() == JOBS


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_folder_whose_sync_reports_a_broken_disk_ends_the_run(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    fail_sync(monkeypatch, number, is_folder)
    scene.is_refused("cannot")


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EIO])
def test_a_file_that_can_not_be_synced_is_told_before_anything_is_paid(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    scene.run(only=MODELS[0])
    fail_sync(monkeypatch, number, lambda descriptor: "partial" in path_of(descriptor).parts)
    scene.is_refused("writing and syncing a file fails at .qwave/partial")


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EACCES, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("is_after_a_good_start", [False, True])
def test_a_rename_that_fails_is_told_before_anything_is_paid(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, number: int, *, is_after_a_good_start: bool
) -> None:
    if is_after_a_good_start:
        scene.run(only=MODELS[0])
    replace = os.replace

    def failing(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        if "images" in path_of(dst_dir_fd).parts:
            raise OSError(number, os.strerror(number))
        replace(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "replace", failing)
    scene.is_refused("moving a file from .qwave/partial fails at images/", "-o DIR")


class Killed(BaseException):
    """The end of a process, in place of a signal."""


def test_what_a_killed_run_tried_the_folder_out_with_is_no_trace_of_an_image(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_self: LocalArtifacts, _path: str) -> None:
        raise Killed

    scene.run(only=MODELS[0])
    layout = RunLayout.existing(scene.folder)
    job_path = next(line.path for line in qb.open_run(scene.folder).lines() if line.model == MODELS[1])
    with monkeypatch.context() as patch:
        patch.setattr(LocalArtifacts, "remove", killed)
        for try_out in (StorageProbe(layout).try_out, lambda: StorageProbe(layout).try_name(job_path, of_many=True)):
            with pytest.raises(Killed):
                try_out()
    left = sorted(str(path.relative_to(scene.folder)) for path in scene.folder.rglob("*.probe"))
    assert len(left) == 2
    (scene.folder / "images" / "mine.probe").write_text("of the user")
    found = qb.open_run(scene.folder).verify()
    assert {(problem.value, problem.severity) for problem in found.problems if problem.value in left} == {
        (path, "warning") for path in left
    }
    assert scene.run().warnings == ()
    assert [path.name for path in scene.folder.rglob("*.probe")] == ["mine.probe"]


def test_a_disk_that_refuses_long_names_is_told_by_the_name(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = scene.home / "spec.yaml"
    spec.write_text(SPEC.replace("{{ prompt.id }}", "{{ prompt.id }}-" + "x" * 130), encoding="utf-8")
    replace = os.replace

    def failing(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        if len(target) > 100:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        replace(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "replace", failing)
    scene.is_refused("the name is too long for this file system")


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_folder_without_locks_is_told(scene: Scene, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def failing(_descriptor: object, _operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", failing)
    scene.is_refused("cannot lock", "on a local disk")


def put_link(scene: Scene, path: str) -> None:
    elsewhere = scene.home / "larger"
    elsewhere.mkdir()
    place = scene.folder / path
    if place.is_dir():
        shutil.rmtree(place)
    place.symlink_to(elsewhere)


@pytest.mark.parametrize("path", ["images", f"images/{MODELS[1]}"])
def test_a_link_to_a_larger_disk_is_told_before_anything_is_paid(scene: Scene, path: str) -> None:
    scene.run(only=MODELS[0])
    before = scene.bought()
    put_link(scene, path)
    with pytest.raises(FolderError, match="is a symbolic link"):
        scene.run()
    assert scene.bought() == before


def test_a_link_that_leads_nowhere_in_place_of_a_models_folder_is_told(scene: Scene) -> None:
    scene.run(only=MODELS[0])
    (scene.folder / "images" / MODELS[1]).symlink_to(scene.home / "nowhere")
    scene.is_refused(f"making the folder fails at images/{MODELS[1]}", "is a symbolic link")


def test_a_file_in_place_of_images_is_told_and_one_in_place_of_a_models_folder_goes_around(scene: Scene) -> None:
    scene.run(only=MODELS[0])
    (scene.folder / "images" / MODELS[1]).write_bytes(b"mine")
    assert scene.run().counts.completed == JOBS
    assert (scene.folder / "images" / MODELS[1]).read_bytes() == b"mine"
    shutil.rmtree(scene.folder / "images")
    (scene.folder / "images").write_bytes(b"mine")
    with pytest.raises((FolderError, StorageError), match="images"):
        scene.run()


@pytest.mark.parametrize("place", ["", "/old"])
def test_images_whose_folder_has_become_a_file_are_fetched_to_another_place(scene: Scene, place: str) -> None:
    spec = scene.home / "spec.yaml"
    spec.write_text(SPEC.replace("{{ prompt.id }}", "old/{{ prompt.id }}"), encoding="utf-8")
    scene.run(only=MODELS[0])
    shutil.rmtree(scene.folder / "images" / MODELS[0])
    blocked = scene.folder / "images" / f"{MODELS[0]}{place}"
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_bytes(b"mine")
    summary = scene.run()
    assert (summary.exit_status, summary.counts.completed, summary.counts.damaged) == (0, JOBS, 0)
    assert scene.bought() == JOBS
    assert blocked.read_bytes() == b"mine"
    found = qb.open_run(scene.folder).verify().counts
    assert (found.missing, found.damaged) == (0, 0)
    assert scene.run().cost_nusd == 0


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EDQUOT])
def test_a_folder_that_does_not_take_back_its_images_is_told_before_others_are_paid(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    scene.run(only=MODELS[0])
    for image in (scene.folder / "images" / MODELS[0]).iterdir():
        image.unlink()
    replace = os.replace

    def failing(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        if path_of(dst_dir_fd).name == MODELS[0]:
            raise OSError(number, os.strerror(number))
        replace(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "replace", failing)
    scene.is_refused(f"moving a file from .qwave/partial fails at images/{MODELS[0]}/")


def test_a_disk_with_too_little_room_is_noted(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.run(only=MODELS[0])
    found = os.statvfs(scene.folder)
    monkeypatch.setattr(os, "statvfs", lambda _: type(found)((*found[:4], 0, *found[5:])))
    summary = scene.run()
    assert summary.counts.completed == JOBS
    assert any("0 MB left" in str(text) for text in summary.warnings)
