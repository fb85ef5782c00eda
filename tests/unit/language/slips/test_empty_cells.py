"""An empty cell of a text table is there, and no null: what takes it for nothing is told."""

from collections.abc import Callable

import pytest

from qwave_batch.model.problem import Problem

MODEL = "request: {model: z-image-turbo, seed: 7}\n"
CARS = "color,style\nred,\nblue,oil\ngreen,\n"

Check = Callable[..., list[Problem]]


def over(text: str, more: str = "", table: str = "t.csv") -> str:
    return f'{MODEL}prompts:\n  - from: {table}\n    text: "{text} {{{{ row_number }}}}"\n{more}'


@pytest.mark.parametrize(
    ("text", "way_out"),
    [
        ("{{ row.style | default('oil') }}", "row.style | default('oil', true), or default('oil', false)"),
        ("{{ row.style | d('oil') }}", "row.style | default('oil', true), or default('oil', false)"),
        ("{{ row['style'] | default('oil') }}", "row.style | default('oil', true), or default('oil', false)"),
        ("{{ row.get('style') | default('oil') }}", "row.style | default('oil', true), or default('oil', false)"),
        ("{{ row.style | trim | default('oil') }}", "row.style | default('oil', true), or default('oil', false)"),
        ("{{ row.style | default(3) }}", "row.style | default(3, true), or default(3, false)"),
        ("{{ row.style | default(default_value='oil') }}", "row.style | default('oil', true), or"),
        ("{{ row.style | default(row.color) }}", "row.style | default('red', true), or"),
        ("{{ own | default('oil') }}", "row.style | default('oil', true), or"),
    ],
)  # fmt: skip
def test_an_empty_cell_that_default_lets_pass_is_an_error(check: Check, text: str, way_out: str) -> None:
    more = "    vars: {own: '{{ row.style }}'}\n" if "own" in text else ""
    first, *others = check(over(text, more), files={"t.csv": CARS})
    assert first.severity == "error"
    assert first.message.startswith("row.style is empty, and default(")
    assert way_out in str(first.suggestion)
    told = [first, *others]
    assert sum(problem.count for problem in told) == 2
    assert [place.line for problem in told for place in problem.rows] == [2, 4]


def test_the_rows_of_one_default_are_told_as_one(check: Check) -> None:
    [problem] = check(over("{{ row.style | default('oil') }}"), files={"t.csv": CARS})
    assert (problem.count, problem.path) == (2, "prompts[0].text")


def test_a_cell_of_blanks_is_told_how_to_be_trimmed(check: Check) -> None:
    [problem] = check(over("{{ row.style | default('oil') }}"), files={"t.csv": "color,style\nred,  \n"})
    assert problem.message.startswith("row.style contains only whitespace, and default('oil') keeps it")
    assert str(problem.suggestion).startswith("write row.style | trim | default('oil', true)")


@pytest.mark.parametrize(
    "text",
    [
        "{{ row.style | default('oil', true) }}",
        "{{ row.style | default('oil', boolean=true) }}",
        "{{ row.style | default('oil', false) }}",
        "{{ row.style | default('') }}",
        "{{ row.style | default }}",
        "{% if row.style | default(false) %}a{% endif %}",
        "{% if row.style | default(none) %}a{% endif %}",
        "{% if row.style %}{{ row.style | default('oil') }}{% endif %}",
        "{{ row.color | default('red') }}",
        "{{ row.style or 'oil' }}",
    ],
)
def test_a_default_that_is_meant_is_silent(check: Check, text: str) -> None:
    assert check(over(text), files={"t.csv": CARS}) == []


def test_tables_with_types_are_left_alone(check: Check) -> None:
    rows = '{"color": "red", "style": ""}\n{"color": "blue", "style": "oil"}\n'
    assert check(over("{{ row.style | default('oil') }}", table="t.jsonl"), files={"t.jsonl": rows}) == []


@pytest.mark.parametrize(
    "condition",
    [
        "row.style != none",
        "row.style == none",
        "none != row.style",
        "row.style is none",
        "row.style is not none",
        "row.style | trim is not none",
        "row.style in [none]",
        "own is none",
    ],
)
def test_an_empty_cell_against_none_is_a_warning(check: Check, condition: str) -> None:
    more = "    vars: {own: '{{ row.style }}'}\n" if "own" in condition else ""
    text = f"{{% if {condition} %}}in a style{{% endif %}}"
    [problem] = check(over(text, more), files={"t.csv": CARS})
    assert (problem.severity, problem.count) == ("warning", 2)
    assert problem.message.startswith("row.style is the empty string and is compared with none")
    assert problem.suggestion == "write row.style == '' or row.style != '' to test for text"
    assert [place.line for place in problem.rows] == [2, 4]


@pytest.mark.parametrize(
    "condition",
    [
        "row.style is not none and row.style",
        "row.style is not none and row.style != ''",
        "row.style == none or row.style == ''",
        "row.style not in [none, '']",
        "row.style is not none and row.style | length > 0",
        "row.style is not none and row.style.strip()",
        "row.color != none",
        "row.style == ''",
        "row.style is defined",
    ],
)
def test_who_asks_for_the_empty_text_as_well_is_told_nothing(check: Check, condition: str) -> None:
    text = f"{{% if {condition} %}}in a style{{% endif %}}"
    assert check(over(text), files={"t.csv": CARS}) == []
