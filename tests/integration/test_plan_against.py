"""A plan beside its own past, run folders and files, as people type it."""

import json
import shutil
import subprocess
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.cli.main import main

SPEC = """\
version: 1
name: birds
catalog: "2026-05"
request: {resolution: 1K, seed: 7}
prompts:
  - {from: tables/birds.tsv, text: "A {{ row.bird }}", id: "{{ row.bird }}"}
matrix:
  model: [gpt-image-2, z-image-turbo]
"""
BIRDS = "bird\nheron\nowl\n"

Typed = Callable[..., tuple[int, str, str]]


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ("git", "-c", "user.name=me", "-c", "user.email=me@example.org", *arguments),
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


def write_specs(work: Path) -> None:
    (work / "specs" / "tables").mkdir(parents=True)
    (work / "specs" / "birds.yaml").write_text(SPEC, encoding="utf-8")
    (work / "specs" / "tables" / "birds.tsv").write_text(BIRDS, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a spec in it that reads a table."""
    work = tmp_path / "work"
    write_specs(work)
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def repository(folder: Path) -> Path:
    """The same under git, everything committed."""
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "Two birds")
    return folder


def typed(*argv: str, **environ: str) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    status = main(argv, stdout, stderr, environ={"COLUMNS": "160", **environ})
    return status, stdout.getvalue(), stderr.getvalue()


def told(*argv: str) -> dict[str, Any]:
    status, out, talk = typed("plan", *argv, "--json")
    assert status == 0, talk
    value: dict[str, Any] = json.loads(out)
    return value


def jobs(against: dict[str, Any], *names: str) -> list[int]:
    return [against[name]["jobs"] for name in names]


def test_what_is_committed_is_the_same(repository: Path) -> None:
    status, out, talk = typed("plan", "specs/birds.yaml", "--against", "HEAD")
    assert (status, talk) == (0, "")
    assert "against HEAD: the same 4 jobs" in out
    assert "change  costs nothing" in out


def test_a_change_of_the_spec_and_of_its_table_is_told(repository: Path) -> None:
    """The table is read as it was, although another one has taken its place."""
    (repository / "specs/birds.yaml").write_text(SPEC.replace(", z-image-turbo", ""), encoding="utf-8")
    (repository / "specs/tables/birds.tsv").write_text(f"{BIRDS}stork\n", encoding="utf-8")
    against = told("specs/birds.yaml", "--against", "main")["against"]
    assert jobs(against, "added", "removed", "unchanged") == [1, 2, 2]
    assert against["first_added"] == ["stork gpt-image-2"]
    assert against["first_removed"] == ["heron z-image-turbo", "owl z-image-turbo"]


def test_neither_the_work_tree_nor_the_index_is_touched(repository: Path) -> None:
    (repository / "specs/birds.yaml").write_text(f"{SPEC}# mine\n", encoding="utf-8")
    index = (repository / ".git/index").read_bytes()
    told("specs/birds.yaml", "--against", "HEAD")
    assert (repository / ".git/index").read_bytes() == index
    assert (repository / "specs/birds.yaml").read_text(encoding="utf-8").endswith("# mine\n")


def test_a_spec_is_found_from_a_folder_below(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "specs" / "tables")
    assert jobs(told("../birds.yaml", "--against", "HEAD")["against"], "unchanged") == [4]


def test_what_a_spec_extends_comes_along(repository: Path) -> None:
    """A base is found from the file that names it, a table from the spec's own folder; links are followed."""
    (repository / "shared").mkdir()
    (repository / "shared/base.yaml").write_text(SPEC.replace("birds.tsv", "link.tsv"), encoding="utf-8")
    (repository / "specs/tables/link.tsv").symlink_to("birds.tsv")
    (repository / "specs/more.yaml").write_text("extends: ../shared/base.yaml\nname: more\n", encoding="utf-8")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "More")
    assert jobs(told("specs/more.yaml", "--against", "HEAD")["against"], "unchanged") == [4]


def test_a_new_spec_is_new_as_a_whole(repository: Path) -> None:
    shutil.copy(repository / "specs/birds.yaml", repository / "specs/new.yaml")
    against = told("specs/new.yaml", "--against", "HEAD")["against"]
    assert jobs(against, "added", "unchanged") == [4, 0]
    assert against["notes"] == ["specs/new.yaml is not in HEAD, so every job is new"]


def test_a_spec_that_was_wrong_then_is_told_by_its_revision(repository: Path) -> None:
    (repository / "specs/birds.yaml").write_text(SPEC.replace("2026-05", "1999-01"), encoding="utf-8")
    git(repository, "commit", "-q", "-am", "Wrong")
    (repository / "specs/birds.yaml").write_text(SPEC, encoding="utf-8")
    status, _, talk = typed("plan", "specs/birds.yaml", "--against", "HEAD")
    assert status == 2
    assert talk.startswith("HEAD:specs/birds.yaml:3:10")


@pytest.mark.parametrize(
    ("against", "words"),
    [("mian", 'did you mean "main"?'), ("no-such-thing", 'git knows no revision "no-such-thing"'), ("specs", "specs")],
)
def test_what_is_nothing_is_told_with_the_nearest(repository: Path, against: str, words: str) -> None:
    status, _, talk = typed("plan", "specs/birds.yaml", "--against", against)
    assert status == 2
    assert f'"{against}" is no run folder, no file, and no git revision' in talk
    assert words in talk


def test_an_option_of_git_is_no_revision(repository: Path) -> None:
    status, _, talk = typed("plan", "specs/birds.yaml", "--against=--output=x")
    assert status == 2
    assert "no git revision" in talk


def test_outside_of_git_a_revision_is_told_as_such(folder: Path) -> None:
    status, _, talk = typed("plan", "specs/birds.yaml", "--against", "HEAD")
    assert status == 2
    assert "is in no git work tree" in talk


def test_a_plan_in_a_file_is_another_side(folder: Path) -> None:
    assert typed("plan", "specs/birds.yaml", "--out", "plan.jsonl")[0] == 0
    against = told("specs/birds.yaml", "--set", "request.seed=8", "--against", "plan.jsonl")["against"]
    assert jobs(against, "added", "removed", "unchanged") == [4, 4, 0]
    assert jobs(told("plan.jsonl", "--against", "specs/birds.yaml")["against"], "unchanged") == [4]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder in which three of the four jobs are made."""
    work = tmp_path_factory.mktemp("work")
    write_specs(work)
    status, _, talk = typed(
        "run", str(work / "specs" / "birds.yaml"), "--simulate", "--limit", "3", "-o", str(work / "made")
    )
    assert status == 0, talk
    return work / "made"


@pytest.fixture
def run_folder(folder: Path, made: Path) -> Path:
    """The same where a run puts it, beside the spec's folder."""
    run_folder = Path("runs/birds-simulated")
    shutil.copytree(made, run_folder)
    return run_folder


def test_beside_a_run_folder_a_plan_says_what_is_left(run_folder: Path) -> None:
    found = told("specs/birds.yaml", "--against", str(run_folder))
    against = found["against"]
    assert jobs(against, "added", "removed", "unchanged", "made", "to_make") == [0, 0, 4, 3, 1]
    assert found["budget" if "budget" in found else "against"] is not None
    _, out, _ = typed("plan", "specs/birds.yaml", "--against", str(run_folder))
    assert "to make 1 job for at most 0.010625 USD" in out


def test_made_images_that_nobody_asks_for_any_more_are_kept(run_folder: Path) -> None:
    _, out, _ = typed("plan", "specs/birds.yaml", "--set", "matrix.model=[z-image-turbo]", "--against", str(run_folder))
    assert "keeps   2 removed jobs with images, until prune takes them away" in out


def test_a_folder_that_came_without_its_ledger_is_read_by_its_manifest(run_folder: Path) -> None:
    shutil.rmtree(run_folder / ".qwave")
    against = told("specs/birds.yaml", "--against", str(run_folder))["against"]
    assert jobs(against, "unchanged", "made", "to_make") == [4, 3, 1]


def test_another_folder_gives_what_is_not_random(run_folder: Path) -> None:
    against = told("specs/birds.yaml", "--set", "name=other", "--reuse", str(run_folder))["against"]
    made = {model: each["reused"]["jobs"] for model, each in against["by_model"].items()}
    assert (made, jobs(against, "to_make")) == ({"gpt-image-2": 2, "z-image-turbo": 1}, [1])
    assert "made with the simulator" in against["notes"][0]
    random = told("specs/birds.yaml", "--set", "request.seed=-1", "--reuse", str(run_folder))["against"]
    assert jobs(random, "reused") == [0]


def test_what_has_no_ledger_gives_nothing(run_folder: Path) -> None:
    shutil.rmtree(run_folder / ".qwave")
    status, _, talk = typed("plan", "specs/birds.yaml", "--reuse", str(run_folder))
    assert status == 2
    assert "came without its ledger" in talk


def test_a_plan_above_its_budget_ends_with_3(folder: Path) -> None:
    status, out, talk = typed("plan", "specs/birds.yaml", "--set", "budget.max_usd=0.03")
    assert status == 3
    assert "budget  0.03 USD: 0.004 USD too little" in out
    assert "a run would send nothing" in talk


def test_what_a_folder_has_made_is_not_paid_again(run_folder: Path) -> None:
    """The whole plan is above what is left of the budget, what is missing is not."""
    cap = ("--set", "budget.max_usd=0.035")
    status, out, _ = typed("plan", "specs/birds.yaml", *cap, "--against", str(run_folder))
    assert status == 0
    assert "spent in runs/birds-simulated" in out
    assert typed("plan", "specs/birds.yaml", "--set", "budget.max_usd=0.03", "--against", str(run_folder))[0] == 3


def test_the_default_folder_counts_without_being_named(run_folder: Path) -> None:
    run_folder.rename("runs/birds")
    status, out, _ = typed("plan", "specs/birds.yaml", "--set", "budget.max_usd=0.035")
    assert status == 0
    assert "spent in runs/birds)" in out
    assert typed("plan", "specs/birds.yaml", "--set", "budget.max_usd=0.03")[0] == 3


def test_a_default_folder_of_another_spec_or_a_broken_one_is_let_be(folder: Path) -> None:
    private = folder / "runs/birds/.qwave"
    private.mkdir(parents=True)
    (private / "ledger.sqlite").write_bytes(b"no ledger" * 100)
    assert typed("plan", "specs/birds.yaml", "--set", "budget.max_usd=1")[0] == 0


def test_markdown_can_be_pasted_whatever_stands_in_a_name(repository: Path) -> None:
    (repository / "specs/tables/birds.tsv").write_text("bird\n@all|<b>*x*\n", encoding="utf-8")
    status, out, _ = typed("plan", "specs/birds.yaml", "--against", "HEAD", "--format", "markdown")
    assert status == 0
    assert (
        "- \\@&#8203;all\\|\\<b\\>\\*x\\* gpt-image-2" in out
    )  # a backslash alone does not keep GitHub from telling them
    assert "| **total** | **2** | **4** | **-** |" in out
