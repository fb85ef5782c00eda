"""A name stands for one thing in the whole package, so that a search for it leads to one place."""

import ast
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tests.package_code import PACKAGE, TREES

FILES = [file for file in TREES if file.name != "__init__.py"]

COMMANDS = PACKAGE / "cli" / "commands"
INTERFACE_OF_COMMANDS = frozenset({"configure", "execute"})
"""Every command's module has these two functions."""


def repeated(places: Iterable[tuple[str, Path]]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, file in places:
        found[name].append(str(file.relative_to(PACKAGE)))
    return {name: files for name, files in found.items() if len(files) > 1}


def test_file_names_are_unique() -> None:
    """No two packages have a file of the same name."""
    assert repeated((file.stem, file) for file in FILES) == {}


def test_class_names_are_unique() -> None:
    """No two classes have the same name, private and nested ones included."""
    classes = ((node.name, file) for file in FILES for node in ast.walk(TREES[file]) if isinstance(node, ast.ClassDef))
    assert repeated(classes) == {}


def test_public_function_names_are_unique() -> None:
    """No two modules define a public function of the same name, the two of each command's interface aside."""
    functions = (
        (node.name, file)
        for file in FILES
        for node in TREES[file].body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
    )
    counted = ((name, file) for name, file in functions if file.parent != COMMANDS or name not in INTERFACE_OF_COMMANDS)
    assert repeated(counted) == {}


def test_every_command_has_the_interface() -> None:
    """The names that commands share are the interface of each command, so that no other name hides behind it."""
    for file in FILES:
        if file.parent == COMMANDS:
            defined = {node.name for node in TREES[file].body if isinstance(node, ast.FunctionDef)}
            assert defined >= INTERFACE_OF_COMMANDS, file.name
