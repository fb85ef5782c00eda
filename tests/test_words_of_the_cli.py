"""No text below cli names an option or a command of the program: cli alone words what to do next."""

import ast
import re
from collections.abc import Iterator

import pytest

from qwave_batch.cli.overview import COMMANDS
from tests.every_case import in_one_test
from tests.package_code import TREES, name_in_package

OPTION = re.compile(r"(?<![\w-])(?:--[a-z][a-z-]*|-[a-zA-Z](?![\w-]))")
COMMAND = re.compile(rf"\bqwave-batch (?:{'|'.join(COMMANDS)})\b")
ADVICE = re.compile(r"\brun (?:it )?(?:again|once more)\b", re.IGNORECASE)

ALLOWED: dict[str, tuple[str, frozenset[str]]] = {
    "api.revisions": ("arguments of git", frozenset({"--verify", "--quiet", "--count", "--format"})),
    "scoring.command_process": ("arguments of a shell and its commands", frozenset({"-r", "-s", "-c"})),
    "executors.ray_cluster": ("arguments of Python", frozenset({"-P", "-c"})),
    "catalog.spec_schema": ("a file's comment that says how it is written", frozenset({"qwave-batch schema"})),
    "imaging.formats.apart": ("arguments of Python", frozenset({"-I", "-c"})),
    "folder.inspection_processes": ("arguments of Python", frozenset({"-I", "-X", "-c"})),
    "git.objects": ("arguments of git", frozenset({"--batch", "--batch-check"})),
    "git.repository": ("arguments of git", frozenset({"--null", "--get-regexp", "--file", "--no-includes", "--list"})),
    "git.state": (
        "arguments of git",
        frozenset(
            {
                "--porcelain", "--branch", "--untracked-files", "--no-renames", "--no-ahead-behind",
                "--ignore-submodules", "--stage", "-z",
            }
        ),
    ),
    "git.worktree": ("a command of git that its user has to type", frozenset({"--global", "--add"})),
    "spec.overrides": ("the place of an override, where another value has its file", frozenset({"--set"})),
}  # fmt: skip
"""Modules below cli that may, why, and what they name."""


def texts(tree: ast.Module) -> Iterator[str]:
    """Yield every text of a module but its docstrings; the values in a formatted one stand as blanks."""
    docstrings = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        for statement in node.body
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    }
    skipped = docstrings
    for node in ast.walk(tree):  # a formatted text comes before its parts
        if isinstance(node, ast.JoinedStr):
            skipped.update(map(id, node.values))
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else " " for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.value


def named(text: str) -> set[str]:
    return {*OPTION.findall(text), *COMMAND.findall(text), *ADVICE.findall(text)}


MODULES = {name_in_package(file): tree for file, tree in TREES.items()}
BELOW = [name for name in MODULES if not name.startswith("cli.")]


@in_one_test("module", BELOW)
def test_no_text_below_cli_names_an_option_or_a_command(module: str) -> None:
    """A new one belongs into ``NextStep``, with its words in cli/next_steps.py."""
    reason_and_words = ALLOWED.get(module, ("", frozenset()))
    assert {word for text in texts(MODULES[module]) for word in named(text)} == reason_and_words[1]


def test_what_is_allowed_is_of_modules_that_are_there() -> None:
    assert ALLOWED.keys() <= set(BELOW)
    assert all(reason for reason, _ in ALLOWED.values())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("go on with --adopt", {"--adopt"}),
        ("qwave-batch refetch asks for it", {"qwave-batch refetch"}),
        ("stopped; run it again", {"run it again"}),
        ("run once more with that key", {"run once more"}),
        ("name another folder with -o DIR", {"-o"}),
        ("-o  begins anew", {"-o"}),
        ("the ledger, with its -wal; -1, a-b", set()),
        ("the next run asks for it", set()),
        ("a -- b, x--y", set()),
    ],
)
def test_what_counts_as_one(text: str, words: set[str]) -> None:
    assert named(text) == words
