"""A plan with stages says what each makes, what is chosen later, and which model takes what in which stage."""

import re
from io import StringIO
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.cli.drawing.plan_markdown import markdown_plan
from qwave_batch.cli.drawing.plan_stages import choice_facts, stage_table
from qwave_batch.cli.drawing.plan_view import PlanSheet, draw_plan
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import cells
from qwave_batch.cli.main import main
from qwave_batch.plans import AnyPlan, Support

SPEC = """\
version: 1
name: night-market
catalog: "2026-05"
unsupported: drop
stages:
  - name: draft
    prompts: [{id: stall, text: A noodle stall}, {id: alley, text: An old alley}]
    matrix: {model: [z-image-turbo, imagen-4.0], aspect_ratio: ["1:1", "8:1"]}
  - name: night
    from_stage: draft
    where: "{{ parent.scores.ocr.cer < 0.5 }}"
    pick: {n: 2, by: rating, per: [prompt, model], lowest: true}
    text: "{{ parent.prompt }}, at night"
    request: {action: edit, image_urls: ["{{ parent.image }}"]}
    matrix: {model: [gpt-image-2], resolution: [1K, 8K]}
  - name: poster
    from_stage: night
    text: "{{ parent.prompt }}, as a poster"
    request: {action: edit, model: wan2.7-image, image_urls: ["{{ parent.image }}"]}
"""

PICKING = """\
version: 1
name: picking
catalog: "2026-10"
request: {model: gpt-image-2}
stages:
  - name: draft
    prompts: [{id: stall, text: A noodle stall}, {id: alley, text: An old alley}]
    matrix: {aspect_ratio: ["1:1", "16:9"]}
  - name: night
    from_stage: draft
    pick: {n: 1, by: rating}
    text: "{{ parent.prompt }}, at night"
    request: {action: edit, image_urls: ["{{ parent.image }}"]}
"""


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("spec") / "spec.yaml"
    file.write_text(SPEC)
    return file


@pytest.fixture(scope="module")
def plan(spec: Path) -> AnyPlan:
    return qb.plans.open_plan(spec)


@pytest.fixture
def sheet(plan: AnyPlan) -> PlanSheet:
    return PlanSheet(
        plan=plan,
        assumed={},
        cost_by_model={model: each.estimate for model, each in plan.figures.by_model.items()},
        prices="catalog 2026-05",
        seconds=qb.plans.expected_seconds(plan),
        seconds_by_model={model: qb.plans.expected_seconds_of(plan, model) for model in plan.figures.by_model},
        samples=plan.samples(),
    )


def test_a_stage_with_a_choice_before_it_makes_so_many_at_most(plan: AnyPlan) -> None:
    _, rows = stage_table(plan, is_priced=True)
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["draft", "", "4", "4", "0.1063"],
        ["night", "draft", "at most 4", "at most 4", "0.0255"],
        ["poster", "night", "at most 4", "at most 4", "0.0918"],
    ]


def test_at_the_prices_of_the_account_stages_have_none(plan: AnyPlan) -> None:
    columns, rows = stage_table(plan, is_priced=False)
    assert ([column.title for column in columns], len(rows[0])) == (["stage", "from", "jobs", "images"], 4)


def test_what_is_chosen_later_is_said(plan: AnyPlan) -> None:
    assert list(choice_facts(plan)) == [
        (
            "chosen",
            (
                "night takes those of draft with {{ parent.scores.ocr.cer < 0.5 }}, and of these the lowest 2 by "
                "rating for each prompt and model, once draft is made; what decides comes from qwave-batch score DIR "
                "--with ocr and qwave-batch votes DIR FILE"
            ),
        )
    ]


def test_a_pick_says_which_numbers_it_takes_and_not_that_they_are_good(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC.replace("by: rating", "by: ocr.cer").replace(", lowest: true", ""))
    ((_, sentence),) = choice_facts(qb.plans.open_plan(tmp_path / "spec.yaml"))
    assert "the highest 2 by ocr.cer for each prompt and model" in sentence


def test_only_the_most_is_said_of_a_cost_that_is_chosen_later(tmp_path: Path) -> None:
    """The prices of the model are open, but the least of all jobs may be more than what is made of them costs."""
    file, talk, problems = tmp_path / "spec.yaml", StringIO(), StringIO()
    file.write_text(PICKING)
    assert main(["plan", str(file)], talk, problems, environ={"COLUMNS": "200"}) == 0, problems.getvalue()
    facts = dict(line.split(maxsplit=1) for line in talk.getvalue().splitlines() if line.startswith(("cost", "picked")))
    assert re.sub(r"0\.\d+", "X", facts["cost"]) == (
        "at most X USD by the prices of catalog 2026-10; all jobs would cost at most X USD"
    )
    most, whole = re.findall(r"0\.\d+", facts["cost"])
    assert float(most) < float(whole)
    assert facts["picked"] == "at most 6 of the 8 jobs are made, with 6 images, whatever is chosen"
    file.write_text(PICKING.replace("pick: {n: 1, by: rating}", 'where: "{{ parent.rating > 3 }}"'))
    talk = StringIO()
    main(["plan", str(file)], talk, problems, environ={"COLUMNS": "200"})
    assert f"cost    at most {whole} USD by the prices of catalog 2026-10, if all of it is made\n" in talk.getvalue()


def test_each_stage_shows_a_job_with_its_name(sheet: PlanSheet) -> None:
    assert [sample.stage for sample in sheet.samples] == ["draft", "night", "poster"]
    assert [sample.stage for sample in sheet.plan.samples(1)] == ["draft", "night", "poster"]
    assert [sample.stage for sample in sheet.plan.samples(4)] == ["draft", "draft", "night", "poster"]
    assert not sheet.plan.samples(0)


@pytest.mark.parametrize("width", [44, 60, 80, 120])
def test_the_table_of_stages_is_no_wider_than_the_terminal(sheet: PlanSheet, width: int) -> None:
    lines = draw_plan(sheet, Terminal(width=width))
    assert any(line.startswith("stage") for line in lines)
    assert max(map(cells, lines)) <= width


def test_markdown_has_the_stages_too(sheet: PlanSheet) -> None:
    assert "| stage | from | jobs | images | USD at most |" in markdown_plan(sheet)


def test_a_chain_takes_as_many_tasks_one_after_the_other(plan: AnyPlan) -> None:
    alone = max(qb.plans.expected_seconds_of(plan, model) for model in plan.figures.by_model)
    assert qb.plans.expected_seconds(plan) >= 3 * alone


def test_json_has_the_figures_by_stage(plan: AnyPlan) -> None:
    assert qb.plans.plan_summary(plan)["by_stage"] == {
        "draft": {
            "from_stage": None,
            "jobs": 4,
            "images": 4,
            "skipped": 4,
            "estimated_usd": 0.10625,
            "is_at_most": False,
            "most": {"jobs": 4, "images": 4, "estimated_usd": 0.10625},
        },
        "night": {
            "from_stage": "draft",
            "jobs": 4,
            "images": 4,
            "skipped": 12,
            "estimated_usd": 0.0255,
            "is_at_most": True,
            "most": {"jobs": 4, "images": 4, "estimated_usd": 0.0255},
        },
        "poster": {
            "from_stage": "night",
            "jobs": 4,
            "images": 4,
            "skipped": 12,
            "estimated_usd": 0.0918,
            "is_at_most": True,
            "most": {"jobs": 4, "images": 4, "estimated_usd": 0.0918},
        },
    }


def test_a_plan_without_stages_says_nothing_of_them(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text('version: 1\nname: a\ncatalog: "2026-05"\nrequest: {model: z-image-turbo}\nprompts: [x]\n')
    plan = qb.plans.open_plan(file)
    assert "by_stage" not in qb.plans.plan_summary(plan)
    assert (stage_table(plan, is_priced=True), plan.samples()[0].stage) == (([], []), "")
    assert "stage" not in plan.samples()[0].as_json()


def test_the_matrix_judges_each_stage_by_its_own_axes(spec: Path) -> None:
    matrix = qb.plans.support_matrix(spec)
    axes = {axis.name: axis for axis in matrix.axes}
    assert list(axes) == ["draft.aspect_ratio", "night.resolution"]
    assert axes["draft.aspect_ratio"].support("imagen-4.0", "8:1") is Support.REFUSES
    assert axes["draft.aspect_ratio"].support("gpt-image-2", "1:1") is Support.ABSENT
    assert axes["night.resolution"].support("gpt-image-2", "8K") is Support.REFUSES
    assert matrix.models["gpt-image-2"].elsewhere == 0  # it refuses no reference to a parent


def test_the_whole_command_says_all_of_it(spec: Path) -> None:
    out = StringIO()
    assert main(["plan", str(spec), "--matrix"], out, StringIO()) == 0
    assert "night.resolution" in out.getvalue()
