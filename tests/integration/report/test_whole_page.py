"""Every page of a report, as everybody is to be able to use it: no fault on it, and nothing that keeps people out."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.chromium import serious_faults
from tests.integration.report.conftest import Pages

NASTY_TITLE = "nasty"
MOVING = """
[...document.querySelectorAll("*")].filter((part) => {
  const style = getComputedStyle(part);
  return `${style.transitionDuration}, ${style.animationDuration}`.split(", ").some((length) => parseFloat(length) > 0);
}).map((part) => part.outerHTML.slice(0, 100))
"""


def names_of_pages(page: Page) -> list[str]:
    """The texts of the links to the report's pages."""
    return page.get_by_role("navigation").get_by_role("link").all_inner_texts()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_on_any_page(pages: Pages, report: Path, scheme: str) -> None:
    page = pages.open(report, color_scheme=scheme)
    found = {}
    for name in names_of_pages(page):
        page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        found[name] = serious_faults(page)
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize("width", [320, 1440])
def test_no_page_is_wider_than_its_window(pages: Pages, report: Path, nasty_report: Path, width: int) -> None:
    """A grid scrolls in itself, the page as a whole never sideways: at 320 pixels neither, which is 1280 at 400 %."""
    for made in (report, nasty_report):
        page = pages.open(made, width=width)
        for name in names_of_pages(page):
            page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (made, name)


def test_nasty_texts_take_no_page_over(pages: Pages, nasty_report: Path) -> None:
    page = pages.open(nasty_report)
    for name in names_of_pages(page):
        page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        assert page.title() == NASTY_TITLE


def test_nothing_moves_for_those_who_ask_for_it(pages: Pages, report: Path) -> None:
    page = pages.open(report, reduced_motion="reduce")
    for name in names_of_pages(page):
        page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        assert page.evaluate(MOVING) == []
