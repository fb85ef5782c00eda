"""The grid of the page and the one that Python draws follow the same rules: both get the same drawn data."""

import random
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from qwave_batch.report.grid_view import ReportView
from qwave_batch.report.pivot import PivotData, pivot, with_default_axes
from tests.integration.report.conftest import Pages

PIVOT = """
(cases) => cases.map(([data, fragment]) => {
  report = reportOf(data);
  view = new URLSearchParams(fragment);
  const axes = chosenAxes();
  const side = (axis) => sideOf(axis, hiddenValues(), movedValues());
  const found = pivotOf(report.jobs, {
    rows: side(axes.rows), cols: side(axes.cols), superrows: side(axes.superrows), supercols: side(axes.supercols),
  }, visibleInView());
  const heads = (headings) => headings.map(({ outer, inner }) => [outer, inner]);
  const cells = found.cells.flatMap((row, number) =>
    row.map(({ column, entries }) => [number, column, entries.map(({ job }) => job.index)]));
  return { axes: [axes.rows.name, axes.cols.name], rows: heads(found.rows), columns: heads(found.columns), cells };
})
"""
WORDS = ("Straße", "STRASSE", "ςίσυφος", "ΣΊΣΥΦΟΣ", "ﬁnch", "an alley", "İzmir", "K")
NAMES = ("prompt", "model", "ratio", "seed", "tag", "folder", "none", "")
CASES = 150


def drawn_index(rng: random.Random) -> dict[str, Any]:
    prompts = [{"id": rng.choice("abc"), "text": rng.choice(WORDS)} for _ in range(rng.randint(1, 4))]
    models, tags, folders = ["m", "n", "- x"][: rng.randint(1, 3)], ["street", "a:b,c"][: rng.randint(0, 2)], ["1", "2"]
    axes = [{"name": "ratio", "values": ["1:1", "16:9", "-"]}, {"name": "seed", "values": ["1", "2"]}][
        : rng.randint(0, 2)
    ]

    def place() -> dict[str, Any]:
        return {
            "prompt": rng.randrange(len(prompts)),
            "model": rng.randrange(len(models)),
            "axes": [rng.randint(-1, len(axis["values"]) - 1) for axis in axes],
            "tags": sorted(rng.sample(range(len(tags)), rng.randint(0, len(tags)))),
            "repeat": 0,
        }

    jobs = []
    for number in range(rng.randint(1, 12)):
        places = [place() for _ in range(rng.choice((1, 1, 2, 3)))]
        jobs.append(
            {
                "id": f"{number:016x}", "folder": rng.randrange(2), "model": places[0]["model"],
                "status": rng.choice(("completed", "failed", "refused")), "error": None, "cost": 0, "seconds": None,
                "detail": number, "images": [], "places": places,
            }
        )  # fmt: skip
    return {
        "format": 1, "revision": "", "title": "", "prompts": prompts, "models": models, "tags": tags, "axes": axes,
        "errors": [], "jobs": jobs,
        "folders": [{"id": None, "name": None, "label": label, "spec_sha256": None} for label in folders],
    }  # fmt: skip


def drawn_fragment(rng: random.Random, index: dict[str, Any]) -> str:
    axes = {axis["name"]: axis["values"] for axis in index["axes"]}
    names = [name for name in NAMES if name not in {"ratio", "seed"} or name in axes]
    values = {**axes, "model": index["models"], "tag": index["tags"], "prompt": ["a", "b~2", "c"], "folder": ["1", "2"]}

    def part() -> tuple[str, str]:
        axis = rng.choice([name for name in names if name not in {"none", ""}])
        value = rng.choice([*values[axis], None, "nobody"])
        return axis, "-" if value is None else "%2D" if value == "-" else quote(value, safe="")

    keys = {role: rng.choice(names) for role in ("rows", "cols", "superrows", "supercols")}
    keys["q"] = rng.choice((*[""] * 9, *WORDS, "al"))
    keys["status"] = rng.choice(("", "", "all", "failed"))
    keys["model"] = rng.choice((*[""] * 5, *index["models"]))
    keys["tag"] = rng.choice((*[""] * 5, *index["tags"], "no tag")) if index["tags"] else ""
    if rng.random() < 0.4:
        keys["hide"] = ",".join(":".join(part()) for _ in range(rng.randint(1, 3)))
    if rng.random() < 0.4:
        moves = []
        for _ in range(rng.randint(1, 3)):
            axis, value = part()
            before = [] if rng.random() < 0.3 else [part()[1]]
            moves.append(":".join((axis, value, *before)))
        keys["order"] = ",".join(moves)
    return urlencode({key: value for key, value in keys.items() if value})


def test_the_page_and_python_put_each_job_into_the_same_cells(pages: Pages, report: Path) -> None:
    rng = random.Random(14)
    indexes = [drawn_index(rng) for _ in range(CASES)]
    cases = [(index, drawn_fragment(rng, index)) for index in indexes]
    page = pages.open(report, "page=figures")
    filled = 0
    for (index, fragment), told in zip(cases, page.evaluate(PIVOT, cases), strict=True):
        data = PivotData.of_index(index)
        view = with_default_axes(data, ReportView.of_fragment(fragment))
        found = pivot(data, view)
        rows = {row: number for number, row in enumerate(found.rows)}
        columns = {column: number for number, column in enumerate(found.columns)}
        cells = sorted([rows[row], columns[column], list(jobs)] for (row, column), jobs in found.cells.items())
        assert told == {
            "axes": [view.rows, view.cols],
            "rows": [[row.outer, row.inner] for row in found.rows],
            "columns": [[column.outer, column.inner] for column in found.columns],
            "cells": cells,
        }, (fragment, index)
        filled += len(cells) > 1
    assert filled > CASES / 3
