"""A ledger without its log, or an older copy of it: what may be paid is never bought again unasked."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from qwave_batch.ledger.ledger import Ledger
from tests.integration.doomed import Doom, Plight
from tests.integration.settled import contents_of, paid_twice
from tests.integration.test_run_in_a_bad_place import JOBS, Scene, play

WEEK_S = 7 * 86_400.0
KILLED = Plight(doom=Doom(at="image", count=3))
"""When two images are in place."""


def ledger_of(folder: Path) -> Path:
    return folder / ".qwave" / "ledger.sqlite"


def beside(folder: Path, ending: str) -> Path:
    return folder / ".qwave" / f"ledger.sqlite{ending}"


def forget(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def lose_log(folder: Path) -> None:
    forget(folder, ".qwave/ledger.sqlite-wal", ".qwave/ledger.sqlite-shm")


def empty_log(folder: Path) -> None:
    beside(folder, "-wal").write_bytes(b"")


def cut_log(folder: Path) -> None:
    log = beside(folder, "-wal")
    log.write_bytes(log.read_bytes()[: 32 + 4120])
    forget(folder, ".qwave/ledger.sqlite-shm")


def overwrite_log(folder: Path) -> None:
    log = beside(folder, "-wal")
    log.write_bytes(bytes(log.stat().st_size))
    forget(folder, ".qwave/ledger.sqlite-shm")


def lose_log_and_count(folder: Path) -> None:
    lose_log(folder)
    forget(folder, ".qwave/ledger.sqlite-count")


def lose_log_and_traces(folder: Path) -> None:
    lose_log_and_count(folder)
    forget(folder, "manifest.jsonl", "summary.json", ".qwave/live.json", ".qwave/manifest.json", "images")


DAMAGES: dict[str, Callable[[Path], None]] = {
    "deleted": lose_log,
    "emptied": empty_log,
    "cut": cut_log,
    "overwritten": overwrite_log,
    "deleted with the count": lose_log_and_count,
    "deleted with all traces": lose_log_and_traces,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_without_its_log_the_same_keys_go_out_and_nothing_is_paid_twice(tmp_path: Path, damage: str) -> None:
    async def act(scene: Scene) -> None:
        assert await scene.run(plight=KILLED) < 0
        DAMAGES[damage](scene.folder)
        scene.log.unlink()
        assert await scene.run() == 0, scene.said()
        assert "the ledger lacks what was recorded after" in scene.said()
        scene.check_whole()
        scene.log.unlink()
        assert await scene.run() == 0
        assert "lacks" not in scene.said()

    play(act, tmp_path)


def age(folder: Path, by_s: float) -> None:
    """Let all that a ledger has on record be older."""
    with closing(sqlite3.connect(ledger_of(folder))) as connection:
        connection.execute("UPDATE identity SET created_at = created_at - ?, begun_at = begun_at - ?", (by_s, by_s))
        connection.execute("UPDATE attempts SET first_sent_at = first_sent_at - ?", (by_s,))
        connection.commit()


@pytest.mark.parametrize("damage", ["cut", "deleted with all traces"])
def test_once_the_api_has_forgotten_the_keys_nothing_is_bought_without_a_word(tmp_path: Path, damage: str) -> None:
    async def act(scene: Scene) -> None:
        assert await scene.run(plight=KILLED) < 0
        DAMAGES[damage](scene.folder)
        age(scene.folder, WEEK_S)
        before = len(scene.simulator.tasks())
        assert await scene.run() == 1, scene.said()
        assert len(scene.simulator.tasks()) == before
        assert contents_of(scene.folder).statuses()["unknown"] >= JOBS - 2
        assert "--resubmit-unknown" in scene.said()

    play(act, tmp_path)


def test_status_verify_and_run_say_the_same_and_the_manifest_is_kept_until_then(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        assert await scene.run("--limit", "3") == 0
        assert await scene.run(plight=KILLED) < 0
        lose_log(scene.folder)
        manifest = (scene.folder / "manifest.jsonl").read_bytes()
        for argv, status in ((("status",), 0), (("verify",), 1), (("refetch",), 0), (("status",), 0)):
            scene.log.unlink()
            assert await scene.call(*argv, str(scene.folder)) == status, scene.said()
            if argv != ("refetch",):
                assert "the ledger lacks what was recorded after" in scene.said()
            assert (scene.folder / "manifest.jsonl").read_bytes() == manifest
        assert await scene.run() == 0, scene.said()
        scene.check_whole()

    play(act, tmp_path)


def test_a_log_lost_after_a_clean_run_costs_nothing(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        assert await scene.run("--limit", "3") == 0
        with Ledger.open(ledger_of(scene.folder), read_only=True) as ledger:
            before = ledger.identity()
        assert await scene.run(plight=KILLED) < 0
        lose_log(scene.folder)
        assert await scene.run() == 0, scene.said()
        with Ledger.open(ledger_of(scene.folder), read_only=True) as ledger:
            after = ledger.identity()
        assert before is not None
        assert after is not None
        assert before.folder_id == after.folder_id
        scene.check_whole()

    play(act, tmp_path)


def test_a_kill_with_a_sound_log_and_a_log_that_others_have_folded_are_no_loss(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        assert await scene.run(plight=KILLED) < 0
        with closing(sqlite3.connect(ledger_of(scene.folder))) as connection:  # as somebody who looks at it does
            connection.execute("SELECT COUNT(*) FROM jobs").fetchone()
        assert not beside(scene.folder, "-wal").exists()
        assert await scene.run() == 0, scene.said()
        assert "lacks" not in scene.said()
        scene.check_whole()

    play(act, tmp_path)


@pytest.mark.parametrize("what_is_newer", ["manifest", "images"])
def test_an_older_copy_of_the_ledger_buys_nothing_that_the_folder_shows_as_made(
    tmp_path: Path, what_is_newer: str
) -> None:
    """A week later, when the API has forgotten the keys."""

    async def act(scene: Scene) -> None:
        folder, copy = scene.folder, tmp_path / "copy"
        assert await scene.run("--limit", "2") == 0
        shutil.copytree(folder / ".qwave", copy)
        assert await scene.run("--limit", "4") == 0
        shutil.rmtree(folder / ".qwave")
        shutil.copytree(copy, folder / ".qwave")
        if what_is_newer == "images":
            forget(folder, "manifest.jsonl", "summary.json")
        elif what_is_newer == "manifest":
            forget(folder, "images")
            (folder / "images").mkdir()
        age(folder, WEEK_S)
        make_old(folder, WEEK_S - 60)
        before = len(scene.simulator.tasks())
        assert await scene.run() == 1, scene.said()
        assert len(scene.simulator.tasks()) == before + JOBS - 4
        assert contents_of(folder).statuses()["unknown"] == 2
        assert paid_twice(scene.simulator) == 0
        assert "tell of submits that the ledger does not know" in scene.said()

    play(act, tmp_path)


def test_where_images_look_as_young_as_their_copy_what_may_be_bought_twice_is_told(tmp_path: Path) -> None:
    """The API still keeps the keys here, which the program can't know."""

    async def act(scene: Scene) -> None:
        folder, copy = scene.folder, tmp_path / "copy"
        assert await scene.run("--limit", "2") == 0
        shutil.copytree(folder / ".qwave", copy)
        assert await scene.run("--limit", "4") == 0
        shutil.rmtree(folder / ".qwave")
        shutil.copytree(copy, folder / ".qwave")
        forget(folder, "manifest.jsonl", "summary.json")
        assert await scene.run() == 0, scene.said()
        assert "2 jobs that are to be bought have files in their place" in " ".join(scene.said().split())
        assert paid_twice(scene.simulator) == 0

    play(act, tmp_path)


def make_old(folder: Path, by_s: float) -> None:
    """Let the files of a folder be older, and what its manifest says."""
    manifest = folder / "manifest.jsonl"
    if manifest.exists():
        lines = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
        for line in lines:
            if line["submitted_at"]:
                line["submitted_at"] = "2026-01-01T08:00:00.000Z"
        manifest.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    for path in folder.rglob("*"):
        if path.is_file() and ".qwave" not in path.parts:
            at = path.stat().st_mtime - by_s
            os.utime(path, (at, at))


def test_an_image_of_ones_own_in_the_place_of_a_job_changes_nothing(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        assert await scene.run("--limit", "2") == 0
        line = json.loads((scene.folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()[3])
        (scene.folder / "images" / f"{line['path']}.png").write_bytes(b"mine")
        assert await scene.run() == 0, scene.said()
        assert (scene.folder / "images" / f"{line['path']}.png").read_bytes() == b"mine"
        assert contents_of(scene.folder).statuses() == {"completed": JOBS}

    play(act, tmp_path)


def no_table(folder: Path) -> None:
    lose_log(folder)
    ledger_of(folder).unlink()
    with closing(sqlite3.connect(ledger_of(folder))) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA application_id = 1364673878")


def no_byte(folder: Path) -> None:
    lose_log(folder)
    ledger_of(folder).write_bytes(b"")


def no_identity(folder: Path) -> None:
    """As an earlier version left it without its log."""
    lose_log(folder)
    with closing(sqlite3.connect(ledger_of(folder))) as connection:
        for table in ("identity", "jobs", "attempts", "images", "twins"):
            connection.execute(f"DELETE FROM {table}")
        connection.commit()


@pytest.mark.parametrize(
    ("emptied", "traces"),
    [(no_table, "all"), (no_table, "live.json"), (no_byte, "images"), (no_identity, "live.json")],
)
def test_an_empty_ledger_beside_traces_of_a_run_is_damage_with_a_way_out(
    tmp_path: Path, emptied: Callable[[Path], None], traces: str
) -> None:
    async def act(scene: Scene) -> None:
        folder = scene.folder
        assert await scene.run("--limit", "2") == 0
        if traces != "all":
            forget(folder, "manifest.jsonl", "summary.json", "spec.yaml", "inputs", ".qwave/manifest.json")
            forget(folder, ".qwave/ledger.sqlite-count")
        if traces == "live.json":
            forget(folder, "images")
            (folder / ".qwave" / "live.json").write_text("{}", encoding="utf-8")
        emptied(folder)
        before = len(scene.simulator.tasks())
        for argv in (scene.argv(), ("status", str(folder)), ("verify", str(folder))):
            scene.log.unlink()
            assert await scene.call(*argv) == 2, scene.said()
            assert "name a new folder with -o DIR" in scene.said()
        assert len(scene.simulator.tasks()) == before

    play(act, tmp_path)
