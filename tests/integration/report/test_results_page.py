"""The page Results computes what ``qwave-batch votes`` does, from the same votes, and shows it."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from io import StringIO
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.cli.main import main
from tests.chromium import Page, expect, serious_faults
from tests.integration.exports.trap_runs import made_once
from tests.integration.report.conftest import Pages
from tests.voted_folders import Line, a_vote, job_id_of, voted_line, write_folder, write_lines

PROMPTS = 12
MODELS = ("fast", "large", "old", "small")
STYLES = ("ink", "oil", "pencil", "photo")
SURETY = {"Ann": 0.8, "Ben": 0.7}
STYLES_COMPARED = {("ink", "oil"): 1.0, ("pencil", "photo"): 0.6}
"""The first one always wins, and no vote joins both pairs: no finite strengths, and two groups."""
NOISE = 0.05
"""Two bootstraps of 1,000 draws each differ less than this."""
FEW_PROMPTS = 10
"""The draws of so few take a few values only, so that a percentile jumps from one to the next."""


@dataclass(frozen=True)
class VotedReport:
    """A report whose folder holds votes."""

    folder: Path
    page: Path
    file: Path
    """The votes as they were imported."""


def votes_of_raters() -> Iterator[Line]:
    """Votes on models by two raters with two questions, and on styles, which change the prompt's text."""
    rng = random.Random(3)
    for number, (prompt, rater, criterion) in enumerate(product(range(PROMPTS), SURETY, ("overall", "looks"))):
        for one, other in combinations(MODELS, 2):
            answer = ("left" if rng.random() < SURETY[rater] else "right") if rng.random() < 0.8 else "tie"
            left, right = (job_id_of(f"p{prompt}", model, style=STYLES[0]) for model in (one, other))
            yield a_vote(left, right, answer, rater=rater, criterion=criterion, at=f"2026-11-28T22:00:{number:02}Z")
    for prompt, (styles, surety) in product(range(PROMPTS), STYLES_COMPARED.items()):
        answer = "left" if rng.random() < surety else "both_bad"
        left, right = (job_id_of(f"p{prompt}", MODELS[0], style=style) for style in styles)
        yield a_vote(left, right, answer, axis="style")


def make_voted_report(home: Path) -> None:
    """Write a folder without images, its votes, and its report."""
    lines = (
        replace(
            voted_line(f"p{prompt}", model, text=f"Prompt {prompt} as {style}", style=style),
            tags=("all",) if prompt % 3 else ("all", "third"),
        )
        for prompt, model, style in product(range(PROMPTS), MODELS, STYLES)
    )
    folder = write_folder(home / "run", lines)
    file = write_lines(home / "votes.jsonl", votes_of_raters())
    call("votes", folder, file)
    call("report", folder, "-o", home / "report")


def call(*argv: object) -> str:
    """Run a command, and return what it prints."""
    said, talk = StringIO(), StringIO()
    status = main([str(each) for each in argv], said, talk, environ={})
    assert status == 0, talk.getvalue()
    return said.getvalue()


@pytest.fixture(scope="session")
def voted(tmp_path_factory: pytest.TempPathFactory) -> VotedReport:
    """A report with votes; read only."""
    folder = made_once(tmp_path_factory, "page-voted", make_voted_report)
    return VotedReport(folder, folder.parent / "report", folder.parent / "votes.jsonl")


def computed(page: Page, axis: str, criterion: str | None, tag: str | None) -> dict[str, Any]:
    """The result that the page computes."""
    script = "([axis, criterion, tag]) => countingOfVotes().resultOf(axis, criterion, tag)"
    found: dict[str, Any] = page.evaluate(script, [axis, criterion, tag])
    return found


def assert_same(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    """Hold a result of the page to the one of the command: equal, but for the noise of draws."""
    assert [ours[key] for key in ("votes", "raters", "prompts")] == [
        theirs[key] for key in ("votes", "raters", "prompts")
    ]
    assert ours["alpha"] == (None if theirs["alpha"] is None else pytest.approx(theirs["alpha"], abs=1e-9))
    drawn = {"boot_low", "boot_high"}
    for rate, wanted in zip(ours["win_rates"], theirs["win_rates"], strict=True):
        assert {key: rate[key] for key in wanted.keys() - drawn} == pytest.approx(
            {key: wanted[key] for key in wanted.keys() - drawn}, abs=1e-12
        )
        assert {key: rate[key] for key in drawn} == pytest.approx({key: wanted[key] for key in drawn}, abs=NOISE)
    noise = 5 * NOISE if theirs["prompts"] > FEW_PROMPTS else 1.0
    for strength, wanted in zip(ours["strengths"], theirs["strengths"], strict=True):
        assert (strength["value"], strength["group"]) == (wanted["value"], wanted["group"])
        assert strength["strength"] == pytest.approx(wanted["strength"], rel=1e-6)
        for key in ("low", "high"):
            assert strength[key] == (None if wanted[key] is None else pytest.approx(wanted[key], rel=noise))
    for outlook, wanted in zip(ours["outlook"], theirs["more_votes"]["pairs"], strict=True):
        assert (outlook["value"], outlook["against"]) == (wanted["value"], wanted["against"])
        assert outlook["votes"] == pytest.approx(wanted["votes"], rel=0.5, abs=20)
    said = [warning.rstrip(".").lower() for warning in ours["warnings"]]
    assert said == [warning.lower() for warning in theirs["warnings"]]


def test_the_page_computes_what_the_command_does(pages: Pages, voted: VotedReport) -> None:
    page = pages.open(voted.page, "page=results")
    for axis in ("model", "style"):
        whole = json.loads(call("votes", voted.folder, "--axis", axis, "--json"))
        assert whole["votes"] > 0
        assert_same(computed(page, axis, None, None), whole)
        for tag, result in whole["by_tag"].items():
            assert_same(computed(page, axis, None, tag), result)
        for criterion, result in whole["by_criterion"].items():
            assert_same(computed(page, axis, criterion, None), result)
    assert page.evaluate("[19, 21].map((length) => cautionsOfPairs({ pairs: { length } }))") == [
        [],
        ["Of 21 pairs about one in twenty looks settled by chance alone: look at the strengths first."],
    ]


def rows_of(page: Page, name: str) -> list[list[str]]:
    """The texts of a table's cells."""
    rows = page.get_by_role("table", name=name, exact=True).get_by_role("row").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def test_tables_show_rates_and_strengths_with_their_intervals(pages: Pages, voted: VotedReport) -> None:
    page = pages.open(voted.page, "page=results")
    whole = json.loads(call("votes", voted.folder, "--axis", "model", "--json"))
    head, *rates = rows_of(page, "Win rates")
    assert head[:5] == ["Value", "Against", "Win rate", "Low", "High"]
    for row, rate in zip(rates, whole["win_rates"], strict=True):
        shown = [f"{100 * rate[key]:.1f} %" for key in ("rate", "low", "high")]
        assert row[:5] == [rate["value"], rate["against"], *shown]
        told = dict(zip(head, row, strict=True))
        assert float(told["Bootstrap low"].removesuffix(" %")) / 100 == pytest.approx(rate["boot_low"], abs=NOISE)
        assert [told[name] for name in ("Wins", "Losses", "Ties")] == [
            str(rate[name]) for name in ("wins", "losses", "ties")
        ]
    head, *strengths = rows_of(page, "Strengths")
    assert head[:4] == ["Value", "Strength", "Low", "High"]
    for row, strength in zip(strengths, whole["strengths"], strict=True):
        assert row[0] == strength["value"]
        assert float(row[1].removesuffix(" *")) == pytest.approx(strength["strength"], rel=5e-3)
        for cell, end in zip(row[2:4], (strength["low"], strength["high"]), strict=True):
            assert float(cell) == pytest.approx(end, rel=0.25)
    assert [row[0] for row in rows_of(page, "By tag")[1:]] == ["all", "third"]
    page.get_by_role("combobox", name="Tag").select_option("third")
    expect(page.get_by_text("below 10 prompts a result says little")).to_be_visible()
    page.get_by_role("combobox", name="Criterion").select_option("looks")
    page.get_by_role("combobox", name="Axis").select_option("style")
    expect(page.get_by_text("No votes join these groups")).to_be_visible()
    page.reload()
    expect(page.get_by_role("combobox", name="Axis")).to_have_value("style")
    expect(page.get_by_role("combobox", name="Tag")).to_have_value("third")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_in_results(pages: Pages, voted: VotedReport, scheme: str) -> None:
    page = pages.open(voted.page, "page=results", color_scheme=scheme, width=390)
    expect(page.get_by_role("table", name="Win rates")).to_be_visible()
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_votes_of_folder_and_browser_count_once(pages: Pages, voted: VotedReport, tmp_path: Path) -> None:
    """A later answer of the same rater takes the place of the one that the folder holds."""
    page = pages.open(voted.page, "page=results")
    before = computed(page, "model", None, None)
    first = next(votes_of_raters())
    changed = write_lines(
        tmp_path / "changed.jsonl", [first, {**first, "winner": "both_bad", "at": "2027-01-01T00:00:00Z"}]
    )
    for file, said in ((voted.file, "0 new votes"), (changed, "1 changed")):
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Import votes").click()
        chooser.value.set_files(file)
        expect(page.get_by_text(said)).to_be_visible()
    after = computed(page, "model", None, None)
    assert after["votes"] == before["votes"]
    ties = [sum(rate["ties"] for rate in result["win_rates"]) for result in (before, after)]
    assert ties[1] == ties[0] + 1


def test_too_many_votes_are_shown_as_the_command_counted_them(pages: Pages, voted: VotedReport) -> None:
    page = pages.open(voted.page, "page=vote")
    whole = json.loads(call("votes", voted.folder, "--axis", "model", "--json"))
    page.evaluate(
        "(results) => { receiveData('results', {format: 1, votes: null, unavailable: null, results}); }", [whole]
    )
    page.get_by_role("navigation").get_by_role("link", name="Results").click()
    expect(page.get_by_text("more votes than a page can count")).to_be_visible()
    assert [row[0] for row in rows_of(page, "Strengths")[1:]] == [each["value"] for each in whole["strengths"]]
    page.get_by_role("combobox", name="Tag").select_option("third")
    expect(page.get_by_text(f"{whole['by_tag']['third']['votes']} votes")).to_be_visible()
