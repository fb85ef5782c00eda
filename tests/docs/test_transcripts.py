"""Terminal output shown in README, tutorial and planning page matches real output.

UPDATE_TRANSCRIPTS=1 pytest tests/docs/test_transcripts.py    writes anew what differs

A line of three dots in a transcript stands for anything. The lines of a command after its first begin with "> ".
"""

import doctest
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest

from tests.forked_programs import forking_command

CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROGRESS = re.compile(r"^\d+ of \d+ jobs done, .*\n", re.MULTILINE)  # a slow machine prints more of them
VARYING = [
    (re.compile(r"\b[0-9a-f]{64}\b"), "SHA256"),
    (re.compile(r"\btask-wave\w+"), "TASK"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT[\d:.]+Z"), "INSTANT"),
    (re.compile(r"127\.0\.0\.1:\d+"), "ADDRESS"),
    (re.compile(r"\b[\d.]+ s\b|(?<=\"seconds\": )[\d.]+"), "SECONDS"),
    (re.compile(r"\b[\d.]+ [KM]?B\b|(?<=\"bytes\": )\d+"), "BYTES"),  # another Pillow, another compression
]
MATCHES = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def settled(text: str) -> str:
    """The text without what differs from one run to the next."""
    text = PROGRESS.sub("", text)
    for pattern, name in VARYING:
        text = pattern.sub(name, text)
    return text


@pytest.fixture
def forking(short_path: Path) -> Iterator[Path]:
    with forking_command(short_path) as program:
        yield program


@pytest.fixture
def terminal(tmp_path: Path, checkout: Path, other_offers: str, forking: Path) -> dict[str, str]:
    """An environment where qwave-batch is installed, in an empty folder that holds the example specs."""
    programs = forking.parent
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
        "SIMULATOR": other_offers,
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
    }


def typed(command: str, terminal: dict[str, str]) -> str:
    """The terminal output of a command, which must succeed."""
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
    return PROGRESS.sub("", ended.stdout).replace(terminal["PWD"], "/home/ada/work")


def replay(block: str, terminal: dict[str, str]) -> str:
    """A block with each command's output: as shown where that agrees with what is printed, else as printed."""
    _, *exchanges = re.split(r"^\$ ", block, flags=re.MULTILINE)
    parts = []
    for exchange in exchanges:
        first, *rest = exchange.splitlines(keepends=True)
        more = list(takewhile(lambda line: line.startswith("> "), rest))
        command, shown = "".join([first, *more]), "".join(rest[len(more) :])
        printed = typed(re.sub(r"^> ", "", command, flags=re.MULTILINE), terminal)
        agrees = doctest.OutputChecker().check_output(settled(shown), settled(printed), MATCHES)
        parts.append(f"$ {command}{shown if agrees else printed}")
    return "```console\n" + "".join(parts) + "```"


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "docs/tutorial.md",
        "docs/planning.md",
        "docs/newer-catalog.md",
        "docs/benchmarks.md",
        "docs/stages.md",
    ],
)
def test_every_command_shown_prints_what_is_shown(page: str, checkout: Path, terminal: dict[str, str]) -> None:
    """All commands of a page work in the order they are shown, in one folder, and print what is printed there."""
    file = checkout / page
    text = file.read_text(encoding="utf-8")
    assert CONSOLE.search(text)
    now = CONSOLE.sub(lambda block: replay(block[1], terminal), text)
    if os.environ.get("UPDATE_TRANSCRIPTS"):
        file.write_text(now, encoding="utf-8")
    assert text == now
