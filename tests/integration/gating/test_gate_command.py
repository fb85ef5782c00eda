"""``gate``: what passes, what fails with which reason, what is a mistake, and the file for a CI."""

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from qwave_batch.cli.drawing.text import cells
from qwave_batch.cli.main import main
from qwave_batch.gating import drawn_intervals
from qwave_batch.model.record import JobStatus
from qwave_batch.scoring.scorer import Level, Output
from tests.gated_folders import gated_folder, gated_line
from tests.scored_folders import a_pair_score, a_scorer, a_set_score, image_sha256, scored_line, write_scores
from tests.voted_folders import write_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen prompts, two models, words from 0.5 to 0.8, and beside it a baseline that is a little worse."""
    root = tmp_path_factory.mktemp("gated")
    gated_folder(root / "baseline", better_by=-0.03)
    gated_folder(root / "holes", unscored=3)
    return gated_folder(root / "run")


def gate(folder: Path, rules: str, *argv: object, head: str = "", width: int = 80) -> tuple[int, str, str]:
    """Hold a folder to rules that lie beside it."""
    config = folder.parent / "gate.yaml"
    config.write_text(f"version: 1\n{head}rules:\n{rules}", encoding="utf-8")
    out, err = StringIO(), StringIO()
    argv = ("gate", folder, "--config", config, *argv)
    status = main(list(map(str, argv)), out, err, environ={"COLUMNS": str(width)})
    return status, out.getvalue(), err.getvalue()


def flat(text: str) -> str:
    """Return a text on one line, however it was wrapped."""
    return " ".join(text.split())


def results(folder: Path, rules: str, *, head: str = "") -> list[dict[str, Any]]:
    status, out, err = gate(folder, rules, "--json", head=head)
    assert status in {0, 1}, err
    told = json.loads(out)
    assert told["passed"] is (status == 0) is all(each["passed"] for each in told["results"])
    found: list[dict[str, Any]] = told["results"]
    return found


def result(folder: Path, rule: str, **said: Any) -> dict[str, Any]:
    (found,) = results(folder, f"  - {rule}\n", **said)
    return found


# --- rules on scores -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "value", "outcome"),
    [  # words are 0.50, 0.52, ... 0.80: their mean is 0.65
        ("min: 0.65", 0.65, "passed"),
        ("min: 0.651", 0.65, "failed"),
        ("max: 0.65", 0.65, "passed"),
        ("max: 0.6, min: 0.5", 0.65, "failed"),
        ("statistic: minimum, min: 0.5", 0.5, "passed"),
        ("statistic: maximum, max: 0.79", 0.8, "failed"),
        ("statistic: p25, min: 0.56", 0.56, "passed"),
        ("statistic: p50, min: 0.65", 0.64, "failed"),
        ("statistic: share, at_least: 0.7, min: 0.375", 0.375, "passed"),
        ("statistic: share, at_least: 0.6, at_most: 0.7, min: 0.4", 0.375, "failed"),
        ("min: 0.55, decide_by: interval", 0.65, "passed"),
        ("min: 0.65, decide_by: interval", 0.65, "undecided"),
        ("min: 0.75, decide_by: interval", 0.65, "failed"),
        ("max: 0.66, decide_by: interval, undecided: pass", 0.65, "undecided"),
        ("statistic: p90, min: 0.7, decide_by: interval", 0.78, "passed"),
    ],
)
def test_a_threshold_is_decided_as_computed_by_hand(folder: Path, rule: str, value: float, outcome: str) -> None:
    found = result(folder, f"{{score: ocr.words, {rule}}}")
    assert found["value"] == pytest.approx(value)
    assert (found["outcome"], found["prompts"], found["missing"]) == (outcome, 16, 0)
    assert found["passed"] is (outcome == "passed" or "undecided: pass" in rule)


def test_the_reason_has_the_numbers(folder: Path) -> None:
    assert result(folder, "{score: ocr.words, statistic: minimum, min: 0.6}")["reason"] == (
        "the minimum of ocr.words is 0.5000 on 16 prompts, and at least 0.6 is asked for"
    )
    reason = result(folder, "{score: ocr.words, min: 0.65, decide_by: interval}")["reason"]
    assert reason.endswith(
        " at 95 %) on 16 prompts, and at least 0.65 is asked for, of its whole interval; undecided, which fails: more "
        "prompts would decide it"
    )


def test_groups_are_held_to_the_rule_one_by_one(folder: Path) -> None:
    """Prompts with the tag text have 0.52 to 0.80, the others 0.50 to 0.78."""
    found = results(folder, "  - {score: ocr.words, min: 0.65, per: tag}\n  - {score: seconds, max: 9, per: model}\n")
    assert [(each["rule"], each["group"], each["outcome"], each["number"]) for each in found] == [
        ("mean of ocr.words per tag", "people", "failed", 1),
        ("mean of ocr.words per tag", "text", "passed", 1),
        ("mean of seconds per model", "m1", "passed", 2),
        ("mean of seconds per model", "m2", "passed", 2),
    ]


def test_missing_scores_fail_unless_they_are_allowed(folder: Path) -> None:
    holes = folder.parent / "holes"
    found = result(holes, "{score: ocr.words, min: 0.1}")
    assert (found["passed"], found["missing"]) == (False, 3)
    assert found["reason"] == (
        "3 of 64 images have no ocr.words: not scored, an error, or no image; none may be missing"
    )
    assert result(holes, "{score: ocr.words, min: 0.1, max_missing: 0.05}")["passed"]
    assert result(holes, "{score: ocr.words, min: 0.1}", head="max_missing: 0.05\n")["passed"]
    assert result(holes, "{score: ocr.words, min: 0.1, where: \"prompt_id != 'p00'\"}")["passed"]


def test_a_job_without_an_image_is_missing_and_one_that_was_skipped_is_not(tmp_path: Path) -> None:
    lines = [replace(gated_line(0, model), status=status, images=()) for model, status in [
        ("m1", JobStatus.FAILED), ("m2", JobStatus.SKIPPED),
    ]]  # fmt: skip
    run = write_folder(tmp_path / "run", lines)
    assert result(run, "{score: ocr.words, min: 0.1}")["reason"].startswith("none of 1 image has ocr.words")
    assert result(run, "{score: seconds, max: 9}")["missing"] == 1


def test_a_score_that_nobody_gave_is_missing_of_all(folder: Path) -> None:
    found = result(folder, "{score: clip.score, min: 0.2, max_missing: 1}")
    assert found["reason"] == "none of 64 images has clip.score: not scored, an error, or no image"
    assert not found["passed"]


def test_few_prompts_fail(folder: Path) -> None:
    few = ", where: \"'text' in tags\""
    assert result(folder, f"{{score: ocr.words, min: 0.1{few}}}")["passed"]
    found = result(folder, f"{{score: ocr.words, min: 0.1, decide_by: interval{few}}}")
    assert (found["passed"], found["reason"]) == (False, "8 prompts have ocr.words, and the rule wants 10")
    assert result(folder, f"{{score: ocr.words, min: 0.1, decide_by: interval, min_prompts: 8{few}}}")["passed"]


def test_a_rule_without_a_job_fails(folder: Path) -> None:
    for rule in ("score: ocr.words, min: 0", "jobs: completed, min: 0", "cost: total, max: 1"):
        found = result(folder, f"{{{rule}, where: \"model == 'm7'\"}}")
        assert (found["passed"], found["reason"]) == (False, "no job is there for the rule to hold to")
    assert result(folder, "{cost: total, max: 1, per: style}")["reason"] == "no job is there that has style"


# --- no worse than -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "margin", "outcome"),
    [  # the run is better than the baseline by 0.03 and 0.02 in turn; the other way round it is worse by as much
        ("baseline", "0", "passed"),
        ("run", "0", "passed"),
    ],
)
def test_a_folder_that_is_better_or_the_same_is_no_worse(folder: Path, there: str, margin: str, outcome: str) -> None:
    found = result(folder, f"{{score: ocr.words, no_worse_than: {there}, margin: {margin}}}")
    assert (found["outcome"], found["passed"]) == (outcome, True)
    assert found["reason"].endswith("and none of it is worse than 0")


@pytest.mark.parametrize(
    ("margin", "outcome"), [("0.04", "passed"), ("0.03", "passed"), ("0.025", "undecided"), ("0.01", "failed")]
)
@pytest.mark.parametrize("score", ["ocr.words", "ocr.cer"])
def test_the_whole_interval_must_be_within_the_margin(folder: Path, score: str, margin: str, outcome: str) -> None:
    """The baseline is worse than the run by 0.02 on one half of the prompts and by 0.03 on the other."""
    worse = folder.parent / "baseline"
    found = result(worse, f"{{score: {score}, no_worse_than: run, margin: {margin}}}")
    assert found["outcome"] == outcome
    assert abs(found["value"]) == pytest.approx(0.025)
    assert (found["value"] < 0) is (score == "ocr.words")
    assert found["passed"] is (outcome == "passed")
    lax = result(worse, f"{{score: {score}, no_worse_than: run, margin: {margin}, undecided: pass}}")
    assert lax["passed"] is (outcome != "failed")


def test_its_reason_has_both_means_and_the_margin(folder: Path) -> None:
    worse = folder.parent / "baseline"
    reason = result(worse, "{score: ocr.cer, no_worse_than: run, margin: 0.01}")["reason"]
    assert reason.startswith(
        "ocr.cer (lower is better) is 0.3750, and 0.3500 in run, on 16 prompts: the difference is 0.0250 ("
    )
    assert reason.endswith("at 95 %), and all of it is worse than +0.01")


def test_groups_are_compared_with_their_own(folder: Path) -> None:
    worse = folder.parent / "baseline"
    rule = "{score: ocr.words, no_worse_than: run, margin: 0.025, per: tag, min_prompts: 8}"
    assert [(each["group"], each["outcome"]) for each in results(worse, f"  - {rule}\n")] == [
        ("people", "failed"), ("text", "passed"),
    ]  # fmt: skip


def test_few_prompts_are_too_few_for_a_comparison(folder: Path) -> None:
    rule = "score: ocr.words, no_worse_than: baseline, margin: 0.1, where: \"'text' in tags\""
    found = result(folder, f"{{{rule}}}")
    assert (found["passed"], found["reason"]) == (False, "8 prompts have ocr.words, and the rule wants 10")
    assert result(folder, f"{{{rule}, min_prompts: 8}}")["passed"]
    one = rule.replace("'text' in tags", "prompt_id == 'p00'")
    assert result(folder, f"{{{one}, min_prompts: 1}}")["reason"] == "1 prompt has ocr.words, and the rule wants 2"


def test_what_can_not_be_compared_is_missing(tmp_path: Path) -> None:
    gated_folder(tmp_path / "old", models=["m1"], prompts=15)
    run = gated_folder(tmp_path / "run")
    found = result(run, "{score: ocr.words, no_worse_than: old, margin: 0.1, max_missing: 0.1}")
    assert not found["passed"]
    assert found["reason"] == (
        "17 of 32 comparisons with old can't be made: 1 prompt only here (p15); model m2 only here; 10 % may be missing"
    )
    assert result(run, "{score: ocr.words, no_worse_than: old, margin: 0.1, max_missing: 0.6}")["passed"]
    where = "where: \"model == 'm1' and prompt_id != 'p15'\""
    assert result(run, f"{{score: ocr.words, no_worse_than: old, margin: 0.1, {where}}}")["passed"]


# --- pairs and sets ------------------------------------------------------------------------------


def test_scores_of_pairs_say_how_often_a_value_is_preferred(tmp_path: Path) -> None:
    judge = a_scorer("judge", {"preference": Output((0, 1))}, level=Level.PAIR)
    lines = {(prompt, model): scored_line(prompt, model) for prompt in "pq" for model in ("m1", "m2", "m3")}
    run = write_folder(tmp_path / "run", lines.values())

    def said(prompt: str, first: str, second: str, number: float) -> Any:
        return a_pair_score(judge, lines[prompt, first].job_id, lines[prompt, second].job_id, {"preference": number})

    write_scores(run, [judge, said("p", "m1", "m2", 1), said("q", "m2", "m1", 0.5), said("q", "m3", "m1", 1)])
    rule = "score: judge.preference, preferred: {axis: model, value: m1, to: m2}"
    found = result(run, f"{{{rule}, min: 0.7}}")
    assert (found["value"], found["passed"], found["prompts"]) == (0.75, True, 2)
    assert found["reason"].startswith(
        "by judge.preference the share of m1 preferred to m2 is 0.750 (0.500 to 1.000 at 95 %)"
    )
    status, _, err = gate(run, "  - {score: judge.preference, min: 0.5}\n")
    assert status == 2
    assert "gate.yaml:3:6 rules[0].score: judge.preference is a score of pairs" in flat(err)


def test_scores_of_sets_hold_each_model_to_the_rule(tmp_path: Path) -> None:
    fid = a_scorer("fid", {"fid": Output((0, None))}, level=Level.SET)
    lines = [scored_line("p", model) for model in ("m1", "m2", "m3")]
    run = write_folder(tmp_path / "run", lines)
    write_scores(run, [fid, a_set_score(fid, "m1", [lines[0].job_id], {"fid": 12.5}),
                       a_set_score(fid, "m2", [lines[1].job_id], {"fid": 31}),
                       replace(a_set_score(fid, "m3", [lines[2].job_id], {"fid": 9}), sha256="0" * 64)])  # fmt: skip
    found = results(run, "  - {score: fid.fid, max: 20}\n")
    assert [(each["group"], each["value"], each["passed"]) for each in found] == [
        ("m1", 12.5, True), ("m2", 31, False), ("m3", None, False),
    ]  # fmt: skip
    status, _, err = gate(run, "  - {score: fid.fid, max: 20, decide_by: interval}\n")
    assert (status, "one number for all images of a model" in err) == (2, True)


# --- rules on jobs -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of m1 three jobs completed and one failed; of m2 one was skipped."""
    lines = [gated_line(prompt, "m1") for prompt in range(3)]
    lines.append(replace(gated_line(3, "m1"), status=JobStatus.FAILED, images=(), cost_usd=0.0))
    lines.append(replace(gated_line(0, "m2"), status=JobStatus.SKIPPED, images=(), cost_usd=0.0))
    return write_folder(tmp_path_factory.mktemp("mixed") / "run", lines)


@pytest.mark.parametrize(
    ("rule", "value", "reason"),
    [
        ("jobs: completed, min: 0.8", 0.75, "3 of 4 jobs are completed, 75 %, and at least 80 % is asked for"),
        ("jobs: failed, max: 0.1", 0.25, "1 of 4 jobs are failed, 25 %, and at most 10 % is asked for"),
        ("jobs: skipped, max: 0", 0.2, "1 of 5 jobs are skipped, 20 %, and at most 0 % is asked for"),
        ("cost: total, max: 0.02", 0.03, "all jobs cost 0.03000 USD, and at most 0.02 is asked for"),
        ("cost: per_image, max: 0.001", 0.005, "an image costs 0.005000 USD, and at most 0.001 is asked for"),
        ("cost: per_job, max: 0.001", 0.01, "a completed job costs 0.01000 USD, and at most 0.001 is asked for"),
    ],
)
def test_jobs_and_costs_are_counted(mixed: Path, rule: str, value: float, reason: str) -> None:
    found = result(mixed, f"{{{rule}}}")
    assert (found["value"], found["reason"], found["passed"]) == (pytest.approx(value), reason, False)


def test_findings_of_a_check_are_counted_and_an_unchecked_folder_fails(folder: Path, tmp_path: Path) -> None:
    status, out, _ = gate(folder, "  - {findings: [blank, duplicate]}\n")
    assert status == 1
    assert "was not checked yet" in " ".join(out.split())
    assert "qwave-batch check" in out
    checked = gated_folder(tmp_path / "run")
    line = gated_line(0, "m1")
    finding = {"kind": "blank", "job_id": line.job_id, "path": line.images[0].path, "with": None}
    (checked / "checks.jsonl").write_text(json.dumps(finding) + "\n")
    found = result(checked, "{findings: [blank, duplicate]}")
    assert (found["value"], found["passed"]) == (1, False)
    assert found["reason"] == ("of 64 images with a finding (blank, duplicate) there are 1, and at most 0 is asked for")
    assert result(checked, "{findings: [blank], max: 1}")["passed"]
    assert result(checked, "{findings: [duplicate]}")["passed"]


# --- mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{scor: ocr.words}", '3:6 rules[0].scor: unknown key "scor"'),
        ("{score: words, min: 0}", 'rules[0].score: "words": a score is written as SCORER.OUTPUT'),
        ("{min: 0.5}", "rules[0]: the rule says nothing about a number give each rule exactly one of"),
        ("{score: ocr.words, jobs: failed, max: 0}", "score and jobs stand together"),
        ("{score: ocr.words}", "the rule holds the number to nothing add min or max, or no_worse_than"),
        ("{score: ocr.words, min: high}", 'rules[0].min: expected a number, found the string "high"'),
        ("{score: ocr.words, min: 1, max: 0}", "min 1 is above max 0"),
        ("{score: ocr.words, statistic: p100, min: 0}", "it is one of mean, minimum, maximum, share and p1 to p99"),
        ("{score: ocr.words, statistic: share, min: 0}", "a share of nothing in particular add at_least or at_most"),
        ("{score: ocr.words, statistic: share, at_least: 1, min: 90}", "90 is not a share from 0 to 1 0.95 is 95 %"),
        ("{score: ocr.words, at_least: 1, min: 0}", "at_least belongs to statistic: share"),
        ("{score: ocr.words, statistic: minimum, min: 0, decide_by: interval}", "a minimum has no interval"),
        ("{score: ocr.words, no_worse_than: baseline}", 'the key "margin" is missing add margin'),
        ("{score: ocr.words, no_worse_than: baseline, margin: -1}", "-1 is below the minimum 0"),
        ("{score: ocr.words, no_worse_than: baseline, margin: 0, min: 1}", '"min" has no meaning beside no_worse_than'),
        ("{score: ocr.words, no_worse_than: nowhere, margin: 0}", "rules[0].no_worse_than:"),
        (
            "{score: ocr.words, no_worse_than: baseline, margin: 0, better: lower}",
            "the scorer says of ocr.words that higher is better",
        ),
        ("{score: ocr.wrds, min: 0}", 'did you mean "ocr.words"?'),
        ("{score: ocr.words, min: 0, per: style}", 'no job has an axis "style"; there is tag, model'),
        ("{score: ocr.words, min: 0, where: 'modl == 1'}", 'unknown name in where "modl"'),
        ("{score: ocr.words, min: 0, preferred: {axis: model, value: a, to: b}}", "ocr.words is not a score of pairs"),
        ("{score: cost_usd, max: 1, preferred: {axis: model, value: a, to: b}}", "cost_usd is not a score of pairs"),
        ("{score: ocr.words, min: 0, where: .nan}", "rules[0].where:"),
        ("{jobs: done, min: 1}", '"done" is not one of completed, failed'),
        ("{jobs: completed, min: 99}", "99 is not a share from 0 to 1"),
        ("{jobs: completed, min: 1, statistic: mean}", '"statistic" has no meaning beside jobs'),
        ("{findings: [refused]}", '"refused" is not one of undecodable'),
        ("{cost: all, max: 1}", '"all" is not one of total'),
    ],
)
def test_a_mistake_is_named_with_its_place_and_nothing_is_written(folder: Path, rule: str, said: str) -> None:
    junit = folder.parent / "never.xml"
    status, out, err = gate(folder, f"  - {rule}\n", "--junit", junit, width=200)
    assert (status, out) == (2, "")
    assert said in flat(err)
    assert "gate.yaml:3:" in err
    assert not junit.exists()


def test_all_mistakes_are_listed_at_once(folder: Path) -> None:
    status, _, err = gate(folder, "  - {jobs: done, min: 1}\n  - {score: ocr.words}\n  - {cost: total, mx: 1}\n")
    assert status == 2
    assert [place for place in ("gate.yaml:3:", "gate.yaml:4:", "gate.yaml:5:") if place not in err] == []


@pytest.mark.parametrize(
    ("head", "text"),
    [("version: 2", "2 is not one of 1"), ("versio: 1", 'the key "version" is missing'), ("rules: [", "gate.yaml:")],
)
def test_a_file_that_is_no_gate_is_refused(folder: Path, head: str, text: str) -> None:
    config = folder.parent / "other-gate.yaml"
    config.write_text(f"{head}\nrules:\n  - {{jobs: completed, min: 1}}\n", encoding="utf-8")
    err = StringIO()
    assert main(["gate", str(folder), "--config", str(config)], StringIO(), err, environ={}) == 2
    assert text in flat(err.getvalue())


def test_another_version_of_the_scorer_in_the_other_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    run = gated_folder(tmp_path / "run", scorer=a_scorer(version="2"))
    status, _, err = gate(run, f"  - {{score: ocr.words, no_worse_than: '{folder}', margin: 1}}\n", width=300)
    assert status == 2
    assert f"ocr is version 1 in {folder} and version 2 in this folder: numbers of both can't be compared" in err


# --- what people and CIs see ---------------------------------------------------------------------

RULES = """\
  - {score: ocr.words, min: 0.9, name: "few \\e[31mbad & <odd> ones"}
  - {score: ocr.words, min: 0.1, per: tag}
  - {cost: total, max: 1}
"""


@pytest.mark.parametrize("width", [80, 120])
def test_what_failed_stands_last_and_fits_the_terminal(folder: Path, width: int) -> None:
    status, out, err = gate(folder, RULES, width=width)
    lines = out.splitlines()
    assert (status, err) == (1, "")
    assert all(cells(line) <= width for line in lines)
    assert lines[-1] == "failed: run fails 1 of 4 conditions"
    heads = [line for line in lines if line.startswith(("passed", "failed  "))]
    assert heads == [
        "passed  mean of ocr.words per tag: people",
        "passed  mean of ocr.words per tag: text",
        "passed  cost total",
        r"failed  few \x1b[31mbad & <odd> ones",
    ]


def test_a_folder_that_passes_ends_with_zero(folder: Path) -> None:
    status, out, _ = gate(folder, "  - {cost: total, max: 1}\n")
    assert (status, out.splitlines()[-1]) == (0, "passed: run passes 1 condition")


def checked_junit(data: bytes) -> ET.Element:
    """Return the root of a file that is as servers of CI have it in their XSD."""
    root = ET.fromstring(data)
    assert root.tag == "testsuites"
    known = {
        "testsuites": {"name", "tests", "failures", "errors", "skipped", "time"},
        "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
        "testcase": {"name", "classname", "time"},
        "failure": {"type", "message"},
        "system-out": set(),
    }
    inside = {"testsuites": {"testsuite"}, "testsuite": {"testcase"}, "testcase": {"failure", "system-out"}}
    for element in root.iter():
        assert set(element.attrib) == known[element.tag]
        assert {child.tag for child in element} <= inside.get(element.tag, set())
        assert all(element.attrib.get(name, "x") for name in ("name", "classname", "message"))
    for group in root.iter():
        if group.tag in {"testsuites", "testsuite"}:
            cases = list(group.iter("testcase"))
            assert int(group.attrib["tests"]) == len(cases)
            assert int(group.attrib["failures"]) == len(list(group.iter("failure")))
            assert float(group.attrib["time"]) == pytest.approx(sum(float(c.attrib["time"]) for c in cases), abs=0.01)
    return root


def test_junit_has_a_case_for_each_rule_and_group(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "reports" / "gate.xml"
    assert gate(folder, RULES, "--junit", file, head="name: nightly\n")[0] == 1
    root = checked_junit(file.read_bytes())
    assert [suite.attrib["name"] for suite in root] == ["nightly: run"]
    cases = list(root.iter("testcase"))
    assert [(case.attrib["classname"], case.attrib["name"]) for case in cases] == [
        ("nightly", r"few \x1b[31mbad & <odd> ones"),
        ("nightly", "mean of ocr.words per tag: people"),
        ("nightly", "mean of ocr.words per tag: text"),
        ("nightly", "cost total"),
    ]
    (failure,) = root.iter("failure")
    assert failure.attrib["type"] == "failed"
    assert failure.attrib["message"] == failure.text
    assert str(failure.text).startswith("the mean of ocr.words is 0.6500")
    assert gate(folder, "  - {cost: total, max: 1}\n", "--junit", file)[0] == 0
    assert len(list(checked_junit(file.read_bytes()).iter("testcase"))) == 1


def test_junit_replaces_xml_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("mine")
    for place, said in ((other, "is there, and is not XML"), (folder / "gate.xml", "is in the run folder"),
                        (tmp_path, "is not a file")):  # fmt: skip
        status, out, err = gate(folder, "  - {cost: total, max: 1}\n", "--junit", place, width=300)
        assert (status, out, said in err) == (2, "", True)
    assert other.read_text() == "mine"


@pytest.mark.parametrize("argv", [("gate", "RUN"), ("compare-scores", "RUN", "RUN")], ids=" ".join)
def test_without_the_extra_both_commands_say_what_to_install(
    folder: Path, argv: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn_intervals, "find_spec", lambda name: None if name == "numpy" else find_spec(name))
    err = StringIO()
    assert main([str(folder) if each == "RUN" else each for each in argv], StringIO(), err, environ={}) == 2
    assert "an interval of scores needs numpy: pip install 'qwave-batch[gate]'" in flat(err.getvalue())


def test_equal_names_are_told_apart(folder: Path) -> None:
    rules = "  - {cost: total, max: 1}\n" * 2
    names: Sequence[str] = [each["rule"] for each in results(folder, rules)]
    assert names == ["cost total", "cost total (2)"]


def test_an_image_that_was_made_anew_has_no_score(tmp_path: Path) -> None:
    run = gated_folder(tmp_path / "run", models=["m1"], prompts=2)
    lines = [gated_line(prompt, "m1") for prompt in range(2)]
    image = replace(lines[0].images[0], sha256=image_sha256("another"))
    write_folder(run, [replace(lines[0], images=(image, *lines[0].images[1:])), lines[1]])
    assert result(run, "{score: ocr.words, min: 0}")["missing"] == 1
