"""Scores in the report: shown, sorted and filtered by on the grid, explained beside an image, and drawn as figures."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.cli.main import main
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.scoring.score_lines import KeptLine, OtherScored
from qwave_batch.scoring.scorer import Better, Level, Output, ScoreError
from tests.chromium import Page, expect, serious_faults
from tests.integration.exports.trap_runs import lines_of, made_once
from tests.integration.report.conftest import Pages, report_of
from tests.integration.report.report_runs import data_of
from tests.integration.report.test_figures_page import CUT, figure, table_of
from tests.integration.report.test_lightbox import dialog_of, one_of
from tests.scored_folders import a_score, a_scorer, write_scores

OCR = a_scorer(outputs={"cer": Output((0, None), Better.LOWER), "words": Output((0, 1), Better.HIGHER)})
WILD = a_scorer("wild", {"number": Output(unit="<b>עברית</b>"), "w" * 63: Output()})
NONE = "\N{EN DASH}"
MARKUP = "<img src=x onerror=\"document.title = 'taken over'\"> \u202e gnitset"
WORST_FIRST = ("canal", "kitchen", "lantern", "alley")
"""Prompts by their character error rate; those of edits have no score."""
CER = {"canal": 0.4, "kitchen": 0.3, "lantern": 0.2, "alley": 0.1}


def scores_of(folder: Path) -> Iterator[KeptLine]:
    """Scores by prompt and image, so that their order is known; one image has an error instead, edits have none."""
    yield from (OCR, WILD)
    for line in lines_of(folder):
        for number, image in enumerate(line["images"]):
            told: dict[str, Any] = {"sha256": image["sha256"], "image": number}
            if (line["prompt_id"], line["model"]) == ("lantern", "wan2.7-image"):
                error = ScoreError("no_text", MARKUP)
                yield replace(a_score(OCR, line["job_id"], {}, error=error), **told)
            elif line["prompt_id"] in CER:
                cer = CER[line["prompt_id"]] + number / 100
                answer: Json = {"question": "Is it <b>bold</b>?", "answer": True, "sure": 1 / 3}
                read: JsonObject = {"read": [MARKUP], "answers": [answer]}
                yield replace(a_score(OCR, line["job_id"], {"cer": cer, "words": 1 - cer}), **told, details=read)
        if line["images"] and line["prompt_id"] == "canal":
            huge = {"number": -1.5e300, "w" * 63: 1e-9}
            yield replace(a_score(WILD, line["job_id"], huge), sha256=line["images"][0]["sha256"])


def a_preference(folder: Path) -> Iterator[KeptLine]:
    """A judge that prefers the first image of a pair."""
    judge, lines = a_scorer("judge", {"preference": Output((0, 1))}, level=Level.PAIR), lines_of(folder)
    first, second = (one_of(lines, prompt_id="canal", model=model) for model in ("flux-2-pro", "wan2.7-image"))
    other = OtherScored(job_id=second["job_id"], image=0, sha256=second["images"][0]["sha256"])
    score = a_score(judge, first["job_id"], {"preference": 1})
    yield from (judge, replace(score, sha256=first["images"][0]["sha256"], other=other))


def make_scored(home: Path, run_folder: Path) -> None:
    """Make a scored copy of a folder, and its report."""
    shutil.copytree(run_folder, home / "scored")
    write_scores(home / "scored", chain(scores_of(home / "scored"), a_preference(home / "scored")))
    report_of(home, home / "scored")


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Path:
    """A report of a scored folder, which lies beside it; read only."""
    return made_once(tmp_path_factory, "page-scored", lambda home: make_scored(home, run_folder))


def headings(page: Page) -> list[str]:
    """The prompts of the rows that are drawn, from the top."""
    rows = page.get_by_role("rowheader").all()
    names = [(row.get_attribute("aria-label") or "").partition(":")[0] for row in rows]
    return [name for name in names if name != "alley-again"]  # the same jobs as those of ``alley``


def test_the_grid_shows_a_score_sorts_by_it_and_filters(pages: Pages, scored: Path) -> None:
    page = pages.open(scored, "rows=prompt&cols=model&supercols=aspect_ratio&size=small", width=1440)
    tools = page.get_by_role("group", name="Scores", exact=True)
    expect(tools.get_by_role("combobox", name="Sort")).to_have_count(0)  # there is nothing to sort by yet
    tools.get_by_role("combobox", name="Show score").select_option("ocr.cer")
    expect(tools).to_contain_text("lower is better, from 0")
    canal = page.get_by_role("gridcell", name=re.compile(r"^canal, flux-2-pro, completed.*ocr\.cer 0\.4$")).first
    expect(canal).to_contain_text("0.4")
    expect(page.get_by_role("gridcell", name=re.compile("^lantern, wan2.7-image.*no score")).first).to_contain_text(
        NONE
    )
    expect(page.get_by_role("rowheader", name=re.compile(r"^canal: .*, mean 0\.4$"))).to_have_count(1)
    before = headings(page)
    tools.get_by_role("combobox", name="Sort").select_option("worst first")
    assert headings(page)[:4] == list(WORST_FIRST) != before[:4]
    tools.get_by_role("combobox", name="Sort").select_option("best first")
    assert headings(page)[:4] == list(reversed(WORST_FIRST))
    page.get_by_role("rowheader").nth(1).click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Move first")).to_be_disabled()
    page.keyboard.press("Escape")
    tools.get_by_role("combobox", name="Score", exact=True).select_option("ocr.cer")
    tools.get_by_role("spinbutton", name="Number").fill("0.25")
    status = page.get_by_role("status").filter(has_text="jobs")
    jobs = [job for job in data_of(scored, "index")["jobs"] if any(is_bad(image) for image in job["images"])]
    expect(status).to_have_text(f"{len(jobs)} of 66 jobs")
    assert headings(page) == ["kitchen", "canal"]
    fragment = page.evaluate("location.hash")
    assert re.search(r"showscore=ocr\.cer.*sort=best.*score=ocr\.cer%3Agt%3A0\.25", fragment)
    assert serious_faults(page) == []
    again = pages.open(scored, f"{fragment[1:]}&cols=none", color_scheme="dark")
    expect(again.get_by_role("spinbutton", name="Number")).to_have_value("0.25")
    again.get_by_role("combobox", name="Comparison").select_option("missing")
    assert {"lantern", "masked"} <= set(headings(again)) <= {"lantern", "masked", "cup-in-snow"}
    again.get_by_role("combobox", name="Show score").select_option("wild.number")
    expect(again.get_by_role("combobox", name="Sort")).to_have_text(re.compile("as plannedlowest firsthighest first"))
    assert serious_faults(again) == []
    assert again.title() == "teahouse-ab"


def is_bad(image: dict[str, Any]) -> bool:
    """Whether the filter of the test lets an image through, by the numbers of the index."""
    number = image.get("scores", [None])[0]
    return number is not None and number > 0.25


def test_an_image_has_its_scores_beside_it_with_what_scorers_said(pages: Pages, scored: Path) -> None:
    lines = lines_of(scored.parent / "scored")
    canal = one_of(lines, prompt_id="canal", model="flux-2-pro")["job_id"]
    failed = one_of(lines, prompt_id="lantern", model="wan2.7-image")["job_id"]
    page = pages.open(scored, f"job={canal}", width=390)
    scores = dialog_of(page).get_by_role("group", name="Scores")
    rows = [row.inner_text().split("\t") for row in scores.get_by_role("row").all()]
    assert rows[:2] == [["ocr.cer", "0.4", "lower is better"], ["ocr.words", "0.6", "higher is better"]]
    assert rows[2][:2] == ["wild.number", "-1.5e300 <b>עברית</b>"]
    assert rows[3][:2] == [f"wild.{'w' * 63}", "1e-9"]
    expect(scores).to_contain_text(MARKUP)
    assert rows[-1] == ["Is it <b>bold</b>?", "yes", "0.333"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert serious_faults(page) == []
    page.evaluate("(id) => setView({job: id})", failed)
    expect(scores).to_contain_text(f"No score. no_text: {MARKUP}")
    page.evaluate("(ids) => setView({job: null, page: 'compare', compare: ids})", f"{canal},{failed}")
    table = page.get_by_role("table", name="What differs")
    expect(table).to_contain_text("score ocr.cer (lower is better)")
    expect(table).to_contain_text("question: Is it <b>bold</b>? · answer: yes · sure: 0.333")
    expect(table).to_contain_text("ocr: no score")
    other = one_of(lines, prompt_id="canal", model="wan2.7-image")["job_id"]
    page.evaluate("(ids) => setView({compare: ids})", f"{other},{canal}")
    beside = re.compile(r"judge\.preference: 1 for canal, flux-2-pro.* beside canal, wan2\.7-image")
    expect(page.get_by_text(beside)).to_be_visible()
    page.set_viewport_size({"width": 900, "height": 700})  # so narrow that texts of the table scroll
    assert serious_faults(page) == []
    assert page.title() == "teahouse-ab"


def test_figures_show_scores_by_model_and_beside_their_cost(pages: Pages, scored: Path) -> None:
    page = pages.open(scored, "page=figures", width=390, color_scheme="dark")
    told = data_of(scored, "figures")["scores"]
    rows = table_of(page, "Scores by model")
    assert len(rows) == len(told["rows"])
    assert rows[0][:2] == ["ocr.cer", "lower"]
    mean = next(row for row in told["rows"] if row["model"] == "flux-2-pro" and row["score"] == 0)
    assert mean["low"] < mean["mean"] < mean["high"]
    chart = figure(page, "Scores by model").get_by_role("img", name=re.compile(r"^ocr\.cer: .*flux-2-pro 0\.2"))
    expect(chart).to_have_count(1)
    priced = table_of(page, "Score and cost")
    by_score = {row[0]: row[-1] for row in priced}
    assert by_score["ocr.cer"] == NONE  # more of it is not better
    assert "wild.number" not in by_score  # neither more nor less of it is better
    assert float(by_score["ocr.words"].replace(",", "")) > 0
    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert serious_faults(page) == []


def test_two_folders_with_other_scorers_stand_beside_each_other(
    pages: Pages, scored: Path, changed_run_folder: Path, tmp_path: Path
) -> None:
    """The same image in both has the scores of its own folder; an output that only one has is missing in the other."""
    other = tmp_path / "other"
    shutil.copytree(changed_run_folder, other)
    plain = a_scorer("plain", {"looks": Output((0, 10), Better.HIGHER)})
    line = one_of(lines_of(other), prompt_id="kitchen", model="flux-2-pro", status="completed")
    sha256 = line["images"][0]["sha256"]
    write_scores(other, [plain, replace(a_score(plain, line["job_id"], {"looks": 7}), sha256=sha256)])
    report_of(tmp_path, scored.parent / "scored", other)
    page = pages.open(tmp_path / "run", "showscore=plain.looks&rows=folder&cols=none&sort=worst")
    cells = page.get_by_role("gridcell", name=re.compile(r"kitchen.*plain\.looks 7$"))
    expect(cells).to_have_count(1)
    assert page.evaluate("report.data.scores.map(({ name }) => name).slice(-1)") == ["plain.looks"]
    assert page.evaluate("shownGrid.surface.given().means.rows") == ["mean 7", ""]


def test_a_sheet_follows_the_view_and_names_what_it_does_not_know(scored: Path, tmp_path: Path) -> None:
    folder, out = scored.parent / "scored", tmp_path / "sheet.png"

    def sheet(view: str) -> tuple[int, str, Any]:
        said, told = StringIO(), StringIO()
        argv = ["report", str(folder), "--sheet", str(out), "--cell", "48", "--view", view, "--json"]
        return main(argv, told, said, environ={}), said.getvalue(), json.loads(told.getvalue() or "null")

    jobs = [job for job in data_of(scored, "index")["jobs"] if any(is_bad(image) for image in job["images"])]
    status, said, told = sheet("rows=prompt&score=ocr.cer:gt:0.25&showscore=ocr.cer&sort=worst")
    assert status == 0, said
    assert told["sheet"]["jobs"] == len(jobs)
    out.unlink()
    for view, message in (
        ("score=ocr.err:gt:1", 'unknown score "ocr.err"; did you mean "ocr.cer"?'),
        ("showscore=ocr.wrds", 'unknown score "ocr.wrds"; did you mean "ocr.words"?'),
        ("score=ocr.cer:over:1", "score=ocr.cer:over:1 is not a filter of a view"),
        ("score=ocr.cer:gt:0x10", "NAME:COMPARISON:NUMBER"),
        ("sort=first", "sort=first is not an order of a view: it is worst or best"),
    ):
        status, said, _ = sheet(view)
        assert (status, message in said, out.exists()) == (2, True, False), said
