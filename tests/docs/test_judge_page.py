"""docs/judge.md: its commands run in order, and its tables name all that there is."""

import os
import re
from pathlib import Path

import pytest

from qwave_batch.client.chat_answers import ChatEnd
from qwave_batch.judging.judge_params import PARAMS
from tests.docs.run_page import run_page


def test_every_command_of_the_page_runs(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_page((checkout / "docs" / "judge.md").read_text(encoding="utf-8"), dict(os.environ))
    scores = (tmp_path / "runs" / "judged" / "scores.jsonl").read_text(encoding="utf-8")
    assert all(f'"scorer": "{name}"' in scores for name in ("judge", "looks", "judge_pairs"))


def test_every_parameter_and_error_is_on_the_page(checkout: Path) -> None:
    page = (checkout / "docs" / "judge.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", page, flags=re.MULTILINE)
    named = set(re.findall(r"\w+", " ".join(cells)))
    assert set(PARAMS) <= named
    assert {end.value for end in ChatEnd} - {"complete"} <= named
