import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.model.codec import DecodeError
from qwave_batch.scoring.score_lines import (
    KeptLine,
    encode_kept_line,
    kept_line_from_json,
    may_state_scorer,
    params_hash,
    set_sha256,
)
from qwave_batch.scoring.scorer import Better, Level, Output, ScoreError
from tests.scored_folders import a_pair_score, a_score, a_scorer, a_set_score

SCORER = a_scorer(params={"against": "prompt", "depth": 2.5})
SCORE = a_score(SCORER, "job", {"cer": 0.25})
FAILED = a_score(SCORER, "job", {}, error=ScoreError("timeout", "no answer", retryable=True))
LINES = (
    SCORER,
    a_scorer("fid", {"distance": Output((0, None), Better.LOWER, "px")}, level=Level.SET),
    SCORE,
    replace(SCORE, details={"read": "老茶馆\u2028\x85"}, cost_nusd=6_375_000),
    FAILED,
    a_pair_score(SCORER, "one", "two", {"cer": 1}),
    a_set_score(SCORER, "m", ["one", "two"], {"cer": 1}),
)


def written(line: KeptLine) -> Any:
    return json.loads(encode_kept_line(line))


@pytest.mark.parametrize("line", LINES)
def test_lines_come_back_as_they_were(line: KeptLine) -> None:
    assert kept_line_from_json(written(line)) == line


@pytest.mark.parametrize("line", LINES)
def test_a_line_has_one_line_end_for_every_reader(line: KeptLine) -> None:
    assert len(encode_kept_line(line).decode().splitlines()) == 1


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back_as_they_were(number: float) -> None:
    line = replace(SCORE, scores={"cer": number})

    assert kept_line_from_json(written(line)) == line


def test_scorers_are_told_apart_without_reading_a_line() -> None:
    assert [may_state_scorer(encode_kept_line(line)) for line in LINES] == [
        True,
        True,
        False,
        False,
        False,
        False,
        False,
    ]


def test_the_form_of_a_line() -> None:
    """Users and tests rely on the keys and their order."""
    assert list(written(SCORE)) == [
        *("job_id", "image", "sha256", "prompt_sha256", "scorer", "version", "params"),
        *("scores", "details", "error", "cost_usd", "at"),
    ]
    assert written(FAILED)["error"] == {"code": "timeout", "message": "no answer", "retryable": True}
    assert written(SCORER) == {
        "scorer": "ocr",
        "version": "1",
        "level": "image",
        "params": {"against": "prompt", "depth": 2.5},
        "outputs": {
            "cer": {"range": [0, None], "better": "lower", "unit": ""},
            "words": {"range": [0, 1], "better": "higher", "unit": ""},
        },
    }


MISTAKES: list[tuple[KeptLine, dict[str, Any], str]] = [
    (SCORER, {"outputs": {}}, "outputs: expected at least one"),
    (SCORER, {"scorer": "My scorer"}, "scorer: a name is small letters"),
    (SCORER, {"outputs": {"a-b": {}}}, "outputs.a-b: a name is small letters"),
    (SCORER, {"outputs": {"cer": {"range": [1]}}}, "outputs: cer.range: expected two numbers"),
    (SCORER, {"outputs": {"cer": {"range": [1, 0]}}}, "outputs: cer.range: 1 is above 0"),
    (SCORER, {"outputs": {"cer": {"better": "up"}}}, "outputs: cer.better: expected higher, lower or null"),
    (SCORER, {"level": "image set"}, "level: expected one of image, pair, set"),
    (SCORER, {"version": " "}, "version: expected a text that is not empty"),
    (SCORE, {"sha256": "abc"}, "sha256: expected 64 hex digits"),
    (SCORE, {"params": "abc"}, "params: expected 16 hex digits"),
    (SCORE, {"scores": {"cer": "1"}}, "scores: cer: expected a number"),
    (SCORE, {"scores": {"cer": True}}, "scores: cer: expected a number"),
    (SCORE, {"scores": {"c r": 1}}, "scores: c r: a name is small letters"),
    (SCORE, {"image": -1}, "image: expected a non-negative integer"),
    (SCORE, {"job_id": None}, "job_id: expected a job's id, or null beside a set"),
    (SCORE, {"count": 2}, "count: expected the number of images of a set"),
    (SCORE, {"at": "yesterday"}, "at: expected a moment"),
    (SCORE, {"colour": "red"}, "colour is not a key of it"),
    (FAILED, {"scores": {"cer": 1}}, "scores: expected none beside an error"),
]


@pytest.mark.parametrize(("line", "changes", "message"), MISTAKES)
def test_a_wrong_line_is_named_by_its_key(line: KeptLine, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DecodeError, match=re.escape(message)):
        kept_line_from_json({**written(line), **changes})


def test_a_line_of_another_file_is_refused() -> None:
    with pytest.raises(DecodeError, match="is missing"):
        kept_line_from_json({"vote": 1})
    with pytest.raises(DecodeError, match="expected an object"):
        kept_line_from_json([1])


def test_parameters_are_told_apart_whatever_their_order() -> None:
    assert params_hash({"a": 1, "b": [2]}) == params_hash({"b": [2], "a": 1}) != params_hash({"a": 1, "b": [3]})


def test_a_set_is_told_apart_by_its_images_and_their_order() -> None:
    assert len({set_sha256(iter(hashes)) for hashes in (["a", "b"], ["b", "a"], ["a"], ["ab"])}) == 4
