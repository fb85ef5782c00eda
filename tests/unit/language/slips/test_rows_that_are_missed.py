"""Columns that are named without braces, a ``where`` that lets no row through, and cells that hold no text."""

from collections.abc import Callable

import pytest

from qwave_batch.model.problem import Problem

MODEL = "request: {model: z-image-turbo, seed: 7}\n"
HILLS = "prompt,category,My note\na hill,Colors,x\na pond,Shapes,y\na dune,Colors,z\n"
OTHER = "  - A cat\n"

Check = Callable[..., list[Problem]]


def over(text: str, more: str = "", before: str = "", table: str = "t.csv") -> str:
    return f"{MODEL}prompts:\n{before}  - from: {table}\n    text: '{text}'\n{more}"


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("row.prompt", "{{ row.prompt }}"),
        (" row.prompt ", "{{ row.prompt }}"),
        ('row["My note"]', '{{ row["My note"] }}'),
    ],
)
@pytest.mark.parametrize("more", ["", "    limit: 1\n"])
def test_a_text_that_is_a_columns_name_alone_is_an_error(check: Check, text: str, guess: str, more: str) -> None:
    [problem] = check(over(text, more), files={"t.csv": HILLS})
    assert (problem.severity, problem.path, problem.suggestion) == (
        "error",
        "prompts[0].text",
        f"did you mean {guess}?",
    )
    assert problem.message.endswith("is sent as it stands: it is no template, and "
                                    f"{'prompt' if 'prompt' in text else 'My note'} is a column of t.csv")  # fmt: skip


def test_a_column_without_braces_within_a_text_is_a_warning(check: Check) -> None:
    [problem] = check(over("{{ row.prompt }}, row.category"), files={"t.csv": HILLS})
    assert (problem.severity, problem.suggestion) == ("warning", "did you mean {{ row.category }}?")


@pytest.mark.parametrize(
    "text",
    [
        "{{ row.prompt }} in a row.Then more",
        "{{ row.prompt }}, arrow.prompt",
        "{{ row.prompt }}, prompt",
        "{{ row.prompt }} row.no",
    ],
)
def test_a_row_of_the_language_of_people_is_silent(check: Check, text: str) -> None:
    assert check(over(text), files={"t.csv": HILLS}) == []


@pytest.mark.parametrize("condition", ['row.category == "colors"', "row_number > 3", 'own == "colors"'])
@pytest.mark.parametrize("more", ["", "    sample: {count: 2, seed: 1}\n", "    limit: 2\n"])
def test_a_where_that_lets_no_row_through_is_a_warning_beside_another_prompt(
    check: Check, condition: str, more: str
) -> None:
    more += f"    where: '{{{{ {condition} }}}}'\n"
    more += '    vars: {own: "{{ row.category }}"}\n' if "own" in condition else ""
    [problem] = check(over("{{ row.prompt }}", more, before=OTHER), files={"t.csv": HILLS})
    assert (problem.severity, problem.path) == ("warning", "prompts[1].where")
    assert problem.message == "where lets none of the 3 rows of t.csv through, so this prompt makes nothing"


def test_alone_it_is_the_error_that_it_was(check: Check) -> None:
    [problem] = check(over("{{ row.prompt }}", "    where: '{{ row.category == \"x\" }}'\n"), files={"t.csv": HILLS})
    assert (problem.severity, problem.path) == ("error", "prompts[0].from")


@pytest.mark.parametrize("condition", ['row.category == "Shapes"', "false", "on"])
def test_a_where_that_lets_a_row_through_or_turns_its_prompt_off_is_silent(check: Check, condition: str) -> None:
    body = over("{{ row.prompt }}", f"    where: '{{{{ {condition} }}}}'\n", before=OTHER)
    assert check("vars: {on: false}\n" * (condition == "on") + body, files={"t.csv": HILLS}) == []


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("#REF!", "the error of a spreadsheet"),
        ("#N/A", "the error of a spreadsheet"),
        ("#VALUE!", "the error of a spreadsheet"),
        ("#DIV/0!", "the error of a spreadsheet"),
        ("#NAME?", "the error of a spreadsheet"),
        ("nan", "what a program writes for no value"),
        ("None", "what a program writes for no value"),
        ("NULL", "what a program writes for no value"),
        ("caf\ufffd", "a letter that was lost on saving"),
    ],
)
@pytest.mark.parametrize("text", ["A {{ row.style }} car", "{{ own }}"])
def test_a_cell_that_holds_no_text_is_a_warning_once_a_column(check: Check, cell: str, says: str, text: str) -> None:
    table = f"color,style\nred,oil\nblue,{cell}\ngreen,{cell}\nteal,#NAME?\n"
    more = '    vars: {own: "{{ row.color }}, {{ row.style }}"}\n' if "own" in text else ""
    [problem] = check(over(text + " {{ row_number }}", more), files={"t.csv": table})
    assert (problem.severity, problem.path, problem.count) == ("warning", "prompts[0].text", 3)
    assert says in problem.message
    assert problem.message.startswith("row.style ")
    assert problem.rows[0].line == 3


@pytest.mark.parametrize(
    "text",
    [
        "{{ row.color }}",
        "{% if row.style not in ('#N/A', 'nan') %}{{ row.style }}{% endif %} {{ row.color }} banana",
        "{{ row.style | replace('#N/A', 'oil') | replace('nan', 'ink') }} {{ row.color }}",
    ],
)
def test_cells_that_are_looked_out_for_or_not_written_are_silent(check: Check, text: str) -> None:
    table = "color,style\nred,#N/A\nblue,nan\ngreen,oil\n"
    body = f'{MODEL}prompts:\n  - from: t.csv\n    text: "{text}"\n    meta: {{s: "{{{{ row.style }}}}"}}\n'
    assert check(body, files={"t.csv": table}) == []


@pytest.mark.parametrize("cell", ["#1", "No.", "nano", "none", "#N/A is what it says"])
def test_other_cells_are_silent(check: Check, cell: str) -> None:
    assert (
        check(over("{{ row.style }} {{ row_number }}"), files={"t.csv": f"color,style\nred,{cell}\nblue,oil\n"}) == []
    )
