"""``compare-scores``: what it prints, what it leaves out, and what it refuses."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.cli.drawing.text import cells
from qwave_batch.cli.main import main
from qwave_batch.scoring.scorer import Level, Output
from tests.gated_folders import gated_folder, gated_line
from tests.scored_folders import a_pair_score, a_scorer, scored_line, write_scores
from tests.voted_folders import write_folder


def compare(*argv: object, width: int = 80) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    environ = {"COLUMNS": str(width)}
    status = main(["compare-scores", *map(str, argv)], out, err, environ=environ)
    drawn = err.getvalue() if "--json" in argv else out.getvalue() + err.getvalue()
    widest_word = max((cells(word) for word in drawn.split()), default=0)  # the path of a folder is not broken
    assert all(cells(line) <= max(width, len("error: ") + widest_word) for line in drawn.splitlines())
    return status, out.getvalue(), err.getvalue()


def compared(*argv: object) -> dict[str, Any]:
    status, out, _ = compare(*argv, "--json")
    assert status == 0
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gated_folder(tmp_path_factory.mktemp("sides") / "old")


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It is better, has two prompts more, and of an image no score."""
    return gated_folder(tmp_path_factory.mktemp("sides") / "new", better_by=0.05, prompts=18, unscored=1)


def test_the_table_reads_in_80_columns_and_says_who_is_better(old: Path, new: Path) -> None:
    status, out, err = compare(old, new)
    assert status == 0
    lines = out.splitlines()
    assert lines[0].startswith("A is ")
    assert "paired over 16 prompts, each with the same model" in lines
    (words,) = [line.split() for line in lines if line.startswith("ocr.words ")]
    assert [words[number] for number in (0, 1, 2, 3, 4, -1)] == [
        "ocr.words", "16", "0.6500", "0.7050", "0.0550", "better",
    ]  # fmt: skip
    assert "higher is better: B is better on 16 of 16 prompts, worse on 0, equal on 0" in out.replace("\n  ", " ")
    assert "2 prompts are in B only, and left out: p16, p17" in err
    assert "1 image of B without ocr.cer, ocr.words: not scored, an error, or no image" in err.replace("\n    ", " ")


def test_lower_is_better_where_the_scorer_says_so(old: Path, new: Path) -> None:
    (cer,) = compared(old, new, "--score", "ocr.cer")["scores"]
    assert (cer["better"], cer["whole"]["b_is"], cer["whole"]["wins"]) == ("lower", "better", 16)
    assert cer["whole"]["difference"] == pytest.approx(-0.055)
    assert -0.06 <= cer["whole"]["low"] < -0.055 < cer["whole"]["high"] <= -0.05


def test_groups_have_rows_of_their_own(old: Path, new: Path) -> None:
    by_tag = compared(old, new, "--score", "ocr.words", "--by", "tag")["scores"][0]["groups"]
    assert {tag: (each["prompts"], round(each["difference"], 3)) for tag, each in by_tag.items()} == {
        "people": (8, 0.05), "text": (8, 0.06),
    }  # fmt: skip
    _, out, _ = compare(old, new, "--score", "ocr.words", "--by", "model", width=120)
    assert "ocr.words by model" in out
    assert "ahead" in out


def test_two_values_of_an_axis_are_compared_in_one_folder(new: Path) -> None:
    found = compared(new, "--axis", "model=m2,m1", "--score", "cost_usd")
    assert (found["a"], found["b"], found["matched"]) == ("m2", "m1", [])
    assert (found["scores"][0]["whole"]["b_is"], found["scores"][0]["whole"]["ties"]) == ("same", 18)
    assert any("perhaps both sides are the same images" in warning for warning in found["warnings"])


def test_the_cost_of_an_image_is_compared_and_the_time_of_a_job(tmp_path: Path) -> None:
    """A model that makes four images with a job costs less than one whose every image is a job of half the price."""
    four = [gated_line(prompt, "four", images=4) for prompt in range(10)]
    one = [replace(gated_line(prompt, "one", images=1), cost_usd=0.005) for prompt in range(10)]
    run = write_folder(tmp_path / "run", [*four, *one])
    cost, seconds = compared(run, "--axis", "model=one,four", "--score", "cost_usd", "--score", "seconds")["scores"]
    assert (cost["whole"]["a"], cost["whole"]["b"], cost["whole"]["b_is"]) == (0.005, 0.0025, "better")
    assert (seconds["whole"]["b_is"], cost["unit"], seconds["unit"]) == ("same", "USD", "s")


def test_two_values_of_an_axis_are_compared_across_folders(old: Path, new: Path) -> None:
    found = compared(old, new, "--axis", "model=m1,m2", "--score", "ocr.words")
    assert (found["a"], found["b"]) == (f"m1 in {old}", f"m2 in {new}")
    assert found["scores"][0]["whole"]["difference"] == pytest.approx(0.055)


def test_folders_of_one_model_each_are_compared_by_prompt(tmp_path: Path) -> None:
    a, b = gated_folder(tmp_path / "a", models=["m1"]), gated_folder(tmp_path / "b", models=["m3"], better_by=0.02)
    _, out, _ = compare(a, b)
    assert "they differ in model: m1 in A, m3 in B" in out


def test_where_chooses_the_lines(old: Path, new: Path) -> None:
    found = compared(old, new, "--where", "'text' in tags and model == 'm1'", "--score", "ocr.words")
    assert found["scores"][0]["whole"]["prompts"] == 8


def test_few_prompts_many_comparisons_and_even_differences_are_warned_of(tmp_path: Path) -> None:
    a, b = gated_folder(tmp_path / "a", prompts=4), gated_folder(tmp_path / "b", prompts=4)
    _, _, err = compare(a, b, "--by", "model")
    said = err.replace("\n    ", " ")
    assert "only 4 prompts with ocr.cer, ocr.words: below 10 prompts a difference says little" in said
    assert "of 6 comparisons about one in twenty looks settled by chance alone" in said
    assert "no difference on any prompt in ocr.cer, ocr.words" in said


def test_pairs_that_were_judged_are_compared_on_their_axis(tmp_path: Path) -> None:
    """The judge prefers m2 on three of four prompts, whichever image it was shown first."""
    judge = a_scorer("judge", {"preference": Output((0, 1))}, level=Level.PAIR)
    lines = {(prompt, model): scored_line(prompt, model) for prompt in "pqrs" for model in ("m1", "m2")}
    folder = write_folder(tmp_path / "run", lines.values())
    scores = [
        a_pair_score(judge, lines["p", "m1"].job_id, lines["p", "m2"].job_id, {"preference": 0.0}),
        a_pair_score(judge, lines["q", "m2"].job_id, lines["q", "m1"].job_id, {"preference": 1.0}),
        a_pair_score(judge, lines["r", "m1"].job_id, lines["r", "m2"].job_id, {"preference": 0.0}),
        a_pair_score(judge, lines["s", "m1"].job_id, lines["s", "m2"].job_id, {"preference": 1.0}),
    ]
    write_scores(folder, [judge, *scores])
    (found,) = compared(folder, "--axis", "model=m1,m2", "--score", "judge.preference")["scores"]
    assert (found["whole"]["a"], found["whole"]["b"], found["whole"]["difference"]) == (0.25, 0.75, 0.5)
    status, _, err = compare(folder, folder, "--score", "judge.preference")
    assert status == 2
    assert "of one folder" in err


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": "2"}, "ocr is version 1 in OLD and version 2 in OTHER"),
        ({"params": {"language": "zh"}}, "ocr has other parameters in OLD than in OTHER (language null and zh)"),
    ],
)
def test_numbers_of_different_scorers_are_refused(
    old: Path, tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    other = gated_folder(tmp_path / "other", scorer=replace(a_scorer(), **change))
    status, out, err = compare(old, other)
    assert (status, out) == (2, "")
    assert reason.replace("OLD", str(old)).replace("OTHER", str(other)) in " ".join(err.split())
    assert compare(old, other, "--score", "seconds")[0] == 0


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["OLD"], "one folder alone can't be compared"),
        (["OLD", "NEW", "--score", "ocr.wrds"], 'unknown score of OLD "ocr.wrds"; did you mean "ocr.words"?'),
        (["OLD", "NEW", "--by", "tags"], 'unknown axis of both sides "tags"; did you mean "tag"?'),
        (["OLD", "--axis", "model"], "does not read NAME=A,B"),
        (["OLD", "--axis", "model=m1,m9"], 'unknown value of model "m9"'),
        (["OLD", "--axis", "mdl=m1,m2"], 'unknown axis "mdl"; did you mean "model"?'),
        (["OLD", "--axis", "model=m1,m2,m3"], "does not name two values of model"),
        (["OLD", "NEW", "--where", "modl == 'x'"], 'unknown name in --where "modl"'),
        (["OLD", "BARE"], "OLD and BARE have no score in common: BARE has no scores yet"),
        (["OLD", "OTHERS"], "have no prompt in common"),
        (["OLD", "/nowhere"], "/nowhere"),
    ],
)
def test_what_can_not_be_compared_says_why(old: Path, new: Path, tmp_path: Path, argv: list[str], said: str) -> None:
    bare = write_folder(tmp_path / "bare", [scored_line("p00", "m1")])
    others = write_folder(tmp_path / "others", [scored_line("else", "m1")])
    write_scores(others, [a_scorer()])
    folders = {"OLD": old, "NEW": new, "BARE": bare, "OTHERS": others}
    status, out, err = compare(*(folders.get(each, each) for each in argv))
    assert (status, out) == (2, "")
    for name, folder in folders.items():
        said = said.replace(name, str(folder))
    assert said in " ".join(err.split())
