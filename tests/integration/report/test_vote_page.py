"""The page Vote: pairs that differ in one axis only, asked blind, answered by keys, kept, exported and imported."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from qwave_batch.voting.vote_files import PlacedLine, read_voting_file
from qwave_batch.voting.vote_lines import Vote, encode_voting_line
from tests.chromium import Page, expect, serious_faults
from tests.integration.exports.trap_runs import lines_of
from tests.integration.report.conftest import Pages, report_of
from tests.staged_folders import EDITORS, NIGHT, POSTER, staged_folder, staged_line, staged_lines

KEYS = {"ArrowLeft": "left", "ArrowRight": "right", "ArrowDown": "tie", "ArrowUp": "both_bad"}
FEW = 10
THOROUGH = 3
"""Pairs of which every text is looked at."""


def start(page: Page, *, rater: str = "Ann", axis: str = "model", pairs: int = FEW) -> None:
    """Begin a vote on a few pairs."""
    page.get_by_role("combobox", name="Axis").select_option(axis)
    page.get_by_role("textbox", name="Rater").fill(rater)
    page.get_by_text("Questions, number of pairs, order").click()
    page.get_by_role("combobox", name="Pairs").select_option(str(pairs))
    page.get_by_role("button", name="Start").click()
    wait_for_pair(page)


def wait_for_pair(page: Page) -> None:
    """Wait until a pair can be answered."""
    expect(page.get_by_role("button", name="Left", exact=True)).to_be_enabled()


def answer(page: Page, key: str, number: int = 1) -> None:
    """Answer some pairs by a key."""
    for _ in range(number):
        wait_for_pair(page)
        page.keyboard.press(key)


def status_of(page: Page) -> str:
    """The progress that the page tells."""
    return page.get_by_role("status").inner_text()


def export(page: Page, folder: Path) -> Path:
    """Export the votes and return the file."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Export votes").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def votes_in(file: Path) -> list[Vote]:
    """The votes of a file, as an import reads them."""
    lines = list(read_voting_file(file))
    votes = [each.line for each in lines if isinstance(each, PlacedLine) and isinstance(each.line, Vote)]
    assert len(votes) == len(lines)
    return votes


def kept(page: Page) -> int:
    """How many votes the browser keeps."""
    number = page.evaluate("keptVotes().length")
    assert isinstance(number, int)
    return number


def expected_pairs(folder: Path, axis: str) -> set[str]:
    """The names of all pairs of a folder's images that differ in an axis only, read from the manifest."""
    cells: defaultdict[str, dict[str, list[tuple[str, str]]]] = defaultdict(dict)
    for line in lines_of(folder):
        if line["status"] != "completed":
            continue
        images = [(f"{line['job_id']}.{number}", image["sha256"]) for number, image in enumerate(line["images"])]
        for place in (line, *line["also"]):
            axes = {"model": line["model"], **place["axes"]}
            value = axes.pop(axis, None)
            if value is not None:
                cells[json.dumps([place["prompt_id"], axes, line["repeat"]], sort_keys=True)][json.dumps(value)] = (
                    images
                )
    return {
        "~".join(sorted((name, other)))
        for cell in cells.values()
        for one, two in combinations(cell.values(), 2)
        for (name, sha256), (other, other_sha256) in zip(one, two, strict=False)
        if name != other and sha256 != other_sha256
    }


def test_pairs_differ_in_one_axis_and_nothing_else(pages: Pages, report: Path, run_folder: Path) -> None:
    page = pages.open(report, "page=vote")
    axes = page.get_by_role("combobox", name="Axis").get_by_role("option").all_inner_texts()
    assert axes == ["model", "aspect_ratio", "seed"]
    for axis in axes:
        found = page.evaluate("(axis) => pairsAlong(report, axis).map((pair) => pair.id)", axis)
        assert len(found) == len(set(found))
        assert set(found) == expected_pairs(run_folder, axis), axis


def test_chains_that_stay_with_their_model_are_voted_on_in_every_turn(pages: Pages, tmp_path: Path) -> None:
    """The model follows from the parent's, so the images of a turn differ in the axis of the stage that chose it."""
    lines = [line for line in staged_lines(["stall"]) if line.stage != POSTER]
    nights = [line for line in lines if line.stage == NIGHT]
    turns = [
        staged_line("turn", replace(night, axes={}, prompt="Add snow"), f"{night.job_id}-turn", night)
        for night in nights
    ]
    report_of(tmp_path, staged_folder(tmp_path / "folder", [*lines, *turns]))
    page = pages.open(tmp_path / "run", "page=vote")
    axes = page.get_by_role("combobox", name="Axis").get_by_role("option").all_inner_texts()
    assert axes == ["model", "seed", "night.model"]
    found = page.evaluate("pairsAlong(report, 'night.model').map((pair) => pair.id)")
    assert found == ["~".join(f"{turn.job_id}.0" for turn in turns)]
    compared = page.evaluate(
        "(ids) => comparedValues(...ids.map((id) => report.jobs.find((job) => job.id === id)), 'night.model')",
        [turn.job_id for turn in turns],
    )
    assert (compared["left"], compared["right"], compared["isPure"]) == (*EDITORS, True)


def test_every_beginning_of_the_order_is_balanced(pages: Pages, report: Path) -> None:
    """Value pairs take turns, each goes through as many prompts as there are, and the sides alternate."""
    page = pages.open(report, "page=vote")
    order = """(seed) => orderedPairs(pairsAlong(report, "model"), seededRandom(seed))
        .map(({pair, left}) => [pair.values, pair.prompt, left === pair.images[0], pair.id])"""
    ordered = page.evaluate(order, "7")
    assert ordered == page.evaluate(order, "7")
    assert ordered != page.evaluate(order, "8")
    pairs: Counter[str] = Counter(values for values, *_ in ordered)
    common = len(pairs) * min(pairs.values())
    for length in range(1, common + 1):
        counts = Counter(values for values, *_ in ordered[:length])
        assert max(counts.values()) - min(counts[values] for values in pairs) <= 1
    for values in pairs:
        own = [entry for entry in ordered if entry[0] == values]
        prompts = {prompt for _, prompt, *_ in own}
        assert len({prompt for _, prompt, *_ in own[: len(prompts)]}) == len(prompts)
        sides = [is_first for _, _, is_first, _ in own]
        assert all(abs(2 * sum(sides[:length]) - length) <= 1 for length in range(len(sides) + 1))


def test_a_vote_by_keys_goes_on_after_a_reload_and_is_exported(
    pages: Pages, report: Path, run_folder: Path, tmp_path: Path
) -> None:
    page = pages.open(report, "page=vote")
    start(page)
    assert status_of(page) == f"1 of {FEW}"
    for key in KEYS:
        answer(page, key)
    wait_for_pair(page)
    assert status_of(page) == f"5 of {FEW}"
    seen = page.get_by_role("img", name="Left image").get_attribute("src")
    page.reload()
    wait_for_pair(page)
    assert status_of(page) == f"5 of {FEW}"
    assert page.get_by_role("img", name="Left image").get_attribute("src") == seen
    page.keyboard.press("u")
    wait_for_pair(page)
    assert status_of(page) == f"4 of {FEW}"
    page.get_by_role("button", name="Both bad").click()
    answer(page, "ArrowRight", FEW - 4)
    expect(page.get_by_text(f"All {FEW} questions are answered")).to_be_visible()
    assert status_of(page) == f"{FEW} of {FEW}"
    file = export(page, tmp_path)
    votes = votes_in(file)
    assert [vote.winner.value for vote in votes[:4]] == list(KEYS.values())
    assert file.read_bytes() == b"".join(map(encode_voting_line, votes)).replace(b'": ', b'":').replace(b', "', b',"')
    assert {vote.pair for vote in votes} <= expected_pairs(run_folder, "model")
    assert len({vote.pair for vote in votes}) == FEW
    for vote in votes:
        assert vote.pair == "~".join(sorted(f"{image.job_id}.{image.image}" for image in (vote.left, vote.right)))
    summary = json.loads((run_folder / "summary.json").read_text(encoding="utf-8"))
    assert {(vote.rater, vote.axis, vote.criterion) for vote in votes} == {("Ann", "model", "overall")}
    assert {folder.spec_sha256 for vote in votes for folder in vote.run.folders} == {summary["spec_sha256"]}
    page.get_by_role("main").get_by_role("link", name="Results").click()
    expect(page.get_by_role("table", name="Win rates")).to_be_visible()


def texts_of_vote(page: Page) -> Iterator[tuple[str, str]]:
    """All that a page says or names: what stands in it, its attributes and addresses, each with its place."""
    found: Iterable[list[str]] = page.evaluate(
        """[...document.querySelectorAll("*")].flatMap((element) => [
            ...[...element.attributes].map((each) => [element.tagName, each.value]),
            ...[...element.childNodes].filter((node) => node.nodeType === 3 && !element.matches(".vote-prompt-text"))
                .map((node) => [element.tagName, node.data]),
        ])"""
    )
    yield from ((place, text) for place, text in found)
    yield "address", page.url
    yield "title", page.title()


def test_nothing_tells_which_image_is_which(pages: Pages, report: Path, run_folder: Path) -> None:
    lines = lines_of(run_folder)
    telling = {text for line in lines for text in (line["model"], line["job_id"], line["prompt_id"])}
    telling |= {Path(image["path"]).stem for line in lines for image in line["images"]}
    page = pages.open(report, "page=grid")
    asked: list[str] = []
    page.get_by_role("navigation").get_by_role("link", name="Vote").click()
    start(page, pairs=0)
    page.on("request", lambda request: asked.append(request.url))
    orders: Counter[bool] = Counter()
    for number in range(12):
        wait_for_pair(page)
        for place, text in texts_of_vote(page) if number < THOROUGH else ():
            assert not [name for name in telling if name in text and place != "SCRIPT"], (place, text)
        images = page.get_by_role("main").get_by_role("img")
        assert images.evaluate_all("(all) => all.map((each) => each.alt)") == ["Left image", "Right image"]
        assert (
            images.evaluate_all("(all) => all.map((each) => each.getAttributeNames().sort().join())")
            == ["alt,draggable,src"] * 2
        )
        left, right = (frame.bounding_box() for frame in page.locator(".vote-frame").all())
        assert left is not None
        assert right is not None
        assert (left["width"], left["height"]) == (right["width"], right["height"])
        question = page.evaluate(
            "(({pair, left}) => left === pair.images[0])(shownArena.questions[shownArena.current])"
        )
        orders[question] += 1
        page.keyboard.press("ArrowLeft")
    assert set(orders) == {True, False}
    assert not [url for url in asked if any(name in url for name in telling)]


def test_both_images_come_up_at_once_and_no_key_answers_before(pages: Pages, report: Path) -> None:
    page = pages.open(report, "page=vote")
    start(page)
    page.evaluate(
        """() => {
            const decode = HTMLImageElement.prototype.decode;
            const late = new Promise((resolve) => { window.letThrough = resolve; });
            let number = 0;
            HTMLImageElement.prototype.decode = function () {
                number += 1;
                return number === 2 ? late.then(() => decode.call(this)) : decode.call(this);
            };
        }"""
    )
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="Left", exact=True)).to_be_disabled()
    assert status_of(page) == f"1 of {FEW}"  # it tells of a pair that can be answered
    expect(page.get_by_role("main").get_by_role("img")).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    assert kept(page) == 1
    page.evaluate("window.letThrough()")
    expect(page.get_by_role("status")).to_have_text(f"2 of {FEW}")
    expect(page.get_by_role("main").get_by_role("img")).to_have_count(2)


def test_raters_and_tabs_stay_apart_and_lose_nothing(pages: Pages, report: Path) -> None:
    page = pages.open(report, "page=vote")
    start(page)
    answer(page, "ArrowLeft", 2)
    wait_for_pair(page)
    tab = page.context.new_page()
    tab.goto(page.url)
    wait_for_pair(tab)
    assert status_of(tab) == f"3 of {FEW}"
    answer(tab, "ArrowRight")
    expect(page.get_by_role("status")).to_have_text(f"4 of {FEW}")
    answer(page, "ArrowDown")
    expect(tab.get_by_role("status")).to_have_text(f"5 of {FEW}")
    assert kept(tab) == 4
    tab.get_by_role("textbox", name="Rater").fill("Ben")
    tab.get_by_role("button", name="Start").click()
    wait_for_pair(tab)
    assert status_of(tab).startswith("1 of ")
    expect(page.get_by_role("status")).to_have_text(f"5 of {FEW}")


def test_results_warn_before_they_unblind_an_open_vote(pages: Pages, report: Path) -> None:
    page = pages.open(report, "page=vote")
    start(page)
    answer(page, "ArrowLeft")
    page.get_by_role("navigation").get_by_role("link", name="Results").click()
    expect(page.get_by_role("heading", name="Your vote is not finished")).to_be_visible()
    expect(page.get_by_role("table")).to_have_count(0)
    page.get_by_role("button", name="Go on voting").click()
    wait_for_pair(page)
    assert status_of(page) == f"2 of {FEW}"
    page.get_by_role("navigation").get_by_role("link", name="Results").click()
    page.get_by_role("button", name="Show the results").click()
    expect(page.get_by_role("table", name="Strengths")).to_be_visible()


def test_a_pair_whose_image_is_gone_is_left_out(pages: Pages, report: Path) -> None:
    page = pages.open(report, "page=vote")
    pages.expect("ERR_FILE_NOT_FOUND")
    page.evaluate(
        "pairsAlong(report, 'seed').slice(0, 1).forEach(({images: [{job}]}) => { job.images[0].hash = 'ff'; })"
    )
    start(page, axis="seed", pairs=0)
    answer(page, "ArrowLeft", page.evaluate("shownArena.questions.length") - 1)
    expect(page.get_by_text("1 pair could not be shown")).to_be_visible()


def test_a_vote_goes_on_while_images_come(pages: Pages, report: Path) -> None:
    """The pair that is shown stays, and the new ones are asked too."""
    page = pages.open(report, "page=vote")
    page.evaluate(
        """() => {
            window.all = report.data;
            const {prompt} = all.jobs[0].places[0];
            setReport({...all, jobs: all.jobs.filter(({places}) => places[0].prompt === prompt)});
        }"""
    )
    start(page, pairs=0)
    answer(page, "ArrowLeft")
    wait_for_pair(page)
    images = page.get_by_role("main").get_by_role("img")
    shown = images.evaluate_all("(all) => all.map((each) => each.src)")
    few = page.evaluate("shownArena.questions.length")
    page.evaluate("setReport(window.all)")
    many = page.evaluate("shownArena.questions.length")
    assert few < many
    assert status_of(page) == f"2 of {many}"
    assert images.evaluate_all("(all) => all.map((each) => each.src)") == shown
    answer(page, "ArrowRight")
    wait_for_pair(page)
    assert status_of(page) == f"3 of {many}"


def test_a_report_without_pairs_says_what_is_missing(pages: Pages, report: Path) -> None:
    page = pages.open(report, "page=vote")
    page.evaluate(
        "setReport({...report.data, jobs: report.data.jobs.filter((job) => job.status === 'completed').slice(0, 1)})"
    )
    expect(page.get_by_text("no two images differ in one axis only")).to_be_visible()
    page.evaluate("setReport({...report.data, jobs: []})")
    expect(page.get_by_text("no images to vote on yet")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_while_votes_are_given(pages: Pages, report: Path, scheme: str) -> None:
    page = pages.open(report, "page=vote", color_scheme=scheme, width=390)
    start(page)
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
