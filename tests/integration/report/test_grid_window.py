"""The grid draws what is seen and no more, at any size and shape, and keeps its place while data come in."""

from pathlib import Path

import pytest

from tests.chromium import Page, expect
from tests.integration.report.conftest import Pages

MOST_CELLS = 400
LARGE = """
([prompts, models, seeds]) => {
  const data = structuredClone(report.data);
  const images = data.jobs.find((job) => job.images.length === 1).images;
  const numbers = (count) => Array.from({ length: count }, (_, number) => number);
  data.prompts = numbers(prompts).map((number) => ({ id: `p${number}`, text: `Prompt ${number}` }));
  data.models = numbers(models).map((number) => `m${number}`);
  data.axes = [{ name: "seed", values: numbers(seeds).map(String) }];
  data.tags = [];
  data.jobs = [];
  for (const prompt of numbers(prompts)) for (const model of numbers(models)) for (const seed of numbers(seeds)) {
    const place = { prompt, model, axes: [seed], tags: [], repeat: 0 };
    const id = `p${prompt}m${model}s${seed}`;
    const ended = { status: "completed", error: null, cost: 0, seconds: 1, detail: 0, images };
    data.jobs.push({ id, folder: 0, model, ...ended, places: [place] });
  }
  setReport(data);
}
"""
SEEN = """
() => {
  const grid = document.querySelector("[role=grid]").getBoundingClientRect();
  const cell = document.activeElement.getBoundingClientRect();
  const isHigh = cell.top >= grid.top && cell.bottom <= grid.bottom;
  return cell.width > 0 && isHigh && cell.left >= grid.left && cell.right <= grid.right;
}
"""
COVERED = """
([across, down]) => {
  const grid = document.querySelector("[role=grid]");
  grid.scrollTo(across * grid.scrollWidth, down * grid.scrollHeight);
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
    const box = grid.getBoundingClientRect();
    const at = document.elementsFromPoint(box.left + box.width / 2, box.top + 130);
    const heading = (role) => [...grid.querySelectorAll(`[role=${role}]`)].some((part) => {
      const { top, left, bottom, right } = part.getBoundingClientRect();
      return bottom > box.top && top < box.bottom && right > box.left && left < box.right;
    });
    const row = at.find((part) => part.getAttribute("role") === "row");
    done([row !== undefined, heading("columnheader"), heading("rowheader")]);
  })));
}
"""


FOCUSED = "[document.activeElement.dataset.jobId, document.activeElement.getBoundingClientRect().top]"


def focused_job(page: Page) -> str:
    """The job of the cell that has the focus."""
    job: str = page.evaluate("document.activeElement.dataset.jobId ?? ''")
    return job


@pytest.mark.parametrize(
    ("shape", "fragment", "last"),
    [
        ((5_000, 2, 1), "rows=prompt&cols=model", "p4999m1s0"),
        ((100, 100, 1), "rows=prompt&cols=model", "p99m99s0"),
        ((5_000, 2, 1), "rows=model&cols=prompt&size=small", "p4999m1s0"),
        ((50, 4, 50), "rows=prompt&cols=model&superrows=model&size=large", "p49m3s49"),
        ((2_500, 2, 2), "rows=none&cols=none", "p2499m1s1"),
        ((60_000, 1, 1), "rows=prompt&cols=model&size=large", "p59999m0s0"),
    ],
    ids=["high", "square", "wide", "several in a place", "all in one place", "higher than an element can be"],
)
def test_only_what_is_seen_is_in_the_tree(
    pages: Pages, report: Path, shape: tuple[int, int, int], fragment: str, last: str
) -> None:
    page = pages.open(report, fragment)
    page.evaluate(LARGE, shape)
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("Control+End")
    assert focused_job(page) == last
    assert page.evaluate(SEEN)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("PageUp")
    assert page.evaluate(SEEN)
    for across, down in ((0.5, 0.5), (0.3, 0.9), (0, 0)):
        there, has_columns, has_rows = page.evaluate(COVERED, [across, down])
        assert [there, has_columns, has_rows] == [True, "cols=none" not in fragment, "rows=none" not in fragment]
        assert page.locator("[role=gridcell]").count() < MOST_CELLS
    page.keyboard.press("Control+Home")
    assert focused_job(page) == "p0m0s0"
    assert page.evaluate(SEEN)


LATER = """
() => {
  const data = structuredClone(report.data);
  const [first] = data.jobs;
  data.prompts.unshift({ id: "new", text: "A new prompt" });
  for (const job of data.jobs) for (const place of job.places) place.prompt += 1;
  const place = { ...first.places[0], prompt: 0 };
  data.jobs.unshift({ ...first, id: "new", places: [place] });
  for (const job of data.jobs) if (job.status === "pending") job.status = "skipped";
  setReport(data);
}
"""


def test_what_comes_in_moves_nothing_that_is_looked_at(pages: Pages, report: Path) -> None:
    """Scrolling, focus and pictures stay where they are while a run goes on, though a row has come in above."""
    page = pages.open(report)
    page.get_by_role("gridcell").first.focus()
    for key in ("PageDown", "PageDown", "ArrowRight"):
        page.keyboard.press(key)
    focused = page.locator(":focus")
    before = page.evaluate(FOCUSED)
    page.evaluate("globalThis.picture = document.activeElement.querySelector('img')")
    assert page.evaluate("document.querySelector('[role=grid]').scrollTop") > 0
    page.evaluate(LATER)
    expect(page.get_by_role("status").first).to_have_text("67 of 67 jobs")
    assert page.evaluate(FOCUSED) == before
    expect(focused.get_by_role("img")).to_have_count(1)
    assert page.evaluate("globalThis.picture.isConnected && picture.closest(':focus') !== null")
    page.keyboard.press("Control+Home")
    expect(page.locator(":focus")).to_have_attribute("data-job-id", "new")


def test_pictures_are_small_ones_and_stay_while_their_cell_is_near(pages: Pages, report: Path) -> None:
    page = pages.open(report, "size=small")
    pictures = page.get_by_role("gridcell").get_by_role("img")
    addresses = pictures.evaluate_all("all => all.map((each) => each.getAttribute('src'))")
    assert addresses
    assert all(address.startswith("thumbs/") for address in addresses)
    page.evaluate("globalThis.pictures = [...document.querySelectorAll('[role=gridcell] img')]")
    page.get_by_role("gridcell").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    page.get_by_role("combobox", name="Status").select_option("completed")
    assert page.evaluate("globalThis.pictures.every((picture) => picture.isConnected)")
