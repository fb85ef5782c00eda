"""Votes leave the page as files and come in as files, which ``qwave-batch votes`` reads too; no vote counts twice."""

import json
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

from qwave_batch.cli.main import main
from qwave_batch.voting.vote_merging import merge
from tests.chromium import Page, expect
from tests.integration.report.conftest import Pages
from tests.integration.report.test_vote_page import FEW, answer, export, kept, start, status_of, votes_in, wait_for_pair


def import_file(page: Page, file: Path) -> None:
    """Import a file of votes."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import votes").click()
    chooser.value.set_files(file)
    expect(page.get_by_text(file.name)).not_to_have_count(0)


def test_votes_are_imported_once_and_a_broken_file_not_at_all(pages: Pages, report: Path, tmp_path: Path) -> None:
    page = pages.open(report, "page=vote")
    start(page)
    answer(page, "ArrowLeft", 3)
    file = export(page, tmp_path)
    other = pages.open(report, "page=vote")
    broken = tmp_path / "broken.jsonl"
    right = file.read_text(encoding="utf-8")
    for text, fault in (
        (right + "{]\n", "broken.jsonl:4: it is not JSON"),
        (right.replace('"model"', '"colour"', 1), 'broken.jsonl:1: axis: there is no axis "colour"'),
        (right.replace('"image":0', '"image":7', 1), "broken.jsonl:1: there is no image 7"),
        ('{"vote":' + "[" * 20_000 + "]" * 20_000 + "}", "broken.jsonl:1: vote: its form is another one"),
        (with_first(right, at="2026-02-30T00:00:00Z"), "broken.jsonl:1: at: expected a moment"),
        (with_first(right, at="1 Jan 2026 00:00 Z"), "broken.jsonl:1: at: expected a moment"),
        (
            with_first(right, run={"folders": [{"id": "", "spec_sha256": None}]}),
            "broken.jsonl:1: run.folders: expected",
        ),
        (
            with_first(right, rater="é" * 999, criterion="x" * 64_000),
            "broken.jsonl:1: the line is longer than 65,536 bytes",
        ),
        (with_first(right, pair=json.loads(right.splitlines()[1])["pair"]), "broken.jsonl:2: pair:"),
    ):
        broken.write_text(text, encoding="utf-8")
        import_file(other, broken)
        expect(other.get_by_role("alert").get_by_text(fault)).to_be_visible()
        assert kept(other) == 0
    import_file(other, file)
    expect(other.get_by_text("3 new votes")).to_be_visible()
    import_file(other, file)
    expect(other.get_by_text("0 new votes, 3 already here")).to_be_visible()
    assert votes_in(export(other, tmp_path)) == votes_in(file)
    start(other)  # the same rater goes on where the file ends
    assert status_of(other) == f"4 of {FEW}"


def with_first(text: str, **changes: object) -> str:
    """Change the first line of a file of votes."""
    first, *others = text.splitlines(keepends=True)
    return "".join((json.dumps({**json.loads(first), **changes}, ensure_ascii=False) + "\n", *others))


def test_a_later_answer_counts_though_the_clock_was_put_back(pages: Pages, report: Path, tmp_path: Path) -> None:
    page = pages.open(report, "page=vote")
    page.clock.set_system_time("2036-01-01T00:00:00Z")
    start(page)
    answer(page, "ArrowLeft", 2)
    wait_for_pair(page)
    before = votes_in(export(page, tmp_path))
    page.clock.set_system_time("2026-01-01T00:00:00Z")
    answer(page, "ArrowLeft")
    wait_for_pair(page)
    for _ in range(2):  # the third one, which was given last, then the second
        page.keyboard.press("u")
        wait_for_pair(page)
    answer(page, "ArrowRight")
    wait_for_pair(page)
    after = votes_in(export(page, tmp_path))
    assert [vote.winner.value for vote in after] == ["left", "right"]
    assert [vote.pair for vote in after] == [vote.pair for vote in before]
    merged = merge(before, after)
    assert (merged.added, merged.replaced) == (0, 1)
    assert set(merged.lines) == set(after)


def test_each_pair_is_asked_once_for_each_question(pages: Pages, report: Path, tmp_path: Path) -> None:
    page = pages.open(report, "page=vote")
    page.get_by_text("Questions, number of pairs, order").click()
    page.get_by_role("checkbox", name="Overall").uncheck()
    page.get_by_role("checkbox", name="Looks").check()
    page.get_by_role("checkbox", name="Follows the prompt").check()
    page.get_by_text("Questions, number of pairs, order").click()
    start(page)
    assert status_of(page) == f"1 of {2 * FEW}"
    answer(page, "ArrowLeft", 2)
    votes = votes_in(export(page, tmp_path))
    assert [vote.criterion for vote in votes] == ["looks", "prompt"]
    assert votes[0].pair == votes[1].pair
    assert votes[0].left == votes[1].left


def test_a_browser_that_keeps_nothing_says_so_and_still_exports(pages: Pages, report: Path, tmp_path: Path) -> None:
    page = pages.open(report, "page=vote")
    page.evaluate(
        "() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"
    )
    start(page)
    answer(page, "ArrowLeft", 2)
    expect(page.get_by_text("This browser keeps nothing")).to_be_visible()
    assert len(votes_in(export(page, tmp_path))) == 2


def counted(folder: Path, *files: Path) -> Any:
    """The count that the command prints after an import."""
    stdout = StringIO()
    assert main(["votes", str(folder), *map(str, files), "--json"], stdout, StringIO(), environ={}) == 0
    return json.loads(stdout.getvalue())


def test_votes_of_the_page_are_imported_and_counted(
    pages: Pages, report: Path, run_folder: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(run_folder, tmp_path / "run"))
    page = pages.open(report, "page=vote")
    start(page, rater="Cy")
    answer(page, "ArrowLeft", 3)
    file = export(page, tmp_path)
    after = counted(copy, file)
    assert (after["axis"], after["raters"], after["votes"]) == ("model", ["Cy"], 3)
    assert counted(copy, file) == after


def test_of_two_copies_of_a_folder_a_vote_is_about_the_one_with_its_spec(pages: Pages, report: Path) -> None:
    page = pages.open(report, "page=vote")
    found = page.evaluate(
        """() => {
            const [folder] = report.data.folders;
            report.data.folders = ["old", "new"].map((spec) => ({ ...folder, id: "twin", spec_sha256: spec }));
            const about = (spec) => folderOfVote({ run: { folders: [{ id: "twin", spec_sha256: spec }] } });
            return ["old", "new", "newer"].map(about);
        }"""
    )
    assert found == [0, 1, 0]
