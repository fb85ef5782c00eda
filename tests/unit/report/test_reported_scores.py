"""Scores in the data of a report: numbers in the index, remarks in the details, means by model in the figures."""

import json
import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.api.report_folders import write_report
from qwave_batch.api.report_upkeep import marks_of
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.report.figure_counting import figure_numbers
from qwave_batch.report.report_request import ReportRequest
from qwave_batch.report.reported_scores import ReportedScores
from qwave_batch.report.score_remarks import MOST_CHARACTERS, open_score_remarks
from qwave_batch.scoring.kept_scores import read_kept_scores
from qwave_batch.scoring.score_lines import KeptLine
from qwave_batch.scoring.scorer import Better, Level, Output, ScoreError
from tests.integration.report.report_runs import data_of
from tests.scored_folders import (
    a_pair_score,
    a_score,
    a_scorer,
    a_set_score,
    image_sha256,
    scored_folder,
    scored_line,
    write_scores,
)
from tests.voted_folders import write_folder

CELLS = {(f"p{number}", model): {"cer": number / 10 + (model == "n")} for number in range(4) for model in ("m", "n")}


def index_numbers(folder: Path, job: str, *, image: int = 0) -> list[float | None] | None:
    with open_folder(folder) as reader:
        return ReportedScores([read_kept_scores(reader)]).of(0, job, image, image_sha256(job, image))


def score_rows(*folders: Path, costs: float = 0.0) -> Any:
    """The rows of the figures of some folders."""
    with open_folder(folders[0]) as first, open_folder(folders[-1]) as last:
        readers = [first, last][: len(folders)]
        kept = [read_kept_scores(reader) for reader in readers]
        numbers = figure_numbers(readers, ["one", "other"][: len(folders)], kept)
    return json.loads(json.dumps(numbers.as_json()))["scores"]


@pytest.mark.parametrize(
    ("number", "told"),
    [(0.123456789, 0.123457), (1.0, 1), (-0.0, 0), (1e300, 1e300), (-2.5e-300, -2.5e-300), (123456789.0, 123457000)],
)
def test_a_number_keeps_the_digits_that_count(tmp_path: Path, number: float, told: float) -> None:
    folder = scored_folder(tmp_path, {("p", "m"): {"cer": number}}, scorer=a_scorer(outputs={"cer": Output()}))
    assert index_numbers(folder, "p-m") == [told]


def test_an_image_without_any_score_has_no_key_and_one_without_some_has_none_there(tmp_path: Path) -> None:
    folder = scored_folder(tmp_path, {("p", "m"): {"cer": 0.5}, ("q", "m"): {}})
    assert index_numbers(folder, "p-m") == [0.5, None]
    assert index_numbers(folder, "q-m") is None


def reported(home: Path, lines: Iterable[KeptLine] = ()) -> Path:
    """The report of a folder of a job with two images, whose files are not there, and its scores."""
    write_scores(write_folder(home / "run", [scored_line("p", "m", images=2), scored_line("q", "m")]), lines)
    return write_report(ReportRequest(folders=[home / "run"], out=home / "report")).out


def test_a_folder_that_was_never_scored_has_the_data_that_it_had(tmp_path: Path) -> None:
    out = reported(tmp_path)
    assert "scores" not in json.dumps([data_of(out, name) for name in ("index", "details/000", "figures")])


def test_what_scorers_said_is_with_the_image_it_is_about_and_the_newest_line_holds(tmp_path: Path) -> None:
    ocr = a_scorer()
    error = ScoreError("no_text", "https://cdn.example/a.png?X-Amz-Signature=" + "5" * 64)
    first, second = (a_score(ocr, "p-m", {"cer": 0.25}, image=image) for image in (0, 1))
    old = a_scorer(version="0")
    lines: list[KeptLine] = [
        old, replace(a_score(old, "q-m", {"cer": 9}), details={"read": "by an older version"}),
        ocr, replace(first, details={"read": "too early"}), replace(first, details={"read": "tea"}),
        replace(second, scores={}, error=error), replace(a_score(ocr, "q-m", {"cer": 1}), sha256="9" * 64),
    ]  # fmt: skip
    out = reported(tmp_path, lines)
    p, q = data_of(out, "details/000")
    told = {"scorer": "ocr", "version": "1"}
    assert p["images"][0]["scores"] == [{**told, "details": {"read": "tea"}, "error": None}]
    assert p["images"][1]["scores"][0]["error"]["code"] == "no_text"
    assert "5555" not in json.dumps(p)
    assert "scores" not in q["images"][0]
    index = data_of(out, "index")
    assert [image.get("scores") for image in index["jobs"][0]["images"]] == [[0.25, None], None]
    assert index["scores"][0] == {"name": "ocr.cer", "low": 0, "high": None, "better": "lower", "unit": ""}
    before = data_of(out, "revision")["revision"]
    write_scores(tmp_path / "run", [replace(first, details={"read": "tea, and nothing else"})])
    write_report(ReportRequest(folders=[tmp_path / "run"], out=out))
    assert data_of(out, "revision")["revision"] != before  # so that a page that is open asks for the details again


def test_long_details_are_cut(tmp_path: Path) -> None:
    ocr = a_scorer()
    folder = write_folder(tmp_path, [scored_line("p", "m")])
    write_scores(folder, [ocr, replace(a_score(ocr, "p-m", {"cer": 0}), details={"read": "雨" * 2 * MOST_CHARACTERS})])
    with open_folder(folder) as reader, open_score_remarks(reader, read_kept_scores(reader)) as remarks:
        (said,) = remarks.of("p-m", 0, image_sha256("p-m")).remarks
    assert isinstance(said, dict)
    assert len(str(said["details"])) == MOST_CHARACTERS + 1


def test_means_by_model_have_intervals_over_prompts(tmp_path: Path) -> None:
    told = score_rows(scored_folder(tmp_path, CELLS))
    assert [output["name"] for output in told["outputs"]] == ["ocr.cer"]
    m, n = told["rows"]
    assert (m["model"], m["images"], m["prompts"], n["model"]) == ("m", 4, 4, "n")
    assert (m["mean"], n["mean"]) == (pytest.approx(0.15), pytest.approx(1.15))
    assert 0 <= m["low"] < m["mean"] < m["high"] <= 0.3
    assert told["priced"] == []  # nothing was paid


def test_folders_are_counted_together_and_each_for_itself(tmp_path: Path) -> None:
    one = scored_folder(tmp_path / "one", {("p", "m"): {"cer": 0.0}})
    other = scored_folder(tmp_path / "other", {("p", "m"): {"cer": 1.0}, ("q", "m"): {"cer": 0.5}})
    rows = {row["folder"]: (row["mean"], row["images"], row["prompts"]) for row in score_rows(one, other)["rows"]}
    assert rows == {None: (0.5, 3, 2), 0: (0.0, 1, 1), 1: (0.75, 2, 2)}


def test_a_pair_counts_for_both_models_and_a_set_for_its_own(tmp_path: Path) -> None:
    judge = a_scorer("judge", {"preference": Output((0, 1)), "likeness": Output((0, 1))}, level=Level.PAIR)
    fid = a_scorer("fid", {"distance": Output((0, None), Better.LOWER)}, level=Level.SET)
    lines = [scored_line(prompt, model) for prompt in "pq" for model in "mn"]
    folder = write_folder(tmp_path, lines)
    wins = [
        a_pair_score(judge, f"{prompt}-m", f"{prompt}-n", {"preference": share, "likeness": 0.1})
        for prompt, share in (("p", 1), ("q", 0.5))
    ]
    write_scores(folder, [judge, *wins, fid, a_set_score(fid, "m", ["p-m", "q-m"], {"distance": 21.5})])
    told = score_rows(folder)
    rows = [(row["score"], row["model"], row["mean"], row["prompts"]) for row in told["rows"]]
    assert [(output["name"], output["better"]) for output in told["outputs"]] == [
        ("judge.preference", "higher"), ("fid.distance", "lower"),
    ]  # fmt: skip
    assert rows == [(0, "m", 0.75, 2), (0, "n", 0.25, 2), (1, "m", 21.5, None)]
    with open_folder(folder) as reader:
        kept = read_kept_scores(reader)
        assert ReportedScores([kept]).outputs == {}  # no single image has them
        with open_score_remarks(reader, kept) as remarks:
            said = [remarks.of(job, 0, image_sha256(job)).as_json() for job in ("p-m", "p-n")]
    other = {"job_id": "p-n", "image": 0}
    assert said == [{"pairs": [{"other": other, "scores": {"judge.preference": 1, "judge.likeness": 0.1}}]}, {}]


def test_a_score_beside_the_cost_says_what_a_dollar_buys_where_more_is_better(tmp_path: Path) -> None:
    ocr = a_scorer()
    folder = write_folder(tmp_path, [replace(scored_line("p", "m"), cost_usd=0.04), scored_line("p", "free")])
    scores = {"cer": 0.5, "words": 0.8}
    write_scores(folder, [ocr, a_score(ocr, "p-m", scores), a_score(ocr, "p-free", scores)])
    rows = [(row["score"], row["model"], row["usd_per_image"], row["per_usd"]) for row in score_rows(folder)["priced"]]
    assert rows == [(0, "m", 0.04, None), (1, "m", 0.04, pytest.approx(20))]


def test_a_number_that_json_can_not_say_is_none(tmp_path: Path) -> None:
    folder = scored_folder(tmp_path, {("p", "m"): {"cer": 1.0}})
    with open_folder(folder) as reader:
        kept = read_kept_scores(reader)
    for column in kept._numbers.values():
        column[0] = math.inf
    assert ReportedScores([kept]).of(0, "p-m", 0, image_sha256("p-m")) is None


def test_a_look_sees_that_there_are_new_scores(tmp_path: Path) -> None:
    folder = scored_folder(tmp_path, {("p", "m"): {"cer": 1.0}})
    before = marks_of([folder])
    assert marks_of([folder]) == before
    write_scores(folder, [a_score(a_scorer(), "p-m", {"cer": 0.5})])
    assert marks_of([folder]) != before


def test_numbers_too_large_to_add_or_to_divide_leave_the_figures_whole(tmp_path: Path) -> None:
    wild = a_scorer(outputs={"cer": Output((0, None), Better.HIGHER)})
    cells = {("p", "m"): {"cer": 1.5e308}, ("q", "m"): {"cer": 1.5e308}, ("p", "n"): {"cer": 1.5e308}}
    lines = [replace(scored_line(*cell), cost_usd=0.01) for cell in cells]
    write_folder(tmp_path, lines)
    scores = (a_score(wild, line.job_id, found) for line, found in zip(lines, cells.values(), strict=True))
    told = score_rows(write_scores(tmp_path, [wild, *scores]))
    assert [row["model"] for row in told["rows"]] == ["n"]
    assert [row["per_usd"] for row in told["priced"]] == [None]
