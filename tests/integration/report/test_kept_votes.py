"""Votes that were imported into a run folder are the page's results, with the numbers that the command prints."""

import json
import shutil
from io import StringIO
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

import qwave_batch as qb
from qwave_batch.cli.main import main
from qwave_batch.model.axis_labels import model_label
from tests.integration.report.conftest import Pages
from tests.integration.report.test_vote_page import answer, export, start
from tests.voted_folders import Line, a_vote, write_lines

WINNERS = ("left", "right", "left", "tie", "right", "left", "both_bad")


def votes_of(folder: Path) -> list[Line]:
    """Return a vote of two raters on each two images of a prompt that differ in their model only."""
    run = qb.open_run(folder)
    header = run.header()
    assert header.summary is not None
    told = {"folders": [{"id": header.folder_id, "spec_sha256": header.summary["spec_sha256"]}]}
    alike: dict[str, dict[str, str]] = {}
    for line in run.lines():
        if line.images:
            rest = {name: value for name, value in line.axes.items() if name != "model"}
            key = json.dumps([line.prompt_id, line.prompt, rest, line.repeat])
            alike.setdefault(key, {}).setdefault(model_label(line.axes, line.model), line.job_id)
    pairs = [pair for of in alike.values() for pair in combinations(of.values(), 2)]
    return [
        a_vote(*pair, WINNERS[(number + at) % len(WINNERS)], rater=rater, run=told)
        for at, rater in enumerate(("Ann", "Bob"))
        for number, pair in enumerate(pairs)
    ]


def counted(folder: Path, *files: Path) -> Any:
    stdout = StringIO()
    assert main(["votes", str(folder), *map(str, files), "--axis", "model", "--json"], stdout, StringIO()) == 0
    return json.loads(stdout.getvalue())


def table(page: Page, name: str) -> list[list[str]]:
    """Return the cells of each row of a table, without the drawings."""
    rows = page.get_by_role("table", name=name).locator("tbody tr").all()
    return [[cell for cell in row.locator("th, td").all_inner_texts() if cell] for row in rows]


def percent(text: str) -> float:
    return float(text.removesuffix(" %")) / 100


@pytest.fixture(scope="module")
def voted(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A copy of the run folder with votes, and its report."""
    home = tmp_path_factory.mktemp("kept-votes")
    folder = Path(shutil.copytree(run_folder, home / "run"))
    counted(folder, write_lines(home / "votes.jsonl", votes_of(folder)))
    assert main(["report", str(folder)], StringIO(), StringIO()) == 0
    return folder, folder / "report"


def test_the_page_shows_the_numbers_of_the_command(pages: Pages, voted: tuple[Path, Path]) -> None:
    """The page computes them itself, so that it can add new votes; intervals of draws are alike, not equal."""
    folder, report = voted
    found = counted(folder)
    page = pages.open(report, "page=results")
    rates = {tuple(row[:2]): row for row in table(page, "Win rates")}
    assert len(rates) == len(found["win_rates"])
    for rate in found["win_rates"]:
        row = rates.get((rate["value"], rate["against"]))
        assert row is not None or rate["rate"] == 0.5
        if row is not None:
            assert [percent(cell) for cell in row[2:5]] == pytest.approx(
                [rate["rate"], rate["low"], rate["high"]], abs=6e-4
            )
            assert row[8:11] == [str(rate[name]) for name in ("wins", "losses", "ties")]
            assert percent(row[6]) == pytest.approx(rate["boot_low"], abs=0.08)
    strengths = {row[0]: row[1:4] for row in table(page, "Strengths")}
    assert strengths.keys() == {each["value"] for each in found["strengths"]}
    for each in found["strengths"]:
        strength, low, high = (float(cell.removesuffix(" *")) for cell in strengths[each["value"]])
        assert strength == pytest.approx(each["strength"], rel=5e-3)
        assert low == pytest.approx(each["low"], rel=0.25)
        assert high == pytest.approx(each["high"], rel=0.25)


def test_votes_of_the_page_are_imported_and_counted(pages: Pages, voted: tuple[Path, Path], tmp_path: Path) -> None:
    folder, report = voted
    copy = Path(shutil.copytree(folder, tmp_path / "run"))
    before = counted(copy)
    page = pages.open(report, "page=vote")
    start(page, rater="Cy")
    answer(page, "ArrowLeft", 3)
    file = export(page, tmp_path)
    after = counted(copy, file)
    assert after["raters"] == ["Ann", "Bob", "Cy"]
    assert after["votes"] == before["votes"] + 3
    assert counted(copy, file) == after
