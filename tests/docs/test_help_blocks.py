"""The help that docs/command-line.md shows is the help that is printed.

UPDATE_HELP=1 pytest tests/docs/test_help_blocks.py    writes the blocks anew
"""

import os
import re
from io import StringIO
from pathlib import Path

from qwave_batch.cli.main import main
from qwave_batch.cli.overview import COMMANDS
from qwave_batch.cli.registry import parser_of

BLOCK = re.compile(r"^```text\nusage: qwave-batch ?(\S*)(?: ([a-z]+))?.*?^```", re.MULTILINE | re.DOTALL)


def printed_help(command: str, action: str) -> str:
    stdout = StringIO()
    words = [command] if command in COMMANDS else []
    if words and action in parser_of(command, width=90).arguments_of_actions:
        words.append(action)
    assert main([*words, "--help"], stdout, StringIO(), environ={"COLUMNS": "90"}) == 0
    return stdout.getvalue()


def with_help(page: str) -> str:
    return BLOCK.sub(lambda block: f"```text\n{printed_help(block[1], block[2])}```", page)


def test_help_on_the_page_is_what_is_printed(checkout: Path) -> None:
    page = checkout / "docs" / "command-line.md"
    text = page.read_text(encoding="utf-8")
    if os.environ.get("UPDATE_HELP"):
        page.write_text(text := with_help(text), encoding="utf-8")
    assert text == with_help(text)


def test_every_command_has_its_help_on_the_page(checkout: Path) -> None:
    shown = BLOCK.findall((checkout / "docs" / "command-line.md").read_text(encoding="utf-8"))
    assert {command for command, _ in shown} >= set(COMMANDS)
    actions = {(name, action) for name in COMMANDS for action in parser_of(name, width=90).arguments_of_actions}
    assert set(shown) >= actions
