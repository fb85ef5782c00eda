import re
import threading
from io import StringIO
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.cli.drawing.plan_markdown import escaped, markdown_matrix, markdown_plan
from qwave_batch.cli.drawing.plan_matrix import draw_matrix
from qwave_batch.cli.drawing.plan_money import money_column, plain_usd
from qwave_batch.cli.drawing.plan_progress import counting
from qwave_batch.cli.drawing.plan_view import PlanSheet, draw_facts, draw_plan, plan_facts
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import cells
from qwave_batch.model.cost_range import CostRange

SPEC = """\
version: 1
name: 茶館
catalog: "2026-05"
unsupported: drop
prompts: [一, 二]
matrix:
  model: [gemini-3.1-flash-image-preview-official, gpt-image-2, imagen-4.0]
  aspect_ratio: ["1:1", "16:9", "8:1"]
  resolution: [1K, 2K, 4K]
  look: [{id: 柔らかい光, request: {seed: 1}}, {id: a label that is far too long for its column, request: {seed: 2}}]
"""
USD = 1_000_000_000


class Tty(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    file = tmp_path / "spec.yaml"
    file.write_text(SPEC.replace("name: 茶館", "name: teahouse"), encoding="utf-8")
    return file


@pytest.fixture
def sheet(spec: Path) -> PlanSheet:
    plan = qb.plans.open_plan(spec)
    return PlanSheet(
        plan=plan,
        assumed={},
        cost_by_model={model: each.estimate for model, each in plan.figures.by_model.items()},
        prices="catalog 2026-05",
        seconds=qb.plans.expected_seconds(plan),
        seconds_by_model={model: qb.plans.expected_seconds_of(plan, model) for model in plan.figures.by_model},
        samples=plan.samples(),
    )


def test_points_stand_in_line() -> None:
    assert money_column([42_500_000, 6_375_000, 12 * USD], most_places=8) == ["0.0425  ", "0.006375", "12.00    "]


@pytest.mark.parametrize(
    ("nusd", "shown"),
    [(0, "0.00"), (13_281_250, "0.01328125"), (1234 * USD, "1,234.00"), (-170_000_000, "-0.17"), (1, "0.00")],
)
def test_an_amount_has_the_places_it_needs(nusd: int, shown: str) -> None:
    assert plain_usd(nusd) == shown


def test_large_sums_have_cents() -> None:
    assert money_column([100 * USD, 6_375_000, None]) == ["100.00", "0.01", "-   "]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_a_plan_keeps_to_the_terminals_width(sheet: PlanSheet, width: int) -> None:
    terminal = Terminal(width=width)
    drawn = [*draw_plan(sheet, terminal), *draw_facts(plan_facts(sheet, None), terminal)]
    assert max(map(cells, drawn)) <= width


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_a_matrix_keeps_to_the_terminals_width_and_to_its_columns(spec: Path, width: int) -> None:
    drawn = draw_matrix(qb.plans.support_matrix(spec), Terminal(width=width))
    assert max(map(cells, drawn)) <= width
    heads = [line for line in drawn if line.startswith("model")]
    assert len(heads) == (1 if width == 160 else len(heads))
    assert sum(line.count("8:1") for line in heads) == 1


def test_a_wide_terminal_shows_more_columns(sheet: PlanSheet) -> None:
    heads = ["".join(draw_plan(sheet, Terminal(width=width))[2].split()) for width in (160, 72, 58)]
    assert heads == ["modeljobsimagesUSD/imageUSDabout", "modeljobsimagesUSD/imageUSD", "modeljobsimagesUSD"]


def test_an_ascii_terminal_gets_ascii(sheet: PlanSheet, spec: Path) -> None:
    terminal = Terminal(width=100, has_unicode=False)
    drawn = [*draw_plan(sheet, terminal), *draw_matrix(qb.plans.support_matrix(spec), terminal)]
    assert all(line.isascii() for line in drawn)
    assert any(" no " in line for line in drawn)


def test_colour_changes_no_character(sheet: PlanSheet, spec: Path) -> None:
    plain, painted = Terminal(width=100), Terminal(width=100, has_colour=True)
    matrix = qb.plans.support_matrix(spec)
    drawn = [*draw_plan(sheet, painted), *draw_matrix(matrix, painted)]
    bare = [re.sub(r"\x1b\[\d*m", "", line) for line in drawn]
    assert bare == [*draw_plan(sheet, plain), *draw_matrix(matrix, plain)]
    assert bare != drawn


def test_markdown_has_a_table_for_the_plan_and_one_for_each_axis(sheet: PlanSheet, spec: Path) -> None:
    assert "| **total** |" in "\n".join(markdown_plan(sheet))
    lines = markdown_matrix(qb.plans.support_matrix(spec))
    assert [line.split(" | ")[0] for line in lines if "8:1" in line] == ["| aspect\\_ratio"]
    assert "| 柔らかい光 |" in "\n".join(lines)


def test_markup_and_mentions_are_shown_as_they_are() -> None:
    assert escaped("@all | <b> `x`\n#1") == r"\@all \| \<b\> \`x\`\\n\#1"


def test_nothing_is_written_where_nobody_watches() -> None:
    stream = StringIO()
    with counting(stream, Terminal(), patience_s=0) as watch:
        watch(qb.plans.Figures())
    assert stream.getvalue() == ""


def test_a_long_plan_says_how_far_it_is_and_clears_its_line() -> None:
    written = threading.Event()

    class Seen(Tty):
        def write(self, text: str) -> int:
            if "planning: 3 jobs" in text:
                written.set()
            return super().write(text)

    stream, figures = Seen(), qb.plans.Figures()
    with counting(stream, Terminal(is_terminal=True), patience_s=0) as watch:
        watch(figures)
        for _ in range(3):
            figures.count(model="imagen-4.0", error=None, images=1, estimate=CostRange.exactly(42_500_000))
        assert written.wait(10)
    assert "0.1275 USD so far" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_short_plan_says_nothing() -> None:
    stream = Tty()
    with counting(stream, Terminal(is_terminal=True), patience_s=60):
        pass
    assert stream.getvalue() == ""


def test_a_mistake_ends_the_counting_too() -> None:
    before = threading.active_count()
    with pytest.raises(ValueError, match="x"), counting(Tty(), Terminal(is_terminal=True), patience_s=60):
        raise ValueError("x")
    assert threading.active_count() == before


def test_before_the_first_job_it_says_what_is_going_on() -> None:
    written = threading.Event()

    class Seen(Tty):
        def write(self, text: str) -> int:
            if "comparing" in text:
                written.set()
            return super().write(text)

    with counting(Seen(), Terminal(is_terminal=True), doing="comparing", patience_s=0):
        assert written.wait(10)
