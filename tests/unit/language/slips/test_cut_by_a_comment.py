"""A # with a letter behind it, in the line of an unquoted text, was hardly meant as a comment."""

from collections.abc import Callable

import pytest

from qwave_batch.model.problem import Problem

MODEL = "request: {model: z-image-turbo, seed: 7}\n"

Check = Callable[..., list[Problem]]


def places(problems: list[Problem]) -> list[tuple[str, int, str]]:
    assert all("is a comment" in problem.message for problem in problems)
    return [(problem.severity, problem.place.line, problem.path) for problem in problems if problem.place]


@pytest.mark.parametrize(
    ("body", "line", "path"),
    [
        ("prompts:\n  - id: hex\n    text: A wall #FF8800 in the sun\n", 7, "prompts[0].text"),
        ("prompts:\n  - A poster, #1 of three\n", 6, "prompts[0]"),
        ("prompts: [A poster #1,\n  ]\n", 5, "prompts[0]"),
        ("prompts: [red, #FF8800\n  blue]\n", 5, "prompts[0]"),
        ("vars:\n  a: bright #FF8800\nprompts: ['A {{ a }}']\n", 6, "vars.a"),
        ("vars:\n  a:\n    - bright #orange\nprompts: ['A {{ a | first }}']\n", 7, "vars.a[0]"),
        ("prompts: ['A {{ hue }}']\nmatrix:\n  hue:\n    - red #FF0000\n", 8, "matrix.hue[0]"),
        ("prompts: ['A {{ v.hue }}']\nmatrix:\n  v:\n    - id: a\n      hue: red #é\n", 9, "matrix.v[0].hue"),
        ("prompts:\n  - text: A\n    tags:\n      - night #2\n", 8, "prompts[0].tags[0]"),
        ("prompts:\n  - A wall\n    painted #FF8800\n  - B\n", 6, "prompts[0]"),
        ("vars: {a: x}\nprompts:\n  - A {{ a }} wall #FF8800\n", 7, "prompts[0]"),
        ("vars: {a: x}\nprompts:\n  - A wall #{{ a }}{{ a }}\n  - B {{ a }}\n", 7, "prompts[0]"),
    ],
)
def test_a_text_that_may_be_cut_off_is_a_warning(check: Check, body: str, line: int, path: str) -> None:
    assert places(check(MODEL + body)) == [("warning", line, path)]


@pytest.mark.parametrize(
    "body",
    [
        "prompts:\n  - A quiet yard   # nice in the morning\n",
        "prompts:\n  - A yard #\n  - B #! no\n",
        "prompts:\n  - 'A wall' #FF8800\n  - \"B\" #1\n",
        "prompts:\n  - |  #FF8800\n    A wall #FF8800\n  - >-\n    B #1\n",
        "prompts:\n  - A wall\n#FF8800 was the other one\n  #1 too\n  - B#1\n",
        "description: first try #todo rewrite\nprompts: [A]\n",
        "repeat: 1 #once\nprompts:\n  - A\n",
        "prompts: [A] #all\nbudget: {max_usd: 1} #cheap\n",
        "prompts: [A]\nunsupported: drop #all\ncompletion: poll #slow\n",
        "prompts: [A]\nmatrix:\n  aspect_ratio:\n    - 16:9 #wide\n    - 1:1 #square\n",
        "prompts: [A]\nmatrix:\n  resolution: [1K, #small\n    2K]\n",
        "prompts:\n  - text: A\n    request:\n      resolution: 1K #small\n",
    ],
)
def test_a_true_comment_is_none(check: Check, body: str) -> None:
    assert check(MODEL + body) == []


@pytest.mark.parametrize("field", ["resolution: 1K #small", "aspect_ratio: 16:9 #wide", "model: z-image-turbo #cheap"])
def test_a_field_of_a_few_words_may_have_any_comment(check: Check, field: str) -> None:
    model = "" if field.startswith("model") else "  model: z-image-turbo\n"
    assert check(f"request:\n  seed: 7\n{model}  {field}\nprompts: [A]\n") == []


def test_the_sentence_names_what_is_lost_and_the_way_out(check: Check) -> None:
    [problem] = check(MODEL + "prompts:\n  - A wall #FF8800 in the sun\n")
    assert problem.message == 'the text ends before "#FF8800 in the sun": everything from # on is a comment'
    assert problem.suggestion is not None
    assert problem.suggestion.startswith("put quotes around the whole text")


def test_a_table_in_yaml_is_told_by_its_lines_and_counted(check: Check) -> None:
    rows = "- {a: x}\n- a: bright #1\n- a: calm #1\n"
    [problem] = check(MODEL + "prompts: [{from: r.yaml, text: '{{ row.a }}'}]\n", files={"r.yaml": rows})
    assert (problem.severity, problem.count, [row.line for row in problem.rows]) == ("warning", 2, [2, 3])


def test_a_base_is_told_in_its_own_file(check: Check) -> None:
    [problem] = check("extends: b.yaml\n", files={"b.yaml": MODEL + "prompts:\n  - A wall #1\n"})
    assert str(problem.place) == "b.yaml:3:5"


def test_a_text_that_is_replaced_is_not_told(check: Check) -> None:
    files = {"b.yaml": MODEL + "prompts:\n  - A wall #1\n"}
    assert check("extends: b.yaml\nprompts: [B]\n", files=files) == []


@pytest.mark.parametrize("body", ["  - A wall #FF8800\n    in the sun\n", "  - text: A wall #1\n      in the sun\n"])
def test_lines_behind_the_comment_are_told_as_what_they_are(check: Check, body: str) -> None:
    [problem] = check("prompts:\n" + body)
    assert problem.message.startswith('the string on line 5 ends before "#')
    assert problem.place
    assert problem.place.line == 5


def test_mistakes_beside_it_do_not_hide_it(check: Check) -> None:
    found = check(MODEL + "prompts:\n  - A wall #1\nbudgt: {max_usd: 1}\n")
    assert [problem.severity for problem in found] == ["warning", "error"]


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        ("vars:\n  style: oil painting,\n    dark #FF8800\n    mood\nprompts: ['A {{ style }}']\n", 7, 10),
        ("vars:\n  style: oil painting,\n    dark #FF8800\n\n    mood\nprompts: ['A {{ style }}']\n", 7, 10),
        ("vars:\n  style: oil,\n    dark\n    #FF8800\n    mood\nprompts: ['A {{ style }}']\n", 8, 5),
        ("prompts:\n  - oil painting,\n    dark #FF8800\n    mood\n  - B\n", 7, 10),
        ("prompts:\n  - text: oil painting,\n      dark #FF8800\n      mood\n", 7, 12),
        ("prompts:\n  - oil #FF8800\n    mood\n", 6, 9),
    ],
)
def test_the_line_that_cuts_a_text_over_several_lines_is_named(check: Check, body: str, line: int, column: int) -> None:
    [problem] = check(MODEL + body)
    assert problem.message == f'the string on line {line} ends before "#FF8800": everything from # on is a comment'
    assert problem.place
    assert (problem.place.line, problem.place.column) == (line, column)
    assert problem.suggestion == "put quotes around the whole string"


def test_lines_out_of_line_without_a_comment_are_told_as_such(check: Check) -> None:
    [problem] = check("vars:\n  a: 'x'\n    mood\nprompts: [A]\n" + MODEL)
    assert "comment" not in problem.message
