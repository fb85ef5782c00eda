"""``votes`` on a folder of a real run: imports, what they are refused for, and what is printed."""

import json
import shutil
from importlib.util import find_spec
from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

import qwave_batch as qb
from qwave_batch.cli.main import main
from qwave_batch.voting import vote_results
from tests.voted_folders import Line, a_pick, a_vote, write_lines

SPEC = """\
version: 1
name: contest
catalog: "2026-10"
prompts: [{prompts}]
matrix: {{model: [z-image-turbo, gpt-image-2]}}
"""
PROMPTS = 12


def made(where: Path, prompts: int = PROMPTS) -> Path:
    spec = where / "contest.yaml"
    named = ", ".join(f"{{id: p{number:02}, text: A teahouse {number}}}" for number in range(prompts))
    spec.write_text(SPEC.format(prompts=named), encoding="utf-8")
    qb.run_batch_sync(spec, connection=qb.Simulated(latency="0"), out_dir=where / "run")
    return where / "run"


@pytest.fixture(scope="module")
def voted_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder of twelve prompts and two models; read only."""
    return made(tmp_path_factory.mktemp("contest"))


@pytest.fixture
def folder(voted_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(voted_run, tmp_path / "run"))


def votes_of(folder: Path, rater: str = "Ann", **changes: Any) -> list[Line]:
    """Return a vote for each prompt, of which every third is for the second model."""
    run = qb.open_run(folder)
    header = run.header()
    assert header.summary is not None
    told = {"folders": [{"id": header.folder_id, "spec_sha256": header.summary["spec_sha256"]}]}
    pairs = [[line.job_id for line in of] for _, of in groupby(run.lines(), key=lambda line: line.prompt_id)]
    return [
        a_vote(left, right, "left" if number % 3 else "right", rater=rater, run=told, **changes)
        for number, (left, right) in enumerate(pairs)
    ]


def votes(*argv: object, width: int = 80) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    status = main(["votes", *map(str, argv)], stdout, stderr, environ={"COLUMNS": str(width)})
    return status, stdout.getvalue(), stderr.getvalue()


def test_votes_are_imported_merged_and_counted(folder: Path, tmp_path: Path) -> None:
    of_ann = write_lines(tmp_path / "ann.jsonl", votes_of(folder))
    picks = [a_pick(vote["left"]["job_id"], "keep", 4, rater="Bob") for vote in votes_of(folder)]
    of_bob = write_lines(tmp_path / "bob.jsonl", [*votes_of(folder, "Bob"), *picks])
    status, out, err = votes(folder, of_ann, of_bob, "--json")
    assert status == 0
    assert "read 36 lines: 24 new votes, 12 new picks" in err
    found = json.loads(out)
    assert {key: found[key] for key in ("axis", "votes", "raters", "prompts", "alpha", "warnings")} == {
        "axis": "model", "votes": 24, "raters": ["Ann", "Bob"], "prompts": 12, "alpha": 1.0, "warnings": [],
    }  # fmt: skip
    (rate,) = found["win_rates"]
    assert (rate["value"], rate["against"], rate["wins"], rate["losses"]) == ("z-image-turbo", "gpt-image-2", 16, 8)
    assert found["picks"]["by_model"] == [
        {"model": "z-image-turbo", "images": 12, "keep": 12, "reject": 0, "rated": 12, "mean_rating": 4}
    ]
    before = {name: (folder / name).read_bytes() for name in ("votes.jsonl", "picks.jsonl")}
    again = votes(folder, of_bob, of_ann, "--json")
    assert again[:2] == (0, out)
    assert "all of them were there already" in again[2]
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert votes(folder, "--json") == (0, out, "")
    assert main(["verify", str(folder)], StringIO(), StringIO()) == 0
    assert main(["prune", str(folder), "--yes"], StringIO(), StringIO()) == 0
    assert {name: (folder / name).read_bytes() for name in before} == before


@pytest.mark.parametrize("width", [80, 120])
def test_the_result_fits_the_terminal(folder: Path, tmp_path: Path, width: int) -> None:
    lines = [*votes_of(folder), *votes_of(folder, criterion="text"), a_pick(votes_of(folder)[0]["left"]["job_id"])]
    file = write_lines(tmp_path / "ann.jsonl", lines)
    status, out, err = votes(folder, file, width=width)
    assert status == 0
    assert max(map(len, [*out.splitlines(), *err.splitlines()])) <= width
    for part in ("model: 24 votes by 1 rater on 12 prompts", "strengths", "win rates", "by criterion", "picks", "●"):
        assert part in out
    assert "open: 1 of 1 pair; about" in out
    assert "votes on 2 questions are counted together here" in " ".join(err.split())


def test_a_mistake_is_named_with_file_and_line(folder: Path, tmp_path: Path) -> None:
    good = votes_of(folder)
    file = write_lines(tmp_path / "v.jsonl", [*good[:2], {**good[2], "winner": "neither"}, {**good[3], "axis": "size"}])
    status, out, err = votes(folder, file, width=200)
    assert (status, out) == (2, "")
    assert f"{file}:3:1: winner: expected one of left, right, tie, both_bad" in err
    assert not (folder / "votes.jsonl").exists()
    write_lines(file, [*good[:2], {**good[3], "axis": "size"}])
    status, out, err = votes(folder, file, width=200)
    assert (status, out) == (2, "")
    assert f'{file}:3:1  axis: its jobs have no axis "size"' in err
    assert not (folder / "votes.jsonl").exists()


def test_below_ten_prompts_the_result_warns(folder: Path, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "v.jsonl", votes_of(folder)[:3])
    _, out, err = votes(folder, file, "--json", width=200)
    (warning,) = json.loads(out)["warnings"]
    assert warning.startswith("only 3 prompts were voted on")
    assert f"warning: {warning}" in err


def test_an_axis_that_nobody_voted_on_imports_nothing(folder: Path, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "v.jsonl", votes_of(folder))
    assert votes(folder, file, "--axis", "size")[0] == 2
    assert votes(folder, file, "--criterion", "looks")[0] == 2
    assert not (folder / "votes.jsonl").exists()


def test_votes_on_jobs_of_an_earlier_spec_are_left_out(folder: Path, tmp_path: Path) -> None:
    """The folder keeps its id, whatever its spec asks for now."""
    file = write_lines(tmp_path / "v.jsonl", votes_of(folder))
    again = tmp_path / "smaller"
    again.mkdir()
    shutil.move(folder, again / "run")
    spec = again / "contest.yaml"
    named = ", ".join(f"{{id: p{number:02}, text: A teahouse {number}}}" for number in range(10))
    spec.write_text(SPEC.format(prompts=named), encoding="utf-8")
    qb.run_batch_sync(
        spec, connection=qb.Simulated(latency="0"), out_dir=again / "run", options=qb.RunOptions(adopt=True)
    )
    status, out, err = votes(again / "run", file, "--json", width=200)
    assert status == 0
    assert json.loads(out)["votes"] == 10
    assert "left out 2 lines about jobs that the plan no longer holds" in err


def test_a_folder_without_votes_says_so(folder: Path) -> None:
    assert votes(folder) == (0, "no votes yet\n", "")
    status, out, _ = votes(folder, "--json")
    assert status == 0
    assert json.loads(out)["win_rates"] == []


def test_without_the_extra_nothing_is_done(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_lines(tmp_path / "v.jsonl", votes_of(folder))
    monkeypatch.setattr(vote_results, "find_spec", lambda name: None if name == "evalica" else find_spec(name))
    status, out, err = votes(folder, file, width=200)
    assert (status, out) == (2, "")
    assert "counting votes needs evalica: pip install 'qwave-batch[votes]'" in err
    assert not (folder / "votes.jsonl").exists()
