"""One image in full: its dialog, what stands in it, and how it is magnified and moved."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import qwave_batch as qb
from qwave_batch.plans import Job, load_spec, make_plan
from tests.chromium import Locator, Page, expect, serious_faults
from tests.integration.report.conftest import Pages

ZOOMED = "document.querySelector('.zoom-content').style.transform"


def lines_of(folder: Path) -> list[dict[str, Any]]:
    """The manifest."""
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]


def one_of(lines: list[dict[str, Any]], **wanted: object) -> dict[str, Any]:
    """The first line with these values."""
    return next(line for line in lines if all(line[key] == value for key, value in wanted.items()))


def dialog_of(page: Page) -> Locator:
    """The lightbox."""
    return page.get_by_role("dialog", name="Image")


def fact(page: Page, name: str) -> str:
    """The text that stands under a name in the dialog."""
    return dialog_of(page).locator("dt", has_text=re.compile(f"^{name}$")).locator("+ dd").inner_text()


@pytest.fixture
def triple(run_folder: Path) -> dict[str, Any]:
    """A job with three images."""
    return one_of(lines_of(run_folder), prompt_id="kitchen", model="seedream-5.0-lite")


def test_a_job_in_the_address_is_shown_with_all_that_is_known_of_it(
    pages: Pages, report: Path, triple: dict[str, Any]
) -> None:
    page = pages.open(report, f"job={triple['job_id']}&image=1")
    expect(dialog_of(page).get_by_role("img")).to_have_attribute("alt", re.compile("kitchen.*image 2 of 3"))
    expect(dialog_of(page)).to_contain_text("Request")
    assert fact(page, "Prompt") == triple["prompt"]
    assert json.loads(fact(page, "Request")) == triple["request"]
    assert fact(page, "Seed") == "none"
    assert fact(page, "Task") == triple["task_id"]
    assert fact(page, "File") == triple["images"][1]["path"]
    assert (
        fact(page, "Size") == f"{triple['images'][1]['width']} \N{MULTIPLICATION SIGN} {triple['images'][1]['height']}"
    )
    assert fact(page, "Cost") == f"{triple['cost_usd']} USD"
    assert serious_faults(page) == []


def test_the_original_is_the_very_file_of_the_run(pages: Pages, tmp_path: Path, run_folder: Path) -> None:
    """A report in the run folder links the run's own file; one that is elsewhere has a copy under a neutral name."""
    folder = tmp_path / "run"
    shutil.copytree(run_folder, folder)
    qb.reports.write_report(qb.reports.ReportRequest(folders=[folder]))
    line = one_of(lines_of(folder), prompt_id="lantern", model="wan2.7-image")
    page = pages.open(folder / "report", f"job={line['job_id']}")
    pages.expect("request that leaves the report: file:")  # as the link does, on purpose
    link = dialog_of(page).get_by_role("link", name="Original")
    expect(link).to_have_attribute("href", re.compile("images/"))
    assert link.evaluate("(link) => link.href") == (folder / line["images"][0]["path"]).as_uri()


def test_left_and_right_go_through_the_images_of_all_jobs(
    pages: Pages, report: Path, run_folder: Path, triple: dict[str, Any]
) -> None:
    lines = lines_of(run_folder)
    before = lines[lines.index(triple) - 1]
    page = pages.open(report, "page=compare")
    opened = "([id, order]) => openLightbox(jobWithKey(id), 0, order.map(jobWithKey))"
    page.evaluate(opened, [triple["job_id"], [before["job_id"], triple["job_id"], before["job_id"]]])
    seen = []
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
        seen.append(page.evaluate("[viewValue('job'), viewValue('image')]"))
    there, other = triple["job_id"], before["job_id"]
    assert seen == [[there, "1"], [there, "2"], [there, "2"], [there, "1"], [there, ""], [other, ""], [other, ""]]


def test_escape_and_back_close_it_and_keep_what_was_chosen_in_it(
    pages: Pages, report: Path, triple: dict[str, Any]
) -> None:
    page = pages.open(report, "page=compare")
    page.get_by_role("link", name="Compare").focus()
    opened = "(id) => openLightbox(jobWithKey(id), 0, report.jobs)"
    for close in (lambda: page.keyboard.press("Escape"), page.go_back):
        page.evaluate(opened, triple["job_id"])
        expect(dialog_of(page)).to_be_visible()
        page.keyboard.press("c")
        page.keyboard.press("ArrowRight")
        close()
        expect(dialog_of(page)).to_be_hidden()
        expect(page).not_to_have_url(re.compile("job=|image="))
        expect(page.get_by_role("link", name="Compare")).to_be_focused()
    page.evaluate(opened, triple["job_id"])
    page.reload()
    page.keyboard.press("Escape")
    expect(dialog_of(page)).to_be_hidden()
    expect(page).not_to_have_url(re.compile("job=|image="))
    assert page.evaluate("viewValue('compare')") == ""  # chosen the first time, taken out the second
    assert page.evaluate("viewValue('page')") == "compare"


def test_the_next_image_can_be_opened_before_the_browser_has_gone_back(
    pages: Pages, report: Path, run_folder: Path, triple: dict[str, Any]
) -> None:
    other = one_of(lines_of(run_folder), prompt_id="canal", model="flux-2-pro")["job_id"]
    page = pages.open(report, "page=compare")
    opened = "(id) => openLightbox(jobWithKey(id), 0, report.jobs)"
    page.evaluate(opened, triple["job_id"])
    close_and_open = "(id) => { closeLightbox(); openLightbox(jobWithKey(id), 0, report.jobs); }"
    page.evaluate(close_and_open, other)
    expect(page).to_have_url(re.compile(f"job={other}"))
    expect(dialog_of(page)).to_contain_text("Request")
    assert fact(page, "Job") == other
    page.go_back()
    expect(dialog_of(page)).to_be_hidden()
    expect(page).not_to_have_url(re.compile("job="))


def test_the_focus_stays_in_it(pages: Pages, report: Path, triple: dict[str, Any]) -> None:
    page = pages.open(report, f"job={triple['job_id']}")
    names = []
    for _ in range(40):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.textContent"))
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    assert {"Copy as spec", "Original", "Add to compare"} <= set(names)


def test_an_image_is_magnified_and_moved(pages: Pages, report: Path, triple: dict[str, Any]) -> None:
    page = pages.open(report, f"job={triple['job_id']}")
    frame = dialog_of(page).locator(".zoom-frame")
    whole = page.evaluate(ZOOMED)

    def zoom() -> dict[str, float]:
        return dict(page.evaluate("({scale: lightboxZoom.scale, x: lightboxZoom.x, y: lightboxZoom.y})"))

    dialog_of(page).get_by_role("button", name="Zoom in").click()
    page.keyboard.press("+")
    assert zoom()["scale"] == pytest.approx(1.96)
    dialog_of(page).get_by_role("button", name="Zoom out").click()
    page.keyboard.press("-")
    assert zoom()["scale"] == pytest.approx(1)
    assert page.evaluate(ZOOMED) == whole
    box = frame.bounding_box()
    assert box is not None
    corner = (box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    page.mouse.move(*corner)
    page.mouse.wheel(0, -150)
    near = zoom()
    assert near["scale"] > 1.5  # around the pointer: what was there stays there
    assert near["x"] == pytest.approx(0.25 * (near["scale"] - 1), abs=0.01)
    page.mouse.down()
    page.mouse.move(corner[0] - 40, corner[1] - 20)
    page.mouse.up()
    assert zoom()["x"] == pytest.approx(near["x"] - 40 / box["width"], abs=0.01)
    page.keyboard.press("Shift+ArrowLeft")
    assert zoom()["x"] > near["x"] - 40 / box["width"]
    for _ in range(30):
        page.keyboard.press("Shift+ArrowRight")
    assert zoom()["x"] == pytest.approx((1 - zoom()["scale"]) / 2)  # not beyond the edge
    page.keyboard.press("0")
    assert page.evaluate(ZOOMED) == whole
    frame.dblclick()
    assert zoom()["scale"] > 1
    frame.dblclick()
    assert page.evaluate(ZOOMED) == whole


def test_two_fingers_magnify(pages: Pages, report: Path, triple: dict[str, Any]) -> None:
    page = pages.open(report, f"job={triple['job_id']}", width=390, has_touch=True)
    box = dialog_of(page).locator(".zoom-frame").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    client = page.context.new_cdp_session(page)
    for kind, reach in (("touchStart", 20), ("touchMove", 40), ("touchMove", 60), ("touchEnd", 0)):
        points = [{"x": x - reach, "y": y, "id": 0}, {"x": x + reach, "y": y, "id": 1}] if reach else []
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert page.evaluate("lightboxZoom.scale") == pytest.approx(3, abs=0.05)


def test_the_image_takes_the_place_of_its_thumbnail_without_a_jump(
    pages: Pages, report: Path, triple: dict[str, Any]
) -> None:
    page = pages.open(report, f"job={triple['job_id']}")
    expect(page.locator(".picture.is-loaded")).to_be_visible()
    boxes = page.locator(".picture img").evaluate_all(
        "(images) => images.map((image) => JSON.stringify(image.getBoundingClientRect()))"
    )
    assert len(boxes) == 3  # placeholder, thumbnail, original
    assert len(set(boxes)) == 1
    width, height = triple["images"][0]["width"], triple["images"][0]["height"]
    box = json.loads(boxes[0])
    assert box["width"] / box["height"] == pytest.approx(width / height, rel=0.01)


def test_a_spec_is_copied_whose_plan_is_this_job(pages: Pages, report: Path, run_folder: Path, tmp_path: Path) -> None:
    line = one_of(lines_of(run_folder), prompt_id="canal", model="flux-2-pro")
    page = pages.open(report, f"job={line['job_id']}", permissions=["clipboard-read", "clipboard-write"])
    dialog_of(page).get_by_role("button", name="Copy as spec").click()
    expect(dialog_of(page).get_by_role("status")).to_have_text("Copied.")
    spec = tmp_path / "one.yaml"
    spec.write_text(page.evaluate("navigator.clipboard.readText()"), encoding="utf-8")
    plan = make_plan(load_spec(spec))
    assert [item.job_id for item in plan.items() if isinstance(item, Job)] == [line["job_id"]]


def test_a_browser_without_a_clipboard_shows_the_spec_chosen(pages: Pages, report: Path, run_folder: Path) -> None:
    line = one_of(lines_of(run_folder), prompt_id="canal", model="flux-2-pro")
    page = pages.open(report, f"job={line['job_id']}")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    dialog_of(page).get_by_role("button", name="Copy as spec").click()
    expect(dialog_of(page).get_by_role("status")).to_contain_text("press Ctrl+C")
    box = dialog_of(page).get_by_role("textbox", name="Text to copy")
    expect(box).to_be_focused()
    assert line["prompt"] in box.input_value()
    assert page.evaluate("getSelection().toString()") == box.input_value()


def test_a_job_without_image_says_why(pages: Pages, report: Path, run_folder: Path) -> None:
    line = next(
        line for line in lines_of(run_folder) if (line["error"] or {}).get("code") == "content_policy_violation"
    )
    page = pages.open(report, f"job={line['job_id']}")
    expect(dialog_of(page).locator(".no-picture")).to_contain_text("refusedcontent_policy_violation")
    assert line["error"]["message"] in fact(page, "Error")
    expect(dialog_of(page).get_by_role("button", name="Keep")).to_have_count(0)


def test_a_report_without_its_images_says_so(
    pages: Pages, report: Path, triple: dict[str, Any], tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(report, moved, ignore=shutil.ignore_patterns("full", "thumbs"))
    page = pages.open(moved, "page=compare")
    pages.expect("ERR_FILE_NOT_FOUND")
    page.evaluate("(id) => setView({job: id})", triple["job_id"])
    expect(dialog_of(page).get_by_role("status")).to_contain_text("moved without its images")
    assert fact(page, "Prompt") == triple["prompt"]


def test_nasty_prompts_are_text_and_scroll(pages: Pages, nasty_report: Path, nasty_folder: Path) -> None:
    page = pages.open(nasty_report)
    longest = max(lines_of(nasty_folder), key=lambda line: len(line["prompt"]))
    for line in [*lines_of(nasty_folder)[:40:4], longest]:
        page.evaluate("(id) => setView({job: id, image: null})", line["job_id"])
        expect(dialog_of(page).locator("dt", has_text="Request")).to_be_visible()
        shown = dialog_of(page).locator("dt", has_text=re.compile("^Prompt$")).locator("+ dd > div")
        assert shown.evaluate("(node) => node.textContent") == line["prompt"]
        assert dialog_of(page).locator("dd :is(script, b, i, img)").count() == 0
    assert shown.evaluate("(node) => node.scrollHeight > node.clientHeight && node.tabIndex === 0")
    assert serious_faults(page) == []


@pytest.mark.parametrize("width", [320, 390])
def test_details_stand_below_the_image_where_it_is_narrow(
    pages: Pages, report: Path, triple: dict[str, Any], width: int
) -> None:
    page = pages.open(report, f"job={triple['job_id']}", width=width)
    stage, side = page.locator(".lightbox-stage").bounding_box(), page.locator(".lightbox-side").bounding_box()
    assert stage is not None
    assert side is not None
    assert stage["y"] + stage["height"] <= side["y"]
    assert dialog_of(page).evaluate("(dialog) => dialog.scrollWidth <= dialog.clientWidth")


def test_keys_alone_lead_from_the_grid_to_picks_and_a_comparison(pages: Pages, report: Path, run_folder: Path) -> None:
    """As somebody does who has no mouse: by Tab, arrows, Enter, Escape and letters."""
    page = pages.open(report, "rows=model&cols=aspect_ratio&q=canal")

    def tab_to(role: Any, **name: Any) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.get_by_role(role, **name).and_(page.locator(":focus")).count() > 0:
                return
        raise AssertionError(role)

    tab_to("gridcell")
    page.keyboard.press("Enter")
    expect(dialog_of(page)).to_be_visible()
    page.keyboard.press("k")
    first = page.evaluate("viewValue('job')")
    page.keyboard.press("c")
    page.keyboard.press("ArrowRight")
    second = page.evaluate("viewValue('job')")
    assert second != first
    page.keyboard.press("Escape")
    expect(page.locator(f"[role=gridcell][data-job-id='{second}']")).to_be_focused()
    page.keyboard.press("c")
    expect(page.locator(f"[role=gridcell][data-job-id='{first}']")).to_contain_text("keep")
    tab_to("link", name="Skip to the page")
    tab_to("link", name="Compare")
    page.keyboard.press("Enter")
    tab_to("slider", name="Divider")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("[viewValue('page'), viewValue('compare'), compareMode]") == [
        "compare",
        f"{first},{second}",
        "divider",
    ]
