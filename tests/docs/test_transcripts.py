"""What the README and the tutorial show on a terminal is what a terminal shows."""

import doctest
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
MATCHES = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def exchanges(page: Path) -> Iterator[tuple[str, str]]:
    """Each command of a page's console blocks with the output shown under it; ``...`` stands for anything."""
    for block in CONSOLE.findall(page.read_text(encoding="utf-8")):
        _, *parts = re.split(r"^\$ ", block, flags=re.MULTILINE)
        for part in parts:
            command, _, output = part.partition("\n")
            yield command, output


@pytest.fixture
def terminal(tmp_path: Path, checkout: Path) -> dict[str, str]:
    """An environment where qwave-batch is installed, in an empty folder that holds the example specs."""
    programs = tmp_path / "bin"
    programs.mkdir()
    command = programs / "qwave-batch"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m qwave_batch "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    (programs / "python").symlink_to(sys.executable)
    desk = tmp_path / "desk"
    desk.mkdir()
    for folder in ("specs", "schemas"):
        shutil.copytree(checkout / folder, desk / folder)
    return {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(checkout),
        "HOME": str(tmp_path),
        "PWD": str(desk),
        "COLUMNS": "100",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
    }


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_every_command_shown_prints_what_is_shown(page: str, checkout: Path, terminal: dict[str, str]) -> None:
    """All commands of a page work in the order they are shown, in one folder, and print what is printed there."""
    commands = list(exchanges(checkout / page))
    assert commands
    for command, shown in commands:
        ended = subprocess.run(
            ("bash", "-euo", "pipefail", "-c", command),
            cwd=terminal["PWD"],
            env=terminal,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=50,
            check=False,
        )
        assert ended.returncode == 0, f"$ {command}\n{ended.stdout}"
        if shown.strip():
            agrees = doctest.OutputChecker().check_output(shown, ended.stdout, MATCHES)
            assert agrees, f"$ {command}\nshown:\n{shown}\nprinted:\n{ended.stdout}"
