"""docs/gate.md: its commands run in order, its rules are right, and it names every key and outcome."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.gating.gate_file import read_gate
from qwave_batch.gating.paired_difference import Comparative
from qwave_batch.gating.rule_results import RuleOutcome
from tests.docs.run_page import run_page
from tests.docs.test_schema_pages import keys

CodeWords = Callable[[str], frozenset[str]]


@pytest.fixture
def page(checkout: Path) -> str:
    return (checkout / "docs" / "gate.md").read_text(encoding="utf-8")


def test_every_command_of_the_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_page(page, dict(os.environ))
    assert b'failures="0"' in (tmp_path / "gate.xml").read_bytes()


def test_the_rules_that_it_shows_are_right(page: str, tmp_path: Path) -> None:
    shown = re.findall(r"^```yaml\n(rules:\n.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    assert len(shown) == 2
    for rules in shown:
        file = tmp_path / "gate.yaml"
        file.write_text(f"version: 1\n{rules}", encoding="utf-8")
        assert len(read_gate(file).rules) == rules.count("score:")


def test_every_key_and_every_outcome_is_named(checkout: Path, code_words: CodeWords) -> None:
    words = code_words("docs/gate.md")
    schema = json.loads((checkout / "schemas" / "gate.schema.json").read_text(encoding="utf-8"))
    assert set(keys(schema)) - words == set()
    assert {each.value for each in Comparative} - words == set()
    assert {each.value for each in RuleOutcome} - words == set()
