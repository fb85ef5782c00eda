"""A key or a dash with nothing behind it is a slip; a null that is meant is written."""

from collections.abc import Callable

import pytest

from qwave_batch.model.problem import Problem

MODEL = "request: {model: z-image-turbo, seed: 7}\n"

Check = Callable[..., list[Problem]]


def told(problems: list[Problem]) -> list[tuple[int, str, str | None]]:
    assert all(problem.severity == "error" and problem.place for problem in problems)
    return [(problem.place.line, problem.path, problem.suggestion) for problem in problems if problem.place]


LEAVE = "give it a value, or remove the key"


@pytest.mark.parametrize(
    ("body", "line", "path", "way_out"),
    [
        ("vars:\n  accent: #FF8800\nprompts: ['{{ accent }}']\n", 6, "vars.accent", 'put quotes around it: "#FF8800"'),
        ("vars: {mood: }\nprompts: ['{{ mood }}']\n", 5, "vars.mood", LEAVE),
        ("vars: {mood}\nprompts: ['{{ mood }}']\n", 5, "vars.mood", LEAVE),
        ("vars: {a: [{b: }]}\nprompts: ['{{ a | tojson }}']\n", 5, "vars.a[0].b", LEAVE),
        ("vars:\n  mood:   # to be said\nprompts: ['{{ mood }}']\n", 6, "vars.mood", LEAVE),
        ("vars: {a: &x , b: *x}\nprompts: ['{{ a }}{{ b }}']\n", 5, "vars.a", LEAVE),
        ("prompts:\n  - text: A\n    vars: {b: }\n", 7, "prompts[0].vars.b", LEAVE),
        ("prompts:\n  - text: A\n    request:\n      negative_prompt: #1\n", 8, "prompts[0].request.negative_prompt",
         'put quotes around it: "#1"'),
        ("prompts:\n  - text: A\n    meta:\n      who:\n", 8, "prompts[0].meta.who", LEAVE),
        ("prompts:\n  - text: A\n    tags:\n      -\n", 8, "prompts[0].tags[0]",
         "write the item, or remove the dash"),
        ("prompts:\n  - A\n  - #1 of three\n", 7, "prompts[1]", 'put quotes around it: "#1 of three"'),
        ("prompts: ['A {{ v.light }}']\nmatrix:\n  v:\n    - {id: a, light: }\n", 8, "matrix.v[0].light", LEAVE),
        ("prompts: ['A {{ v }}']\nmatrix:\n  v: [a]\n  include:\n    - {n: }\n", 9, "matrix.include[0].n", LEAVE),
        ("prompts: [A]\nbudget:\n", 6, "budget", LEAVE),
    ],
)  # fmt: skip
def test_a_key_or_dash_with_nothing_behind_it_is_an_error(
    check: Check, body: str, line: int, path: str, way_out: str
) -> None:
    assert told(check(MODEL + body)) == [(line, path, way_out)]


def test_a_field_of_all_jobs_needs_a_value_too(check: Check) -> None:
    assert told(check("request: {model: z-image-turbo, seed: }\nprompts: [A]\n")) == [(4, "request.seed", LEAVE)]


def test_what_a_comment_took_away_is_named(check: Check) -> None:
    [problem] = check(MODEL + "vars:\n  accent: #FF8800\nprompts: ['{{ accent }}']\n")
    assert problem.message == '"accent" has no value: the text after it starts with #, which makes it a comment'


def test_all_of_them_are_told_at_once(check: Check) -> None:
    body = "vars:\n  accent: #FF8800\n  mood:\nprompts:\n  - {id: a, text: '{{ accent }}, {{ mood }}'}\n"
    assert [line for line, _, _ in told(check(MODEL + body))] == [6, 7]


def test_a_base_is_held_to_it_even_where_the_value_is_replaced(check: Check) -> None:
    [problem] = check(
        "extends: base.yaml\nvars: {mood: calm}\n",
        files={"base.yaml": MODEL + "vars:\n  mood:\nprompts: ['{{ mood }}']\n"},
    )
    assert str(problem.place) == "base.yaml:3:8"


def test_rows_of_a_yaml_table_are_held_to_it(check: Check) -> None:
    [problem] = check(
        MODEL + "prompts: [{from: rows.yaml, text: '{{ row.a }}'}]\n",
        files={"rows.yaml": "- {a: red}\n- a: #FF8800\n"},
    )
    assert str(problem.place) == "rows.yaml:2:5"
    assert problem.suggestion == 'put quotes around it: "#FF8800"'


@pytest.mark.parametrize("null", ["null", "~", "Null", "!!null", "!!null ''"])
def test_a_null_that_is_written_stays_one(check: Check, null: str) -> None:
    body = f"vars: {{mood: {null} }}\nprompts:\n  - text: A {{{{ mood | default('calm', true) }}}}\n"
    assert check(MODEL + body + f"    meta: {{who: {null} }}\n    request: {{seed: {null} }}\n") == []


def test_an_unquoted_template_is_told_as_that_alone(check: Check) -> None:
    [problem] = check(MODEL + "vars: {a: x}\nprompts:\n  - {{ a }}\n")
    assert problem.message == "a template that begins with {{ needs quotes"
