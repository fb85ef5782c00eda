"""Ten thousand mistakes are read in a glance: said once, counted, with the first few of their places."""

import io
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from qwave_batch.catalog.catalog import Successor
from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.cli.main import main
from qwave_batch.plan.counting import count_plan
from qwave_batch.plan.plan_summary import Figures
from qwave_batch.plan.problem_collector import MESSAGES_AT_A_PLACE, ProblemCollector
from qwave_batch.plan.stages import prepare_plan
from qwave_batch.spec.loading import load_spec

HEAD = 'version: 1\nname: many\ncatalog: "2026-05"\n'
MANY = 10_000

Said = Callable[..., str]


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    """The output of ``validate`` for a spec, on a terminal of 100 columns."""

    def said(text: str, *options: str) -> str:
        monkeypatch.chdir(tmp_path)
        Path("many.yaml").write_text(HEAD + text, encoding="utf-8")
        out = io.StringIO()
        assert main(["validate", "many.yaml", *options], stdout=out, stderr=out, environ={"COLUMNS": "100"}) == 2
        return out.getvalue()

    return said


def test_one_value_wrong_in_ten_thousand_jobs_is_one_complaint(said: Said) -> None:
    matrix = f"matrix: {{seed: {{start: 1, count: {MANY}}}}}\n"
    text = f"request: {{model: z-image-turbo, resolution: 9K}}\nprompts: [x]\n{matrix}"
    assert said(text) == (
        'many.yaml:4:45  request.resolution: resolution "9K" is not offered by z-image-turbo (10,000 times)\n'
        "    allowed: 1K, 2K\n"
        '    did you mean "2K"?\n'
        "\n"
        "1 problem\n"
    )


def test_one_mistake_at_ten_thousand_places_is_said_once(said: Said) -> None:
    text = "request: {model: z-image-turbo}\nprompts:\n" + "  - {text: x, tag: [a]}\n" * MANY
    assert said(text) == (
        'many.yaml:6:15  prompts[0].tag: unknown key "tag"\n'
        "    also at 7:15, 8:15, 9:15, 10:15 and 9,995 more places\n"
        "    allowed: text, id, vars, tags, meta, request, from, where, sample, limit\n"
        '    did you mean "tags"?\n'
        "\n"
        "10,000 problems\n"
    )


def test_ten_thousand_rows_with_one_mistake_are_counted_and_the_first_three_named(said: Said, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("size\n" + "9K\n" * MANY, encoding="utf-8")
    text = 'request: {model: z-image-turbo, resolution: "{{ row.size }}"}\nprompts: [{from: rows.csv, text: x}]\n'
    assert said(text) == (
        'many.yaml:4:45  request.resolution: resolution "9K" is not offered by z-image-turbo (10,000 times,\n'
        "    first in rows.csv, lines 2, 3 and 4)\n"
        "    allowed: 1K, 2K\n"
        '    did you mean "2K"?\n'
        "\n"
        "1 problem\n"
    )


def test_ten_thousand_rows_each_with_its_own_mistake_end_in_a_count(said: Said, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("size\n" + "".join(f"size-{n}\n" for n in range(MANY)), encoding="utf-8")
    text = 'request: {model: z-image-turbo, resolution: "{{ row.size }}"}\nprompts: [{from: rows.csv, text: x}]\n'
    lines = said(text).splitlines()
    assert lines[0:3] == [
        'many.yaml:4:45  request.resolution: resolution "size-0" is not offered by z-image-turbo (in',
        "    rows.csv, line 2)",
        "    allowed: 1K, 2K",
    ]
    assert lines[-3:] == [
        "many.yaml:4:45  request.resolution: more like these (9,990 times, first in rows.csv, line 12)",
        "",
        "11 problems",
    ]


def test_a_thousand_different_mistakes_are_cut_on_a_terminal(said: Said) -> None:
    text = "request: {model: z-image-turbo}\nprompts:\n" + "".join(f"  - {{text: x, key{n}: 1}}\n" for n in range(1000))
    lines = said(text).splitlines()
    assert lines[-3:] == ["and 900 more problems, which --format json lists", "", "1,000 problems"]


def test_annotations_end_after_a_hundred_with_a_count(said: Said) -> None:
    text = "request: {model: z-image-turbo}\nprompts:\n" + "  - {text: x, tag: [a]}\n" * MANY
    lines = said(text, "--format", "github").splitlines()
    assert len(lines) == 101
    assert lines[99].startswith("::error file=many.yaml,line=105,col=15,title=prompts[99].tag::")
    assert lines[-1] == "::notice title=spec::and 9,900 more problems, which --format json lists"


def test_memory_does_not_grow_with_the_mistakes_of_a_table(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        (tmp_path / "rows.csv").write_text("size\n" + "".join(f"size-{n}\n" for n in range(rows)), encoding="utf-8")
        file = tmp_path / "many.yaml"
        file.write_text(
            HEAD
            + 'request: {model: z-image-turbo, resolution: "{{ row.size }}"}\nprompts:\n  - {from: rows.csv, text: x}\n'
        )
        spec = load_spec(file)
        collector = ProblemCollector(spec.source_map)
        prepared = prepare_plan(spec, open_catalog(spec.catalog), lambda _: collector)
        tracemalloc.start()
        count_plan(prepared, Figures())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(collector) == MESSAGES_AT_A_PLACE
        return most

    peak(100)  # what is built once
    assert peak(2_000) < 2 * peak(200) + 500_000


def test_a_model_that_is_gone_says_what_to_use(tmp_path: Path) -> None:
    file = tmp_path / "gone.yaml"
    file.write_text(HEAD + "request: {model: imagen-3.0}\nprompts: [x]\n", encoding="utf-8")
    spec = load_spec(file)
    gone = {"imagen-3.0": Successor(use="imagen-4.0", since="2026-01-31")}
    collector = ProblemCollector(spec.source_map)
    catalog = replace(open_catalog("2026-05"), gone=gone)
    count_plan(prepare_plan(spec, catalog, lambda _: collector), Figures())
    [problem] = collector.found()
    assert str(problem).removeprefix(str(tmp_path)) == (
        '/gone.yaml:4:18  request.model: the model "imagen-3.0" is gone since 2026-01-31: use imagen-4.0'
    )
