"""Scores in exports: a column for each number, and conditions over them."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from qwave_batch.cli.main import main
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.scoring.score_lines import ScorerLine
from qwave_batch.scoring.scorer import Level, Output
from tests.painted_folders import painted, painted_folder
from tests.scored_folders import a_score, a_scorer, write_scores

MODELS = ("a", "b", "c")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images of three models, of which the last was not scored."""
    folder = painted_folder(tmp_path / "run", {("p", model): [painted(at)] for at, model in enumerate(MODELS)})
    return scored(folder, a_scorer(), {"a": {"cer": 0.05, "words": 1.0}, "b": {"cer": 0.5}})


def scored(folder: Path, scorer: ScorerLine, numbers: dict[str, dict[str, float]]) -> Path:
    with open_folder(folder) as reader:
        images = {line.model: (line.job_id, image.sha256) for line, image in reader.images()}
    lines: list[Any] = [scorer]
    for model, found in numbers.items():
        job_id, sha256 = images[model]
        line = a_score(scorer, job_id, found)
        lines.append(type(line)(**{**vars(line), "sha256": sha256}))
    return write_scores(folder, lines)


def call(*argv: str) -> tuple[int, str]:
    stderr = StringIO()
    return main(["export", *argv], StringIO(), stderr, environ={"COLUMNS": "500"}), stderr.getvalue()


def models(folder: Path, where: str) -> list[str]:
    out = folder.parent / "chosen.jsonl"
    status, said = call(str(folder), "--to", "jsonl", str(out), "--where", where)
    assert status == 0, said
    return [json.loads(line)["model"] for line in out.read_text().splitlines()]


def test_each_number_has_a_column(folder: Path) -> None:
    out = folder.parent / "scores.csv"
    assert call(str(folder), "--to", "csv", str(out))[0] == 0

    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["model"], row["score_ocr_cer"], row["score_ocr_words"]) for row in rows] == [
        ("a", "0.05", "1.0"),
        ("b", "0.5", ""),
        ("c", "", ""),
    ]


def test_numbers_are_real_with_gaps_in_parquet(folder: Path) -> None:
    out = folder.parent / "scores.parquet"
    assert call(str(folder), "--to", "parquet", str(out))[0] == 0

    table = pq.read_table(out)
    assert table.column("score_ocr_cer").to_pylist() == [0.05, 0.5, None]
    assert str(table.schema.field("score_ocr_cer").type) == "double"


def test_names_that_would_be_one_column_are_two(folder: Path) -> None:
    scored(folder, a_scorer("x_y", {"z": Output()}), {"a": {"z": 1}})
    scored(folder, a_scorer("x", {"y_z": Output(), "file_name": Output()}), {"a": {"y_z": 2, "file_name": 3}})
    out = folder.parent / "scores.jsonl"
    assert call(str(folder), "--to", "jsonl", str(out))[0] == 0

    row = json.loads(out.read_text().splitlines()[0])
    assert (row["score_x_y__z"], row["score_x__y_z"], row["score_x_file_name_"]) == (1, 2, 3)


@pytest.mark.parametrize(
    ("where", "chosen"),
    [
        ("scores.ocr.cer < 0.1", ["a"]),
        ("scores.ocr.cer >= 0.1", ["b"]),
        ("not scores.ocr.cer >= 0.1", ["a", "c"]),
        ("scores.ocr.cer is none", ["c"]),
        ("scores.ocr.words is not none", ["a"]),
        ("scores.ocr.cer < 1 and model != 'a'", ["b"]),
        ("scores.ocr.cer > 0.2 or rating >= 4", ["b"]),
        ("scores['ocr']['cer'] == 0.5", ["b"]),
    ],
)
def test_conditions_read_scores(folder: Path, where: str, chosen: list[str]) -> None:
    """A number that an image lacks makes every comparison false."""
    assert models(folder, where) == chosen


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("scores.ocr.cre < 0.1", 'unknown score "ocr.cre"; did you mean "ocr.cer"?'),
        ("scores.clip.score < 0.1", 'unknown score "clip.score"; there is ocr.cer, ocr.words'),
        ("scores.fid.distance < 0.1", 'unknown score "fid.distance"'),
        ("scores.ocr < 0.1", "condition"),
        ("scores['ocr']['cre'] < 0.1", "condition"),
    ],
)
def test_a_score_that_there_is_not_is_refused(folder: Path, where: str, message: str) -> None:
    scored(folder, a_scorer("fid", {"distance": Output()}, level=Level.SET), {})
    out = folder.parent / "chosen.jsonl"
    status, said = call(str(folder), "--to", "jsonl", str(out), "--where", where)

    assert status == 2
    assert message in said
    assert not out.exists()


def test_a_folder_that_was_never_scored_has_no_scores(tmp_path: Path) -> None:
    folder = painted_folder(tmp_path / "run", {("p", "a"): [painted(1)]})
    status, said = call(str(folder), "--to", "jsonl", str(tmp_path / "x.jsonl"), "--where", "scores.ocr.cer < 1")

    assert (status, "the folders were never scored" in said) == (2, True)
