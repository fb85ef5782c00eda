"""The page Chains: lineage from left to right, in the lightbox and on the page Compare too."""

from pathlib import Path
from typing import Any

import pytest

from tests.chromium import Locator, Page, expect, serious_faults
from tests.integration.exports.trap_runs import made_once
from tests.integration.report.conftest import Pages, report_of
from tests.integration.report.report_runs import data_of
from tests.staged_folders import STAGES, staged_folder, staged_lines

NIGHTS = ("stall-1-night-gpt-image-2", "stall-1-night-wan2.7-image")
POSTER = f"{NIGHTS[0]}-poster-seedream-4.5"


@pytest.fixture(scope="module")
def staged_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a folder with three stages; read only."""
    return made_once(
        tmp_path_factory,
        "page-of-stages",
        lambda home: report_of(home, staged_folder(home / "folder", staged_lines())),
    )


def rows_of(page: Page) -> list[list[str]]:
    """The ids of the jobs of each row, from left to right."""
    rows: list[list[str]] = page.evaluate(
        """[...document.querySelectorAll("[role=row]:has([role=gridcell])")].map((row) =>
             [...row.querySelectorAll("[role=gridcell]")].map((cell) => cell.dataset.jobId))"""
    )
    return rows


def focused(page: Page) -> str:
    """The name of what has the focus."""
    name: str = page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''")
    return name


def compared(page: Page) -> list[str]:
    """The beginnings of the names of what stands on the page Compare."""
    groups = page.get_by_role("main").get_by_role("group")
    return [(group.get_attribute("aria-label") or "").partition(", ")[0] for group in groups.all()]


def box(page: Page, name: str) -> Locator:
    return page.get_by_role("combobox", name=name, exact=True)


def test_a_row_is_a_chain_and_a_column_a_stage(pages: Pages, staged_report: Path) -> None:
    page = pages.open(staged_report)
    assert [box(page, "Rows").input_value(), box(page, "Columns").input_value()] == ["prompt_id", "stage"]
    assert page.get_by_role("grid", name="Images").get_attribute("aria-rowcount") == "2"
    posters = page.get_by_role("gridcell", name="stall, seedream-4.5, completed")
    told = [(poster.get_attribute("aria-label") or "").rpartition(", ")[2] for poster in posters.all()]
    assert told == ["seedream-4.5 · gpt-image-2", "seedream-4.5 · wan2.7-image"]
    page.get_by_role("navigation").get_by_role("link", name="Chains", exact=True).click()
    grid = page.get_by_role("grid", name="Chains")
    assert [grid.get_attribute("aria-rowcount"), grid.get_attribute("aria-colcount")] == ["6", "3"]
    assert [heading.get_attribute("aria-label") for heading in grid.get_by_role("columnheader").all()] == [*STAGES]
    first_heading = grid.get_by_role("rowheader").first
    assert first_heading.get_attribute("aria-label") == "stall: The text of stall"
    assert rows_of(page)[:3] == [
        ["stall-1", NIGHTS[0], POSTER],
        ["stall-1", NIGHTS[1], f"{NIGHTS[1]}-poster-seedream-4.5"],
        ["stall-2"],
    ]
    draft = page.get_by_role("gridcell").first
    expect(draft.get_by_role("img")).to_have_count(1)  # the one that goes on, of two
    expect(draft.get_by_role("img")).to_have_accessible_name("image 2 of 2")
    assert draft.get_attribute("aria-label") == "stall, z-image-turbo, completed, z-image-turbo · seed 1 · 2/2"
    skipped = page.get_by_role("gridcell", name="skipped, parent_failed: its parent alley-1 has failed")
    expect(skipped.first).to_contain_text("skippeddraft failed")

    box(page, "Stage").select_option("poster")
    expect(page.get_by_role("status").first).to_have_text("4 of 6 chains")
    box(page, "Status").select_option("completed")
    page.get_by_role("searchbox", name="Search prompts").fill("stall")
    expect(page.get_by_role("status").first).to_have_text("2 of 6 chains")
    again = page.context.new_page()
    again.goto(page.url)
    assert rows_of(again) == rows_of(page)
    assert len(rows_of(again)) == 2


def test_keys_go_along_chains_open_and_compare(pages: Pages, staged_report: Path) -> None:
    page = pages.open(staged_report, "page=chains")
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("ArrowRight")
    assert focused(page) == "stall, gpt-image-2, completed, gpt-image-2"
    page.keyboard.press("c")
    assert focused(page).endswith("to compare")
    page.keyboard.press("c")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Image")
    links = dialog.get_by_role("region", name="Chain").get_by_role("listitem").get_by_role("button")
    told = [(link.get_attribute("aria-label") or "").partition(", ")[0] for link in links.all()]
    assert told == [*STAGES]
    expect(links.nth(1)).to_have_attribute("aria-current", "true")
    for key, job in (("s", NIGHTS[1]), ("p", "stall-1"), ("n", NIGHTS[0]), ("n", POSTER)):
        page.keyboard.press(key)
        assert page.evaluate("viewValue('job')") == job
    page.keyboard.press("n")
    expect(dialog.get_by_role("status")).to_have_text("This is the last stage of its chain.")
    links.first.click()
    assert page.evaluate("[viewValue('job'), viewValue('image')]") == ["stall-1", "1"]  # the image that went on
    expect(links.first).to_be_focused()
    page.keyboard.press("Escape")
    assert focused(page).startswith("stall, z-image-turbo")
    page.keyboard.press("Shift+C")
    assert page.evaluate("viewValue('page')") == "compare"
    assert compared(page) == [*STAGES]
    page.go_back()
    page.get_by_role("rowheader").nth(1).hover()
    page.get_by_role("button", name="Compare chain").nth(1).click()
    assert page.evaluate("viewValue('compare')").split(",")[1] == NIGHTS[1]
    page.go_back()
    page.get_by_role("rowheader").first.click()
    card = page.get_by_role("dialog", name="chain")
    expect(card).to_contain_text("The text of stall, night, poster")
    expect(card.get_by_role("button", name="Compare siblings")).to_be_disabled()  # a poster has none
    card.get_by_role("button", name="Close").click()
    page.get_by_role("columnheader", name="night").click()
    expect(page.get_by_role("dialog", name="stage")).to_contain_text("4 jobs · 2 completed · 2 skipped")


def test_stages_are_compared_along_a_chain_and_from_chain_to_chain(pages: Pages, staged_report: Path) -> None:
    page = pages.open(staged_report, f"page=grid&job={NIGHTS[0]}")
    page.get_by_role("dialog", name="Image").get_by_role("button", name="Compare chain").click()
    assert compared(page) == [*STAGES]
    bar = page.get_by_role("region", name="Chain")
    expect(bar).to_contain_text("1 of 2")
    expect(page.get_by_role("slider", name="Divider")).to_have_count(0)
    box(page, "Stages").select_option(label="draft → night")
    assert compared(page) == ["draft", "night"]
    expect(page.get_by_role("slider", name="Divider")).to_be_visible()
    expect(page.get_by_role("button", name="Flicker")).to_be_visible()
    bar.get_by_role("button", name="Next chain").click()
    assert page.evaluate("viewValue('compare')") == f"stall-1~1,{NIGHTS[1]}"
    expect(bar.get_by_role("button", name="Next chain")).to_have_attribute("aria-disabled", "true")
    bar.get_by_role("button", name="Siblings in night").click()
    assert page.evaluate("viewValue('compare')") == ",".join(NIGHTS)
    expect(page.get_by_role("region", name="Siblings")).to_contain_text("made from draft, stall, z-image-turbo")
    page.get_by_role("region", name="Siblings").get_by_role("button", name="Chain").click()
    assert compared(page) == [*STAGES]


def test_children_that_come_are_shown_where_they_were_waited_for(pages: Pages, staged_report: Path) -> None:
    page = pages.open(staged_report, "page=chains")
    made = data_of(staged_report, "index")
    page.evaluate("(data) => setReport(data)", before_edits(made))
    cell = page.get_by_role("gridcell", name="stall, gpt-image-2, pending")
    cell.focus()
    page.evaluate("(data) => setReport(data)", made)
    assert focused(page) == "stall, gpt-image-2, completed, gpt-image-2"
    expect(page.locator(":focus").get_by_role("img")).to_have_count(1)


def test_figures_say_what_each_stage_costs_and_takes(pages: Pages, staged_report: Path) -> None:
    page = pages.open(staged_report, "page=figures")
    told = data_of(staged_report, "figures")["stages"]
    for name in ("Latency by stage", "Failures and refusals by stage", "Cost by stage"):
        expect(page.get_by_role("figure", name=name, exact=True)).to_be_visible()
    cost = page.get_by_role("figure", name="Cost by stage", exact=True)
    assert "draft $0.005, $0.03 in all; night $0.04" in (cost.get_by_role("img").get_attribute("aria-label") or "")
    assert [row["stage"] for row in told["costs"]] == [*STAGES]


def before_edits(index: dict[str, Any]) -> dict[str, Any]:
    """The index of the same folder while only drafts are made."""
    jobs = [{**job, "status": "pending", "images": [], "error": None} if job["stage"] else job for job in index["jobs"]]
    return {**index, "jobs": jobs}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_axe_finds_no_serious_fault_and_nothing_is_too_wide(
    pages: Pages, staged_report: Path, scheme: str, width: int
) -> None:
    page = pages.open(staged_report, color_scheme=scheme, width=width)
    found = {}
    for fragment in ("page=chains", f"page=chains&job={NIGHTS[0]}", f"page=compare&compare=stall-1~1,{NIGHTS[0]}"):
        page.evaluate("(fragment) => { location.hash = fragment; }", fragment)
        expect(page.get_by_role("dialog", name="Image")).to_have_count(1 if "job=" in fragment else 0)
        found[fragment] = serious_faults(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), fragment
    assert {fragment: faults for fragment, faults in found.items() if faults} == {}
