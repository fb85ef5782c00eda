"""docs/votes.md: its commands and snippets run in order, and print what it says.

UPDATE_TRANSCRIPTS=1 pytest tests/docs/test_votes_page.py    writes anew what they print
"""

import os
from pathlib import Path

import pytest

from tests.docs.run_page import run_page
from tests.docs.test_datasets_page import with_output


def test_every_command_and_snippet_of_the_page_runs_and_prints_what_is_shown(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = checkout / "docs" / "votes.md"
    page = file.read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    printed = run_page(page, dict(os.environ))
    assert len(printed) > 1
    if os.environ.get("UPDATE_TRANSCRIPTS"):
        file.write_text(page := with_output(page, printed), encoding="utf-8")
    assert page == with_output(page, printed)
