"""Every page of a report, as everybody is to be able to use it: no fault on it, and nothing that keeps people out.

The tests of each page look for faults in what can be opened or chosen there.
"""

from pathlib import Path

import pytest

from tests.chromium import Page, expect, serious_faults
from tests.integration.exports.trap_runs import lines_of
from tests.integration.report.conftest import Pages
from tests.integration.report.nasty_prompts import NASTY

NASTY_TITLE = "nasty"
MOVING = """
[...document.querySelectorAll("*")].filter((part) => {
  const style = getComputedStyle(part);
  return `${style.transitionDuration}, ${style.animationDuration}`.split(", ").some((length) => parseFloat(length) > 0);
}).map((part) => part.outerHTML.slice(0, 100))
"""


def names_of_pages(page: Page) -> list[str]:
    """The texts of the links to the report's pages."""
    links = page.get_by_role("navigation").get_by_role("link")
    expect(links.first).to_be_visible()
    names = links.all_inner_texts()
    assert names == ["Grid", "Compare", "Vote", "Results", "Figures"]
    return names


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_on_any_page(pages: Pages, report: Path, scheme: str) -> None:
    page = pages.open(report, color_scheme=scheme)
    found = {}
    for name in names_of_pages(page):
        page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        found[name] = serious_faults(page)
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize("width", [320, 1440])
def test_no_page_is_wider_than_its_window_or_taken_over_by_a_text(
    pages: Pages, report: Path, nasty_report: Path, width: int
) -> None:
    """A grid scrolls in itself, the page as a whole never sideways: at 320 pixels neither, which is 1280 at 400 %."""
    for made, title in ((report, "teahouse-ab"), (nasty_report, NASTY_TITLE)):
        page = pages.open(made, width=width)
        for name in names_of_pages(page):
            page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (made, name)
            assert page.title() == title


def test_nothing_moves_for_those_who_ask_for_it(pages: Pages, report: Path) -> None:
    page = pages.open(report, reduced_motion="reduce")
    for name in names_of_pages(page):
        page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        assert page.evaluate(MOVING) == []


def test_nasty_texts_stand_in_the_lightbox_as_they_are(pages: Pages, nasty_report: Path, nasty_folder: Path) -> None:
    jobs = {line["prompt"]: line["job_id"] for line in lines_of(nasty_folder)}
    page = pages.open(nasty_report, width=320)
    dialog = page.get_by_role("dialog", name="Image")
    for text in NASTY[::7]:
        page.evaluate("(job) => { location.hash = `page=grid&job=${job}`; }", jobs[text])
        expect(dialog).to_be_visible()
        expect(dialog).to_contain_text(text[:200])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), text[:200]
        assert page.title() == NASTY_TITLE
