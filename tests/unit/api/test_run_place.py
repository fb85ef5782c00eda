"""The default folder of a run: never a second folder without a message."""

from pathlib import Path

import pytest

from qwave_batch.api.plan_opening import open_plan, write_plan
from qwave_batch.api.run_place import RunPlace, run_place
from qwave_batch.api.spec_files import check_spec
from qwave_batch.cli.next_steps import error_words
from qwave_batch.client.connection import Connection, Simulated
from qwave_batch.errors import FolderError
from qwave_batch.model.next_step import Advice, NextStep

SPEC = """\
version: 1
name: reeds
catalog: "2026-05"
request: {model: z-image-turbo, aspect_ratio: "1:1"}
prompts: [Reeds in the wind]
"""
PAID = Connection(key="k", base_url="http://127.0.0.1:1/v1")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "elsewhere").mkdir()
    write(tmp_path / "specs" / "reeds.yaml")
    return tmp_path


def write(file: Path, more: str = "") -> Path:
    file.write_text(SPEC + more, encoding="utf-8")
    return file


def ran(folder: Path) -> Path:
    """A folder in which a run has been."""
    folder.mkdir(parents=True)
    (folder / "manifest.jsonl").touch()
    return folder


def place(file: Path, out_dir: Path | None = None) -> RunPlace:
    return run_place(open_plan(file), PAID, out_dir)


def test_a_first_run_is_new_and_goes_below_the_current_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home / "elsewhere")
    found = place(home / "specs" / "reeds.yaml")
    assert (found.is_new, found.whole) == (True, home / "elsewhere" / "runs" / "reeds")
    found.check()


def test_a_folder_beside_the_spec_is_told_from_anywhere_else(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ran(home / "specs" / "runs" / "reeds")
    monkeypatch.chdir(home / "elsewhere")
    with pytest.raises(FolderError, match="everything is paid for anew") as refused:
        place(home / "specs" / "reeds.yaml").check()
    new = home / "elsewhere" / "runs" / "reeds"
    assert refused.value.next_steps == (
        Advice(NextStep.GO_ON_IN_FOLDER, str(before)),
        Advice(NextStep.BEGIN_IN_FOLDER, str(new)),
    )
    assert error_words(refused.value).endswith(f"; -o {before} goes on, or -o {new} begins anew")
    assert "output.folder" in str(refused.value)


def test_a_command_in_the_refusal_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "a b#c"
    home.mkdir()
    ran(home / "runs" / "reeds")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FolderError) as refused:
        place(write(home / "reeds.yaml")).check()
    assert f"-o '{home / 'runs' / 'reeds'}' " in error_words(refused.value)


def test_the_same_folder_goes_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran(home / "specs" / "runs" / "reeds")
    monkeypatch.chdir(home / "specs")
    for file in (Path("reeds.yaml"), home / "specs" / "reeds.yaml"):
        found = place(file)
        assert (found.is_new, found.beside_spec) == (False, None)


def test_a_folder_that_is_in_use_here_goes_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is paid anew there, whatever lies beside the spec."""
    ran(home / "specs" / "runs" / "reeds")
    ran(home / "elsewhere" / "runs" / "reeds")
    monkeypatch.chdir(home / "elsewhere")
    assert place(home / "specs" / "reeds.yaml").beside_spec is None


def test_a_named_folder_is_not_asked_about(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran(home / "specs" / "runs" / "reeds")
    monkeypatch.chdir(home / "elsewhere")
    found = place(home / "specs" / "reeds.yaml", Path("other"))
    assert (found.whole, found.is_new, found.beside_spec) == (home / "elsewhere" / "other", True, None)


def test_what_is_simulated_is_not_asked_about(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran(home / "specs" / "runs" / "reeds")
    ran(home / "specs" / "runs" / "reeds-simulated")
    monkeypatch.chdir(home / "elsewhere")
    assert run_place(open_plan(home / "specs" / "reeds.yaml"), Simulated()).beside_spec is None


@pytest.mark.parametrize("name", ["other", "reeds-2"])
def test_another_specs_folder_says_nothing(home: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    ran(home / "specs" / "runs" / name)
    monkeypatch.chdir(home / "elsewhere")
    assert place(home / "specs" / "reeds.yaml").beside_spec is None


def test_an_empty_folder_of_the_name_says_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "specs" / "runs" / "reeds").mkdir(parents=True)
    monkeypatch.chdir(home / "elsewhere")
    assert place(home / "specs" / "reeds.yaml").beside_spec is None


def test_a_link_to_the_spec_leads_to_its_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ran(home / "specs" / "runs" / "reeds")
    link = home / "elsewhere" / "specs"
    link.symlink_to(home / "specs")
    monkeypatch.chdir(home / "elsewhere")
    found = place(Path("specs") / "reeds.yaml").beside_spec
    assert found is not None
    assert found.resolve() == before


def test_a_link_on_the_way_to_the_current_folder_is_the_same_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran(home / "specs" / "runs" / "reeds")
    (home / "elsewhere" / "runs").symlink_to(home / "specs" / "runs")
    monkeypatch.chdir(home / "elsewhere")
    found = place(home / "specs" / "reeds.yaml")
    assert (found.is_new, found.beside_spec) == (False, None)


def test_a_run_from_the_root_of_the_work_tree_is_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".git").mkdir()
    before = ran(home / "runs" / "reeds")
    monkeypatch.chdir(home / "specs")
    assert place(Path("reeds.yaml")).beside_spec == before


def test_without_a_work_tree_nothing_above_the_spec_is_looked_at(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran(home / "runs" / "reeds")
    monkeypatch.chdir(home / "specs")
    assert place(Path("reeds.yaml")).beside_spec is None


def test_a_plan_stands_for_its_spec(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ran(home / "specs" / "runs" / "reeds")
    write_plan(open_plan(home / "specs" / "reeds.yaml"), home / "specs" / "reeds.jsonl")
    monkeypatch.chdir(home / "elsewhere")
    assert place(home / "specs" / "reeds.jsonl").beside_spec == before


def test_a_plan_that_lies_elsewhere_knows_where_its_spec_lies(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ran(home / "specs" / "runs" / "reeds")
    (home / "cron").mkdir()
    monkeypatch.chdir(home / "cron")
    write_plan(open_plan(home / "specs" / "reeds.yaml"), home / "cron" / "reeds.jsonl")
    assert place(Path("reeds.jsonl")).beside_spec == before
    write_plan(open_plan(home / "cron" / "reeds.jsonl"), home / "elsewhere" / "again.jsonl")
    assert place(home / "elsewhere" / "again.jsonl").beside_spec == before


def test_a_plan_from_another_machine_names_a_spec_that_is_not_there(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plan(open_plan(home / "specs" / "reeds.yaml"), home / "elsewhere" / "reeds.jsonl")
    (home / "specs").rename(home / "gone")
    monkeypatch.chdir(home / "elsewhere")
    found = place(Path("reeds.jsonl"))
    assert (found.is_new, found.beside_spec) == (True, None)
    assert not (home / "specs").exists()


@pytest.mark.parametrize("written", ["out/reeds", "./out/reeds/", "../specs/out/reeds"])
def test_a_folder_of_the_spec_is_found_from_the_spec(home: Path, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    file = write(home / "specs" / "reeds.yaml", f"output: {{folder: {written}}}\n")
    ran(home / "specs" / "runs" / "reeds")
    for folder in (home / "elsewhere", home / "specs"):
        monkeypatch.chdir(folder)
        found = place(file)
        assert (found.folder, found.beside_spec) == (home / "specs" / "out" / "reeds", None)
    assert run_place(open_plan(file), Simulated()).folder == home / "specs" / "out" / "reeds-simulated"
    assert place(file, Path("x")).folder == Path("x")


def test_a_folder_of_a_base_is_found_from_the_spec_that_is_run(home: Path) -> None:
    write(home / "elsewhere" / "base.yaml", "output: {folder: out}\n")
    file = home / "specs" / "reeds.yaml"
    file.write_text("extends: ../elsewhere/base.yaml\n", encoding="utf-8")
    plan = open_plan(file, allow_read=[home])
    assert run_place(plan, PAID).folder == home / "specs" / "out"


def test_a_whole_path_is_taken_as_it_is(home: Path) -> None:
    file = write(home / "specs" / "reeds.yaml", f"output: {{folder: {home / 'disk'}}}\n")
    assert place(file).folder == home / "disk"


def test_a_plan_keeps_the_folder_wherever_its_file_lies(home: Path) -> None:
    file = write(home / "specs" / "reeds.yaml", "output: {folder: out/reeds}\n")
    for plan in (home / "specs" / "reeds.jsonl", home / "elsewhere" / "reeds.jsonl"):
        write_plan(open_plan(file), plan)
        assert str(home) not in plan.read_text(encoding="utf-8").splitlines()[0]
        assert place(plan).folder == home / "specs" / "out" / "reeds"


@pytest.mark.parametrize("written", ["~/runs", '"out\\\\reeds"', '"{{ name }}"', '""', "[a]", "7"])
def test_a_folder_that_is_no_plain_path_is_refused(home: Path, written: str) -> None:
    file = write(home / "specs" / "reeds.yaml", f"output: {{folder: {written}}}\n")
    (problem,) = check_spec(file)
    assert (problem.severity, problem.path) == ("error", "output.folder")
    assert problem.place is not None
    assert problem.place.line == 6
