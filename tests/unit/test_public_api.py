"""Public names are listed, and listed names exist."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import qwave_batch
from qwave_batch import api


def type_checked_names(module: Path) -> set[str]:
    """The names that a module imports under TYPE_CHECKING, which is what type checkers see."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return {
        alias.name
        for node in tree.body
        if isinstance(node, ast.If)
        for inner in node.body
        if isinstance(inner, ast.ImportFrom)
        for alias in inner.names
    }


@pytest.mark.parametrize("name", qwave_batch.__all__)
def test_every_public_name_exists(name: str) -> None:
    assert getattr(qwave_batch, name) is getattr(api, name)


def test_the_lists_of_names_are_one_list() -> None:
    homes = [name for names in api.HOMES.values() for name in names]
    assert sorted(homes) == sorted(api.__all__) == sorted(qwave_batch.__all__)
    assert type_checked_names(Path(str(qwave_batch.__file__))) == set(qwave_batch.__all__)
    assert type_checked_names(Path(str(api.__file__))) == set(api.__all__)


@pytest.mark.parametrize("module", [qwave_batch, api])
def test_all_is_sorted(module: object) -> None:
    names = list(getattr(module, "__all__"))  # noqa: B009  # a module's attribute by its fixed name
    assert names == sorted(names)


def test_a_name_that_does_not_exist_is_told_as_such() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        importlib.import_module("qwave_batch").__getattr__("no_such_name")


def test_public_functions_and_classes_have_docstrings() -> None:
    for name in qwave_batch.__all__:
        value = getattr(qwave_batch, name)
        if callable(value) and getattr(value, "__module__", "").startswith("qwave_batch"):
            assert value.__doc__, name


def test_no_public_name_is_hidden_by_a_room() -> None:
    """A subpackage of the same name would take a name's place as soon as it is imported."""
    rooms = {path.stem for path in Path(str(qwave_batch.__file__)).parent.iterdir()}
    assert not rooms & set(qwave_batch.__all__)


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
    )
    ended = subprocess.run((sys.executable, "-c", code), cwd=checkout, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
