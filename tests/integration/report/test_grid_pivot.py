"""The page's grid and chains, and what Python draws of them, are one: the same rows, columns and jobs for a view."""

import random
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from qwave_batch.report.chain_rows import JobChain, chain_pivot
from qwave_batch.report.grid_view import ReportView
from qwave_batch.report.pivot import pivot, with_default_axes
from qwave_batch.report.pivot_data import PivotData
from tests.integration.report.conftest import Pages

CASES = 160
ROLES = ("rows", "cols", "superrows", "supercols")
STATUSES = ("completed", "failed", "refused", "pending")
SCORES = ("ocr.cer", "a:b, - %<b>", "עברית")
NUMBERS = (0, 0.1, 0.1, 0.3, -2.5, 1e300, -1e300, 1e-300)
WORDS = ("an alley", "Straße", "STRASSE", "ΟΔΟΣ", "οδος", "oﬃce", "OFFICE", "İstanbul", "\u212aelvin", "kelvin", "茶")

ASKED = """
(cases) => cases.map(({ index, fragment }) => {
  setReport(index);
  takeView(new URLSearchParams(fragment));
  const { layout, axes } = shownGrid.surface.given();
  const { rows, columns, cells } = layout.pivot;
  const chains = chainPivotOf(lineageInReport().chains, visibleInView(), scoreOrder());
  const pairs = (headings) => headings.map(({ outer, inner }) => [outer, inner]);
  return {
    axes: [axes.rows.name, axes.cols.name],
    rows: pairs(rows),
    columns: pairs(columns),
    cells: cells.flatMap((line, row) =>
      line.map(({ column, entries }) => [row, column, entries.map((entry) => entry.job.index)])),
    chains: chains.rows.map(({ inner }, row) => [inner, chains.cells[row].map(({ column, entries }) =>
      [chains.columns[column].inner, entries.map(({ job, image }) => [job.index, image ?? null])])]),
  };
})
"""


def drawn_index(rng: random.Random) -> dict[str, Any]:
    """An index of a few jobs, some in several places, some without a tag or a value."""
    prompts = [{"id": f"p{n % 3}", "text": rng.choice(WORDS)} for n in range(rng.randint(1, 4))]
    axes = [{"name": f"axis{n}", "values": ["a", "b", "none"][: rng.randint(1, 3)]} for n in range(rng.randint(0, 2))]
    models, tags = ["m0", "all", "m2"][: rng.randint(1, 3)], ["street", "no tag"][: rng.randint(0, 2)]
    folders, scores = rng.randint(1, 2), SCORES[: rng.randint(0, 3)]
    stages = ["draft", "all", "poster"][: rng.randint(0, 3)]

    def image() -> dict[str, Any]:
        told = {"hash": "0" * 32, "width": 8, "height": 8, "tiny": "", "thumb": False}
        numbers = [rng.choice((None, *NUMBERS)) for _ in scores]
        return {**told, "scores": numbers} if any(number is not None for number in numbers) else told

    def place() -> dict[str, Any]:
        return {
            "prompt": rng.randrange(len(prompts)),
            "model": rng.randrange(len(models)),
            "axes": [rng.randrange(-1, len(axis["values"])) for axis in axes],
            "tags": sorted(rng.sample(range(len(tags)), rng.randint(0, len(tags)))),
            "repeat": 0,
        }

    def job(number: int) -> dict[str, Any]:
        places = [place() for _ in range(rng.choice((1, 1, 2, 3)))]
        told = {"id": f"j{number}", "folder": rng.randrange(folders), "model": places[0]["model"], "places": places}
        ended = {"status": rng.choice(STATUSES), "error": None, "cost": 0, "seconds": None, "detail": number}
        return {**told, **ended, "images": [image() for _ in range(rng.choice((0, 1, 1, 2)))]}

    jobs = [job(number) for number in range(rng.randint(0, 9))]
    for each in jobs if stages else ():
        if rng.random() < 0.9:
            each["stage"] = rng.randrange(len(stages))
        staged = [number for number, other in enumerate(jobs) if "stage" in other and other is not each]
        if staged and "stage" in each and rng.random() < 0.6:  # at times round in a circle, as no plan is
            each["parents"] = [[rng.choice(staged), rng.choice((None, 0, 1))] for _ in range(rng.randint(1, 2))]
    return {
        "format": 1,
        "revision": "",
        "title": "drawn",
        "folders": [{"id": None, "name": None, "label": f"f{n}", "spec_sha256": None} for n in range(folders)],
        "prompts": prompts,
        "models": models,
        "tags": tags,
        "axes": axes,
        "errors": [],
        "changes": [],
        "scores": [
            {"name": name, "low": None, "high": None, "better": rng.choice(("higher", "lower", None)), "unit": ""}
            for name in scores
        ],
        "jobs": jobs,
        **({"stages": stages} if stages else {}),
    }


def drawn_view(rng: random.Random, index: dict[str, Any]) -> dict[str, str]:
    """A fragment's keys and values for an index."""
    axes = [
        "prompt",
        "model",
        "tag",
        "folder",
        "none",
        *(("stage", "prompt_id") if "stages" in index else ()),
        *(axis["name"] for axis in index["axes"]),
    ]
    view = {role: rng.choice(axes) for role in ROLES if rng.random() < 0.7}
    choices = {
        "status": ["all", *STATUSES],
        "model": ["all", *index["models"]],
        "stage": ["all", *index.get("stages", ())],
        "tag": ["all", *index["tags"], *(["no tag"] if index["tags"] else [])],
        "q": [word[1:4] for word in WORDS] + [word.swapcase() for word in WORDS],
    }
    view |= {key: rng.choice(values) for key, values in choices.items() if rng.random() < 0.3}
    names = [score["name"] for score in index["scores"]]
    if names and rng.random() < 0.5:
        view |= {"showscore": rng.choice(names), "sort": rng.choice(("worst", "best"))}
    if names and rng.random() < 0.3:
        limit = rng.choice(("0.1", "1e-1", "+.1", "-1e3", "1e999", "0.", ""))
        comparison = rng.choice(("lt", "le", "ge", "gt", "none"))
        view["score"] = f"{quote(rng.choice(names), safe='')}:{comparison}:{limit}"
    if rng.random() < 0.3:
        view["hide"] = ",".join(":".join(drawn_value(rng, index)) for _ in range(rng.randint(1, 2)))
    if rng.random() < 0.3:
        view["order"] = ",".join(drawn_move(rng, index) for _ in range(rng.randint(1, 3)))
    return view


def drawn_value(rng: random.Random, index: dict[str, Any], axis: str = "") -> tuple[str, str]:
    """An axis and one of its values as ``hide`` and ``order`` have them, or none, or one that there is not."""
    values = {axis["name"]: axis["values"] for axis in index["axes"]} | {
        "model": index["models"], "tag": index["tags"], "prompt": ["p0", "p0~2", "p1"], "folder": ["f0", "f1"],
    }  # fmt: skip
    axis = axis or rng.choice(sorted(values))
    value = rng.choice([*values[axis], None, "a:b, - %"])
    return axis, "-" if value is None else quote(value, safe="")


def drawn_move(rng: random.Random, index: dict[str, Any]) -> str:
    axis, value = drawn_value(rng, index)
    before = [] if rng.random() < 0.3 else [drawn_value(rng, index, axis)[1]]
    return ":".join((axis, value, *before))


def answer(index: dict[str, Any], fragment: str) -> dict[str, Any]:
    """The same of the grid that Python makes."""
    data = PivotData.of_index(index)
    chosen = with_default_axes(data, ReportView.of_fragment(fragment))
    grid = pivot(data, chosen)
    chain_grid, chains = chain_pivot(data, chosen)
    numbers = {(row, column): jobs for (row, column), jobs in grid.cells.items()}
    return {
        "axes": [chosen.rows, chosen.cols],
        "rows": [[row.outer, row.inner] for row in grid.rows],
        "columns": [[column.outer, column.inner] for column in grid.columns],
        "cells": sorted(
            [grid.rows.index(row), grid.columns.index(column), list(jobs)] for (row, column), jobs in numbers.items()
        ),
        "chains": [[row.inner, told_chain(chains[row], data)] for row in chain_grid.rows],
    }


def told_chain(chain: JobChain, data: PivotData) -> list[Any]:
    """The stages of a chain in order, each with its jobs, and of each job the image that the next one is made from."""
    stages: dict[int, list[Any]] = {}
    for number, image in zip(chain.jobs, chain.images, strict=True):
        job = data.jobs[number]
        is_there = image is not None and image < len(job.scores)
        stages.setdefault(job.stage, []).append([number, image if is_there else None])
    return [[stage, stages[stage]] for stage in sorted(stages)]


def test_the_page_and_python_put_jobs_in_the_same_places(pages: Pages, report: Path) -> None:
    rng = random.Random(14)
    indexes = [drawn_index(rng) for _ in range(CASES)]
    fragments = [urlencode(drawn_view(rng, index)) for index in indexes]
    cases = [{"index": index, "fragment": fragment} for index, fragment in zip(indexes, fragments, strict=True)]
    page = pages.open(report)
    pages.expect("ERR_FILE_NOT_FOUND")  # no image of these indexes has a file
    said = page.evaluate(ASKED, cases)
    assert said == [answer(index, fragment) for index, fragment in zip(indexes, fragments, strict=True)]
    assert sum(len(case["cells"]) > 1 for case in said) > CASES / 3  # else the views left nothing to compare
    assert sum(len(case["chains"]) > 1 for case in said) > CASES / 5
