"""``score_folders`` on small folders, with scorers of the tests' own."""

import json
import multiprocessing
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.api import scorer_choice
from qwave_batch.errors import FolderBusy, FolderError, UnknownName, UsageError
from qwave_batch.files.appended_lines import appended_lines
from qwave_batch.files.tree import Tree
from qwave_batch.folders import LineFilter
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.scores import (
    Item,
    Level,
    Need,
    Output,
    Score,
    ScoreError,
    ScoreReport,
    ScoreRequest,
    read_kept_scores,
    score_folders,
)
from qwave_batch.scoring.scorer import Outcome, Price
from qwave_batch.scoring.scorer_params import one_of_these, read_scorer_params
from tests.painted_folders import painted, painted_folder

ASKED: list[Item] = []


@dataclass
class Lengths:
    """Gives the length of the prompt; ``trouble`` says what becomes of prompts that are bad."""

    params: JsonObject
    name: str = "lengths"
    version: str = "1"
    level: Level = Level.IMAGE
    needs: frozenset[Need] = frozenset({Need.PROMPT})
    batch: int = 2
    price: Price | None = None
    outputs: Mapping[str, Output] = field(default_factory=lambda: {"characters": Output((0, 1000))})

    def score(self, items: Sequence[Item]) -> Sequence[Outcome]:
        ASKED.extend(items)
        found = [self._score(item) for item in items]
        return found[1:] if self.params.get("trouble") == "too few" else found

    def _score(self, item: Item) -> Outcome:
        trouble = self.params.get("trouble")
        if "bad" in item.prompt_id and trouble == "raises":
            raise ValueError("the picture is odd\nvery odd")
        if "bad" in item.prompt_id and trouble == "interrupt":
            raise KeyboardInterrupt
        fine = Score({"characters": len(item.prompt) if item.file.data else 0})
        return BAD.get(str(trouble), fine) if "bad" in item.prompt_id else fine


BAD: Mapping[str, Outcome] = {
    "error": ScoreError("odd", "it is odd"),
    "retryable": ScoreError("busy", "later", retryable=True),
    "nan": Score({"characters": float("nan")}),
    "range": Score({"characters": -1}),
    "unknown": Score({"charm": 1}),
    "details": Score({"characters": 1}, {"when": object()}),  # type: ignore[dict-item]
    "long": Score({"characters": 1}, {"answer": "a" * 2_000_000}),
}


def make_lengths(params: Mapping[str, str]) -> Lengths:
    read_scorer_params("lengths", {"trouble": one_of_these(*TROUBLES), "turn": one_of_these("", "2")}, params)
    told = {"trouble": "", "turn": "", **params}
    return Lengths(told)


TROUBLES = ("", "raises", "interrupt", "too few", *BAD)


@pytest.fixture(autouse=True)
def _lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scorer ``lengths`` is one of those that are built in."""
    ASKED.clear()
    monkeypatch.setattr(scorer_choice, "BUILT_IN", {"lengths": f"{__name__}:make_lengths"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three prompts by two models, with six pictures."""
    cells = {(prompt, model): [painted(at)] for at, (prompt, model) in enumerate(PLACES)}
    return painted_folder(tmp_path / "run", cells)


PLACES = [(prompt, model) for prompt in ("p", "q", "bad") for model in ("a", "b")]


def score(*folders: Path, **asked: Any) -> ScoreReport:
    return score_folders(ScoreRequest(folders=folders, scorer="lengths", **asked))


def counts(report: ScoreReport, folder: int = 0) -> dict[str, int]:
    found = report.folders[folder].counts
    return {"scored": found.scored, "reused": found.reused, "kept": found.kept, "failed": found.failed}


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "scores.jsonl").read_text().splitlines()]


def numbers(folder: Path) -> list[Mapping[str, float]]:
    """Return the numbers of every image, in plan order."""
    with open_folder(folder) as reader:
        kept = read_kept_scores(reader)
        return [kept.of(line.job_id, 0, image.sha256) for line, image in reader.images()]


def test_every_image_gets_its_numbers(folder: Path) -> None:
    report = score(folder)

    assert counts(report) == {"scored": 6, "reused": 0, "kept": 0, "failed": 0}
    assert report.is_complete
    assert [found["lengths.characters"] for found in numbers(folder)] == [13, 13, 13, 13, 15, 15]


def test_a_second_scoring_asks_nothing_and_writes_nothing(folder: Path) -> None:
    score(folder)
    before = (folder / "scores.jsonl").read_bytes()
    ASKED.clear()

    assert counts(score(folder)) == {"scored": 0, "reused": 0, "kept": 6, "failed": 0}
    assert ASKED == []
    assert (folder / "scores.jsonl").read_bytes() == before


def test_other_parameters_are_other_scores(folder: Path) -> None:
    score(folder)

    assert counts(score(folder, params={"turn": "2"}))["scored"] == 6
    assert counts(score(folder))["kept"] == 6
    assert lines_of(folder)[-1]["params"] == {"trouble": "", "turn": ""}, "the one that was asked for last holds"


def test_equal_images_of_equal_prompts_are_asked_about_once(tmp_path: Path) -> None:
    """Two lines, of which the second costs nothing."""
    folder = painted_folder(tmp_path / "run", {("p", model): [painted(1)] for model in ("a", "b", "c")})

    assert counts(score(folder)) == {"scored": 1, "reused": 2, "kept": 0, "failed": 0}
    assert len(ASKED) == 1
    assert len({found["lengths.characters"] for found in numbers(folder)}) == 1


def test_scores_are_copied_from_other_folders(folder: Path, tmp_path: Path) -> None:
    twin = painted_folder(tmp_path / "twin", {("p", "a"): [painted(0)], ("new", "a"): [painted(9)]})
    score(folder)

    assert counts(score(twin, reuse=[folder])) == {"scored": 1, "reused": 1, "kept": 0, "failed": 0}


def test_folders_of_one_call_share_their_scores(folder: Path, tmp_path: Path) -> None:
    twin = painted_folder(tmp_path / "twin", {("p", "a"): [painted(0)]})

    assert counts(score(folder, twin), 1) == {"scored": 0, "reused": 1, "kept": 0, "failed": 0}


@pytest.mark.parametrize(
    ("trouble", "code", "message"),
    [
        ("raises", "scorer_raised", "it raised ValueError: the picture is odd very odd"),
        ("error", "odd", "it is odd"),
        ("nan", "bad_answer", "characters is nan, outside its range 0 to 1000"),
        ("range", "bad_answer", "characters is -1.0, outside its range 0 to 1000"),
        ("unknown", "bad_answer", "it gave the output 'charm', and states characters"),
        ("details", "bad_answer", "its details are not an object of JSON"),
        ("long", "bad_answer", "its details have 2,000,014 characters, more than 524,288"),
    ],
)
def test_a_bad_answer_is_an_error_of_its_image_alone(folder: Path, trouble: str, code: str, message: str) -> None:
    report = score(folder, params={"trouble": trouble})

    assert counts(report) == {"scored": 4, "reused": 0, "kept": 0, "failed": 2}
    assert not report.is_complete
    failed = [line["error"] for line in lines_of(folder) if line.get("error")]
    assert failed == [{"code": code, "message": message, "retryable": False}] * 2
    assert [bool(found) for found in numbers(folder)] == [True] * 4 + [False] * 2


def test_the_wrong_number_of_answers_is_an_error_of_each(folder: Path) -> None:
    report = score(folder, params={"trouble": "too few"})

    assert counts(report)["failed"] == 6
    assert report.folders[0].counts.first_failure == ScoreError("bad_answer", "it gave 0 outcomes for 1 item")


def test_final_errors_are_asked_again_when_that_is_wanted(folder: Path) -> None:
    score(folder, params={"trouble": "error"})
    assert counts(score(folder, params={"trouble": "error"}))["kept"] == 6
    assert counts(score(folder, params={"trouble": "error"}, retry_failed=True))["failed"] == 2


def test_errors_that_may_pass_are_asked_again(folder: Path) -> None:
    score(folder, params={"trouble": "retryable"})

    assert counts(score(folder, params={"trouble": "retryable"})) == {"scored": 0, "reused": 0, "kept": 4, "failed": 2}


def test_a_scorer_that_fails_on_everything_is_asked_no_more(tmp_path: Path) -> None:
    cells = {(f"bad{at}", "a"): [painted(at)] for at in range(60)}
    folder = painted_folder(tmp_path / "run", cells)
    report = score(folder, params={"trouble": "raises"})

    assert "failed on 20 items in a row" in str(report.stopped)
    assert len(ASKED) < 60
    assert not report.is_complete


def test_missing_and_damaged_images_are_errors(folder: Path) -> None:
    images = sorted((folder / "images").iterdir())
    images[0].unlink()
    images[1].write_bytes(painted(77))
    report = score(folder)

    assert report.folders[0].counts.failures == {"image_missing": 1, "image_damaged": 1}
    assert counts(report)["scored"] == 4


def test_an_image_that_is_back_is_scored(folder: Path) -> None:
    image = min((folder / "images").iterdir())
    data = image.read_bytes()
    image.unlink()
    score(folder)
    image.write_bytes(data)

    assert counts(score(folder)) == {"scored": 1, "reused": 0, "kept": 5, "failed": 0}


def test_a_filter_chooses_images(folder: Path) -> None:
    assert counts(score(folder, where=LineFilter(models=frozenset({"a"}))))["scored"] == 3


def test_images_without_what_is_needed_are_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scorer_choice, "BUILT_IN", {"lengths": f"{__name__}:make_of_texts"})
    with pytest.raises(UsageError, match=r"needs the text .*, which 6 images lack"):
        score(folder)
    assert not (folder / "scores.jsonl").exists()


def make_of_texts(params: Mapping[str, str]) -> Lengths:
    return replace(make_lengths(params), needs=frozenset({Need.TEXT}))


def test_after_an_interrupt_the_rest_is_asked(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        score(folder, params={"trouble": "interrupt"})
    assert len([line for line in lines_of(folder) if "scores" in line]) == 4

    with pytest.raises(KeyboardInterrupt):
        score(folder, params={"trouble": "interrupt"})
    assert len([item for item in ASKED if "bad" not in item.prompt_id]) == 4, "none was asked about twice"


def test_a_torn_line_is_cut(folder: Path) -> None:
    score(folder)
    whole = (folder / "scores.jsonl").read_bytes()
    (folder / "scores.jsonl").write_bytes(whole[:-20])

    assert counts(score(folder)) == {"scored": 1, "reused": 0, "kept": 5, "failed": 0}
    assert len(lines_of(folder)) == 7


def test_one_process_at_a_time_scores_a_folder(folder: Path) -> None:
    with appended_lines(Tree(folder), "scores.jsonl"), pytest.raises(FolderBusy, match="another process that scores"):
        score(folder)


def test_a_broken_file_of_scores_is_not_written_to(folder: Path) -> None:
    (folder / "scores.jsonl").write_text('{"scorer": 1}\n')

    with pytest.raises(FolderError, match=r"scores\.jsonl:1"):
        score(folder)
    assert (folder / "scores.jsonl").read_text() == '{"scorer": 1}\n'


def test_wrong_requests_are_refused(folder: Path) -> None:
    with pytest.raises(UnknownName, match="parameter of the scorer lengths"):
        score(folder, params={"trubble": "x"})
    with pytest.raises(UsageError, match=r'parameter trouble of lengths can.t be "x"'):
        score(folder, params={"trouble": "x"})
    with pytest.raises(UnknownName, match='unknown scorer "length"; did you mean "lengths"'):
        score_folders(ScoreRequest(folders=[folder], scorer="length"))
    with pytest.raises(UsageError, match="is named twice"):
        score(folder, folder)
    with pytest.raises(UsageError, match="no run folder"):
        score()
    assert not (folder / "scores.jsonl").exists()


def test_pairs_are_the_images_of_a_prompt_that_differ_in_the_axis(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scorer_choice, "BUILT_IN", {"lengths": f"{__name__}:make_pairs"})
    report = score(folder)

    assert counts(report)["scored"] == 3
    told = [(item.prompt_id, item.model, item.other.model, bool(item.other.file.data)) for item in ASKED if item.other]
    assert told == [("p", "a", "b", True), ("q", "a", "b", True), ("bad", "a", "b", True)]
    with open_folder(folder) as reader:
        assert len(list(read_kept_scores(reader).pairs())) == 3
    assert counts(score(folder))["kept"] == 3
    ASKED.clear()
    assert counts(score(folder, pairs=2, params={"turn": "2"}))["scored"] == 2
    with pytest.raises(UsageError, match='no job with the axis "style"'):
        score(folder, axis="style")


def make_pairs(params: Mapping[str, str]) -> Lengths:
    return replace(make_lengths(params), level=Level.PAIR)


def test_a_set_is_all_images_of_a_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scorer_choice, "BUILT_IN", {"lengths": f"{__name__}:make_sets"})

    assert counts(score(folder))["scored"] == 2
    with open_folder(folder) as reader:
        found = {each.model: (each.count, each.scores) for each in read_kept_scores(reader).sets()}
    assert found == {"a": (3, {"lengths.characters": 3}), "b": (3, {"lengths.characters": 3})}
    assert counts(score(folder))["kept"] == 2
    min((folder / "images").iterdir()).unlink()
    assert counts(score(folder, params={"turn": "2"})) == {"scored": 1, "reused": 0, "kept": 0, "failed": 1}


class SetLengths(Lengths):
    def score(self, items: Sequence[Item]) -> Sequence[Outcome]:
        return [Score({"characters": sum(bool(member.file.data) for member in item.members)}) for item in items]


def make_sets(params: Mapping[str, str]) -> SetLengths:
    return SetLengths(make_lengths(params).params, level=Level.SET, batch=1)


def _score_until_killed(folder: Path) -> None:
    scorer_choice.BUILT_IN = {"lengths": f"{__name__}:make_killer"}
    score(folder)


class Killer(Lengths):
    def score(self, items: Sequence[Item]) -> Sequence[Outcome]:
        if "bad" in items[0].prompt_id:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().score(items)


def make_killer(params: Mapping[str, str]) -> Killer:
    return Killer(make_lengths(params).params, batch=1)


def test_a_killed_scoring_loses_nothing_that_was_answered(folder: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=_score_until_killed, args=(folder,))
    process.start()
    process.join(30)

    assert process.exitcode == -signal.SIGKILL
    assert counts(score(folder)) == {"scored": 2, "reused": 0, "kept": 4, "failed": 0}


def test_options_that_the_scorer_has_no_use_for_are_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="neither their axis nor number"):
        score(folder, pairs=3)
    with pytest.raises(UsageError, match="neither their axis nor number"):
        score(folder, axis="style")
    with pytest.raises(UsageError, match="looks at no reference images"):
        score(folder, references=folder)


def make_of_references(params: Mapping[str, str]) -> Lengths:
    return replace(make_lengths(params), needs=frozenset({Need.REFERENCE}))


def test_references_are_files_that_meta_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another file of that name is another question."""
    monkeypatch.setattr(scorer_choice, "BUILT_IN", {"lengths": f"{__name__}:make_of_references"})
    cells = {("p", "a"): [painted(1)], ("q", "a"): [painted(2)]}
    folder = painted_folder(tmp_path / "run", cells, meta={"p": {"reference": "one.png"}})
    (tmp_path / "one.png").write_bytes(painted(7))
    with pytest.raises(UsageError, match="name the folder that they are in"):
        score(folder)
    report = score(folder, references=tmp_path)

    assert counts(report)["scored"] == report.folders[0].counts.lacking[Need.REFERENCE] == 1
    assert [file.data for file in ASKED[0].reference] == [painted(7)]
    assert counts(score(folder, references=tmp_path))["kept"] == 1
    (tmp_path / "one.png").write_bytes(painted(8))
    assert counts(score(folder, references=tmp_path))["scored"] == 1
    (tmp_path / "one.png").unlink()
    with pytest.raises(UsageError, match=r"one\.png can't be read"):
        score(folder, references=tmp_path)
