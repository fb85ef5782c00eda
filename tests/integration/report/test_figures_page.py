"""The page Figures: each figure has a caption, a chart with its numbers in its name, and a table behind a button."""

from pathlib import Path

from tests.chromium import Locator, Page, expect, serious_faults
from tests.integration.report.conftest import Pages
from tests.integration.report.report_runs import data_of

TITLES = (
    "Latency by model",
    "Failures and refusals by model",
    "Failures and refusals by tag",
    "Reasons",
    "Cost by model",
    "Images a minute",
    "Limits met and waits",
)
CUT = """
() => [...document.querySelectorAll(".chart-label, .chart-value, .tick, .figure-note, .legend span")]
  .filter((part) => part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0).map((part) => part.textContent)
"""


def figure(page: Page, name: str) -> Locator:
    return page.get_by_role("figure", name=name, exact=True)


def table_of(page: Page, name: str) -> list[list[str]]:
    """Press the button of a figure and return the rows of its table."""
    found = figure(page, name)
    found.get_by_role("button", name="Show table").click()
    rows = found.get_by_role("table").get_by_role("row").all()
    return [row.locator("th, td").all_inner_texts() for row in rows[1:]]


def test_every_figure_has_a_caption_and_its_table_behind_a_button(pages: Pages, report: Path) -> None:
    page = pages.open(report, "page=figures")
    assert page.get_by_role("figure").get_by_role("heading").all_inner_texts() == list(TITLES)
    expect(page.get_by_role("table")).to_have_count(0)
    told = data_of(report, "figures")
    rows = table_of(page, "Failures and refusals by model")
    keys = ("jobs", "completed", "failed", "refused", "cancelled", "unknown", "skipped", "pending")
    assert [row[0:1] + row[2:] for row in rows] == [
        [row["model"], *(str(row[key]) for key in keys)] for row in told["outcomes"]["by_model"]
    ]
    assert sum(int(row[2]) for row in rows) == 66
    assert [row[0] for row in table_of(page, "Reasons")] == [row["code"] for row in told["outcomes"]["by_error"]]
    chart = figure(page, "Failures and refusals by model").get_by_role("img")
    assert "flux-2-pro 1 of 24" in (chart.get_attribute("aria-label") or "")
    button = figure(page, "Reasons").get_by_role("button")
    assert (button.get_attribute("aria-expanded"), button.inner_text()) == ("true", "Show table")
    assert serious_faults(page) == []


def test_by_keyboard_a_table_opens_and_closes_and_stays_open_when_numbers_come(pages: Pages, report: Path) -> None:
    page = pages.open(report, "page=figures")
    button = figure(page, "Cost by model").get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")
    page.evaluate("setReport(report.data)")
    expect(figure(page, "Cost by model").get_by_role("table")).to_be_visible()
    expect(figure(page, "Cost by model").get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("table")).to_have_count(0)


def test_two_folders_stand_beside_each_other_and_nothing_is_cut_on_a_phone(pages: Pages, report_of_two: Path) -> None:
    page = pages.open(report_of_two, "page=figures", width=390, color_scheme="dark")
    labels = data_of(report_of_two, "figures")["folders"]
    legend = figure(page, "Latency by model").get_by_role("listitem").all_inner_texts()
    assert (legend, len(labels)) == (labels, 2)
    folders = {row[1] for row in table_of(page, "Cost by model")}
    assert folders == {"all", *labels}
    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_an_ended_job_the_page_says_so(pages: Pages, report: Path) -> None:
    page = pages.open(report, "page=figures")
    page.evaluate("receivedData.set('figures', null); setReport(report.data)")
    expect(page.get_by_role("main")).to_contain_text("No job has ended yet")


def test_an_axis_says_at_least_two_numbers_and_a_missing_file_is_named(pages: Pages, report: Path) -> None:
    page = pages.open(report, "page=figures")
    ranges: list[tuple[float, float]] = [(2.3, 4.6), (2.1, 4.9), (5.1, 9.8), (0.4, 30), (1, 5000)]
    texts = page.evaluate(
        "(all) => all.map(([low, high]) => logAxis(low, high).ticks.map(({ text }) => text))", [*map(list, ranges)]
    )
    for (low, high), told in zip(ranges, texts, strict=True):
        numbers = [float(text.replace(",", "")) for text in told]
        assert numbers == sorted(set(numbers))
        assert len(numbers) > 1
        assert low <= numbers[0]
        assert numbers[-1] <= high
    assert page.evaluate("logAxis(0.001, 0.00101).ticks.map(({ text }) => text)") == ["0.001"]
    page.evaluate("receivedData.delete('figures'); redrawPage(shownPage)")
    expect(page.get_by_role("main")).to_contain_text("data/figures.js is missing")
