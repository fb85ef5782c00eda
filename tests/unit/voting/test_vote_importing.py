"""Imports into run folders: what is taken, what is left out, and what nothing is imported for."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.errors import FolderError
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.voting.kept_votes import read_kept_votes
from qwave_batch.voting.vote_files import BrokenVotes
from qwave_batch.voting.vote_importing import ImportedVotes, read_import
from tests.voted_folders import SPEC_SHA256, Line, a_pick, a_vote, grid, write_folder, write_lines

OTHER = {"id": "another", "spec_sha256": "7" * 64}
OWN = {"id": "of the ledger, which this copy lacks", "spec_sha256": SPEC_SHA256}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "run", grid(3, ("m1", "m2")))


def imported(folder: Path, *files: list[Line]) -> ImportedVotes:
    paths = [write_lines(folder.parent / f"{number}.jsonl", lines) for number, lines in enumerate(files)]
    with open_folder(folder) as reader:
        return read_import(reader, paths).write(reader.layout)


def kept(folder: Path, name: str = "votes.jsonl") -> list[Any]:
    return [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]


def test_votes_and_picks_are_kept_apart(folder: Path) -> None:
    vote, pick = a_vote("p0-m1", "p0-m2", "tie"), a_pick("p0-m1", "reject", 2)
    assert imported(folder, [pick, vote]) == ImportedVotes(votes=1, picks=1, read=2)
    assert kept(folder) == [vote]
    assert kept(folder, "picks.jsonl") == [pick]
    assert sorted(path.name for path in folder.iterdir()) == [
        "manifest.jsonl", "picks.jsonl", "summary.json", "votes.jsonl",
    ]  # fmt: skip


def test_a_rater_may_change_their_mind(folder: Path) -> None:
    first = a_vote("p0-m1", "p0-m2", "left")
    second = a_vote("p0-m2", "p0-m1", "left", at="2026-11-28T23:00:00Z")
    other_question = {**first, "criterion": "text"}
    imported(folder, [second], [first, other_question])
    assert kept(folder) == sorted([second, other_question], key=lambda vote: str(vote["at"]))
    assert imported(folder, [first]) == ImportedVotes(read=1)
    assert imported(folder, [{**first, "at": "2026-11-29T00:00:00Z"}]).replaced == 1


def test_what_changes_nothing_writes_nothing(folder: Path) -> None:
    lines = [a_vote("p0-m1", "p0-m2", "left"), a_pick("p1-m1")]
    imported(folder, lines)
    before = {name: (folder / name).stat() for name in ("votes.jsonl", "picks.jsonl")}
    assert imported(folder, lines, lines) == ImportedVotes(read=4)
    assert {name: (folder / name).stat() for name in before} == before


def test_votes_of_a_page_of_two_folders_go_where_their_images_are(folder: Path) -> None:
    """The packet names both folders; only what is about this one is taken, and the rest is counted."""
    both = {"folders": [OWN, OTHER]}
    mine = a_vote("p0-m1", "p0-m2", "left", run=both)
    theirs = a_vote("q0-m1", "q0-m2", "left", run=both)
    across = a_vote("p0-m1", "q0-m2", "left", run=both)
    pick_of_theirs = a_pick("p0-m1", run={"folders": [OTHER]})
    own_pick = a_pick("p1-m1", run={"folders": [OWN]})
    found = imported(folder, [mine, theirs, across, pick_of_theirs, own_pick])
    assert found == ImportedVotes(votes=1, picks=1, read=5, of_other_folders=3)
    assert kept(folder) == [mine]
    assert kept(folder, "picks.jsonl") == [a_pick("p1-m1")]


def test_votes_on_jobs_that_left_the_plan_are_left_out(folder: Path, tmp_path: Path) -> None:
    """With its ledger a folder is known by its id, whatever its spec was when people voted."""
    lines = [
        a_vote("gone-m1", "gone-m2", "left", run={"folders": [{"id": "x", "spec_sha256": "an older one"}]}),
        a_vote("p0-m1", "p0-m2", "left", run={"folders": [{"id": "x", "spec_sha256": "an older one"}]}),
    ]
    with pytest.raises(BrokenVotes, match="it is about another run folder"):
        imported(folder, lines)
    write_folder(folder, grid(3, ("m1", "m2")), spec_sha256="an older one")
    with pytest.raises(BrokenVotes, match="there is no job gone-m1 in the run folder"):
        imported(folder, lines)
    assert not (folder / "votes.jsonl").exists()
    assert tmp_path.exists()


MISTAKES: dict[str, tuple[Line, str]] = {
    "unknown job": (a_vote("p0-m1", "p9-m2", "left"), "there is no job p9-m2 in the run folder"),
    "unknown image": (
        {**a_vote("p0-m1", "p0-m2", "left"), "left": {"job_id": "p0-m1", "image": 1}},
        "there is no image 1 of job p0-m1: its images are 0 to 0",
    ),
    "unknown job of a pick": (a_pick("p9-m1"), "there is no job p9-m1"),
    "wrong axis": (a_vote("p0-m1", "p0-m2", "left", axis="ratio"), 'its jobs have no axis "ratio"'),
    "other prompts": (a_vote("p0-m1", "p1-m2", "left"), "left and right are of different prompts"),
    "another pair": (
        a_vote("p1-m1", "p1-m2", "left", pair="p0-m1~p0-m2"),
        'the pair "p0-m1~p0-m2" stands for two other images in another vote',
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_with_one_mistake_nothing_is_imported(folder: Path, mistake: str) -> None:
    line, words = MISTAKES[mistake]
    good = a_vote("p0-m1", "p0-m2", "left")
    with pytest.raises(BrokenVotes, match=words) as caught:
        imported(folder, [good], [good, line, a_pick("p0-m1")])
    assert [(str(each.place).rpartition("/")[2]) for each in caught.value.problems] == ["1.jsonl:2:1"]
    assert not (folder / "votes.jsonl").exists()
    assert not (folder / "picks.jsonl").exists()


def test_a_file_of_another_folder_is_refused(folder: Path) -> None:
    theirs = a_vote("p0-m1", "p0-m2", "left", run={"folders": [OTHER]})
    with pytest.raises(BrokenVotes, match="it is about another run folder") as caught:
        imported(folder, [theirs, theirs])
    assert len(caught.value.problems) == 1
    assert imported(folder, [theirs, a_vote("p0-m1", "p0-m2", "left")]).of_other_folders == 1


def test_mistakes_of_all_files_are_told_together(folder: Path) -> None:
    with pytest.raises(BrokenVotes) as caught:
        imported(folder, [{}, {"vote": 2}], [{"pick": 7}])
    assert len(caught.value.problems) == 3


def test_a_folder_with_broken_votes_is_left_as_it_is(folder: Path) -> None:
    (folder / "picks.jsonl").write_text('{"pick": 1')
    with pytest.raises(BrokenVotes, match="it is not JSON"):
        imported(folder, [a_vote("p0-m1", "p0-m2", "left")])
    assert not (folder / "votes.jsonl").exists()
    (folder / "picks.jsonl").write_text(json.dumps(a_vote("p0-m1", "p0-m2", "left")))
    with pytest.raises(BrokenVotes, match="it is not a pick"):
        imported(folder, [])


def test_links_are_not_followed(folder: Path) -> None:
    (folder / "votes.jsonl").symlink_to(folder / "manifest.jsonl")
    with pytest.raises(FolderError, match=r"votes\.jsonl is a symbolic link"):
        imported(folder, [])


def test_imports_at_once_lose_nothing(folder: Path, tmp_path: Path) -> None:
    """Each of eight raters imports a file of their own at the same moment."""
    files = list(_files_of_raters(tmp_path, 8))
    start = threading.Barrier(len(files))

    def run(file: Path) -> None:
        start.wait()
        with open_folder(folder) as reader:
            read_import(reader, [file]).write(reader.layout)

    threads = [threading.Thread(target=run, args=(file,)) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open_folder(folder) as reader:
        found = read_kept_votes(reader.layout)
    assert {vote.rater for vote in found.votes} == {pick.rater for pick in found.picks} == set("01234567")
    assert len(found.votes) == 24
    assert not (folder / ".votes.lock").exists()


def _files_of_raters(where: Path, raters: int) -> Iterator[Path]:
    for rater in map(str, range(raters)):
        votes = [a_vote(f"p{number}-m1", f"p{number}-m2", "left", rater=rater) for number in range(3)]
        yield write_lines(where / f"of-{rater}.jsonl", [*votes, a_pick("p0-m1", rater=rater)])
