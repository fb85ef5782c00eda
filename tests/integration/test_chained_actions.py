"""The shipped chain of actions, as its comments describe it: run, pick, add a row, run again."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import qwave_batch as qb
from qwave_batch.cli.main import main

TABLE = "midjourney-follow-ups.csv"


class Chain:
    """A copy of the spec with its table, and its run folder."""

    def __init__(self, home: Path, specs: Path) -> None:
        (home / "tables").mkdir()
        shutil.copy(specs / "midjourney-chain.yaml", home)
        shutil.copy(specs / "tables" / TABLE, home / "tables")
        self.spec, self.table, self.folder = home / "midjourney-chain.yaml", home / "tables" / TABLE, home / "made"

    def call(self, *argv: object) -> tuple[int, str, str]:
        stdout, stderr = io.StringIO(), io.StringIO()
        status = main([str(one) for one in argv], stdout, stderr, environ={"COLUMNS": "200"})
        return status, stdout.getvalue(), stderr.getvalue()

    def run(self) -> dict[str, Any]:
        status, out, talk = self.call("run", self.spec, "--simulate", "-o", self.folder, "--json", "--yes")
        assert status == 0, talk
        summary: dict[str, Any] = json.loads(out)
        return summary

    def add(self, name: str, action: str, task_id: str, index: str) -> None:
        with self.table.open("a", encoding="utf-8") as table:
            table.write(f"{name},{action},{task_id},{index}\n")

    def line(self, name: str) -> dict[str, Any]:
        lines = map(json.loads, (self.folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines())
        return next(line for line in lines if line["prompt_id"] == name)


@pytest.fixture
def chain(tmp_path: Path, checkout: Path) -> Chain:
    return Chain(tmp_path, checkout / "specs")


def test_each_run_makes_what_was_added_and_pays_for_nothing_else(chain: Chain) -> None:
    first = chain.run()
    assert (first["completed"], first["images"]) == (2, 8)
    chain.add("fox-large", "upscale", chain.line("fox")["task_id"], "2")
    chain.add("harbour-again", "reroll", chain.line("harbour")["task_id"], "")
    second = chain.run()
    assert (second["completed"], second["images"], second["requests"]["submit"]) == (4, 13, 2)
    large = chain.line("fox-large")
    assert (large["prompt"], large["action"], len(large["images"])) == ("", "upscale", 1)
    assert large["request"]["ref_task_id"] == chain.line("fox")["task_id"]
    assert chain.run()["requests"]["submit"] == 0
    assert chain.call("verify", chain.folder)[0] == 0


def test_an_action_without_an_image_of_its_own_is_completed_paid_and_gone_on_from(chain: Chain) -> None:
    """Inpaint only prepares; modal finishes it."""
    chain.run()
    chain.add("fox-large", "upscale", chain.line("fox")["task_id"], "2")
    chain.run()
    chain.add("fox-open", "inpaint", chain.line("fox-large")["task_id"], "1")
    summary = chain.run()
    prepared = chain.line("fox-open")
    assert (prepared["status"], prepared["images"], prepared["attempts"]) == ("completed", [], 1)
    assert prepared["cost_usd"] > 0
    assert prepared["error"] is None
    assert (summary["completed"], summary["failed"], summary["short"]) == (4, 0, 0)
    again = chain.run()
    assert (again["requests"]["submit"], again["requests"]["poll"], again["requests"]["download"]) == (0, 0, 0)
    assert chain.call("verify", chain.folder)[0] == 0
    assert chain.call("refetch", chain.folder, "--simulate")[0] == 0
    assert chain.line("fox-open")["attempts"] == 1
    report = qb.open_run(chain.folder).verify()
    assert report.is_sound


def test_a_task_that_does_not_allow_the_action_fails_for_good_and_costs_nothing(chain: Chain) -> None:
    chain.run()
    chain.add("fox-wide", "zoom", chain.line("fox")["task_id"], "1")
    status, _, _ = chain.call("run", chain.spec, "--simulate", "-o", chain.folder, "--yes")
    assert status == 1
    wide = chain.line("fox-wide")
    assert (wide["status"], wide["error"]["code"], wide["error"]["field"]) == (
        "failed", "capability_violation", "ref_task_id",
    )  # fmt: skip
    assert not wide["cost_usd"]
