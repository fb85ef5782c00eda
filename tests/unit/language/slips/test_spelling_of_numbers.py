"""A number that a text would show in another spelling than the file is a warning, where a text shows it."""

import shlex
from collections.abc import Callable

import pytest

from qwave_batch.model.problem import Problem

MODEL = "request: {model: z-image-turbo, seed: 7}\n"

Check = Callable[..., list[Problem]]


def warned(problems: list[Problem]) -> list[tuple[str, str]]:
    assert all(problem.severity == "warning" and "is written as" in problem.message for problem in problems)
    return [(problem.path, (problem.suggestion or "").rpartition(": ")[2]) for problem in problems]


@pytest.mark.parametrize(
    ("body", "path", "quoted"),
    [
        ("vars: {e: 1.10}\nprompts: ['No {{ e }}']\n", "vars.e", '"1.10"'),
        ("vars: {e: 007}\nprompts: ['{{ e }}']\n", "vars.e", '"007"'),
        ("vars: {e: 1e3}\nprompts: ['No {{ e | default(1) }}']\n", "vars.e", '"1e3"'),
        ("vars: {e: 0x1F}\nprompts: ['No {{ e | string }}']\n", "vars.e", '"0x1F"'),
        ("vars: {e: +5}\nprompts: [\"{{ 'No ' ~ e }}\"]\n", "vars.e", '"+5"'),
        ("vars: {e: 1.10, f: 'No {{ e }}'}\nprompts: ['{{ f }}']\n", "vars.e", '"1.10"'),
        ("vars: {e: 1.10, f: '{{ e }}'}\nprompts: ['No {{ f }}']\n", "vars.e", '"1.10"'),
        ("vars: {e: [1.10, 2.5]}\nprompts: ['{% for x in e %}{{ x }}{% endfor %}']\n", "vars.e[0]", '"1.10"'),
        ("vars: {e: [1.10, 2.5]}\nprompts: [\"{{ e | join(', ') }}\"]\n", "vars.e[0]", '"1.10"'),
        ("vars: {e: {f: 1.10, g: 1.20}}\nprompts: ['No {{ e.f }}']\n", "vars.e.f", '"1.10"'),
        ("vars: {e: 1.10}\nprompts: [{text: A, id: 'n-{{ e }}'}]\n", "vars.e", '"1.10"'),
        ("vars: {e: 1.10}\nprompts: [{text: A, tags: ['{{ e }}']}]\n", "vars.e", '"1.10"'),
        ("prompts: [{text: A, tags: [1.10]}]\n", "prompts[0].tags[0]", '"1.10"'),
        ("prompts: [{text: 'No {{ e }}', vars: {e: 1.10}}]\n", "prompts[0].vars.e", '"1.10"'),
        ("prompts: ['No {{ e }}']\nmatrix: {e: [1.10, 1.2]}\n", "matrix.e[0]", '"1.10"'),
        ("vars: {es: [1.10, 1.2]}\nprompts: ['No {{ e }}']\nmatrix: {e: '{{ es }}'}\n", "vars.es[0]", '"1.10"'),
        ("prompts: ['{{ v.l }}']\nmatrix: {v: [{id: 007, l: x}]}\n", "matrix.v[0].id", '"007"'),
        ("prompts: ['{{ v.n }}']\nmatrix: {v: [{id: a, n: 1_0, m: 010}, {id: b, n: 010}]}\n", "matrix.v[1].n", '"010"'),
        ("prompts: ['{{ seed }}']\nmatrix: {'request.seed': [007]}\n", 'matrix["request.seed"][0]', '"007"'),
        ("vars: {e: 1.10}\nprompts: [A]\noutput: {path: '{{ e }}/{{ job_id }}'}\n", "vars.e", '"1.10"'),
        ("vars: {e: 007}\nprompts: [\"{{ 'No %s' | format(e) }}\"]\n", "vars.e", '"007"'),
        ("vars: {e: 007, f: 1.50}\nprompts: [\"{{ '%03d %5s' | format(e, f) }}\"]\n", "vars.f", '"1.50"'),
        ("vars: {e: 007, f: 1.50}\nprompts: [\"{{ '%03d%% %s' % (e, f) }}\"]\n", "vars.f", '"1.50"'),
        ("vars: {e: 007, f: 1.50}\nprompts: [\"{{ '{:03d} {}'.format(e, f) }}\"]\n", "vars.f", '"1.50"'),
        ("vars: {e: 007, f: 1.50}\nprompts: [\"{{ '{1} {0:03d}'.format(e, f) }}\"]\n", "vars.f", '"1.50"'),
        ("vars: {e: 1.50}\nprompts: [\"{{ '{a!s}'.format(a=e) }}\"]\n", "vars.e", '"1.50"'),
        ("vars: {e: True}\nprompts: ['No {{ e }}']\n", "vars.e", '"True"'),
    ],
)  # fmt: skip
def test_a_number_that_a_text_shows_in_another_spelling_is_a_warning(
    check: Check, body: str, path: str, quoted: str
) -> None:
    model = "request: {model: z-image-turbo}\n" if "request.seed" in body else MODEL
    assert warned(check(model + body)) == [(path, quoted)]


@pytest.mark.parametrize(
    "body",
    [
        "vars: {e: 1.5, f: 42}\nprompts: ['No {{ e }} {{ f }}']\n",
        "vars: {e: '1.10'}\nprompts: ['No {{ e }}']\n",
        "vars: {e: 1.10}\nprompts: ['No {{ e * 2 }}']\n",
        "vars: {e: 1.10}\nprompts: ['No {{ e | round(1) }}{% if e > 1 %}!{% endif %}']\n",
        "vars: {e: [1.10, 2.20]}\nprompts: ['No {{ e | length }}, {{ e | sum }}']\n",
        "vars: {e: 007}\nprompts: [\"{{ '%03d' | format(e) }} {{ '%03d' % e }}\"]\n",
        "vars: {e: 007, f: 010}\nprompts: [\"{{ '%03d-%s' | format(e, f * 2) }} {{ '%03d%%' % (e,) }}\"]\n",
        "vars: {e: 1e3}\nprompts: [\"{{ '%.2f' | format(e) }} {{ '%.1e' % e }}\"]\n",
        "vars: {e: 1.50}\nprompts: [\"{{ '{:.2f}'.format(e) }} {{ '{a:.2f}{0:03d}'.format(7, a=e) }}\"]\n",
        "vars: {e: 1.50, f: '%.2f'}\nprompts: ['{{ f | format(e) }}']\n",
        "vars: {e: {f: 1.10, g: x}}\nprompts: ['No {{ e.g }}']\n",
        "vars: {e: 1.10}\nprompts: [{text: 'No {{ e }}', vars: {e: '1.10'}}]\n",
        "prompts: [{text: A, meta: {n: 1.10}}]\n",
        "prompts: ['A {{ e * 1 }}']\nmatrix: {e: [1.50, 2]}\n",
        "prompts: [A]\nrepeat: 01\nbudget: {max_usd: 1.50}\ntimeout: 1e3\n",
    ],
)
def test_a_number_that_stands_for_its_value_is_none(check: Check, body: str) -> None:
    assert check(MODEL + body) == []


@pytest.mark.parametrize("seed", ["seed: 007", "seed: +5"])
def test_a_field_may_be_spelled_in_any_way(check: Check, seed: str) -> None:
    assert check(f"request: {{model: z-image-turbo, {seed}}}\nprompts: [A]\n") == []


def test_an_override_is_told_too(check: Check) -> None:
    [problem] = check(MODEL + "vars: {e: '1.0'}\nprompts: ['No {{ e }}']\n", "vars.e=1.10")
    assert str(problem.place) == "--set:1:8"
    assert problem.suggestion == """to keep it as it stands, write --set 'vars.e="1.10"'"""


def test_the_quotes_that_an_override_needs_are_those_that_the_shell_leaves(check: Check) -> None:
    body = MODEL + "vars: {e: [x, y]}\nprompts: [{id: a, text: 'No {{ e[0] }}'}]\n"
    [problem] = check(body, "vars.e=[5.10, don't]")
    assert shlex.split(problem.suggestion or "")[-2:] == ["--set", 'vars.e=["5.10", don\'t]']
    [problem] = check(body, "name=other", "prompts.0.id=007")
    assert problem.suggestion == """put quotes around it, escaped for the shell: '"007"'"""


def test_rows_of_a_yaml_table_are_told_by_their_lines_and_counted(check: Check) -> None:
    rows = "- {e: 1.5, f: 1.10}\n- {e: 1.10, f: 1}\n- {e: 1.10, f: 1}\n"
    [problem] = check(MODEL + "prompts: [{from: r.yaml, text: 'No {{ row.e }}'}]\n", files={"r.yaml": rows})
    assert problem.message == 'in "e" 1.10 is a number and is written as 1.1'
    assert (problem.severity, problem.count, [row.line for row in problem.rows]) == ("warning", 2, [2, 3])


def test_an_alias_is_told_once_where_it_is_written(check: Check) -> None:
    [problem] = check(MODEL + "vars: {e: &n 1.10, f: *n}\nprompts: ['No {{ e }} {{ f }}']\n")
    assert problem.place
    assert problem.place.column == 11


@pytest.mark.parametrize(("written", "quoted"), [("007", "007"), ("1.10", "1.10"), ("1e3", "1e3"), ("True", "True")])
def test_advice_quotes_what_stands_in_the_file(check: Check, written: str, quoted: str) -> None:
    found = check(MODEL + f"prompts:\n  - {written}\n  - {{text: A, id: {written}}}\n")
    assert [problem.suggestion for problem in found] == [f'put quotes around it: "{quoted}"'] * 2
