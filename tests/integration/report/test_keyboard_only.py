"""The whole page with a keyboard alone: each stop has a name and can be seen, and nothing is a trap."""

import re
from pathlib import Path

from tests.chromium import Page, expect
from tests.integration.report.conftest import Pages

MANY_STOPS = 60
STOP = """
(() => {
  const part = document.activeElement, style = getComputedStyle(part);
  const isSeen = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  return { role: part.getAttribute("role") ?? part.localName, text: part.textContent.slice(0, 40), isSeen,
           isBody: part === document.body };
})()
"""


def tab_to(page: Page, selector: str) -> list[str]:
    """Press Tab until the focus is on such an element, and return what was passed: all of it shows the focus."""
    passed: list[str] = []
    for _ in range(MANY_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        assert stop["isSeen"] or stop["isBody"], stop
        if page.locator(selector).and_(page.locator(":focus")).count():
            return passed
        passed.append(f"{stop['role']} {stop['text']}")
    raise AssertionError(f"no way to {selector} past {passed}")


def test_the_grid_is_one_stop_with_arrow_keys_in_it(pages: Pages, report: Path) -> None:
    page = pages.open(report, "page=grid&rows=prompt&cols=model")
    tab_to(page, "[role=gridcell]")
    first = page.evaluate("document.activeElement.dataset.jobId")
    page.keyboard.press("ArrowRight")
    second = page.evaluate("document.activeElement.dataset.jobId")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.dataset.jobId") == first != second
    page.keyboard.press("ArrowDown")
    below = page.evaluate("document.activeElement.dataset.jobId")
    assert below not in {first, second, None}
    page.keyboard.press("Tab")
    expect(page.locator("[role=gridcell]:focus")).to_have_count(0)
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.dataset.jobId") == below


def test_an_image_opens_and_closes_and_the_focus_comes_back(pages: Pages, report: Path) -> None:
    page = pages.open(report, "page=grid&rows=prompt&cols=model")
    tab_to(page, "[role=gridcell]:has(img)")
    opened = page.evaluate("document.activeElement.dataset.jobId")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Image")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.activeElement.closest('dialog, [role=dialog]') !== null")
    tab_to(page, "[role=dialog] button, dialog button")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.jobId") == opened


def test_votes_are_cast_with_keys(pages: Pages, report: Path) -> None:
    page = pages.open(report)
    tab_to(page, "nav a:text-is('Vote')")
    page.keyboard.press("Enter")
    tab_to(page, "input:near(:text('Rater'))")
    page.keyboard.type("Ada")
    tab_to(page, "button:text-is('Start')")
    page.keyboard.press("Enter")
    status = page.get_by_role("main").get_by_role("status")
    expect(status).to_have_text(re.compile(r"^1 of \d+$"))  # not before both images are there
    begun = status.inner_text()
    for key in ("ArrowLeft", "ArrowRight", "ArrowDown", "ArrowUp"):
        before = status.inner_text()
        page.keyboard.press(key)
        expect(status).not_to_have_text(before)
    for _ in range(4):
        page.keyboard.press("u")
    expect(status).to_have_text(begun)


def test_the_skip_link_leads_past_the_navigation(pages: Pages, report: Path) -> None:
    page = pages.open(report, "page=grid&rows=model")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.localName") == "main"
    assert page.evaluate("location.hash") == "#page=grid&rows=model"
