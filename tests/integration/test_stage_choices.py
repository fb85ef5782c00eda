"""Scores, checks and picks of people choose which images go on, through the command line and the simulator."""

import json
import shutil
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.cli.main import main
from tests.voted_folders import a_pick, write_lines

SPEC = """
version: 1
name: market
catalog: "2026-05"
stages:
  - name: draft
    prompts: [{id: a, text: A noodle stall}, {id: b, text: An old alley}]
    matrix: {model: [z-image-turbo], seed: [1, 2]}
"""
PICKED = """
  - name: night
    from_stage: draft
    pick: {n: 1, by: taste.worth}
    text: "{{ parent.prompt }}, at night"
    request: {action: edit, image_urls: ["{{ parent.image }}"], seed: 5}
    matrix: {model: [gpt-image-2]}
"""
SOUND_AND_KEPT = """
  - name: sound
    from_stage: draft
    where: "{{ not parent.findings and parent.axes.seed == 1 }}"
    text: "{{ parent.prompt }}, at night"
    request: {action: edit, image_urls: ["{{ parent.image }}"]}
    matrix: {model: [gpt-image-2]}
  - name: kept
    from_stage: draft
    where: "{{ parent.pick == 'keep' }}"
    text: "{{ parent.prompt }}, at noon"
    request: {action: edit, image_urls: ["{{ parent.image }}"]}
    matrix: {model: [gpt-image-2]}
"""
SCORER = """
name: taste
version: "1"
outputs:
  worth: {range: [0, 1], better: higher}
command: [PYTHON, taste.py]
params: {round: first}
"""
TASTE = """
import json, sys
numbers = {
    "first": {"a1": 0.1, "a2": 0.9, "b1": 0.3, "b2": 0.7},
    "second": {"a1": 0.9, "a2": 0.1, "b1": 0.7, "b2": 0.3},
    "half": {"a1": 0.5, "a2": 0.5, "b1": 0.5, "b2": 0.5},
}[json.loads(sys.stdin.readline())["params"]["round"]]
for line in sys.stdin:
    item = json.loads(line)
    worth = numbers[item["prompt_id"] + str(item["axes"]["seed"])]
    print(json.dumps({"id": item["id"], "scores": {"worth": worth}}), flush=True)
"""


def call(*argv: object) -> tuple[int, str]:
    """Return the exit status of a command and all that it said, on one line."""
    out, err = StringIO(), StringIO()
    status = main(list(map(str, argv)), out, err, environ={"COLUMNS": "400"})
    return status, " ".join((out.getvalue() + err.getvalue()).split())


def run(home: Path, *options: object) -> tuple[int, str]:
    return call("run", home / "market.yaml", "--simulate", "-o", home / "run", "--yes", *options)


def score(home: Path, round_: str) -> None:
    where = "stage == 'draft'"
    command = ("score", home / "run", "--with", home / "taste.yaml", "--param", f"round={round_}", "--where", where)
    assert call(*command)[0] == 0


def lines(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / "run" / "manifest.jsonl").read_text().splitlines()]


def outcomes(home: Path, stage: str) -> dict[str, str]:
    """Return the status of each job of a stage, or the code of its error, by prompt and the seed of its draft."""
    return {
        line["prompt_id"] + str(line["axes"]["draft.seed"]): line["error"]["code"] if line["error"] else line["status"]
        for line in lines(home)
        if line["stage"] == stage
    }


@pytest.fixture(scope="module")
def drafts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drafts are made, and nothing else."""
    home = tmp_path_factory.mktemp("market")
    (home / "market.yaml").write_text(SPEC)
    (home / "taste.yaml").write_text(SCORER.replace("PYTHON", sys.executable))
    (home / "taste.py").write_text(TASTE)
    assert run(home)[0] == 0
    return home


@pytest.fixture
def home(drafts: Path, tmp_path: Path) -> Path:
    shutil.copytree(drafts, tmp_path / "home")
    call("run", tmp_path / "home" / "market.yaml", "--simulate", "-o", tmp_path / "home" / "run", "--adopt")
    return tmp_path / "home"


def test_the_picked_are_made_and_a_new_score_changes_only_what_has_not_begun(home: Path) -> None:
    (home / "market.yaml").write_text(SPEC + PICKED)
    status, said = run(home)
    assert status == 1
    waits = 'note: 4 jobs of stage "night" wait for taste.worth of stage "draft"; have it scored, then run it again:'
    assert f"{waits} qwave-batch score {home / 'run'} --with taste, or with the YAML file of a command" in said
    assert set(outcomes(home, "night").values()) == {"pending"}

    score(home, "first")
    assert 'note: 2 jobs of stage "night" are chosen and not made yet; run it again' in call("status", home / "run")[1]
    assert run(home, "--only", "prompt_id == 'a'")[0] == 0
    assert outcomes(home, "night") == {"a1": "not_picked", "a2": "completed", "b1": "not_picked", "b2": "pending"}
    (a2,) = (line for line in lines(home) if line["stage"] == "night" and line["status"] == "completed")

    score(home, "second")
    assert run(home)[0] == 0
    assert outcomes(home, "night") == {"a1": "completed", "a2": "completed", "b1": "completed", "b2": "not_picked"}
    assert a2 in lines(home)


def test_images_of_another_folder_are_taken_only_for_jobs_that_are_chosen(home: Path) -> None:
    (home / "market.yaml").write_text(SPEC + PICKED)
    score(home, "first")
    assert run(home)[0] == 0
    (home / "run").rename(home / "earlier")
    assert run(home, "--reuse", home / "earlier")[0] == 1
    assert set(outcomes(home, "night").values()) == {"pending"}

    score(home, "first")
    assert run(home, "--reuse", home / "earlier")[0] == 0
    assert outcomes(home, "night") == {"a1": "not_picked", "a2": "completed", "b1": "not_picked", "b2": "completed"}
    assert all(line["reused_from"] for line in lines(home) if line["status"] == "completed")


def test_checks_and_picks_of_people_decide_each_stage_by_itself(home: Path) -> None:
    (home / "market.yaml").write_text(SPEC + SOUND_AND_KEPT)
    assert run(home)[0] == 1
    assert outcomes(home, "sound") == {"a1": "pending", "b1": "pending", "a2": "pending", "b2": "pending"}
    told = json.loads(call("status", home / "run", "--json")[1])["choices"]
    assert [each["waiting"] for each in told] == [[{"for": "check", "jobs": 4}], [{"for": "pick", "jobs": 4}]]

    assert call("check", home / "run")[0] == 0
    drafts = [line for line in lines(home) if line["stage"] == "draft"]
    by_seed = {line["prompt_id"] + str(line["axes"]["seed"]): line["job_id"] for line in drafts}
    picks = [a_pick(by_seed["a2"], "keep"), a_pick(by_seed["b1"], "reject")]
    call("votes", home / "run", write_lines(home / "picks-of-ann.jsonl", picks))
    assert run(home)[0] == 1
    assert outcomes(home, "sound") == {
        "a1": "completed",
        "a2": "left_out_by_where",
        "b1": "completed",
        "b2": "left_out_by_where",
    }
    assert outcomes(home, "kept") == {"a1": "pending", "a2": "completed", "b1": "left_out_by_where", "b2": "pending"}
    assert run(home)[0] == 1  # nothing new is known: the images of later stages leave the check as it was
    assert set(outcomes(home, "sound").values()) == {"completed", "left_out_by_where"}


def test_a_where_that_fails_on_a_score_ends_the_run_before_anything_is_sent(home: Path) -> None:
    divided = PICKED.replace(
        "pick: {n: 1, by: taste.worth}", 'where: "{{ 1 / (parent.scores.taste.worth - 0.5) > least }}"'
    )
    (home / "market.yaml").write_text(SPEC + divided + "vars: {least: 0.2}\n")
    score(home, "half")
    before = lines(home)
    status, said = run(home)
    assert status == 2
    assert 'where of stage "night" on job' in said
    assert [line for line in lines(home) if line["stage"] == "draft"] == before
    assert set(outcomes(home, "night").values()) == {"pending"}
    status, said = call("status", home / "run")
    assert (status, "where of stage" in said, "4 pending" in said) == (0, True, True)
