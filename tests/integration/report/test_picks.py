"""Picks: made by keys and buttons, kept by the browser, handed on as lines, and shown again from the run folder."""

import json
import re
import shutil
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.cli.main import main
from tests.chromium import Locator, Page, expect
from tests.integration.report.conftest import Pages, report_of
from tests.integration.report.test_lightbox import dialog_of, lines_of, one_of

NO_STORE = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('denied'); }})"
PICK = {"pick": 1, "image": 0, "verdict": "keep", "rating": 4, "rater": "Ann", "at": "2026-11-28T20:00:00.000Z"}


@pytest.fixture
def canal(run_folder: Path) -> str:
    """A job with one image."""
    return str(one_of(lines_of(run_folder), prompt_id="canal", model="flux-2-pro")["job_id"])


@pytest.fixture
def lantern(run_folder: Path) -> str:
    """Another one."""
    return str(one_of(lines_of(run_folder), prompt_id="lantern", model="wan2.7-image")["job_id"])


def pressed(page: Page) -> list[str]:
    """The names of the buttons that are pressed in the dialog's picks."""
    group = dialog_of(page).get_by_role("group", name="Pick")
    return [button.get_attribute("aria-label") or "" for button in group.get_by_role("button", pressed=True).all()]


def tools(page: Page) -> Locator:
    """The tools for picks on the grid."""
    return page.get_by_role("group", name="Picks", exact=True)


def exported(page: Page) -> list[dict[str, Any]]:
    """The lines of a file that the page hands out."""
    with page.expect_download() as download:
        tools(page).get_by_role("button", name="Export picks").click()
    return [json.loads(line) for line in download.value.path().read_text(encoding="utf-8").splitlines()]


def import_picks(page: Page, name: str, lines: Iterable[str | dict[str, Any]]) -> str:
    """Import a file of these lines; the answer of the page."""
    text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    said = tools(page).locator(".pick-said")
    said.evaluate("(said) => { said.textContent = ''; }")
    with page.expect_file_chooser() as chooser:
        tools(page).get_by_role("button", name="Import picks").click()
    chooser.value.set_files({"name": name, "mimeType": "text/plain", "buffer": text.encode()})
    expect(said).not_to_be_empty()
    return said.inner_text()


def cell(page: Page, job_id: str) -> Locator:
    """The cell of a job."""
    return page.locator(f"[role=gridcell][data-job-id='{job_id}']").first


def test_keys_and_buttons_pick_and_take_back_and_the_browser_keeps_it(pages: Pages, report: Path, canal: str) -> None:
    page = pages.open(report, f"job={canal}")
    seen = []
    for key in ("k", "x", "4", "2", "x", "2", "k", "5"):
        page.keyboard.press(key)
        seen.append(pressed(page))
    assert seen == [
        ["Keep"], ["Reject"], ["Reject", "Rate 4"], ["Reject", "Rate 2"], ["Rate 2"], [], ["Keep"], ["Keep", "Rate 5"],
    ]  # fmt: skip
    page.reload()
    assert pressed(page) == ["Keep", "Rate 5"]
    dialog_of(page).get_by_role("button", name="Rate 3").click()
    assert pressed(page) == ["Keep", "Rate 3"]
    expect(dialog_of(page).get_by_role("button", name="Rate 3")).to_be_focused()
    page.keyboard.press("ArrowRight")
    assert pressed(page) == []
    other = page.context.new_page()
    other.goto(page.url)
    other.keyboard.press("ArrowLeft")
    assert pressed(other) == ["Keep", "Rate 3"]
    other.keyboard.press("1")
    page.keyboard.press("ArrowLeft")
    shared = dialog_of(page).get_by_role("button", name="Rate 1", pressed=True)
    expect(shared).to_be_visible()  # another tab of the browser rated it


def test_cells_show_picks_by_sign_and_text_and_are_filtered_by_them(
    pages: Pages, report: Path, run_folder: Path, canal: str
) -> None:
    other = one_of(lines_of(run_folder), prompt_id="canal", model="wan2.7-image")["job_id"]
    page = pages.open(report, "rows=model&cols=seed&q=canal")  # few enough that all are in the window
    cell(page, canal).focus()
    for key in "k", "4":
        page.keyboard.press(key)
    cell(page, other).focus()
    page.keyboard.press("x")
    expect(cell(page, canal)).to_contain_text("✓ keep ★ 4")
    expect(cell(page, canal)).to_have_accessible_name(re.compile("keep, 4 of 5"))
    expect(cell(page, other)).to_contain_text("✕ reject")
    expect(cell(page, other)).to_be_focused()
    page.get_by_role("combobox", name="Pick").select_option("keep")
    expect(page.get_by_role("gridcell").filter(has=page.get_by_role("img"))).to_have_count(1)
    expect(cell(page, canal)).to_be_visible()


def test_picks_are_exported_under_a_name_and_imported_elsewhere_once(
    pages: Pages, report: Path, canal: str, lantern: str
) -> None:
    page = pages.open(report, f"job={canal}")
    for key in "k", "4":
        page.keyboard.press(key)
    page.keyboard.press("Escape")
    assert [line["rater"] for line in exported(page)] == ["anonymous"]
    expect(tools(page)).to_contain_text("without a rater's name")
    tools(page).get_by_role("textbox", name="Rater").fill("Ann")
    page.keyboard.press("Tab")
    page.evaluate("(id) => setView({job: id})", lantern)
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    lines = exported(page)
    assert [list(line) for line in lines] == [["pick", "job_id", "image", "verdict", "rating", "rater", "at"]] * 2
    assert [(line["job_id"], line["verdict"], line["rating"], line["rater"]) for line in lines] == [
        (canal, "keep", 4, "Ann"),
        (lantern, "reject", None, "Ann"),
    ]
    there = pages.open(report)
    assert import_picks(there, "picks.jsonl", lines) == "2 picks imported."
    assert import_picks(there, "picks.jsonl", [*lines, "", {**PICK, "job_id": "not here"}]) == (
        "0 picks imported, 2 known already, 1 about images that are not in this report."
    )
    there.evaluate("(id) => setView({job: id})", canal)
    assert pressed(there) == ["Keep", "Rate 4"]
    expect(dialog_of(there)).to_contain_text("Ann: keep, 4 of 5")
    there.keyboard.press("x")  # another rater's pick stays as it is
    there.keyboard.press("Escape")
    assert {(line["rater"], line["verdict"]) for line in exported(there) if line["job_id"] == canal} == {
        ("Ann", "keep"),
        ("anonymous", "reject"),
    }


BROKEN = {
    "{": "it is not JSON",
    "7": "a pick must be an object",
    '{"pick": 2}': '"pick" must be 1; found 2',
    json.dumps({**PICK, "job_id": 5}): '"job_id" must be the id of a job; found 5',
    json.dumps({**PICK, "job_id": "a", "image": -1}): '"image" must be a whole number',
    json.dumps({**PICK, "job_id": "a", "verdict": "maybe"}): '"verdict" must be',
    json.dumps({**PICK, "job_id": "a", "rating": 6}): '"rating" must be 1 to 5 or null; found 6',
    json.dumps({**PICK, "job_id": "a", "rater": " "}): '"rater" must be a name',
    json.dumps({**PICK, "job_id": "a", "at": "yesterday"}): '"at" must be a time',
    '<script>alert("1")</script>': "it is not JSON",
}


def test_a_broken_file_is_named_with_its_line_and_changes_nothing(pages: Pages, report: Path, canal: str) -> None:
    page = pages.open(report)
    for line, reason in BROKEN.items():
        said = import_picks(page, "p.jsonl", [{**PICK, "job_id": canal}, "", line])
        assert said.startswith("p.jsonl:3: ")
        assert reason in said
        assert said.endswith("Nothing was imported.")
        assert page.evaluate("exportablePicks()") == []


def test_a_browser_that_keeps_nothing_says_so(pages: Pages, report: Path, canal: str) -> None:
    context = pages.open(report).context
    context.add_init_script(NO_STORE)
    page = context.new_page()
    page.goto(f"{(report / 'index.html').as_uri()}#job={canal}")
    page.keyboard.press("k")
    assert pressed(page) == ["Keep"]
    expect(dialog_of(page).get_by_role("alert")).to_contain_text("keeps no picks")
    page.keyboard.press("Escape")
    expect(tools(page).get_by_role("alert")).to_contain_text("export them before you close")
    assert [line["job_id"] for line in exported(page)] == [canal]


def test_picks_of_two_folders_name_theirs(
    pages: Pages, report: Path, report_of_two: Path, run_folder: Path, changed_run_folder: Path
) -> None:
    """So that the file can be imported into each folder, and a page of one folder leaves out those of the other."""
    ids = [one_of(lines_of(folder), prompt_id="canal")["job_id"] for folder in (run_folder, changed_run_folder)]
    assert ids[0] == ids[1]
    page = pages.open(report_of_two)
    for folder, key in enumerate("kx"):
        page.evaluate("(key) => setView({job: key})", f"{ids[0]}@{folder}")
        page.keyboard.press(key)
        page.keyboard.press("Escape")
    lines = exported(page)
    folders = page.evaluate("report.data.folders")
    assert [(line["verdict"], line["run"]["folders"][0]["id"]) for line in lines] == [
        ("keep", folders[0]["id"]),
        ("reject", folders[1]["id"]),
    ]
    alone = pages.open(report)
    assert "1 pick imported, 1 about images that are not" in import_picks(alone, "picks.jsonl", lines)
    again = pages.open(report_of_two)
    assert "2 picks imported" in import_picks(again, "picks.jsonl", lines)


def test_picks_in_the_run_folder_come_with_its_report(
    pages: Pages, tmp_path: Path, run_folder: Path, canal: str
) -> None:
    folder, file = tmp_path / "run", tmp_path / "picks.jsonl"
    shutil.copytree(run_folder, folder)
    file.write_text(json.dumps({**PICK, "job_id": canal}) + "\n", encoding="utf-8")
    talk = StringIO()
    assert main(["votes", str(folder), str(file)], talk, talk, environ={}) == 0, talk.getvalue()
    home = tmp_path / "page"
    report_of(home, folder)
    page = pages.open(home / "run", f"job={canal}")
    assert pressed(page) == ["Keep", "Rate 4"]
    page.keyboard.press("k")
    assert pressed(page) == []
    page.keyboard.press("Escape")
    assert [(line["rater"], line["verdict"]) for line in exported(page)] == [("anonymous", None)]  # and not Ann's again
