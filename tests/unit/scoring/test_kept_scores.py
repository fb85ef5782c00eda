import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from qwave_batch.errors import FolderError
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.scoring.kept_scores import KeptScores, PairScore, SetScore, read_kept_scores
from qwave_batch.scoring.scorer import Level, Output, ScoreError
from tests.scored_folders import (
    OUTPUTS,
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

SCORER = a_scorer()
JOB = scored_line("p", "a").job_id
OTHER = scored_line("p", "b").job_id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of one prompt by two models, without scores."""
    return write_folder(tmp_path / "run", [scored_line("p", "a"), scored_line("p", "b")])


def read(folder: Path) -> KeptScores:
    with open_folder(folder) as reader:
        return read_kept_scores(reader)


def numbers_of(folder: Path, job_id: str = JOB) -> Mapping[str, float]:
    return read(folder).of(job_id, 0, image_sha256(job_id))


def test_numbers_are_found_by_image_and_full_name(tmp_path: Path) -> None:
    folder = scored_folder(tmp_path / "run", {("p", "a"): {"cer": 0.25, "words": 0.5}, ("p", "b"): {"cer": 0.75}})

    assert numbers_of(folder) == {"ocr.cer": 0.25, "ocr.words": 0.5}
    assert numbers_of(folder, OTHER) == {"ocr.cer": 0.75}
    assert read(folder).outputs == {f"ocr.{name}": output for name, output in OUTPUTS.items()}


def test_a_folder_without_scores_has_none(folder: Path) -> None:
    assert (read(folder).outputs, numbers_of(folder)) == ({}, {})


def test_a_number_of_other_bytes_is_not_found(tmp_path: Path) -> None:
    folder = scored_folder(tmp_path / "run", {("p", "a"): {"cer": 0.25}})

    assert read(folder).of(JOB, 0, image_sha256("another")) == {}


def test_the_last_line_of_an_image_holds(folder: Path) -> None:
    first = a_score(SCORER, JOB, {"cer": 0.1, "words": 1})
    write_scores(folder, [SCORER, first, a_score(SCORER, JOB, {"cer": 0.2})])
    assert numbers_of(folder) == {"ocr.cer": 0.2}

    write_scores(folder, [a_score(SCORER, JOB, {}, error=ScoreError("timeout", "no answer"))])
    assert numbers_of(folder) == {}


def test_an_error_that_stays_is_told_until_there_is_a_number(folder: Path) -> None:
    def refused(error: ScoreError | None, scores: Mapping[str, float]) -> frozenset[str]:
        write_scores(folder, [SCORER, a_score(SCORER, JOB, scores, error=error)])
        return read(folder).refused_by(JOB, 0, image_sha256(JOB))

    assert refused(ScoreError("too_small", "8 x 8"), {}) == {"ocr"}
    assert refused(ScoreError("timeout", "no answer", retryable=True), {}) == frozenset()
    assert refused(ScoreError("too_small", "8 x 8"), {}) == {"ocr"}
    assert refused(None, {"cer": 0.1}) == frozenset()


def test_the_newest_line_of_a_scorer_decides_which_scores_count(folder: Path) -> None:
    """The earlier numbers are back when the earlier parameters are."""
    other = a_scorer(params={"against": "prompt"})
    write_scores(folder, [SCORER, a_score(SCORER, JOB, {"cer": 0.1}), other, a_score(other, JOB, {"cer": 0.9})])
    assert numbers_of(folder) == {"ocr.cer": 0.9}

    write_scores(folder, [SCORER])
    assert numbers_of(folder) == {"ocr.cer": 0.1}


def test_scorers_stand_beside_each_other(folder: Path) -> None:
    looks = a_scorer("checks", {"sharpness": Output()})
    write_scores(folder, [SCORER, looks, a_score(looks, JOB, {"sharpness": 3}), a_score(SCORER, JOB, {"cer": 0})])

    assert numbers_of(folder) == {"ocr.cer": 0, "checks.sharpness": 3}


def test_a_last_line_that_is_being_written_is_passed_over(folder: Path) -> None:
    write_scores(folder, [SCORER, a_score(SCORER, JOB, {"cer": 0.1})])
    with (folder / "scores.jsonl").open("ab") as file:
        file.write(b'{"job_id": "x", "ima')

    assert numbers_of(folder) == {"ocr.cer": 0.1}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"job_id"\n', "not JSON"),
        (b"\xff\n", "not text in UTF-8"),
        (b"[" * 100_000 + b"\n", "nested too deeply"),
        (b'{"job_id": "x", "job_id": "y"}\n', 'duplicate key "job_id"'),
        (b'{"vote": 1}\n', "is missing"),
        (b"x" * (1 << 21), "longer than"),
    ],
)
def test_a_broken_line_is_named_by_its_number(folder: Path, line: bytes, reason: str) -> None:
    write_scores(folder, [SCORER])
    with (folder / "scores.jsonl").open("ab") as file:
        file.write(line)

    with pytest.raises(FolderError, match=rf"scores\.jsonl:2: not a line of scores \(.*{reason}"):
        read(folder)


def test_a_pair_counts_while_both_images_are_there(folder: Path) -> None:
    judge = a_scorer("judge", {"preference": Output((0, 1))}, level=Level.PAIR)
    write_scores(folder, [judge, a_pair_score(judge, JOB, OTHER, {"preference": 0.5})])
    assert list(read(folder).pairs()) == [PairScore(JOB, 0, OTHER, 0, {"judge.preference": 0.5})]

    write_folder(folder, [scored_line("p", "a")])
    assert list(read(folder).pairs()) == []


def test_a_set_counts_while_its_images_are_all_there_and_no_others(folder: Path) -> None:
    fid = a_scorer("fid", {"distance": Output()}, level=Level.SET)
    write_scores(folder, [fid, a_set_score(fid, "a", [JOB], {"distance": 7})])
    assert list(read(folder).sets()) == [SetScore("a", 1, {"fid.distance": 7})]

    write_folder(folder, [scored_line("p", "a"), scored_line("q", "a")])
    assert list(read(folder).sets()) == []


def test_memory_is_a_hash_for_each_image(tmp_path: Path) -> None:
    """Lines are not kept: twice the details take no more memory."""
    folder = write_folder(tmp_path / "run", [])
    line = replace(a_score(SCORER, JOB, {"cer": 0.1, "words": 1}), details={"read": "x" * 2_000})
    write_scores(folder, [SCORER, *(replace(line, job_id=str(number)) for number in range(2_000))])
    tracemalloc.start()
    try:
        scores = read(folder)
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert scores.of("1999", 0, line.sha256) == {"ocr.cer": 0.1, "ocr.words": 1}
    assert kept < 2_000 * 300
    assert peak < 2_000 * 1_000
