"""The spec of a run folder finds what it read in inputs/, wherever the folder lies."""

import hashlib
import io
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from qwave_batch.cli.main import main

HEAD = 'version: 1\nname: maps\ncatalog: "2026-05"\n'


def typed(*argv: str | Path) -> tuple[int, str]:
    said = io.StringIO()
    status = main([str(part) for part in argv], stdout=said, stderr=said, environ={})
    return status, said.getvalue()


def write_tree(at: Path) -> None:
    """Write a work tree with two tables of one name, a base, and what the base extends."""
    files = {
        "specs/maps.yaml": "extends: ../bases/middle.yaml\nname: maps\n",
        "bases/middle.yaml": "extends: more/first.yaml\nprompts:\n"
        '  - {from: maps.csv, text: "Own {{ row.map }}", id: "a{{ row_number }}"}\n'
        '  - {from: ../tables/maps.csv, text: "Other {{ row.map }}", id: "b{{ row_number }}"}\n'
        '  - {from: data/./towns.txt, text: "Town {{ row.text }}", id: "c{{ row_number }}"}\n',
        "bases/more/first.yaml": HEAD + "request: {model: z-image-turbo, seed: 7}\n",
        "specs/maps.csv": "map\nof a cafe\n",
        "tables/maps.csv": "map\nof a town\n",
        "specs/data/towns.txt": "Bern\n",
    }
    for name, content in files.items():
        (at / name).parent.mkdir(parents=True, exist_ok=True)
        (at / name).write_text(content)
    (at / ".git").mkdir()


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    """The specs of a work tree."""
    write_tree(tmp_path)
    return tmp_path / "specs"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of such a tree."""
    at = tmp_path_factory.mktemp("tree")
    write_tree(at)
    folder = at / "runs" / "maps"
    assert typed("run", at / "specs" / "maps.yaml", "--simulate", "-o", folder, "--yes")[0] == 0
    return folder


@pytest.fixture
def run(specs: Path, made: Path) -> Path:
    """The same where it may be changed, beside specs of its own."""
    folder = specs.parent / "runs" / "maps"
    shutil.copytree(made, folder)
    return folder


def plan_of(spec: Path) -> list[tuple[str, str]]:
    out = spec.parent / "plan.jsonl"
    status, said = typed("plan", spec, "--out", out)
    assert status == 0, said
    _, *jobs = [json.loads(line) for line in out.read_text().splitlines()]
    out.unlink()
    return [(job["job_id"], job["prompt"]) for job in jobs]


def test_a_run_folders_spec_gives_the_same_plan_where_it_lies(specs: Path, run: Path) -> None:
    assert plan_of(run / "spec.yaml") == plan_of(specs / "maps.yaml")
    assert [prompt for _, prompt in plan_of(run / "spec.yaml")] == ["Own of a cafe", "Other of a town", "Town Bern"]


def test_a_copied_run_folder_needs_nothing_of_where_it_came_from(specs: Path, run: Path, tmp_path: Path) -> None:
    jobs = plan_of(specs / "maps.yaml")
    copied = tmp_path / "usb" / "copy"
    shutil.copytree(run, copied)
    shutil.rmtree(copied / ".qwave")
    for folder in (specs, run, tmp_path / "bases", tmp_path / "tables"):
        shutil.rmtree(folder)
    assert plan_of(copied / "spec.yaml") == jobs


def test_a_file_of_that_name_outside_of_the_run_folder_is_not_taken(specs: Path, run: Path) -> None:
    jobs = plan_of(specs / "maps.yaml")
    (run.parent / "tables").mkdir()
    (run.parent / "tables" / "maps.csv").write_text("map\nof another town\n")
    (run / "maps.csv").write_text("map\nof another cafe\n")
    assert plan_of(run / "spec.yaml") == jobs


def test_running_a_run_folders_spec_into_its_folder_changes_no_input(run: Path) -> None:
    def inputs() -> list[tuple[str, str]]:
        files = sorted(file for file in (run / "inputs").rglob("*") if file.is_file())
        return [(str(file), hashlib.sha256(file.read_bytes()).hexdigest()) for file in files]

    before = inputs()
    assert len(before) == 5
    assert typed("run", run / "spec.yaml", "--simulate", "-o", run, "--yes")[0] == 0
    assert inputs() == before


def test_complaints_name_the_copy_that_was_read(run: Path) -> None:
    (run / "inputs" / "maps.csv").write_text("map\na,b\n")
    status, said = typed("validate", run / "spec.yaml", "--format", "github")
    assert status == 2
    assert f"file={run}/inputs/maps.csv,line=2" in said


@pytest.mark.parametrize("lost", ["inputs/maps.csv", "inputs/elsewhere"])
def test_an_input_that_is_lost_is_told_with_its_place(run: Path, lost: str) -> None:
    path = run / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    status, said = typed("validate", run / "spec.yaml", "--format", "github")
    assert status == 2
    assert "is not among the inputs of this run folder; looked for it at" in said


def older(run: Path, names: Sequence[tuple[str, str]]) -> None:
    """Name what came from elsewhere as earlier versions did: by a hash of where it lay."""
    shutil.rmtree(run / "inputs" / "elsewhere")
    for folder, name in names:
        kept = run / "inputs" / "elsewhere" / hashlib.sha256(folder.encode()).hexdigest()[:8] / name
        kept.parent.mkdir(parents=True)
        kept.write_text("map\nof a town\n")


def test_a_run_folder_of_an_earlier_version_finds_the_one_file_of_a_name(tmp_path: Path) -> None:
    spec = tmp_path / "specs" / "spec.yaml"
    table = tmp_path / "tables" / "maps.csv"
    for file, content in (
        (spec, HEAD + "request: {model: z-image-turbo, seed: 7}\n"
         'prompts: [{from: ../tables/maps.csv, text: "{{ row.map }}"}]\n'),
        (table, "map\nof a town\n"),
    ):  # fmt: skip
        file.parent.mkdir()
        file.write_text(content)
    run = tmp_path / "runs" / "maps"
    assert typed("run", spec, "--simulate", "-o", run, "--yes", "--allow-read", tmp_path)[0] == 0
    older(run, [("/home/ann/tables", "maps.csv")])
    assert [prompt for _, prompt in plan_of(run / "spec.yaml")] == ["of a town"]
    older(run, [("/home/ann/tables", "maps.csv"), ("/home/ann/more", "maps.csv")])
    status, said = typed("validate", run / "spec.yaml", "--format", "github")
    assert status == 2
    assert "may be any of the inputs" in said


def test_a_link_in_the_place_of_an_input_leads_nowhere(run: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("home") / "secret.csv"
    secret.write_text("map\nsecret\n")
    (run / "inputs" / "maps.csv").unlink()
    (run / "inputs" / "maps.csv").symlink_to(secret)
    status, said = typed("validate", run / "spec.yaml", "--format", "github")
    assert status == 2
    assert "is outside" in said


def test_a_spec_beside_a_folder_called_inputs_is_no_run_folders(tmp_path: Path) -> None:
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / "maps.csv").write_text("map\nA map\n")
    (tmp_path / "spec.yaml").write_text(
        HEAD
        + 'request: {model: z-image-turbo, seed: 7}\nprompts: [{from: inputs/maps.csv, text: "{{ row.map }}", id: a}]\n'
    )
    assert [prompt for _, prompt in plan_of(tmp_path / "spec.yaml")] == ["A map"]
