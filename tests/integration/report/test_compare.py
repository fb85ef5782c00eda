"""Images beside each other: in step, over each other, one after the other, and what differs between them."""

from pathlib import Path
from typing import Any

import pytest

from tests.chromium import Locator, Page, expect, serious_faults
from tests.integration.report.conftest import Pages
from tests.integration.report.test_lightbox import dialog_of, lines_of, one_of

BOXES = "(all) => all.map((each) => JSON.stringify(each.getBoundingClientRect()))"
TRANSFORMS = "[...document.querySelectorAll('.zoom-content')].map((each) => each.style.transform)"
STILL_PER_SECOND = 3
"""Flashes that are safe to look at."""


def groups(page: Page) -> Locator:
    """The compared images."""
    return page.get_by_role("main").get_by_role("group")


@pytest.fixture
def four(run_folder: Path) -> list[dict[str, Any]]:
    """Four jobs of one prompt with images of different sizes."""
    lines = lines_of(run_folder)
    wide, square = {"aspect_ratio": "16:9"}, {"aspect_ratio": "1:1"}
    return [
        next(
            line
            for line in lines
            if line["prompt_id"] == "kitchen" and line["model"] == model and line["axes"].items() >= axes.items()
            and line["images"]
        )
        for model, axes in (
            ("flux-2-pro", square), ("flux-2-pro", wide), ("wan2.7-image", square), ("seedream-5.0-lite", wide)
        )
    ]  # fmt: skip


def compared(lines: list[dict[str, Any]]) -> str:
    """The fragment that compares jobs."""
    return "page=compare&compare=" + ",".join(line["job_id"] for line in lines)


def test_an_empty_page_says_how_to_choose(pages: Pages, report: Path) -> None:
    page = pages.open(report, "page=compare")
    expect(page.get_by_role("main")).to_contain_text("press c on two to four images")


def test_two_images_stand_in_named_groups_over_what_differs(
    pages: Pages, report: Path, four: list[dict[str, Any]]
) -> None:
    page = pages.open(report, compared(four[:2]))
    expect(groups(page)).to_have_count(2)
    for number, line in enumerate(four[:2]):
        name = groups(page).nth(number).get_attribute("aria-label") or ""
        assert {"kitchen", line["model"], line["axes"]["aspect_ratio"]} <= set(name.split(", "))
        expect(groups(page).nth(number).get_by_role("img")).to_have_count(1)
    table = page.get_by_role("table", name="What differs")
    expect(table.get_by_role("row", name="request aspect_ratio 1:1 16:9")).to_be_visible()
    expect(table.get_by_role("rowheader", name="model")).to_have_count(0)  # it is the same
    names = [group.get_attribute("aria-label") for group in groups(page).all()]
    assert table.get_by_role("columnheader").all_inner_texts() == ["Field", *names]
    assert serious_faults(page) == []


def test_images_of_all_sizes_are_fitted_to_one_box_and_magnified_in_step(
    pages: Pages, report: Path, four: list[dict[str, Any]]
) -> None:
    page = pages.open(report, compared(four), width=1440)
    boxes = page.locator(".zoom-frame").evaluate_all("(all) => all.map((one) => [one.clientWidth, one.clientHeight])")
    assert len(boxes) == len(four)
    assert len({tuple(box) for box in boxes}) == 1
    whole = page.evaluate(TRANSFORMS)
    page.get_by_role("button", name="Zoom in").click()
    page.locator(".zoom-frame").nth(2).hover(position={"x": 30, "y": 40})
    page.mouse.wheel(0, -200)
    page.mouse.down()
    page.mouse.move(30, 500)
    page.mouse.up()
    moved = page.evaluate(TRANSFORMS)
    assert len(set(moved)) == 1
    assert moved[0] != whole[0]
    page.keyboard.press("0")
    assert page.evaluate(TRANSFORMS) == whole


def test_a_divider_lays_one_over_the_other_by_keys_and_by_hand(
    pages: Pages, report: Path, four: list[dict[str, Any]]
) -> None:
    page = pages.open(report, compared(four[:2]))
    stage, slider = page.locator(".compare-stage"), page.get_by_role("slider", name="Divider")
    clip = "(stage) => getComputedStyle(stage.querySelectorAll('.zoom-frame')[1]).clipPath"
    assert stage.evaluate(clip) == "none"
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_value("51")
    assert stage.evaluate(clip) == "inset(0px 0px 0px 51%)"
    frames = page.locator(".zoom-frame").evaluate_all(BOXES)
    assert len(set(frames)) == 1
    page.set_viewport_size({"width": 390, "height": 800})
    page.locator(".caption-text").nth(1).evaluate("(caption) => caption.append('a long name '.repeat(20))")
    assert len(set(page.locator(".zoom-frame").evaluate_all(BOXES))) == 1  # captions of any height stand above
    page.set_viewport_size({"width": 1280, "height": 800})
    box, line = stage.bounding_box(), page.locator(".divider-grip").bounding_box()
    assert box is not None
    assert line is not None
    page.mouse.move(line["x"] + line["width"] / 2, line["y"] + line["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, line["y"])
    page.mouse.up()
    expect(slider).to_have_value("25")
    page.get_by_role("button", name="Side by side").click()
    assert stage.evaluate(clip) == "none"


def test_flicker_shows_one_after_the_other_slowly_and_by_press_without_motion(
    pages: Pages, report: Path, four: list[dict[str, Any]]
) -> None:
    page = pages.open(report, compared(four[:2]))
    flicker, stage = page.get_by_role("button", name="Flicker"), page.locator(".compare-stage")
    shown = "(all) => all.map((each) => getComputedStyle(each).visibility)"
    flicker.click()
    expect(flicker).to_have_attribute("aria-pressed", "true")
    for number in "0", "1", "0":
        expect(stage).to_have_attribute("data-shown", number)
    assert page.evaluate("FLICKER_MS") > 1000 / STILL_PER_SECOND
    flicker.click()
    expect(flicker).to_have_attribute("aria-pressed", "false")
    page.emulate_media(reduced_motion="reduce")
    for hidden in (["visible", "hidden"], ["hidden", "visible"], ["visible", "hidden"]):
        flicker.click()
        assert page.locator(".zoom-frame").evaluate_all(shown) == hidden
    assert page.evaluate("flickerTimer === undefined")


def test_images_are_chosen_in_the_lightbox_up_to_four_and_taken_out(
    pages: Pages, report: Path, run_folder: Path, four: list[dict[str, Any]]
) -> None:
    page = pages.open(report, compared(four[:3]))
    fifth = one_of(lines_of(run_folder), prompt_id="canal", model="flux-2-pro")
    for line, count in ((four[3], 4), (fifth, 4)):
        page.evaluate("(id) => setView({job: id})", line["job_id"])
        dialog_of(page).get_by_role("button", name="Add to compare").click()
        page.keyboard.press("Escape")
        expect(groups(page)).to_have_count(count)
    page.evaluate("(id) => setView({job: id})", fifth["job_id"])
    page.keyboard.press("c")
    expect(dialog_of(page).get_by_role("status")).to_contain_text("At most 4")
    page.keyboard.press("Escape")
    groups(page).nth(0).get_by_role("button", name="Remove").click()
    expect(groups(page)).to_have_count(3)
    assert page.evaluate("comparedKeys()") == [line["job_id"] for line in four[1:]]
    page.reload()
    expect(groups(page)).to_have_count(3)
    expect(page.get_by_role("slider")).to_have_count(0)


def test_one_goes_through_the_pairs_that_changed_between_two_folders(pages: Pages, report_of_two: Path) -> None:
    page = pages.open(report_of_two, "page=compare")
    pairs = page.evaluate("changedPairs().map((pair) => pair.map((job) => keyOfJob(job)).join(','))")
    assert len(pairs) > 2
    expect(page.get_by_role("combobox", name="Changed pair").get_by_role("option")).to_have_count(len(pairs) + 1)
    counts = page.evaluate("changeCounts()")
    assert f"{len(pairs)} changed" in counts
    expect(page.get_by_role("region", name="Changed pairs")).to_contain_text(counts)
    page.get_by_role("button", name="Next").focus()
    for pair in pairs[:3]:
        page.keyboard.press("Enter")
        assert page.evaluate("viewValue('compare')") == pair
        expect(page.get_by_role("button", name="Next")).to_be_focused()
    page.get_by_role("button", name="Previous").click()
    assert page.evaluate("viewValue('compare')") == pairs[1]
    expect(groups(page)).to_have_count(2)
    assert len({group.get_attribute("aria-label") for group in groups(page).all()}) == 2  # by their folders
    assert serious_faults(page) == []


def test_a_report_of_two_folders_tells_what_is_new_gone_changed_and_the_same(pages: Pages, report_of_two: Path) -> None:
    """As the second spec says: of ``alley`` the text is another, ``garden`` is new, ``lantern`` is gone."""
    page = pages.open(report_of_two, "page=compare")
    found = page.evaluate(
        "Object.fromEntries(CHANGE_KINDS.map((kind) => [kind,"
        " [...new Set(report.jobs.filter((job) => hasChange(job, kind)).map((job) => promptOf(job).id))].sort()]))"
    )
    assert found["new"] == ["garden"]
    assert found["gone"] == ["lantern"]
    assert "alley" in found["changed"]
    assert "masked" in found["same"]
    assert page.evaluate("report.jobs.every((job) => CHANGE_KINDS.some((kind) => hasChange(job, kind)))")
