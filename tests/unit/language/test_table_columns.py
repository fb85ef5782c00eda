"""Only cells that a template reads must be usable; mistakes in other columns are ignored."""

import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from qwave_batch.model.job import Job
from qwave_batch.model.problem import Problem
from qwave_batch.plan.planner import Plan

PlanOf = Callable[..., Plan]
JobsOf = Callable[..., list[Job]]
ProblemsOf = Callable[..., list[Problem]]

MODEL = "request: {model: z-image-turbo, seed: 7}\n"
PAST = 12345678901234567890
SIZES = pa.array([[(1, 2)], [(3, 4)]], pa.map_(pa.int8(), pa.int8()))
"""Mappings whose keys are numbers."""


def reading(name: str, text: str = "{{ row.hat }}", more: str = "") -> str:
    return f"prompts:\n  - {{from: {name}, text: {json.dumps(text)}{more}}}\n{MODEL}"


def arrow(**columns: Any) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pa.table(columns), sink)
    return sink.getvalue()


def prompts(plan: Plan) -> list[str | None]:
    return [item.prompt for item in plan.items() if isinstance(item, Job)]


@pytest.mark.parametrize("more", ["", ', id: "h{{ row_number }}"'])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", ",hat,,\n0,A hat,,\n1,A cap,,\n"),
        ("t.csv", '"",hat, \n0,A hat,x\n1,A cap,y\n'),
        ("t.tsv", "hat\t\t\nA hat\t1\t\nA cap\t\t2\n"),
        ("t.jsonl", f'{{"hat": "A hat", "hash": {PAST}}}\n{{"hat": "A cap", "deep": [{{"x": -Infinity}}]}}\n'),
        ("t.jsonl", f'{{"hat": "A hat", "n": {"9" * 5000}}}\n{{"hat": "A cap", "n": 1e999}}\n'),
        ("t.json", f'[{{"hat": "A hat", "hash": {PAST}}}, {{"hat": "A cap", "score": NaN}}]'),
        ("t.yaml", f"- {{hat: A hat, hash: {PAST}}}\n- {{hat: A cap, score: .nan, low: -.inf}}\n"),
        ("t.parquet", arrow(hat=["A hat", "A cap"], hash=pa.array([PAST, 1], pa.uint64()), score=[float("nan"), 1.0])),
        ("t.parquet", arrow(hat=["A hat", "A cap"], vector=[[float("inf")], [1.0]], sizes=SIZES)),
        ("t.parquet", arrow(**{"": [0, 1], "hat": ["A hat", "A cap"]})),
    ],
)  # fmt: skip
def test_what_nobody_reads_is_nobodys_fault(plan_of: PlanOf, name: str, content: str | bytes, more: str) -> None:
    plan = plan_of(reading(name, more=more), files={name: content})
    assert prompts(plan) == ["A hat", "A cap"]
    assert plan.warnings == ()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.jsonl", f'{{"hat": "x"}}\n{{"hat": "y", "n": {PAST}}}\n', f"{PAST} is past 2^53-1"),
        ("t.jsonl", '{"n": 1}\n{"n": NaN}\n', "NaN is not a JSON number"),
        ("t.jsonl", '{"n": 1}\n{"n": -Infinity}\n', "-Infinity is not a JSON number"),
        ("t.jsonl", f'{{"n": 1}}\n{{"n": {"9" * 5000}}}\n', "past 2^53-1"),
        ("t.json", '[{"n": 1},\n{"n": NaN}]', "NaN is not a JSON number"),
        ("t.yaml", "- {n: 1}\n- {n: .nan}\n", ".nan is not a JSON number"),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "A hat of {{ row.n }}",
        "{{ row['n'] }}",
        "{{ row.n | default(1) }}",
        "{{ 'x' if row.n is defined else 'y' }}",
        "{{ row.get('n') }}",
        "{{ row | tojson }}",
        "{{ row.values() | list | tojson }}",
        "{% for name, cell in row.items() %}{{ cell }}{% endfor %}",
        "{{ row.n > 3 }}",
        "{{ row.n | int }}",
        "{% set r = row %}{{ r.n }}",
        "{% set c = 'n' %}{{ row[c] }}",
    ],
)
def test_a_cell_that_is_no_number_is_an_error_with_its_row_when_it_is_read(
    problems_of: ProblemsOf, name: str, content: str, said: str, text: str
) -> None:
    found = [problem for problem in problems_of(reading(name, text), files={name: content}) if said in problem.message]
    assert [row.line for problem in found for row in problem.rows] == [2]


@pytest.mark.parametrize("key", ["id", "where", "vars", "tags", "meta", "request"])
def test_every_template_of_the_entry_counts_as_reading(problems_of: ProblemsOf, key: str) -> None:
    more = {
        "id": ', id: "{{ row.n }}"',
        "where": ', where: "{{ row.n > 3 }}"',
        "vars": ', vars: {v: "{{ row.n }}"}',
        "tags": ', tags: ["{{ row.n }}"]',
        "meta": ', meta: {n: "{{ row }}"}',
        "request": ', request: {negative_prompt: "{{ row.n }}"}',
    }[key]
    for name, content in (
        ("t.jsonl", '{"hat": "A", "n": NaN}\n'),
        ("t.parquet", arrow(hat=["A"], n=[float("nan")])),
    ):
        assert any(
            "NaN is not a JSON number" in found.message
            for found in problems_of(reading(name, more=more), files={name: content})
        )


@pytest.mark.parametrize(
    "more",
    [
        "request: {model: z-image-turbo, seed: '{{ row.n }}'}\n",
        "request: {model: z-image-turbo}\nmatrix: {seed: [1], look: [{id: a, request: {seed: '{{ row.n }}'}}]}\n",
        f"{MODEL}output: {{path: '{{{{ row.n }}}}-{{{{ job_id }}}}'}}\n",
    ],
)
def test_templates_that_entries_share_read_columns_too(jobs_of: JobsOf, problems_of: ProblemsOf, more: str) -> None:
    body = f'prompts:\n  - {{from: t.parquet, text: "{{{{ row.hat }}}}", id: a}}\n{more}'
    if "look" in more:
        body = body.replace("seed: [1], ", "")
        body = body.replace('text: "', "text: \"{{ look and '' }}")
    assert jobs_of(body, files={"t.parquet": arrow(hat=["A"], n=[3])})
    assert problems_of(body, files={"t.parquet": arrow(hat=["A"], n=[float("nan")])})


def test_a_row_that_does_not_come_to_reading_the_cell_is_right(plan_of: PlanOf) -> None:
    content = '{"hat": "A", "n": NaN, "kind": "x"}\n{"hat": "B", "n": 2, "kind": "y"}\n'
    text = "{{ row.hat }}{% if row.kind == 'y' %} {{ row.n }}{% endif %}"
    assert prompts(plan_of(reading("t.jsonl", text), files={"t.jsonl": content})) == ["A", "B 2"]
    where = ", where: \"{{ row.kind == 'y' }}\""
    assert prompts(plan_of(reading("t.jsonl", "{{ row.n }}", where), files={"t.jsonl": content})) == ["2"]


def test_a_parquet_column_without_a_form_in_json_is_an_error_when_it_is_read(problems_of: ProblemsOf) -> None:
    content = arrow(hat=["A", "B"], sizes=SIZES)
    (problem,) = problems_of(reading("t.parquet", "{{ row.sizes }}"), files={"t.parquet": content})
    assert "has no JSON form" in problem.message


def test_only_the_parquet_columns_that_are_read_must_fit_into_memory(
    plan_of: PlanOf, problems_of: ProblemsOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qwave_batch.spec.table.parquet_pages.MAX_PAGE_BYTES", 5_000)
    content = arrow(hat=["A"], image=["x" * 10_000])
    named = ', id: "a"'
    assert prompts(plan_of(reading("t.parquet", more=named), files={"t.parquet": content})) == ["A"]
    (problem,) = problems_of(reading("t.parquet", "{{ row.image }}", named), files={"t.parquet": content})
    assert "has a page of" in problem.message


def test_a_parquet_table_of_which_nothing_is_read_has_its_rows(plan_of: PlanOf) -> None:
    text = "Hat number {{ row_number }}"
    plan = plan_of(reading("t.parquet", text, ', id: "{{ row_number }}"'), files={"t.parquet": arrow(hat=["A", "B"])})
    assert prompts(plan) == ["Hat number 1", "Hat number 2"]


def test_two_columns_of_one_name_and_rows_of_other_lengths_stay_errors(problems_of: ProblemsOf) -> None:
    assert "twice" in problems_of(reading("t.csv"), files={"t.csv": "hat,,n,n\nA,,1,2\n"})[0].message
    assert "has 2 cells" in problems_of(reading("t.csv"), files={"t.csv": "hat,,n\nA,1\n"})[0].message


def ids(plan: Plan) -> list[str]:
    return [item.prompt_id for item in plan.items()]


def named(row: str) -> str:
    return f"row-hat-{hashlib.sha256(row.encode()).hexdigest()[:6]}"


def test_ids_of_rows_without_one_hash_the_whole_row_as_ever(plan_of: PlanOf) -> None:
    plan = plan_of(reading("t.parquet"), files={"t.parquet": arrow(n=[1], hat=["A"], deep=[{"x": [1.5]}])})
    assert ids(plan) == [named('{"deep":{"x":[1.5]},"hat":"A","n":1}')]
    plan = plan_of(reading("t.jsonl"), files={"t.jsonl": '{"n": 1, "hat": "A"}\n'})
    assert ids(plan) == [named('{"hat":"A","n":1}')]


def test_ids_of_rows_with_cells_that_are_no_number_tell_them_apart(plan_of: PlanOf) -> None:
    content = f'{{"hat": "A", "n": NaN}}\n{{"hat": "A", "n": {PAST}}}\n{{"hat": "A", "n": [Infinity]}}\n'
    first = ids(plan_of(reading("t.jsonl"), files={"t.jsonl": content}))
    assert len(set(first)) == 3
    assert first == ids(plan_of(reading("t.jsonl"), files={"t.jsonl": content}))
    assert first[0] == named('{"hat":"A","n":"NaN"}')
