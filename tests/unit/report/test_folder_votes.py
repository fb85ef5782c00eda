"""The votes of run folders as data of the page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.output.folder_reader import open_folder
from qwave_batch.report.folder_votes import results_json
from qwave_batch.voting.vote_files import BrokenVotes
from tests.voted_folders import a_vote, grid, job_id_of, write_folder, write_lines

MODELS = ("fast", "slow")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of three prompts and two models."""
    return write_folder(tmp_path / "run", grid(3, MODELS))


def vote_on(folder: Path, number: int) -> None:
    """Let the folder hold a vote on each of the first prompts."""
    left, right = ([job_id_of(f"p{each}", model) for each in range(number)] for model in MODELS)
    write_lines(folder / "votes.jsonl", [a_vote(*each, "left") for each in zip(left, right, strict=True)])


def results_of(folders: Sequence[Path], **options: int) -> Any:
    """The data that the page gets of these folders."""
    with open_folder(folders[0]) as first, open_folder(folders[-1]) as last:
        return results_json([first, last][: len(folders)], **options)


def test_there_is_nothing_without_votes(folder: Path) -> None:
    assert results_of([folder]) is None


def test_votes_come_as_rows_with_the_number_of_their_folder(folder: Path, tmp_path: Path) -> None:
    other = write_folder(tmp_path / "other", grid(3, MODELS), spec_sha256="6" * 64)
    vote_on(folder, 1)
    vote_on(other, 2)
    found = results_of([folder, other])
    left, right = job_id_of("p0", "fast"), job_id_of("p0", "slow")
    pair = "~".join(sorted((left, right)))
    asked = ["model", "overall", "Ann", pair]
    assert found["votes"][0] == [*asked, left, 0, right, 0, "left", "2026-11-28T22:00:00Z", 0]
    assert [row[-1] for row in found["votes"]] == [0, 1, 1]
    assert found["results"] == []


def test_of_too_many_votes_the_result_comes_instead(folder: Path) -> None:
    vote_on(folder, 3)
    found = results_of([folder], most_votes=2)
    assert found["votes"] is None
    [result] = found["results"]
    assert (result["axis"], result["criterion"], result["votes"]) == ("model", "overall", 3)


def test_broken_votes_are_named(folder: Path) -> None:
    (folder / "votes.jsonl").write_text("{]\n")
    with pytest.raises(BrokenVotes):
        results_of([folder])
