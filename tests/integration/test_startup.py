"""Commands start quickly: none loads modules that it does not need."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from qwave_batch.cli.main import main
from qwave_batch.cli.overview import COMMANDS

NEVER_FOR_HELP = {
    "aiohttp", "asyncio", "email", "importlib.metadata", "jinja2", "jsonschema", "logging", "PIL", "pyarrow", "sqlite3",
    "ssl", "tqdm", "traceback", "urllib.request", "yaml",
}  # fmt: skip
NEVER_FOR_A_LOOK = {
    "aiohttp",
    "asyncio",
    "importlib.metadata",
    "jsonschema",
    "PIL",
    "pyarrow",
    "sqlite3",
    "ssl",
    "tqdm",
}
ROOMS_FOR_A_LOOK = {
    "api", "catalog", "cli", "client", "connections", "errors", "files", "fitting", "folder", "lazy", "model", "plan",
    "plans", "resources", "spec",
}  # fmt: skip

NEVER_FOR_THE_OVERVIEW = {"argparse", "dataclasses", "decimal", "difflib", "inspect", "json", "qwave_batch.errors"}
"""With any of these, ``qwave-batch --help`` takes more than three times as long as a bare Python."""

LOADED = """
import io, json, sys
before = set(sys.modules)
from qwave_batch.cli.main import main
status = main(sys.argv[1:], stdout=io.StringIO(), stderr=io.StringIO())
print(json.dumps([status, sorted(set(sys.modules) - before)]))
"""


def loaded_by(*argv: str, checkout: Path) -> set[str]:
    """The modules that a command loads in a process of its own."""
    ended = subprocess.run(
        (sys.executable, "-c", LOADED, *argv), cwd=checkout, capture_output=True, text=True, check=True, timeout=30
    )
    status, modules = json.loads(ended.stdout)
    assert status == 0
    return set(modules)


@pytest.mark.parametrize("argv", [("--help",), *((name, "--help") for name in COMMANDS)], ids=" ".join)
def test_help_loads_nothing_heavy(argv: tuple[str, ...], checkout: Path) -> None:
    assert loaded_by(*argv, checkout=checkout) & NEVER_FOR_HELP == set()


@pytest.mark.parametrize("argv", [("validate",), ("plan",), ("plan", "--json")], ids=" ".join)
def test_looking_at_a_spec_loads_nothing_that_runs_it(argv: tuple[str, ...], checkout: Path) -> None:
    loaded = loaded_by(*argv, "specs/quickstart.yaml", checkout=checkout)
    assert loaded & NEVER_FOR_A_LOOK == set()
    assert {name.split(".")[1] for name in loaded if name.startswith("qwave_batch.")} <= ROOMS_FOR_A_LOOK


def test_the_overview_is_printed_without_what_commands_need(checkout: Path) -> None:
    """The first page of help comes at once, and is the one that ``main`` prints."""
    program = "import sys; sys.argv[1:] = ['--help']; from qwave_batch.__main__ import entry; status = entry(); "
    ended = subprocess.run(
        (sys.executable, "-c", f"{program} print(*sorted(sys.modules), file=sys.stderr); sys.exit(status)"),
        cwd=checkout, env={"COLUMNS": "70"}, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    stdout = io.StringIO()
    assert main(["--help"], stdout, io.StringIO(), environ={"COLUMNS": "70"}) == 0
    assert ended.stdout == stdout.getvalue()
    assert set(ended.stderr.split()) & NEVER_FOR_THE_OVERVIEW == set()
