"""Votes and picks as JSON lines: the keys of the format and nothing else, and every mistake named."""

import json
from typing import Any

import pytest

from qwave_batch.model.codec import DecodeError
from qwave_batch.voting.vote_lines import (
    Pick,
    PickVerdict,
    Vote,
    VotedImage,
    Winner,
    encode_voting_line,
    moment_of,
    voting_line_from_json,
)
from tests.voted_folders import a_pick, a_vote

VOTE, PICK = a_vote("a", "b", "left"), a_pick("a", None, 4)


@pytest.mark.parametrize("line", [VOTE, PICK, {**PICK, "run": VOTE["run"]}, {**VOTE, "rater": "é\u2028 \U0001f389"}])
def test_a_line_is_written_as_it_was_read(line: dict[str, Any]) -> None:
    encoded = encode_voting_line(voting_line_from_json(line))
    assert json.loads(encoded) == line
    assert list(json.loads(encoded)) == list(line)
    assert len(encoded.decode().splitlines()) == 1


def test_the_keys_are_those_that_others_rely_on() -> None:
    vote, pick = voting_line_from_json(VOTE), voting_line_from_json(PICK)
    assert isinstance(vote, Vote)
    assert isinstance(pick, Pick)
    assert vote.left == VotedImage(job_id="a", image=0)
    assert vote.winner is Winner.LEFT
    assert vote.key == ("a~b", "Ann", "overall")
    assert (pick.key, pick.verdict, pick.rating) == (("a", 0, "Ann"), None, 4)
    assert voting_line_from_json(a_pick("a", "keep")) != pick
    assert PickVerdict("reject") is PickVerdict.REJECT


def test_the_images_of_a_pair_do_not_depend_on_the_sides() -> None:
    one, other = (voting_line_from_json(a_vote(left, right, "tie")) for left, right in ("ab", "ba"))
    assert isinstance(one, Vote)
    assert isinstance(other, Vote)
    assert one.images == other.images


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no winner": ({**VOTE, "winner": "both"}, "winner: expected one of left, right, tie, both_bad"),
    "nobody": ({**VOTE, "rater": " "}, "rater: expected a text that is not empty"),
    "null": ({**VOTE, "rater": None}, "rater: expected a string"),
    "a long name": ({**PICK, "rater": "x" * 1_001}, "rater: has 1,001 characters, at most 1,000 are read"),
    "half a character": ({**VOTE, "criterion": "\ud800"}, "criterion: holds half of a surrogate pair"),
    "a negative index": ({**VOTE, "left": {"job_id": "a", "image": -1}}, "left.image: expected a non-negative integer"),
    "a fraction": ({**VOTE, "left": {"job_id": "a", "image": 0.5}}, "left.image: expected a non-negative integer"),
    "true": ({**VOTE, "left": {"job_id": "a", "image": True}}, "left.image: expected a non-negative integer"),
    "no index": ({**VOTE, "left": {"job_id": "a"}}, "left.image is missing"),
    "the same twice": ({**VOTE, "right": VOTE["left"]}, "right: is the image that is on the left, too"),
    "a key too many": ({**VOTE, "mood": 1}, "mood is not a key of it"),
    "no folder": ({**VOTE, "run": {"folders": []}}, "run.folders: expected at least one folder"),
    "an empty id": ({**VOTE, "run": {"folders": [{"id": "", "spec_sha256": "x"}]}}, r"run.folders\[0\].id: expected a"),
    "a newer form": ({**VOTE, "vote": 2}, "vote: its form is 2, and only 1 is known here"),
    "true as the form": ({**VOTE, "vote": True}, "vote: its form is True"),
    "both": ({**VOTE, "pick": 1}, "both a vote and a pick"),
    "neither": ({"job_id": "a"}, "neither a vote nor a pick"),
    "no time zone": ({**VOTE, "at": "2026-11-28T22:00:00"}, "at: expected a moment such as"),
    "no time": ({**PICK, "at": "yesterday"}, "at: expected a moment such as"),
    "six stars": ({**PICK, "rating": 6}, "rating: expected a whole number from 1 to 5, or null"),
    "no star": ({**PICK, "rating": 0}, "rating: expected a whole number from 1 to 5, or null"),
    "an unknown verdict": ({**PICK, "verdict": "maybe"}, "verdict: expected one of keep, reject or null"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake: str) -> None:
    line, words = MISTAKES[mistake]
    with pytest.raises(DecodeError, match=words):
        voting_line_from_json(line)


def test_what_is_not_an_object_is_not_a_line() -> None:
    with pytest.raises(DecodeError, match="expected an object"):
        voting_line_from_json([VOTE])


def test_moments_of_all_time_zones_are_compared() -> None:
    assert moment_of("2026-11-28T22:00:00.500Z") - moment_of("2026-11-28T23:00:00+01:00") == 0.5
