"""``push`` from a run folder to a hub on loopback: whole, killed in the middle, and with all that can be wrong."""

import json
import os
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from qwave_batch.cli.main import main
from qwave_batch.hub.push_plan import RECORD
from tests.hub_server import TOKEN, Fault, HubServer
from tests.integration.exports.trap_runs import copied_with_own_catalog

NAME = "ada/traps"
ADDRESS = f"hf://datasets/{NAME}"


def push(*argv: str | Path) -> tuple[int, str, str]:
    """The exit status of a push, with what it says on stdout and stderr."""
    stdout, stderr = StringIO(), StringIO()
    status = main(["push", *map(str, argv)], stdout, stderr, environ=dict(os.environ))
    assert TOKEN not in stdout.getvalue() + stderr.getvalue()
    return status, stdout.getvalue(), stderr.getvalue()


def layout_at(root: Path) -> dict[str, bytes]:
    files = (file for file in root.rglob("*") if file.is_file())
    named = {file.relative_to(root).as_posix(): file.read_bytes() for file in files}
    return {path: data for path, data in named.items() if not path.startswith(".")}


def layout_on(hub: HubServer) -> dict[str, bytes]:
    return {path: data for path, data in hub.files(NAME).items() if not path.startswith(".")}


def test_a_run_is_pushed_and_pushed_again_without_a_commit(
    hub: HubServer, trap_folder: Path, other_trap_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    asked = (trap_folder, other_trap_folder, ADDRESS, "--out", out, "--private", "--split", "train=0.7,test=0.3")
    status, _, said = push(*asked)
    assert (status, "pushed to hf://datasets/ada/traps as ada" in said) == (0, True)
    assert hub.repositories[NAME].is_private
    files = layout_on(hub)
    assert files == layout_at(out)
    assert {"README.md", "data/train/metadata.parquet", "data/test/metadata.parquet"} < files.keys()
    assert [commit.summary for commit in hub.commits(NAME)] == ["Push a run"]

    status, printed, said = push(*asked, "--json")
    told = json.loads(printed)
    assert (status, told["commits"], told["uploaded"], told["unchanged"]) == (0, [], 0, len(files))
    assert "holds this already: nothing was committed" in said

    status, printed, _ = push(trap_folder, ADDRESS, "--out", out, "--where", "status == 'completed'", "--json")
    assert status == 0
    assert json.loads(printed)["deleted"] > 0
    assert layout_on(hub) == layout_at(out)
    assert TOKEN.encode() not in b"".join(file.read_bytes() for file in out.rglob("*") if file.is_file())


def test_a_catalog_of_ones_own_says_what_a_mask_is(hub: HubServer, trap_folder: Path, tmp_path: Path) -> None:
    copy, catalogs = copied_with_own_catalog(trap_folder, tmp_path)
    asked = (copy, ADDRESS, "--where", "prompt_id == 'masked'", "--out", tmp_path / "out")
    for options, has_masks in (((), True), (("--catalog-path", catalogs), False)):
        assert push(*asked, *options)[0] == 0
        assert (b"mask_file_name" in hub.files(NAME)["data/train/metadata.parquet"]) is has_masks


@pytest.mark.parametrize(
    ("number", "at", "status"), [(signal.SIGKILL, "/commit/", -9), (signal.SIGINT, "/storage", 130)]
)
def test_a_push_that_was_killed_goes_on_and_uploads_nothing_twice(
    hub: HubServer, trap_folder: Path, tmp_path: Path, number: signal.Signals, at: str, status: int
) -> None:
    asked = ["push", str(trap_folder), ADDRESS, "--out", str(tmp_path / "out")]
    pids: list[int] = []
    hub.faults.append(Fault(at, after=3 if at == "/storage" else 0, then=lambda: os.kill(pids[0], number)))
    process = subprocess.Popen((sys.executable, "-m", "qwave_batch", *asked), stderr=subprocess.PIPE, text=True)
    pids.append(process.pid)
    _, said = process.communicate(timeout=50)
    assert process.returncode == status, said
    assert TOKEN not in said
    assert hub.commits(NAME) == []
    assert hub.uploads > 0
    assert push(*asked[1:])[0] == 0
    assert layout_on(hub) == layout_at(tmp_path / "out")
    large = {blob.sha256 for blob in hub.repositories[NAME].branches["main"][-1].files.values() if blob.is_large}
    assert hub.uploads == len(large)
    assert RECORD in hub.files(NAME)


def test_images_that_are_missing_are_told_and_the_others_are_pushed(
    hub: HubServer, other_trap_folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "run"
    subprocess.run(("cp", "-r", other_trap_folder, copy), check=True)
    lost = next((copy / "images").rglob("*.png"))
    lost.unlink()
    status, printed, said = push(copy, ADDRESS, "--out", tmp_path / "out", "--json")
    assert status == 1
    assert lost.name in said
    assert json.loads(printed)["export"]["notes"][0]["kind"] == "unusable"
    assert layout_on(hub) == layout_at(tmp_path / "out")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("DIR", "hf://models/ada/traps"), "models hold other things"),
        (("DIR", "out"), "begins with hf://datasets/"),
        ((ADDRESS,), "name the run folders"),
        (("missing", ADDRESS), "missing"),
        (("DIR", ADDRESS, "--where", "model =="), "does not parse"),
        (("DIR", ADDRESS, "--where", "model == 'none'"), "no image is selected"),
        (("DIR", ADDRESS, "--split", "thirds"), "thirds"),
        (("DIR", ADDRESS, "--files", "symlink"), "copied or linked"),
    ],
)
def test_a_wrong_request_sends_nothing(
    hub: HubServer,
    other_trap_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    argv: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    status, printed, said = push(*(str(other_trap_folder) if each == "DIR" else each for each in argv))
    assert (status, printed) == (2, "")
    assert words in " ".join(said.split())
    # the Hub's client may look up which program it runs in
    assert set(hub.calls) <= {"GET /api/whoami-v2", "GET /api/agent-harnesses"}


def test_without_a_token_nothing_is_made_and_the_status_is_that_of_accounts(
    hub: HubServer, other_trap_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.chdir(tmp_path)
    status, _, said = push(other_trap_folder, ADDRESS)
    assert status == 3
    assert "set HF_TOKEN" in said
    assert not (tmp_path / "pushes").exists()


def test_a_conflict_names_the_option_that_decides_it(hub: HubServer, other_trap_folder: Path, tmp_path: Path) -> None:
    hub.put(NAME, "README.md", b"by hand")
    asked = (other_trap_folder, ADDRESS, "--out", tmp_path / "out")
    status, _, said = push(*asked)
    assert status == 2
    assert "--overwrite" in " ".join(said.split())
    assert push(*asked, "--overwrite")[0] == 0
