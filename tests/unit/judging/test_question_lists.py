"""Questions as ``meta.questions`` holds them, and their grades."""

import pytest

from qwave_batch.errors import UnknownName, UsageError
from qwave_batch.judging.own_questions import own_questions
from qwave_batch.judging.question_lists import BadQuestion, Grades, read_questions
from qwave_batch.model.jsontypes import Json


def test_a_question_with_choices_is_read() -> None:
    (question,) = read_questions([{"id": "q1", "question": " What? ", "answer": "CAT", "choices": ["dog", "cat"]}])
    assert (question.id, question.text, question.answer) == ("q1", "What?", "cat")
    assert question.choices == ("dog", "cat")


def test_yes_and_no_need_no_choices_and_other_answers_are_free() -> None:
    yes, free = read_questions([{"question": "a?", "answer": "Yes"}, {"question": "b?", "answer": "three"}])
    assert yes.choices == ("yes", "no")
    assert free.choices == ()
    assert (yes.id, free.id) == ("1", "2")


def test_dependencies_are_a_list_or_a_text_and_zero_is_none() -> None:
    listed: list[Json] = [
        {"question": "a?", "answer": "yes", "dependency": "0"},
        {"question": "b?", "answer": "yes", "dependency": "1"},
        {"question": "c?", "answer": "yes", "dependency": "1, 2"},
        {"question": "d?", "answer": "yes", "dependency": [1]},
    ]
    assert [question.depends_on for question in read_questions(listed)] == [(), ("1",), ("1", "2"), ("1",)]


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        ([], "there are no questions"),
        (["Is it?"], "question 1 is not an object"),
        ([{"question": "a?"}], "question 1: answer is missing"),
        ([{"answer": "yes"}], "question 1: question is missing"),
        ([{"question": " ", "answer": "yes"}], "question 1: question is missing"),
        ([{"question": "a?", "answer": "yes", "choice": ["yes"]}], 'an unknown key "choice"'),
        ([{"question": "a?", "answer": "3", "choices": ["1", "2"]}], 'the answer "3" is none of its choices'),
        ([{"question": "a?", "answer": "1", "choices": ["1", "1."]}], "two of its choices are the same"),
        ([{"question": "a?", "answer": "1", "choices": "1"}], "choices is not a list"),
        ([{"question": "a?", "answer": "yes", "dependency": "9"}], "which is no other question"),
        ([{"question": "a?", "answer": "yes", "dependency": "1"}], "which is no other question"),
        ([{"id": "x", "question": "a?", "answer": "yes"}] * 2, 'two questions have the id "x"'),
        ([{"question": "a?", "answer": "yes"}] * 201, "more than 200"),
        ([{"question": "a" * 5000, "answer": "yes"}], "more than 4,000"),
    ],
)
def test_a_list_that_is_not_right_says_where(listed: list[Json], says: str) -> None:
    with pytest.raises(BadQuestion, match=says):
        read_questions(listed)


def test_a_question_counts_only_with_what_it_depends_on() -> None:
    questions = read_questions(
        [
            {"id": "1", "question": "dog?", "answer": "yes"},
            {"id": "2", "question": "red?", "answer": "yes", "dependency": "1"},
            {"id": "3", "question": "sky?", "answer": "yes"},
            {"id": "4", "question": "dark red?", "answer": "yes", "dependency": "2"},
        ]
    )
    grades = Grades(questions, {"1": "no", "2": "yes", "3": "yes", "4": "yes"})
    assert [grades.is_right(question) for question in questions] == [False, False, True, False]
    assert grades.accuracy == 0.25
    assert [Grades(questions, {"1": "no"}).can_matter(question) for question in questions] == [
        False,
        False,
        True,
        False,
    ]
    assert Grades(questions, {"1": "yes"}).can_matter(questions[3])


def test_dependencies_in_a_circle_end() -> None:
    questions = read_questions(
        [
            {"id": "1", "question": "a?", "answer": "yes", "dependency": "2"},
            {"id": "2", "question": "b?", "answer": "yes", "dependency": "1"},
        ]
    )
    assert Grades(questions, {"1": "yes", "2": "yes"}).accuracy == 1
    assert Grades(questions, {"1": "yes", "2": "no"}).accuracy == 0


def test_a_question_that_was_not_asked_is_wrong() -> None:
    questions = read_questions([{"question": "a?", "answer": "yes"}])
    assert Grades(questions, {}).accuracy == 0


# Questions of the user.


def test_questions_of_a_file_may_name_the_prompt() -> None:
    text = '- {question: "Does it show: {{ prompt }}?", answer: "yes"}\n- {question: Sharp?, answer: no}\n'
    own = own_questions(text, "q.yaml")
    assert own.shows_prompt
    assert [question.text for question in own.for_prompt("a {{ cat }}")] == ["Does it show: a {{ cat }}?", "Sharp?"]


def test_json_and_json_lines_mean_the_same() -> None:
    one = '{"question": "Sharp?", "answer": "yes"}'
    assert own_questions(f"[{one}]", "q.json").sha256 == own_questions(f"{one}\n\n", "q.jsonl").sha256
    assert not own_questions(f"[{one}]", "q.json").shows_prompt


@pytest.mark.parametrize(
    ("text", "named", "says"),
    [
        ("question: a", "q.yaml", "expected a list"),
        ("[", "q.json", "q.json"),
        ('{"question": "a"}\nx\n', "q.jsonl", "q.jsonl:2: this line is not JSON"),
        ('- {question: a, answer: "3", choices: ["1"]}', "q.yaml", "q.yaml: question 1: the answer"),
        ('- {question: "{{ prompt", answer: "yes"}', "q.yaml", "question 1 does not parse"),
        ("", "q.yaml", "q.yaml"),
    ],
)
def test_a_file_that_is_not_right_says_where(text: str, named: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        own_questions(text, named)


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownName, match="promt"):
        own_questions('- {question: "{{ promt }}?", answer: "yes"}', "q.yaml")
