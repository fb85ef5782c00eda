"""The page Grid as one uses it: axes, filters, headings, keys, and an address that brings all of it back."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.chromium import Locator, Page, expect, serious_faults
from tests.integration.report.conftest import Pages
from tests.integration.report.nasty_prompts import LONG

ALLEY = "alley: An old alley in autumn, soft light"
MODELS = ["wan2.7-image", "flux-2-pro", "gpt-image-2", "seedream-5.0-lite"]


def the_grid(page: Page) -> Locator:
    """The grid."""
    return page.get_by_role("grid", name="Images")


def box(page: Page, name: str) -> Locator:
    """One of the choices above the grid."""
    return page.get_by_role("combobox", name=name, exact=True)


def names(page: Page, role: str) -> list[str]:
    """The names of all headings of a kind that are in the tree, as they stand."""
    found = the_grid(page).locator(f"[role={role}]")
    return [heading.get_attribute("aria-label") or "" for heading in found.all()]


def seen(page: Page) -> tuple[list[str], list[str], str]:
    """The headings, and how many jobs are seen."""
    return names(page, "rowheader"), names(page, "columnheader"), page.get_by_role("status").first.inner_text()


def focused(page: Page) -> str:
    """The name of what has the focus."""
    name: str = page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''")
    return name


def press(page: Page, keys: str) -> str:
    """The name of what has the focus after some keys."""
    for key in keys.split():
        page.keyboard.press(key)
    return focused(page)


def chosen(page: Page) -> dict[str, str]:
    """The view in the page's address."""
    return {key: values[-1] for key, values in parse_qs(urlsplit(page.url).fragment).items()}


def test_prompts_are_rows_models_are_columns_and_a_cell_is_a_job(pages: Pages, report: Path) -> None:
    page = pages.open(report)
    assert the_grid(page).get_attribute("aria-rowcount") == "7"
    assert the_grid(page).get_attribute("aria-colcount") == "4"
    assert names(page, "columnheader") == MODELS
    assert names(page, "rowheader")[0] == ALLEY
    first = page.get_by_role("gridcell").first
    assert first.get_attribute("aria-label") == "alley, wan2.7-image, completed, 1:1 · 1"
    assert first.evaluate("cell => report.jobs[0].id === cell.dataset.jobId")
    assert [first.get_attribute("aria-colindex"), first.locator("..").get_attribute("aria-rowindex")] == ["1", "1"]
    of_three = page.get_by_role("gridcell", name="seedream-5.0-lite").first
    expect(of_three.get_by_role("img")).to_have_count(3)


def test_a_job_with_two_tags_stands_in_both_rows_and_one_without_under_no_tag(pages: Pages, report: Path) -> None:
    page = pages.open(report, "rows=tag&cols=prompt&size=small&q=canal", width=1440)
    assert names(page, "rowheader") == ["street", "night"]
    box(page, "Rows").select_option("none")
    assert page.get_by_role("rowheader").count() == 0
    counted = page.get_by_role("gridcell").count()
    box(page, "Rows").select_option("tag")
    assert page.get_by_role("gridcell").count() == 2 * counted
    page.get_by_role("searchbox", name="Search prompts").fill("KETTLE")
    expect(page.get_by_role("rowheader")).to_have_count(1)
    assert names(page, "rowheader") == ["no tag"]


def test_a_folded_job_is_seen_in_each_of_its_places(pages: Pages, report: Path) -> None:
    page = pages.open(report, "q=alley&model=wan2.7-image&cols=seed&supercols=aspect_ratio")
    [one, other] = [
        [cell.get_attribute("data-job-id") for cell in row.get_by_role("gridcell").all()]
        for row in page.get_by_role("row").filter(has=page.get_by_role("gridcell")).all()
    ]
    assert one == other
    assert len(one) == 4
    assert page.get_by_role("gridcell", name="alley-again, wan2.7-image, completed").count() == 4
    expect(page.get_by_role("status").first).to_have_text("4 of 66 jobs")


def test_the_address_brings_the_view_back(pages: Pages, report: Path) -> None:
    page = pages.open(report)
    for name, axis in {"Rows": "model", "Super-rows": "seed", "Super-columns": "aspect_ratio"}.items():
        box(page, name).select_option(axis)
    assert box(page, "Columns").input_value() == "prompt"  # the one that Rows had
    box(page, "Size").select_option("large")
    box(page, "Tag").select_option("street")
    page.get_by_role("searchbox", name="Search prompts").fill("rain")
    expect(page).to_have_url(re.compile("q=rain"))
    told = {"rows": "model", "cols": "prompt", "superrows": "seed", "supercols": "aspect_ratio"}
    assert chosen(page) == told | {"size": "large", "tag": "street", "q": "rain"}
    shown = seen(page)

    again = page.context.new_page()
    again.goto(page.url)
    assert seen(again) == shown
    assert box(again, "Tag").input_value() == "street"
    again.goto(page.url.split("#")[0] + "#rows=seed")
    expect(box(again, "Rows")).to_have_value("seed")
    again.go_back()
    expect(box(again, "Rows")).to_have_value("model")
    assert seen(again) == shown


@pytest.mark.parametrize(
    "fragment",
    [
        "rows=nothing&cols=%00&superrows=constructor&size=huge&status=x&model=__proto__&tag=toString&pick=y&change=z",
        "hide=prompt:gone,nothing:x,,:,%25&order=model:gone,model:x:y,a:b:c:d,%E0%A4,model:gone:flux-2-pro&page=nowhere",
    ],
)
def test_an_address_that_names_what_there_is_not_shows_the_grid(pages: Pages, report: Path, fragment: str) -> None:
    page = pages.open(report, fragment)
    assert names(page, "columnheader") == MODELS
    expect(page.get_by_role("status").first).to_have_text("66 of 66 jobs")


def test_a_cell_without_an_image_says_why(pages: Pages, report: Path) -> None:
    page = pages.open(report)
    looks = set()
    for status in ("failed", "refused", "unknown", "skipped", "pending"):
        box(page, "Status").select_option(status)
        cell = page.get_by_role("gridcell").first
        expect(cell).to_contain_text(status)
        name = cell.get_attribute("aria-label") or ""
        assert f", {status}" in name
        if status in {"failed", "refused", "skipped"}:
            assert re.search(rf", {status}, [a-z_]+: .{{10}}", name), name
        looks.add(cell.locator(".cell-sign").inner_text())
    assert len(looks) == 5  # told apart without colour


def test_when_nothing_is_left_the_grid_says_so_and_clears_the_filters(pages: Pages, report: Path) -> None:
    page = pages.open(report, "status=failed&model=gpt-image-2&q=x&hide=model:flux-2-pro")
    expect(page.get_by_text("No job matches the filters.")).to_be_visible()
    expect(page.get_by_role("status").first).to_have_text("0 of 66 jobs")
    assert serious_faults(page) == []
    page.get_by_role("button", name="Clear filters").click()
    expect(page.get_by_role("status").first).to_have_text("66 of 66 jobs")
    assert box(page, "Status").input_value() == "all"
    assert names(page, "columnheader") == MODELS


def test_of_two_folders_the_change_of_each_job_can_be_filtered(pages: Pages, report_of_two: Path) -> None:
    page = pages.open(report_of_two, "rows=prompt&cols=folder&size=small&model=wan2.7-image")
    assert len(names(page, "columnheader")) == 2
    box(page, "Change").select_option("new")
    assert [name.split(":")[0] for name in names(page, "rowheader")][-1] == "garden"
    box(page, "Change").select_option("gone")
    assert "lantern: One paper lantern on a dark stair" in names(page, "rowheader")
    assert chosen(page)["change"] == "gone"


def test_a_report_without_jobs_says_so(pages: Pages, report: Path) -> None:
    page = pages.open(report)
    page.evaluate("setReport({ ...report.data, jobs: [] })")
    expect(page.get_by_text("There are no jobs yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Clear filters")).to_be_hidden()


def test_the_keyboard_goes_everywhere_and_opens_picks_and_compares(pages: Pages, report: Path) -> None:
    page = pages.open(report)
    page.get_by_role("button", name="Import picks").focus()
    assert press(page, "Tab") == "alley, wan2.7-image, completed, 1:1 · 1"  # one stop for the grid
    assert press(page, "ArrowLeft") == ALLEY
    assert press(page, "ArrowRight ArrowUp") == "wan2.7-image"
    assert press(page, "ArrowRight ArrowDown").startswith("alley, flux-2-pro, completed, 1:1")
    assert press(page, "End").startswith("alley, seedream-5.0-lite")
    assert press(page, "Home").startswith("alley, wan2.7-image")
    assert press(page, "Control+End").startswith("masked, ")
    assert press(page, "Control+Home k 4 c") == "alley, wan2.7-image, completed, 1:1 · 1, keep, 4 of 5, to compare"
    assert "compare" in chosen(page)
    assert press(page, "PageDown").split(", ")[0] in {"alley", "alley-again"}
    page.keyboard.press("Control+Home")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Image")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Image")).to_be_hidden()
    expect(page.get_by_role("gridcell").nth(1)).to_be_focused()  # the one that was looked at last


def test_all_cells_are_reached_by_arrow_keys(pages: Pages, report: Path) -> None:
    """Jobs that stand side by side in a place, and in lines there, are stops of their own."""
    page = pages.open(report, "q=canal")
    page.get_by_role("gridcell").first.focus()
    there = {cell.get_attribute("aria-label") for cell in page.get_by_role("gridcell").all()}
    reached = {focused(page)}
    for _ in range(4):
        for _ in range(8):
            reached.add(press(page, "ArrowRight"))
        reached.add(press(page, "Home ArrowDown"))
    assert reached == there


def test_rows_and_columns_are_hidden_and_moved_and_stay_so(pages: Pages, report: Path) -> None:
    page = pages.open(report)
    page.get_by_role("columnheader", name="gpt-image-2").focus()
    assert press(page, "Shift+ArrowLeft Shift+ArrowLeft") == "gpt-image-2"
    moved = ["gpt-image-2", "wan2.7-image", "flux-2-pro", "seedream-5.0-lite"]
    assert names(page, "columnheader") == moved
    press(page, "Shift+ArrowRight Enter")
    card = page.get_by_role("dialog", name="model")
    assert serious_faults(page) == []
    card.get_by_role("button", name="Move first").click()
    assert names(page, "columnheader") == moved
    page.get_by_role("rowheader", name=ALLEY, exact=True).click()
    page.get_by_role("dialog", name="prompt").get_by_role("button", name="Hide").click()
    expect(page.get_by_role("rowheader").first).to_be_focused()  # the one that stands there now
    assert ALLEY not in names(page, "rowheader")
    assert the_grid(page).get_attribute("aria-rowcount") == "6"
    page.reload()
    assert names(page, "columnheader") == moved
    assert ALLEY not in names(page, "rowheader")
    page.get_by_role("button", name="1 hidden").click()
    page.get_by_role("button", name="Show alley", exact=True).click()
    page.get_by_role("button", name="Original order").click()
    assert [names(page, "columnheader"), names(page, "rowheader")[0]] == [MODELS, ALLEY]
    assert not {"hide", "order"} & set(chosen(page))


def test_a_heading_is_dragged_to_the_place_of_another(pages: Pages, report: Path) -> None:
    page = pages.open(report, "size=small")
    column = page.get_by_role("columnheader")
    column.nth(0).drag_to(column.nth(2))
    assert names(page, "columnheader") == [MODELS[1], MODELS[2], MODELS[0], MODELS[3]]
    column.nth(3).drag_to(column.nth(1))
    assert names(page, "columnheader") == [MODELS[1], MODELS[3], MODELS[2], MODELS[0]]
    column.nth(0).drag_to(page.get_by_role("rowheader").first)  # not among its own
    assert names(page, "columnheader") == [MODELS[1], MODELS[3], MODELS[2], MODELS[0]]
    assert page.get_by_role("dialog").count() == 0


@pytest.mark.parametrize("how", ["click", "Enter", "tap"])
def test_the_whole_text_of_a_long_prompt_is_at_hand(pages: Pages, nasty_report: Path, how: str) -> None:
    page = pages.open(nasty_report, "q=teahouse+in+the+rain,+a+tea", width=390, has_touch=True)
    heading = page.get_by_role("rowheader")
    assert len(heading.get_attribute("aria-label") or "") > LONG
    assert len(heading.inner_text()) < 1_000
    if how == "click":
        heading.click()
    elif how == "tap":
        heading.tap()
    else:
        heading.focus()
        page.keyboard.press("Enter")
    text = page.get_by_role("group", name="Whole text")
    assert len(text.inner_text()) == LONG
    expect(text).to_be_focused()
    page.keyboard.press("Escape")
    expect(heading).to_be_focused()


def test_the_tools_leave_room_for_the_grid(pages: Pages, report: Path) -> None:
    """They stand in lines at every width, and where the window is low, as at 200 %, they scroll away."""
    page = pages.open(report, "page=grid")
    page.evaluate("report.data.models.length = 1; setReport(report.data)")  # short choices: the tools fit beside them
    for width in range(700, 2000, 60):
        page.set_viewport_size({"width": width, "height": 800})
        tools, target = page.evaluate(
            "['.grid-tools', '#theme'].map((part) => document.querySelector(part).clientHeight)"
        )
        assert tools < 3 * target, width
    page.set_viewport_size({"width": 720, "height": 450})
    page.get_by_role("gridcell").nth(2).click()
    expect(page.get_by_role("dialog", name="Image")).to_be_visible()
