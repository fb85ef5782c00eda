"""docs/command-line.md tells all of the command line, and every example in the documentation can be typed."""

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from qwave_batch.cli.overview import COMMANDS
from qwave_batch.cli.registry import parser_of
from tests.every_case import in_one_test

CHECKOUT = Path(__file__).parents[2]
PAGE = CHECKOUT / "docs" / "command-line.md"


def section(command: str) -> str:
    """The part of the page under the command's own heading."""
    text = PAGE.read_text(encoding="utf-8")
    start = re.search(rf"^(#+) `?(?:qwave-batch )?{command}\b.*$", text, flags=re.MULTILINE)
    assert start, f"no heading for {command}"
    end = re.search(rf"^#{{1,{len(start[1])}}} ", text[start.end() :], flags=re.MULTILINE)
    return text[start.start() : start.end() + end.start()] if end else text[start.start() :]


def options(command: str) -> set[str]:
    parser = parser_of(command, width=100)
    parsers = (parser, *parser.arguments_of_actions.values())
    arguments: list[argparse.Action] = [argument for each in parsers for argument in each._actions]
    return {option for argument in arguments for option in argument.option_strings} - {"-h", "--help"}


CALL = re.compile(r"(?:[A-Z_]+=\S+ )*(?:\S*/bin/)?qwave-batch ([a-z]+(?: \S+)*)(?: {2,}.*)?$")


def typed_lines(page: Path) -> Iterator[str]:
    """The lines of a page that can be typed: those in code blocks, and in a spec those of its comments."""
    block = ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            block = "" if block else line
        elif page.suffix == ".yaml":
            yield line.lstrip("# ")
        elif block == "```console":
            yield line.removeprefix("$ ") if line.startswith("$ ") else ""
        elif block or line.startswith("    "):
            yield line.strip()


def examples() -> Iterator[tuple[str, str]]:
    """Each call of qwave-batch that documentation shows, with the page it stands on."""
    for page in (*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/*.md"), *CHECKOUT.glob("specs/*.yaml")):
        for line in typed_lines(page):
            for part in re.split(r" (?:&&|\|\|?) |;", line):
                if call := CALL.match(part.strip()):
                    yield page.relative_to(CHECKOUT).as_posix(), call[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_documented_under_its_command(command: str) -> None:
    named = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", section(command)))
    assert options(command) - named == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_no_option_is_documented_that_does_not_exist(command: str) -> None:
    named = set(re.findall(r"`(--[a-z][a-z-]*)", section(command)))
    anywhere = {option for other in COMMANDS for option in options(other)} | {"--help", "--version"}
    assert named - anywhere == set()


@in_one_test(("page", "call"), sorted(set(examples())))
def test_every_example_can_be_typed(page: str, call: str) -> None:
    command, *arguments = shlex.split(call, comments=True)
    assert command in COMMANDS, page
    parser_of(command, width=100).read(arguments)


def test_there_are_examples() -> None:
    pages = {page for page, _ in examples()}
    assert pages >= {"README.md", "docs/tutorial.md", "specs/quickstart.yaml"}
