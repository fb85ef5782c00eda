"""The public API is listed in one place per module, and all that is listed is there."""

import ast
import importlib
import inspect
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

import qwave_batch
from tests.every_case import in_one_test

MODULES = {name: importlib.import_module(f"qwave_batch.{name}") for name in qwave_batch.PUBLIC_MODULES}
NAMES = sorted({name for module in MODULES.values() for name in module.__all__})


def imported_names(module: ModuleType) -> set[str]:
    """The names that a module imports from this package for its users, also those that only type checkers see."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    inner = [node for block in tree.body if isinstance(block, ast.If) for node in block.body]
    return {
        alias.name
        for node in [*tree.body, *inner]
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("qwave_batch.")
        for alias in node.names
    }


@in_one_test("name", qwave_batch.__all__)
def test_every_name_at_the_top_is_one_of_a_public_module(name: str) -> None:
    homes = [module for module in MODULES.values() if name in module.__all__]
    assert len(homes) == 1
    assert getattr(qwave_batch, name) is getattr(homes[0], name)


def test_the_top_holds_about_forty_names() -> None:
    """A stranger reads the list: what a notebook needs stands there, all else in the public modules."""
    assert len(qwave_batch.__all__) <= 45


def test_no_name_has_two_homes() -> None:
    assert sum(len(module.__all__) for module in MODULES.values()) == len(NAMES)


@pytest.mark.parametrize("module", [qwave_batch, *(MODULES[name] for name in MODULES if name != "errors")], ids=str)
def test_what_is_listed_is_what_is_imported(module: ModuleType) -> None:
    assert imported_names(module) == set(module.__all__)


@pytest.mark.parametrize("module", [qwave_batch, *MODULES.values()], ids=str)
def test_all_is_sorted(module: ModuleType) -> None:
    names = list(module.__all__)
    assert names == sorted(names, key=lambda name: (not name.isupper(), name))  # as ruff sorts them


def test_the_typed_example_uses_every_name_at_the_top(checkout: Path) -> None:
    """tests/typing/api.py shows how each is typed."""
    tree = ast.parse((checkout / "tests" / "typing" / "api.py").read_text(encoding="utf-8"))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "qb"
    }
    assert set(qwave_batch.__all__) <= used


def test_a_name_that_does_not_exist_is_told_as_such() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        importlib.import_module("qwave_batch").__getattr__("no_such_name")


def test_public_modules_functions_and_classes_have_docstrings() -> None:
    for name, module in MODULES.items():
        assert module.__doc__, name
        for each in module.__all__:
            value = getattr(module, each)
            if callable(value) and getattr(value, "__module__", "").startswith("qwave_batch"):
                assert value.__doc__, each


CLASSES = sorted(
    (value for module in MODULES.values() for name in module.__all__ if is_dataclass(value := getattr(module, name))),
    key=str,
)


@in_one_test("public", CLASSES)
def test_money_is_given_in_usd_beside_every_field_in_nano_dollars(public: type) -> None:
    for field in fields(cast("Any", public)):
        if field.name.endswith("_nusd"):
            assert hasattr(public, field.name.replace("_nusd", "_usd")), field.name


@in_one_test("name", NAMES)
def test_no_public_function_takes_nano_dollars(name: str) -> None:
    """One unit in a call: USD."""
    value = next(getattr(module, name) for module in MODULES.values() if name in module.__all__)
    if inspect.isfunction(value):
        assert not [each for each in inspect.signature(value).parameters if "nusd" in each]


def test_no_public_name_is_hidden_by_a_package() -> None:
    """A subpackage of the same name would take a name's place as soon as it is imported."""
    packages = {path.stem for path in Path(str(qwave_batch.__file__)).parent.iterdir()}
    assert not packages & set(qwave_batch.__all__)


def test_importing_loads_none_of_it(checkout: Path) -> None:
    code = "import sys, qwave_batch; print(sorted(name for name in sys.modules if name.startswith('qwave_batch')))"
    ended = subprocess.run((sys.executable, "-c", code), cwd=checkout, capture_output=True, text=True, check=True)
    assert ended.stdout == "['qwave_batch']\n"


def test_a_star_import_brings_the_list(checkout: Path) -> None:
    code = "from qwave_batch import *; print(check_spec('specs/quickstart.yaml'))"
    ended = subprocess.run((sys.executable, "-c", code), cwd=checkout, capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_importing_reads_no_environment_and_opens_no_socket(checkout: Path) -> None:
    code = (
        "import os, sys\n"
        "class Watched(dict):\n"
        "    def __getitem__(self, name):\n"
        "        if 'WAVE' in name: raise SystemExit(name)\n"
        "        return dict.__getitem__(self, name)\n"
        "    def get(self, name, default=None):\n"
        "        if 'WAVE' in name: raise SystemExit(name)\n"
        "        return dict.get(self, name, default)\n"
        "os.environ = Watched(os.environ)\n"
        "sys.addaudithook(lambda event, _: sys.exit(event) if event.startswith('socket.connect') else None)\n"
        "import qwave_batch\n"
        "for name in qwave_batch.__all__: getattr(qwave_batch, name)\n"
        "for module in qwave_batch.PUBLIC_MODULES:\n"
        "    for name in getattr(qwave_batch, module).__all__: getattr(getattr(qwave_batch, module), name)\n"
    )
    ended = subprocess.run((sys.executable, "-c", code), cwd=checkout, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
