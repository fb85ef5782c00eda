"""A run folder that a stranger made: no command leaves it, waits in it, or changes it before it is refused."""

import hashlib
import json
import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import qwave_batch as qb
from qwave_batch.cli.main import main

SPEC = """\
version: 1
name: cloned
catalog: "2026-05"
request: {model: z-image-turbo, resolution: 1K}
prompts: [a lantern, a kite]
matrix: {seed: [1, 2]}
"""
COMMANDS = ("status", "verify", "prune", "refetch", "cancel", "run", "run --reuse", "plan --against")
WRITERS = ("prune", "refetch", "cancel", "run")
TERABYTE = 1 << 40


@dataclass(frozen=True, slots=True)
class Scene:
    """A run folder that came from elsewhere, and what is its user's own."""

    home: Path

    @property
    def folder(self) -> Path:
        return self.home / "cloned"

    @property
    def outside(self) -> Path:
        return self.home / "outside"

    def call(self, command: str) -> tuple[int, str]:
        """Let one command of the command line at the folder; return its exit status and all that it said."""
        spec, folder = self.home / "spec.yaml", self.folder
        argv: list[object] = {
            "status": ["status", folder, "--json"],
            "verify": ["verify", folder],
            "prune": ["prune", folder, "--yes"],
            "refetch": ["refetch", folder, "--simulate"],
            "cancel": ["cancel", folder, "--simulate"],
            "run": ["run", spec, "-o", folder, "--simulate", "--yes", "--adopt"],
            "run --reuse": ["run", spec, "-o", self.home / "new", "--simulate", "--yes", "--reuse", folder],
            "plan --against": ["plan", spec, "--against", folder],
        }[command]
        stdout, stderr = StringIO(), StringIO()
        status = main([str(argument) for argument in argv], stdout, stderr, environ={"COLUMNS": "400"})
        said = stdout.getvalue() + stderr.getvalue()
        assert "this is a bug" not in said
        return status, said


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound run folder with its spec, made once."""
    home = tmp_path_factory.mktemp("made")
    (home / "spec.yaml").write_text(SPEC, encoding="utf-8")
    qb.run_batch_sync(home / "spec.yaml", connection=qb.Simulated(latency="0"), out_dir=home / "cloned")
    return home


@pytest.fixture
def scene(made: Path, tmp_path: Path) -> Scene:
    home = tmp_path / "home"
    shutil.copytree(made, home)
    (home / "outside" / "below").mkdir(parents=True)
    (home / "outside" / "victim").write_bytes(b"secret bytes of a foreign file")
    (home / "outside" / "below" / "0123456789abcdef_1.part").write_bytes(b"mine too")
    return Scene(home)


def state_of(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Everything below a folder, with content, kind, time and number of names; nothing is followed."""
    found: dict[str, tuple[Any, ...]] = {}
    for entry in sorted(folder.rglob("*")):
        status = entry.lstat()
        content: object = None
        if stat.S_ISLNK(status.st_mode):
            content = entry.readlink()
        elif stat.S_ISREG(status.st_mode) and status.st_size < 1 << 24:
            content = entry.read_bytes()
        found[str(entry.relative_to(folder))] = (status.st_mode, status.st_nlink, status.st_size, content)
    return found


def replace_by_link(at: Path, target: Path) -> None:
    if at.is_dir():
        shutil.rmtree(at)
    else:
        at.unlink(missing_ok=True)
    at.parent.mkdir(parents=True, exist_ok=True)
    at.symlink_to(target)


FOLDERS = (".qwave", ".qwave/partial", ".qwave/evidence", "images", "inputs")
FILES = (
    "manifest.jsonl",
    "summary.json",
    "spec.yaml",
    ".qwave/lock",
    ".qwave/.gitignore",
    ".qwave/live.json",
    ".qwave/manifest.json",
    ".qwave/store.json",
    ".qwave/store-lock.json",
    ".qwave/ledger.sqlite",
    ".qwave/ledger.sqlite-wal",
    ".qwave/ledger.sqlite-shm",
    ".qwave/ledger.sqlite-journal",
    ".qwave/simulator.sqlite",
    ".qwave/simulator.sqlite-wal",
    ".qwave/simulator.sqlite-journal",
)


@pytest.mark.parametrize("place", FOLDERS)
def test_a_folder_that_is_a_link_is_refused_with_its_path_by_every_command(scene: Scene, place: str) -> None:
    target = scene.outside
    if place == ".qwave":  # which the stranger had time to fill
        shutil.copytree(scene.folder / place, scene.outside / "qwave")
        target = scene.outside / "qwave"
    replace_by_link(scene.folder / place, target)
    before = state_of(scene.folder), state_of(scene.outside)
    for command in COMMANDS:
        status, said = scene.call(command)
        assert (status, f"{place} is a symbolic link" in said) == (2, True), (command, said)
        assert "victim" not in said
        assert (state_of(scene.folder), state_of(scene.outside)) == before, command


@pytest.mark.parametrize("place", FILES)
def test_a_file_that_is_a_link_is_refused_with_its_path_by_every_command(scene: Scene, place: str) -> None:
    replace_by_link(scene.folder / place, scene.outside / "victim")
    before = state_of(scene.folder), state_of(scene.outside)
    for command in COMMANDS:
        status, said = scene.call(command)
        assert (status, f"{place} is a symbolic link" in said) == (2, True), (command, said)
        assert "secret bytes" not in said
        assert (state_of(scene.folder), state_of(scene.outside)) == before, command


@pytest.mark.parametrize("place", [place for place in FILES if "journal" not in place])
def test_a_link_that_leads_nowhere_makes_no_file_there(scene: Scene, place: str) -> None:
    replace_by_link(scene.folder / place, scene.outside / "new")
    assert scene.call("run")[0] == 2
    assert not (scene.outside / "new").exists()


@pytest.mark.parametrize("place", FILES)
def test_a_pipe_is_refused_at_once_by_every_command(scene: Scene, place: str) -> None:
    (scene.folder / place).unlink(missing_ok=True)
    os.mkfifo(scene.folder / place)
    before = state_of(scene.folder)
    for command in COMMANDS:
        status, said = scene.call(command)
        assert (status, f"{place} is a named pipe" in said) == (2, True), (command, said)
        assert state_of(scene.folder) == before, command


@pytest.mark.parametrize("name", ["ledger.sqlite", "simulator.sqlite"])
def test_a_rollback_journal_is_refused_before_sqlite_obeys_it(scene: Scene, name: str) -> None:
    """A hot journal, as a stranger leaves it: opened by SQLite, it takes back what it says, and removes files."""
    database = scene.folder / ".qwave" / name
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE planted (x)")
        connection.executemany("INSERT INTO planted VALUES (?)", [("x" * 2000,) for _ in range(100)])
        for ending in ("", "-journal"):
            shutil.copyfile(f"{database}{ending}", scene.home / f"hot{ending}")
        connection.execute("ROLLBACK")
    for ending in ("", "-journal"):
        shutil.copyfile(scene.home / f"hot{ending}", f"{database}{ending}")
    before = state_of(scene.folder)
    for command in COMMANDS:
        status, said = scene.call(command)
        assert (status, f"{name}-journal was not made by this program" in said) == (2, True), (command, said)
        assert state_of(scene.folder) == before, command


@pytest.mark.parametrize("command", WRITERS)
@pytest.mark.parametrize("place", ["images/z-image-turbo", "images/new"])
def test_a_link_among_the_images_is_refused_before_anything_is_written(scene: Scene, place: str, command: str) -> None:
    replace_by_link(scene.folder / place, scene.outside)
    before = state_of(scene.folder), state_of(scene.outside)
    status, said = scene.call(command)
    assert (status, f"{place} is a symbolic link" in said) == (2, True), said
    after = state_of(scene.folder), state_of(scene.outside)
    changed = {
        name for old, new in zip(before, after, strict=True) for name in old | new if old.get(name) != new.get(name)
    }
    assert changed <= {".qwave/lock"}  # a reader takes the lock first


def test_verify_shows_neither_bytes_nor_names_of_what_a_link_leads_to(scene: Scene) -> None:
    for image in list((scene.folder / "images").rglob("*.*")):
        replace_by_link(image, scene.outside / "victim")
    (scene.folder / "images" / "elsewhere").symlink_to(scene.outside)
    status, said = scene.call("verify")
    assert status == 1
    assert said.count("is a symbolic link") >= 4
    for foreign in ("secret", "bytes of a foreign", "victim", "0123456789abcdef_1.part"):
        assert foreign not in said


def test_a_run_puts_its_images_in_place_of_links_and_leaves_what_they_lead_to(scene: Scene) -> None:
    images = list((scene.folder / "images").rglob("*.*"))
    for image in images:
        replace_by_link(image, scene.outside / "victim")
    before = state_of(scene.outside)
    assert scene.call("refetch")[0] == 0
    assert state_of(scene.outside) == before
    assert all(image.is_file() and not image.is_symlink() for image in images)
    assert scene.call("verify")[0] == 0


def rewrite(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / ".qwave" / "ledger.sqlite", isolation_level=None)) as connection:
        connection.execute(statement, values)


HOSTILE_PATHS = (
    "{outside}/victim",
    "../outside/victim",
    "images/../../outside/victim",
    ".qwave/ledger.sqlite",
    "spec.yaml",
)


@pytest.mark.parametrize("path", HOSTILE_PATHS)
@pytest.mark.parametrize("command", ["prune", "refetch", "run", "run --reuse"])
def test_a_ledger_moves_copies_or_removes_nothing_by_a_path_that_no_run_has_written(
    scene: Scene, command: str, path: str
) -> None:
    victim = path.format(outside=scene.outside)
    with closing(sqlite3.connect(scene.folder / ".qwave" / "ledger.sqlite", isolation_level=None)) as connection:
        job_id, size = connection.execute("SELECT job_id, size_bytes FROM images ORDER BY path LIMIT 1").fetchone()
        connection.execute("UPDATE images SET path = ? WHERE job_id = ?", (victim, job_id))
        if command == "prune":
            connection.execute("UPDATE jobs SET position = NULL WHERE job_id = ?", (job_id,))
    if "outside" in path:
        (scene.outside / "victim").write_bytes(b"x" * size)
    outside, private = state_of(scene.outside), (scene.folder / "spec.yaml").read_bytes()
    status, _ = scene.call(command)
    assert status in {2, 4}
    assert state_of(scene.outside) == outside
    assert (scene.folder / "spec.yaml").read_bytes() == private
    assert not (scene.home / "new" / "images").exists() or not list((scene.home / "new" / "images").rglob("*.*"))


def test_reuse_takes_no_bytes_that_are_not_an_image(scene: Scene) -> None:
    """A matching hash in a stranger's ledger proves nothing."""
    image = next(iter((scene.folder / "images").rglob("*.*")))
    data = b"#!/bin/sh\nexit 1\n"
    image.write_bytes(data)
    path = image.relative_to(scene.folder).as_posix()
    sha256 = hashlib.sha256(data).hexdigest()
    rewrite(scene.folder, "UPDATE images SET sha256 = ?, size_bytes = ? WHERE path = ?", sha256, len(data), path)
    status, said = scene.call("run --reuse")
    assert status == 0
    assert "can't be taken" in said
    taken = [file.read_bytes() for file in (scene.home / "new" / "images").rglob("*.*")]
    assert len(taken) == 4
    assert data not in taken


def test_huge_sparse_files_are_told_and_not_read(scene: Scene) -> None:
    for name in (
        "summary.json",
        "spec.yaml",
        ".qwave/lock",
        ".qwave/live.json",
        ".qwave/manifest.json",
        "manifest.jsonl",
    ):
        with (scene.folder / name).open("wb") as file:
            file.truncate(TERABYTE)
    image = next(iter((scene.folder / "images").rglob("*.*")))
    with image.open("wb") as file:
        file.truncate(TERABYTE)
    status, said = scene.call("verify")
    assert (status, "manifest.jsonl:1: the line is longer than" in said) == (2, True), said
    assert scene.call("status")[0] == 0
    assert scene.call("run")[0] == 0
    assert scene.call("verify")[0] == 0


def test_a_snapshot_of_hard_links_and_its_original_leave_each_other_alone(scene: Scene) -> None:
    snapshot = scene.home / "snapshot"
    shutil.copytree(scene.folder, snapshot, copy_function=os.link)
    content = {name: facts[3] for name, facts in state_of(snapshot).items()}
    (scene.home / "spec.yaml").write_text(SPEC.replace("[1, 2]", "[1, 3]"), encoding="utf-8")
    assert scene.call("run")[0] == 0
    assert scene.call("prune")[0] == 0
    assert {name: facts[3] for name, facts in state_of(snapshot).items()} == content
    shutil.rmtree(scene.folder)
    snapshot.rename(scene.folder)
    assert scene.call("verify")[0] == 0


@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
@pytest.mark.parametrize("name", ["ledger.sqlite", "simulator.sqlite"])
def test_a_foreign_file_under_another_name_is_not_written(scene: Scene, name: str, ending: str) -> None:
    """SQLite writes the index of a log even where it only reads."""
    place, victim = scene.folder / ".qwave" / f"{name}{ending}", scene.outside / "victim"
    victim.write_bytes(os.urandom(40_000))
    place.unlink(missing_ok=True)
    os.link(victim, place)
    before = victim.read_bytes()
    for command in COMMANDS:
        scene.call(command)
        assert victim.read_bytes() == before, command


def test_a_damaged_ledger_is_not_copied_anywhere(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = scene.home / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with (scene.folder / ".qwave" / "ledger.sqlite").open("r+b") as file:
        file.seek(47)
        file.write(b"\x09")  # a format of schemas that SQLite does not know
        file.truncate(TERABYTE)
    assert scene.call("status")[0] in {2, 4}
    assert list(scratch.iterdir()) == []


def test_a_link_above_the_run_folder_is_its_users_choice(scene: Scene) -> None:
    scene.folder.rename(scene.home / "elsewhere")
    scene.folder.symlink_to(scene.home / "elsewhere")
    assert [scene.call(command)[0] for command in ("status", "verify", "run", "prune")] == [0, 0, 0, 0]


def test_prune_removes_what_it_showed_and_not_what_it_finds_later(scene: Scene) -> None:
    leftover, later = (scene.folder / ".qwave" / "partial" / name for name in ("a.part", "b.part"))
    changed = scene.folder / ".qwave" / "partial" / "c.part"
    leftover.write_bytes(b"half")
    changed.write_bytes(b"half")
    folder = qb.open_run(scene.folder)
    shown = folder.find_prunable()
    later.write_bytes(b"half")
    changed.write_bytes(b"another download by now")
    assert [file.path for file in folder.prune(shown).files] == [".qwave/partial/a.part"]
    assert (leftover.exists(), later.exists(), changed.exists()) == (False, True, True)


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_files_are_for_their_owner_and_readable_by_the_group_at_most(open_umask: None, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    qb.run_batch_sync(tmp_path / "spec.yaml", connection=qb.Simulated(latency="0"), out_dir=tmp_path / "run")
    modes = {
        entry.relative_to(tmp_path / "run").as_posix(): stat.S_IMODE(entry.stat().st_mode)
        for entry in (tmp_path / "run").rglob("*")
    }
    private = {mode for path, mode in modes.items() if path.startswith(".qwave/") and not path.endswith("partial")}
    shared = {mode for path, mode in modes.items() if not path.startswith(".qwave") and "." in path}
    assert (private, shared) == ({0o600}, {0o640})
    assert (modes[".qwave"], modes[".qwave/partial"], modes["images"]) == (0o700, 0o700, 0o750)


HOSTILE_JSON: dict[str, Callable[[], bytes]] = {
    "nested": lambda: b"[" * 200_000,
    "a list": lambda: b"[]",
    "odd values": lambda: json.dumps({"catalog": [], "jobs": "x", "started_at": {}, "money": 7, "git": []}).encode(),
    "no numbers": lambda: b'{"seconds": NaN, "ended_at": 1e999, "cost_usd": "free", "images": null}',
    "no text": lambda: b"\xff\xfe\x00",
}


@pytest.mark.parametrize("kind", HOSTILE_JSON)
@pytest.mark.parametrize("name", ["summary.json", ".qwave/live.json", ".qwave/manifest.json", ".qwave/lock"])
def test_small_files_of_any_content_break_nothing(scene: Scene, name: str, kind: str) -> None:
    (scene.folder / name).write_bytes(HOSTILE_JSON[kind]())
    for command in ("status", "verify", "run"):
        assert scene.call(command)[0] in {0, 1, 2}, command
    assert scene.call("verify")[0] == 0
