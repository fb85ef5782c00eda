"""Which API a run talks to, and a folder that belongs to another."""

import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from qwave_batch.api.backends import newest_catalog_of
from qwave_batch.cli.main import main
from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.ledger import Ledger

SPEC = """\
version: 1
name: small
catalog: "2026-05"
request: {model: z-image-turbo}
prompts: [a kite]
"""


def test_a_run_loads_the_embedded_api_only_when_it_serves_it() -> None:
    code = "import sys, qwave_batch.api.run_batch; print(*sys.modules)"
    folder = Path(__file__).parents[3]
    done = subprocess.run((sys.executable, "-c", code), check=True, capture_output=True, text=True, cwd=folder)
    assert [name for name in done.stdout.split() if name.startswith("qwave_batch.simulator")] == []


def made_with(folder: Path, backend: str) -> Path:
    """Return a run folder of the small spec that belongs to a backend, with nothing in it yet."""
    layout = RunLayout(folder)
    layout.create()
    with Ledger.open(layout.workspace.ledger) as ledger:
        ledger.claim(FolderClaim(spec_name="small", backend=backend, path=str(folder), host="here", key="k"))
    return folder


def typed(*argv: object) -> tuple[int, str]:
    talk = StringIO()
    argv_text = [str(argument) for argument in argv]
    return main(argv_text, StringIO(), talk, environ={"COLUMNS": "600", "QWAVE_API_KEY": "k"}), talk.getvalue()


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    file = tmp_path / "small.yaml"
    file.write_text(SPEC, encoding="utf-8")
    return file


def test_a_folder_of_a_catalogs_former_host_names_both_ways_out(spec: Path, tmp_path: Path) -> None:
    """A spec that moves to a newer catalog has another host, which knows no task of the folder."""
    folder = made_with(tmp_path / "made", "www.qingbo.dev")
    status, talk = typed("run", spec, "-o", folder, "--base-url", "https://api.qingbo.ai/v1")
    assert status == 2
    assert talk == (
        f"error: {folder} was made with www.qingbo.dev, not with api.qingbo.ai; name another folder with -o DIR, "
        "or name its API with --base-url https://www.qingbo.dev/v1\n"
    )
    assert not (folder / "manifest.jsonl").exists()


@pytest.mark.parametrize("command", ["refetch", "cancel"])
def test_what_is_left_at_a_host_that_no_catalog_names_needs_its_address(tmp_path: Path, command: str) -> None:
    folder = made_with(tmp_path / "made", "gateway.example:8443")
    status, talk = typed(command, folder, "--base-url", "https://api.qingbo.ai/v1")
    assert status == 2
    assert "not with api.qingbo.ai; name its API with --base-url URL\n" in talk


def test_the_simulator_and_a_host_are_told_apart(spec: Path, tmp_path: Path) -> None:
    folder = made_with(tmp_path / "made", "simulator")
    status, talk = typed("run", spec, "-o", folder)
    assert (status, talk.partition("; ")[2]) == (2, "name another folder with -o DIR, or use --simulate\n")
    folder = made_with(tmp_path / "paid", "www.qingbo.dev")
    status, talk = typed("run", spec, "-o", folder, "--simulate")
    assert (status, talk.partition("; ")[2]) == (2, "name another folder with -o DIR, or leave out --simulate\n")


@pytest.mark.parametrize("command", ["refetch", "cancel"])
def test_a_folder_without_a_summary_is_read_by_the_catalog_of_its_host(tmp_path: Path, command: str) -> None:
    """The host is on record, so that a newer catalog's is not taken for it."""
    folder = made_with(tmp_path / "made", "www.qingbo.dev")
    status, talk = typed(command, folder)
    assert "made with" not in talk
    assert status == 0, talk
    note = f"note: {folder} is read with catalog 2026-05, the newest of www.qingbo.dev: no summary.json names one"
    assert talk.splitlines()[0] == note


def test_each_catalogs_host_is_found() -> None:
    found = newest_catalog_of("www.qingbo.dev")
    assert found is not None
    assert found.date == "2026-05"
    assert newest_catalog_of("gateway.example") is None
