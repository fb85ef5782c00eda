"""Placeholders of other tools are sent as they stand, with a warning; lookalikes are sent without one."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.errors import SpecError
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.problem import Problem
from qwave_batch.plan.planner import Plan

PlanOf = Callable[[str], Plan]

HEAD = "request: {model: z-image-turbo, seed: 7}\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "foxes.csv"
    file.write_text("fox,place,Fur colour\nred fox,snow,red\ngrey fox,reeds,grey\npale fox,sand,pale\n", "utf-8")
    return file


def of_texts(*texts: str) -> str:
    return HEAD + f"prompts: {json.dumps([{'id': f'p{n}', 'text': text} for n, text in enumerate(texts)])}\n"


def of_table(text: str, more: str = "") -> str:
    return HEAD + f"prompts: [{{from: foxes.csv, text: {json.dumps(text)}{more}}}]\n"


def warnings(plan: Plan) -> list[str]:
    assert all(problem.severity == "warning" for problem in plan.warnings)
    return [f"{problem.path}: {problem.message}; {problem.suggestion}" for problem in plan.warnings]


def errors(plan_of: PlanOf, body: str) -> list[Problem]:
    with pytest.raises(SpecError) as caught:
        plan_of(body)
    return [problem for problem in caught.value.problems if problem.severity == "error"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A {red|blue} gate", '"{red|blue}" is'),
        ("A {red|blue|green} gate", '"{red|blue|green}" is'),
        ("A {2::red|1::blue} gate", '"{2::red|1::blue}" is'),
        ("A {a|{b|c}} gate", '"{b|c}" is'),
        ("A {2$$red|blue} gate", '"{2$$red|blue}" is'),
        ("A {red|} gate", '"{red|}" is'),
        ("__weather__ over a gate", '"__weather__" is'),
        ("A gate, __colours/warm__", '"__colours/warm__" is'),
        ("A {red|blue} gate, __weather__", '"{red|blue}" and "__weather__" are'),
        ("A {red|blue} gate {{ 'here' }}", '"{red|blue}" is'),
    ],
)
def test_choices_and_wildcards_are_told_to_be_sent_as_they_stand(plan_of: PlanOf, text: str, told: str) -> None:
    (said,) = warnings(plan_of(of_texts("plain", text)))
    assert said.startswith(f"prompts[1].text: {told} sent as ")
    assert "an axis of your own" in said


@pytest.mark.parametrize(
    "text",
    [
        "A {red} gate", "red | blue", "def __init__(self)", "A gate for $5, or $COLOUR",
        "[red|blue]", "snake__case__name", "____",
        "__ a gate __", "{}", '{"subject": "a gate", "style": "ink|wash"}', "a ^_^ gate", "{{ '{red|blue}' | length }}",
        "A {% raw %}{red|blue} ${COLOUR}{% endraw %} gate", "A gate{# red, like this #}", "A gate{#- so -#}",
    ],
)  # fmt: skip
def test_what_is_no_placeholder_is_sent_without_a_word(plan_of: PlanOf, text: str) -> None:
    assert warnings(plan_of(of_texts("plain", text))) == []


@pytest.mark.parametrize(
    ("text", "own", "given"),
    [
        ("A gate in ${COLOUR}", "colour", "vars.colour=$COLOUR"),
        ("A gate in ${Main_Colour:-red}", "main_colour", "vars.main_colour=$Main_Colour"),
    ],
)
def test_a_variable_of_the_environment_is_told_with_the_way_to_give_it(
    plan_of: PlanOf, text: str, own: str, given: str
) -> None:
    (problem,) = plan_of(of_texts(text)).warnings
    assert "is sent as it stands: a spec reads no environment" in problem.message
    assert problem.suggestion == f"write {{{{ {own} }}}}"
    assert problem.next_step == Advice(NextStep.SET_VARIABLE, given)


def test_a_comment_without_a_blank_is_told_to_be_left_out(plan_of: PlanOf) -> None:
    body = "vars: {v: 'x{#two#}'}\n" + of_texts("A gate{#main#} and an arch", "{{ v }}")
    said = warnings(plan_of(body))
    assert [line.split(": ")[0] for line in said] == ["vars.v", "prompts[0].text"]
    assert '"{#main#}" is a comment of the template and is left out' in said[1]
    assert "{% raw %}{#main#}{% endraw %}" in said[1]


def test_cells_with_placeholders_are_counted_with_their_rows(plan_of: PlanOf, tmp_path: Path) -> None:
    cells = ["a {red|blue} gate", "a plain gate", "a gate{#main#}", "{x|y}", "in ${SEASON}", "__weather__"]
    (tmp_path / "t.txt").write_text("\n".join(cells) + "\n", encoding="utf-8")
    plan = plan_of(HEAD + 'prompts: [{from: t.txt, text: "{{ row.text }}"}]\n')
    choices, environment = sorted(plan.warnings, key=lambda problem: -problem.count)
    assert (choices.count, [row.line for row in choices.rows]) == (3, [1, 4, 6])
    assert choices.message == '"{red|blue}" is sent as it stands'
    assert (environment.count, [row.line for row in environment.rows]) == (1, [5])


def test_a_row_is_looked_at_once_whatever_the_matrix(plan_of: PlanOf, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("a {red|blue} gate\n", encoding="utf-8")
    plan = plan_of(HEAD + 'prompts: [{from: t.txt, text: "{{ row.text }}"}]\nmatrix: {aspect_ratio: ["1:1", "16:9"]}\n')
    assert [problem.count for problem in plan.warnings] == [1]


def test_values_of_variables_and_axes_are_looked_at(plan_of: PlanOf) -> None:
    body = (
        "vars: {hue: '{red|blue}'}\n"
        + of_texts("A {{ hue }} gate, {{ look }}")
        + "matrix: {look: [plain, __style__]}\n"
    )
    said = warnings(plan_of(body))
    assert len(said) == 2
    assert any(line.startswith("matrix.look[1]: ") for line in said)
    assert any(line.startswith("prompts[0].text: ") for line in said)


@pytest.mark.usefixtures("table")
class TestColumns:
    def test_a_column_in_single_braces_is_an_error_where_the_text_names_no_row(self, plan_of: PlanOf) -> None:
        first, second = errors(plan_of, of_table("A {fox} in {row.place}"))
        assert '"{fox}" is sent as it stands: single braces are no template' in first.message
        assert re.search(r"and fox is a column of \S*foxes\.csv$", first.message)
        assert first.suggestion == "did you mean {{ row.fox }}?"
        assert second.suggestion == "did you mean {{ row.place }}?"
        assert first.place
        assert first.place.line == 5

    @pytest.mark.parametrize(
        ("text", "guess"),
        [
            ("A { fox }", "{{ row.fox }}"),
            ("A {Fur colour} fox", '{{ row["Fur colour"] }}'),
            ("A {fox:>10}", "{{ row.fox }}"),
            ("A {fox!r} {{ 1 + 1 }}", "{{ row.fox }}"),
        ],
    )
    def test_whatever_is_around_the_name(self, plan_of: PlanOf, text: str, guess: str) -> None:
        assert [problem.suggestion for problem in errors(plan_of, of_table(text))] == [f"did you mean {guess}?"]

    @pytest.mark.parametrize("written", ["$fox", "%(fox)s", "<fox>", "[fox]", "${fox}", "{FOX}"])
    def test_a_column_in_other_signs_is_a_warning(self, plan_of: PlanOf, written: str) -> None:
        for text in (f"A {written} in {{{{ row.place }}}}", f"A {written}"):
            said = warnings(plan_of(of_table(text)))
            assert f'"{written}" is sent as it stands' in said[0]
            assert "did you mean {{ row.fox }}?" in said[0]

    def test_a_column_in_single_braces_beside_a_row_is_a_warning(self, plan_of: PlanOf) -> None:
        (said,) = warnings(plan_of(of_table("A {fox} in {{ row.place }}")))
        assert "did you mean {{ row.fox }}?" in said
        more = ', vars: {where: "{{ row.place }}"}'
        (said,) = warnings(plan_of(of_table("A {fox} in {{ where }}", more)))
        assert "did you mean {{ row.fox }}?" in said

    @pytest.mark.parametrize("text", ["A {dog} in {{ row.place }}", "A <dog>, [dog] {{ row.fox }}", "{{ row.fox }} $5"])
    def test_other_words_in_such_signs_are_sent_without_a_word(self, plan_of: PlanOf, text: str) -> None:
        assert warnings(plan_of(of_table(text))) == []

    def test_rows_without_a_header_bring_their_own_columns(self, plan_of: PlanOf, tmp_path: Path) -> None:
        (tmp_path / "t.jsonl").write_text('{"fox": "a"}\n{"fox": "b"}\n', encoding="utf-8")
        (found,) = errors(plan_of, HEAD + 'prompts: [{from: t.jsonl, text: "A {fox}"}]\n')
        assert re.search(r"and fox is a column of \S*t\.jsonl$", found.message)


def test_a_variable_or_an_axis_in_single_braces_is_a_warning(plan_of: PlanOf) -> None:
    body = (
        "vars: {style: ink}\n" + of_texts("A {style} fox, {look}, {{ style }} {{ look }}") + "matrix: {look: [a, b]}\n"
    )
    said = warnings(plan_of(body))
    assert [line.split("; ")[-1] for line in said] == ["did you mean {{ style }}?", "did you mean {{ look }}?"]
    assert "style is a variable" in said[0]
    assert "look is an axis" in said[1]
