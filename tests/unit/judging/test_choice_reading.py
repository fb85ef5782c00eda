"""Answers are one of the choices, word for word, or none."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.judging.choice_reading import UnclearAnswer, plain, read_answer, read_answers, same_free_answer

YES_NO = ("yes", "no")


@pytest.mark.parametrize(
    "text",
    [
        '{"answer": "yes"}',
        ' {"answer":"Yes."}\n',
        '```json\n{"answer": "yes"}\n```',
        'Looking closely, I see a red ball.\n\n```\n{"answer": "yes"}\n```\nDone.',
        'It could be {"answer": "no"} at first sight, but it is {"answer": "yes"}',
        '<think>{"answer": "no"}? No.</think>{"answer": "yes"}',
        '{"reason": {"seen": [1, 2]}, "answer": "yes"}',
        '{"answer": true}',
        "yes",
        "YES.",
        '"yes"',
        "**yes**",
        "```\nyes\n```",
    ],
)
def test_an_answer_may_stand_in_json_or_alone(text: str) -> None:
    assert read_answer(text, YES_NO) == "yes"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I think the answer is yes.",
        "yes and no",
        "yes, it is",
        "maybe",
        '{"answer": "maybe"}',
        '{"answer": ["yes"]}',
        '{"answer": null}',
        '{"answer": "ye',
        '{"verdict": "yes"}',
        "ja",
        '{"answer": ""}',
    ],
)
def test_anything_else_is_unclear(text: str) -> None:
    with pytest.raises(UnclearAnswer):
        read_answer(text, YES_NO)


def test_the_error_shows_the_choices_and_the_answer() -> None:
    with pytest.raises(UnclearAnswer, match=r'none of \["yes", "no"\]: "maybe"'):
        read_answer("maybe", YES_NO)


def test_a_number_is_a_choice_written_as_json_does() -> None:
    assert read_answer('{"answer": 3}', ("1", "2", "3")) == "3"


def test_choices_that_are_only_signs_can_be_told_apart() -> None:
    assert read_answer('{"answer": "!"}', (".", "!")) == "!"


@pytest.mark.parametrize("text", ["", "   ", "x" * 201, "one\ntwo", '{"answer": "one\\ntwo"}'])
def test_an_answer_without_choices_is_short(text: str) -> None:
    with pytest.raises(UnclearAnswer):
        read_answer(text, ())


@pytest.mark.parametrize(
    ("given", "expected"), [("Two", "2"), ("a dog", "dog"), ("The Red  Car.", "red car"), ("twenty", "20")]
)
def test_free_answers_are_compared_by_what_they_mean(given: str, expected: str) -> None:
    assert same_free_answer(given, expected)
    assert not same_free_answer(given, f"{expected} more")


def test_several_answers_are_read_in_their_order() -> None:
    text = 'Here: {"answers": ["No", 2]}'
    assert read_answers(text, [YES_NO, ("1", "2")]) == ["no", "2"]


@pytest.mark.parametrize("text", ["yes, 2", '{"answers": ["yes"]}', '{"answers": ["yes", "3"]}', '{"answers": "yes"}'])
def test_answers_that_do_not_fit_their_questions_are_unclear(text: str) -> None:
    with pytest.raises(UnclearAnswer):
        read_answers(text, [YES_NO, ("1", "2")])


@given(st.text(max_size=60))
def test_whatever_a_model_says_is_a_choice_or_unclear(text: str) -> None:
    with suppress(UnclearAnswer):
        assert read_answer(text, YES_NO) in YES_NO


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=5, unique_by=plain), st.data())
def test_every_choice_is_read_back_from_json(choices: list[str], data: st.DataObject) -> None:
    choice = data.draw(st.sampled_from(choices))
    assert plain(read_answer(json.dumps({"answer": choice}), choices)) == plain(choice)
