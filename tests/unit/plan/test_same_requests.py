"""Prompts that come out as one request are told where their author may have wanted an image of each."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.plan.planner import Plan

PlanOf = Callable[[str], Plan]

RANDOM = "request: {model: z-image-turbo}\n"
SEEDED = "request: {model: z-image-turbo, seed: 7}\n"


def of_texts(*texts: str) -> str:
    return f"prompts:\n{''.join(f'  - {json.dumps(text)}{chr(10)}' for text in texts)}"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "owls.csv"
    file.write_text("owl,place,n\nbarn owl,post,1\nsnowy owl,rock,2\nbarn owl,loft,3\n", encoding="utf-8")
    return file


def warned(plan: Plan) -> list[str]:
    said = [f"{found.place and found.place.line} {found.message}; {found.suggestion}" for found in plan.warnings]
    return [re.sub(r"/\S*/", "", line) for line in said]


def test_equal_prompts_without_a_seed_are_one_image(plan_of: PlanOf) -> None:
    (said,) = warned(plan_of(RANDOM + of_texts("An owl", "An owl", "An owl")))
    assert said.startswith("7 3 prompts come out as the same request, which is made once")
    assert "prompts[0] on line 6 and prompts[1] on line 7" in said
    assert "for an image of each write duplicates: keep, or give each a seed" in said


def test_several_groups_are_told_together(plan_of: PlanOf) -> None:
    (said,) = warned(plan_of(RANDOM + of_texts("An owl", "A cat", "A dog", "A cat", "An owl", "An owl")))
    assert "5 prompts come out as 2 requests, each made once; the first two are prompts[1] on line 7" in said


@pytest.mark.usefixtures("table")
def test_rows_that_come_out_the_same_are_named_by_their_lines(plan_of: PlanOf) -> None:
    plan = plan_of(RANDOM + 'prompts: [{from: owls.csv, text: "{{ row.owl }}", id: "o{{ row_number }}"}]\n')
    (said,) = warned(plan)
    assert "2 prompts come out as the same request, which is made once" in said
    assert "the first two are owls.csv:2 and owls.csv:4" in said


@pytest.mark.usefixtures("table")
def test_a_prompt_in_the_list_and_one_in_a_table_are_the_same(plan_of: PlanOf) -> None:
    body = """\
prompts:
  - snowy owl
  - {from: owls.csv, text: "{{ row.owl }} {{ row.n }}"}
  - {from: owls.csv, text: "{{ row.owl }}", limit: 2}
"""
    (said,) = warned(plan_of(RANDOM + body))
    assert "prompts[0] on line 6 and owls.csv:3" in said


@pytest.mark.parametrize(
    "body",
    [
        SEEDED + of_texts("An owl", "An owl"),
        RANDOM + of_texts("An owl", "An owl") + "matrix: {seed: [1, 2]}\n",
        RANDOM + of_texts("An owl{{ '' if look else '' }}") + "matrix: {look: [a, b, c]}\n",
        RANDOM + of_texts("An owl") + "repeat: 3\n",
        "unsupported: drop\nrequest: {model: gpt-image-2}\n"
        + of_texts("An owl", "An owl")
        + "matrix: {seed: [1, 2]}\n",
        RANDOM + of_texts("An owl", "An owl ", "A owl"),
        RANDOM + "prompts:\n  - {text: An owl, request: {seed: 1}}\n  - {text: An owl, request: {seed: 2}}\n",
    ],
)
def test_folding_that_is_meant_is_not_told(plan_of: PlanOf, body: str) -> None:
    assert warned(plan_of(body)) == []


def test_what_is_told_does_not_hang_on_the_matrix(plan_of: PlanOf) -> None:
    body = RANDOM + of_texts("An owl", "An owl") + "matrix: {aspect_ratio: ['1:1', '16:9'], look: [a]}\n"
    (said,) = warned(plan_of(body.replace("An owl", "An owl {{ look }}")))
    assert "2 prompts come out as the same request" in said


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    "entry",
    [
        'text: "An owl"',
        'text: "An owl", id: "o{{ row_number }}", tags: ["{{ row.owl }}"]',
        'text: "An {{ v }}", vars: {v: owl}',
        'text: "An owl", request: {aspect_ratio: "1:1"}',
    ],
)
@pytest.mark.parametrize("head", [RANDOM, SEEDED])
def test_a_table_that_the_text_does_not_use_is_told_once(plan_of: PlanOf, entry: str, head: str) -> None:
    (said,) = warned(plan_of(f"{head}prompts: [{{from: owls.csv, {entry}}}]\n"))
    assert "every row gives the same prompt: text and request name nothing of the 3 rows of owls.csv" in said
    assert "write {{ row.owl }} where a column belongs" in said


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    "entry",
    [
        'text: "{{ row.owl }} on a {{ row.place }}"',
        'text: "An owl", limit: 1',
        'text: "An owl", where: "{{ row.n == \'2\' }}"',
        'text: "An owl {{ row_number }}"',
        'text: "An owl {{ prompt.id }}"',
        'text: "An owl {{ v }}", vars: {v: "{{ row.place }}"}',
        'text: "An owl {{ w }}", vars: {v: "{{ row.place }}", w: "{{ v }}"}',
        'text: "An owl", request: {seed: "{{ row.n | int }}"}',
        "text: \"An owl {{ row['place'] }}\"",
        'text: "{% for c in row.values() %}{{ c }}{% endfor %}"',
    ],
)
def test_a_table_that_is_used_or_has_one_row_is_not_told(plan_of: PlanOf, entry: str) -> None:
    assert warned(plan_of(f"{SEEDED}prompts: [{{from: owls.csv, {entry}}}]\n")) == []


@pytest.mark.usefixtures("table")
def test_a_request_that_all_prompts_share_may_use_the_row(plan_of: PlanOf) -> None:
    body = 'request: {model: z-image-turbo, seed: "{{ row.n | int }}"}\nprompts: [{from: owls.csv, text: An owl}]\n'
    assert warned(plan_of(body)) == []
