"""The hook that a repository of specs takes from here."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from qwave_batch.cli.main import main


@pytest.fixture
def hook(checkout: Path) -> dict[str, Any]:
    [hook] = yaml.safe_load((checkout / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert isinstance(hook, dict)
    return hook


@pytest.mark.parametrize(
    ("file", "is_spec"),
    [
        ("specs/cats.yaml", True),
        ("work/specs/cats.yml", True),
        ("specs/tables/cats.yaml", False),
        (".pre-commit-config.yaml", False),
        ("specs/spec.schema.json", False),
    ],
)
def test_it_checks_the_yaml_files_of_folders_called_specs(hook: dict[str, Any], file: str, *, is_spec: bool) -> None:
    assert bool(re.search(hook["files"], file)) == is_spec
    assert hook["types"] == ["yaml"]


def test_its_command_takes_files_and_fails_on_a_bad_one(hook: dict[str, Any], checkout: Path, tmp_path: Path) -> None:
    program, *arguments = hook["entry"].split()
    assert program in (checkout / "pyproject.toml").read_text(encoding="utf-8")
    assert hook["language"] == "python"
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1\n", encoding="utf-8")
    good = str(checkout / "specs" / "quickstart.yaml")
    out = io.StringIO()
    assert main([*arguments, good], stdout=out, stderr=out) == 0
    assert main([*arguments, good, str(bad)], stdout=out, stderr=out) == 2


def test_it_is_named_in_the_documentation(hook: dict[str, Any], checkout: Path) -> None:
    assert f"id: {hook['id']}" in (checkout / "docs" / "command-line.md").read_text(encoding="utf-8")
