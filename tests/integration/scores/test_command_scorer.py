"""Scorers that are commands: answers in any order, and whatever a command can do wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import tests.scoring_command
from qwave_batch.client.connection import KEY_NAMES
from qwave_batch.errors import SpecError, UsageError
from qwave_batch.scores import ScoreReport, ScoreRequest, score_folders
from qwave_batch.scoring.command_file import SECRET_NAMES
from tests.painted_folders import painted, painted_folder

SCRIPT = Path(tests.scoring_command.__file__)
PLAIN = {
    "name": "sizes",
    "version": "1",
    "needs": ["prompt"],
    "outputs": {"bytes": {"range": [1, None], "better": "higher"}, "words": {"range": [0, 100]}},
    "command": [sys.executable, str(SCRIPT)],
    "batch": 4,
    "timeout": 20,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Nine pictures, the fifth of which has a bad prompt."""
    names = ["a", "b", "c", "d", "bad", "e", "f", "g", "h"]
    return painted_folder(tmp_path / "run", {(name, "m"): [painted(at)] for at, name in enumerate(names)})


def score(folder: Path, mode: str = "", params: Mapping[str, str] | None = None, **changes: Any) -> ScoreReport:
    file = folder.parent / "sizes.yaml"
    file.write_text(json.dumps({**PLAIN, "params": {"mode": mode}, **changes}))
    return score_folders(ScoreRequest(folders=[folder], scorer=str(file), params=params or {}))


def lines_of(folder: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "scores.jsonl").read_text().splitlines()]
    return [line for line in lines if "scores" in line]


def errors_of(folder: Path) -> dict[str, str]:
    """Return the codes of errors, by prompt."""
    return {line["job_id"]: line["error"]["code"] for line in lines_of(folder) if line["error"]}


@pytest.mark.parametrize("batch", [1, 4, 9])
def test_answers_are_matched_by_id_in_any_order(folder: Path, batch: int) -> None:
    report = score(folder, "reversed", {"batch": "1"} if batch != 9 else {"batch": "9"}, batch=batch)

    assert report.is_complete
    images = {path.stem.removesuffix("_0"): path.stat().st_size for path in (folder / "images").iterdir()}
    assert {line["job_id"]: line["scores"]["bytes"] for line in lines_of(folder)} == images


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("error", "too_small"),
        ("nan", "bad_answer"),
        ("range", "bad_answer"),
        ("unknown", "bad_answer"),
        ("garbled", "garbled_answer"),
        ("dies", "command_ended"),
    ],
)
@pytest.mark.parametrize("batch", [1, 4])
def test_one_bad_answer_spoils_no_other(folder: Path, mode: str, code: str, batch: int) -> None:
    report = score(folder, mode, batch=batch)

    assert errors_of(folder) == {"bad-m": code}
    assert report.folders[0].counts.scored == 8


def test_an_answer_without_end_is_an_error(folder: Path) -> None:
    score(folder, "endless", batch=1)

    assert errors_of(folder) == {"bad-m": "answer_too_long"}


def test_a_command_that_is_silent_is_ended_and_started_again(folder: Path) -> None:
    score(folder, "hangs", batch=1, timeout=2)

    assert errors_of(folder) == {"bad-m": "no_answer"}


def test_a_command_that_dies_shows_its_last_words_and_is_not_started_for_ever(folder: Path) -> None:
    report = score(folder, "dies at once")

    assert "failed 4 times without an answer in between" in str(report.stopped)
    assert "it ended with exit status 1; on stderr: no weights here" in str(report.stopped)
    assert not report.is_complete


def test_large_answers_and_large_batches_do_not_block(folder: Path) -> None:
    """More than any pipe holds goes both ways at once."""
    cells = {(f"p{at}", "m"): [painted(at)] for at in range(40)}
    many = painted_folder(folder.parent / "many", cells, meta={name: {"long": "y" * 50_000} for name, _ in cells})

    assert score(many, "long", batch=40).is_complete


def test_a_command_is_not_given_the_key_nor_other_variables(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(KEY_NAMES) == SECRET_NAMES
    for name in (*KEY_NAMES, "SECRET_OF_OTHERS", "WANTED"):
        monkeypatch.setenv(name, "x-secret-x")
    score(folder, "environ", env=["WANTED"])

    given = lines_of(folder)[0]["details"]
    assert given["WANTED"] == "x-secret-x"
    assert "PATH" in given
    assert not {*KEY_NAMES, "SECRET_OF_OTHERS"} & given.keys()


def test_a_command_is_told_of_all_images_of_a_set(folder: Path) -> None:
    assert score(folder, "told", level="set", batch=1).is_complete

    (line,) = lines_of(folder)
    assert line["set"] == {"model": "m"}
    assert sorted(line["details"]["images"]) == sorted(path.name for path in (folder / "images").iterdir())


def test_a_command_is_told_of_both_images_of_a_pair(tmp_path: Path) -> None:
    folder = painted_folder(tmp_path / "pair", {("p", "a"): [painted(1)], ("p", "b"): [painted(2)]})
    assert score(folder, "told", level="pair").is_complete

    (line,) = lines_of(folder)
    assert (line["job_id"], line["other"]["job_id"]) == ("p-a", "p-b")
    assert line["details"]["other"] == "p-b_0.png"


def test_parameters_of_the_command_line_take_the_place_of_those_in_the_file(folder: Path) -> None:
    score(folder, "nan", {"mode": "error"})

    assert errors_of(folder) == {"bad-m": "too_small"}


def test_another_version_or_parameter_is_asked_anew(folder: Path) -> None:
    score(folder)

    assert score(folder).folders[0].counts.kept == 9
    assert score(folder, version="2").folders[0].counts.scored == 9
    assert score(folder, version="2", params={"depth": "3"}).folders[0].counts.scored == 9


def test_a_command_that_is_not_there_is_a_usage_error(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"sizes\.yaml: the command ./nowhere can't be started: it is not there"):
        score(folder, command=["./nowhere"])


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"command": []}, "command"),
    ({"colour": 1}, "colour"),
    ({"name": "My Scorer"}, "name"),
    ({"needs": ["luck"]}, "luck"),
    ({"batch": 0}, "batch"),
    ({"outputs": {"bytes": {"range": [2, 1]}}}, "2 is above 1"),
    ({"env": ["QWAVE_API_KEY"]}, "QWAVE_API_KEY is a key of the account"),
    ({"timeout": "long"}, "timeout"),
]


@pytest.mark.parametrize(("changes", "message"), MISTAKES)
def test_mistakes_in_the_file_are_named_with_their_place(folder: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        score(folder, **changes)
    assert all(problem.place is not None and problem.place.line == 1 for problem in caught.value.problems)
    assert not (folder / "scores.jsonl").exists()


def test_after_an_interrupt_nothing_of_the_command_is_left(folder: Path) -> None:
    """Ctrl-C on the command line: what was answered is kept, the command and its children are gone, status 130."""
    pids = folder.parent / "pids"
    script = folder.parent / "slow.py"
    script.write_text(
        "import json, os, subprocess, sys, time\n"
        f"child = subprocess.Popen(['sleep', '60'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "sys.stdin.readline()\n"
        "for line in sys.stdin:\n"
        "    item = json.loads(line)\n"
        "    if item['prompt_id'] == 'bad':\n"
        f"        open({str(pids)!r} + '-there', 'w').close()\n"
        "        time.sleep(60)\n"
        "    print(json.dumps({'id': item['id'], 'scores': {'bytes': 1, 'words': 1}}), flush=True)\n"
    )
    file = folder.parent / "sizes.yaml"
    file.write_text(json.dumps({**PLAIN, "command": [sys.executable, str(script)], "batch": 1}))
    command = [sys.executable, "-m", "qwave_batch", "score", str(folder), "--with", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        wait_for(Path(f"{pids}-there").exists)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)

    assert process.returncode == 130
    assert len(lines_of(folder)) == 4
    wait_for(lambda: not any(map(is_alive, map(int, pids.read_text().split()))))


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(is_so: Any) -> None:
    until = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < until
        os.sched_yield()
        time.sleep(0.02)
