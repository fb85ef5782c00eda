"""docs/reproducibility.md: its commands run in order, and its verdicts and keys are those of the program."""

import json
import os
import re
from pathlib import Path

import pytest

from qwave_batch.reproducing.lock_check import LockedPart
from qwave_batch.reproductions import Doubt, SeedVerdict, compare_runs
from tests.docs.run_page import run_page


def page_of(checkout: Path) -> str:
    return (checkout / "docs" / "reproducibility.md").read_text(encoding="utf-8")


def test_every_command_of_the_page_runs(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_page(page_of(checkout), dict(os.environ))
    lock = json.loads((tmp_path / "teahouse.lock.json").read_text(encoding="utf-8"))
    assert lock["jobs"]["count"] == 6
    assert set(lock) - {"lock"} == set(re.findall(r"^\| `(\w+)` \| ", page_of(checkout), re.MULTILINE)) - set(
        SeedVerdict
    )
    report = compare_runs(tmp_path / "runs/teahouse-simulated", tmp_path / "runs/teahouse-simulated-repro")
    assert [(model.verdict, model.compared) for model in report.models] == [(SeedVerdict.BYTES, 6)]


def test_every_verdict_and_doubt_is_on_the_page(checkout: Path) -> None:
    page = page_of(checkout)
    assert set(re.findall(r"^\| `([a-z ]+)` \| ", page, re.MULTILINE)) >= set(SeedVerdict)
    assert all(f"`{doubt.value}`" in page for doubt in Doubt)
    assert all(f"`{part.value}`" in page for part in LockedPart if part is not LockedPart.OVERLAY)
