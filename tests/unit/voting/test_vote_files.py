"""Files of votes and picks: every line in order, every mistake with its place, and nothing that blocks or overflows."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.errors import UsageError
from qwave_batch.model.problem import Problem
from qwave_batch.voting import vote_files
from qwave_batch.voting.vote_files import PlacedLine, read_voting_file
from qwave_batch.voting.vote_lines import Pick, Vote
from tests.voted_folders import a_pick, a_vote

VOTE, PICK = json.dumps(a_vote("a", "b", "left")), json.dumps(a_pick("a"))


def said(file: Path) -> list[str]:
    """The lines of a file: kind or problem, with the place."""
    return [
        f"{found.place.line if found.place else ''}:{found.place.column if found.place else ''} "
        f"{found.message if isinstance(found, Problem) else type(found.line).__name__}"
        for found in read_voting_file(file)
    ]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "votes.jsonl"


@pytest.mark.parametrize(
    "content",
    [
        f"{VOTE}\n{PICK}\n",
        f"{VOTE}\r\n{PICK}\r\n",
        f"\ufeff{VOTE}\n{PICK}",
        f"  {VOTE} \n{PICK}\t\n\n \n",
    ],
    ids=["plain", "CRLF", "BOM, and no last line end", "blanks"],
)
def test_votes_and_picks_stand_in_one_file(file: Path, content: str) -> None:
    file.write_text(content, encoding="utf-8", newline="")
    found = [each for each in read_voting_file(file) if isinstance(each, PlacedLine)]
    assert [type(each.line) for each in found] == [Vote, Pick]
    assert [each.place.line for each in found] == [1, 2]


def test_every_mistake_has_its_line(file: Path) -> None:
    lines = [
        VOTE, '{"vote": 1', "[]", VOTE.replace('"image": 0', '"image": NaN', 1),
        PICK.replace('"rating": null', '"rating": 1e999'), PICK[:-1] + ', "at": "x"}', "[" * 10_000, VOTE,
    ]  # fmt: skip
    file.write_text("\n".join(lines), encoding="utf-8")
    assert said(file) == [
        "1:1 Vote",
        "2:11 it is not JSON: expecting ',' delimiter",
        "3:1 expected an object",
        "4:1 it is not JSON that can be read: NaN is not a number of JSON",
        "5:1 it is not JSON that can be read: 1e999 is not a finite number",
        '6:1 it is not JSON that can be read: duplicate key "at"',
        "7:1 it is not JSON that can be read: it is nested too deeply",
        "8:1 Vote",
    ]


@pytest.mark.parametrize(
    ("content", "number"),
    [(b"\x89PNG\r\n\x1a\n\0\0", 1), (VOTE.encode() + b"\n\0", 2), (VOTE.encode("utf-16"), 1), (b"\xff\n", 1)],
    ids=["an image", "a NUL", "UTF-16", "Latin-1"],
)
def test_a_file_that_is_not_text_ends_there(file: Path, content: bytes, number: int) -> None:
    file.write_bytes(content)
    assert said(file)[-1] == f"{number}:1 it is not text in UTF-8: not a file of votes"


def test_a_line_without_end_is_not_read_to_it(file: Path) -> None:
    file.write_bytes(b"a" * 70_000 + b"\n" + VOTE.encode())
    assert said(file) == ["1:1 the line is longer than 65,536 bytes: not a vote"]


def named_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(path))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (Path.mkdir, "is a folder, not a file"),
        (os.mkfifo, "is a named pipe, not a regular file"),
        (named_socket, "is a socket, not a regular file"),
        (lambda _: None, "can't be read: no such file or directory"),
        (lambda path: path.symlink_to("nowhere"), "can't be read: no such file or directory"),
    ],
    ids=["folder", "pipe", "socket", "nothing", "link to nothing"],
)
def test_what_is_not_a_file_is_refused(file: Path, make: Callable[[Path], None], words: str) -> None:
    make(file)
    with pytest.raises(UsageError, match=rf"votes\.jsonl {words}"):
        list(read_voting_file(file))


def test_a_file_of_a_size_that_nobody_votes_is_refused_unread(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vote_files, "_MOST_FILE_BYTES", 10)
    file.write_text(VOTE, encoding="utf-8")
    with pytest.raises(UsageError, match=r"is too large: \d+ bytes, at most 10 are read"):
        list(read_voting_file(file))
