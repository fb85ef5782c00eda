"""Commands start quickly: none loads modules that it does not need."""

import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
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
    "qwave_batch.catalog.catalog_diff",
    "qwave_batch.catalog_reading.overlay_reading",
    "qwave_batch.catalog_reading.user_catalogs",
    "qwave_batch.imaging.formats.jpeg",
    "qwave_batch.imaging.formats.png",
    "pyarrow",
    "sqlite3",
    "ssl",
    "tqdm",
}
PACKAGES_FOR_A_LOOK = {
    "api", "capacity", "catalog", "catalog_reading", "cli", "client", "connections", "errors", "files", "fitting",
    "folder", "imaging", "lazy", "model", "plan", "plans", "resources", "spec",
}  # fmt: skip

NEVER_FOR_THE_OVERVIEW = {"argparse", "dataclasses", "decimal", "difflib", "inspect", "json", "qwave_batch.errors"}
"""With any of these, ``qwave-batch --help`` takes more than three times as long as a bare Python."""

NEVER_FOR_A_RUN = {
    "importlib.resources.readers", "jsonschema", "obstore", "pyarrow", "qwave_batch.folder.stores.run_store", "tqdm",
    "qwave_batch.api.cancel_tasks", "qwave_batch.api.refetch_images", "qwave_batch.api.budget_outlook",
    "qwave_batch.catalog.catalog_diff", "qwave_batch.catalog_reading.overlay_reading",
    "qwave_batch.catalog_reading.user_catalogs", "qwave_batch.api.migrate_spec", "qwave_batch.api.live_overlay",
    "qwave_batch.cli.commands.plan", "qwave_batch.client.callback_receiver", "qwave_batch.imaging.formats.apart",
    "qwave_batch.imaging.formats.webp", "qwave_batch.output.pruning", "qwave_batch.output.verification",
    "qwave_batch.quality.folder_check", "qwave_batch.report", "qwave_batch.api.live_report",
    "qwave_batch.imaging.thumbnail", "qwave_batch.imaging.formats.png_rows", "evalica", "numpy", "pandas",
    "qwave_batch.voting", "qwave_batch.reproducing", "qwave_batch.api.lock_spec",
    "qwave_batch.plan.comparison", "qwave_batch.plan.support_matrix", "qwave_batch.run.tasks.cancellation",
    "qwave_batch.spec.table.delimited", "qwave_batch.spec.table.json_list", "qwave_batch.spec.table.parquet",
}  # fmt: skip
NEVER_FOR_A_STATUS = NEVER_FOR_A_RUN | {
    "aiohttp", "jinja2", "PIL", "yaml",
    "qwave_batch.catalog", "qwave_batch.client", "qwave_batch.plan", "qwave_batch.run", "qwave_batch.simulator",
    "qwave_batch.spec",
}  # fmt: skip

NEVER_FOR_A_REPORT = {"aiohttp", "matplotlib", "qwave_batch.api.report_server", "qwave_batch.api.report_upkeep"}

SPEC = "specs/quickstart.yaml"
MOST_LOOKS = 20
LOOKS_FOR_GARBAGE = """
import gc, sys
from qwave_batch.__main__ import entry
before = sum(generation["collections"] for generation in gc.get_stats())
status = entry()
looks = sum(generation["collections"] for generation in gc.get_stats()) - before
print(looks, gc.get_freeze_count() > 10_000, file=sys.stderr)
sys.exit(status)
"""

LOADED = """
import io, json, sys
before = set(sys.modules)
from qwave_batch.cli.main import main
environ = {"QWAVE_API_KEY": "any"} if "--base-url" in sys.argv else {}
status = main(sys.argv[1:], stdout=io.StringIO(), stderr=io.StringIO(), environ=environ)
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


def test_a_look_at_the_catalog_loads_nothing_that_specs_need(checkout: Path) -> None:
    loaded = loaded_by("models", "--catalog", "2026-05", checkout=checkout)
    assert loaded & {*NEVER_FOR_A_LOOK, "hashlib", "jinja2", "qwave_batch.plan", "qwave_batch.spec"} == set()


@pytest.mark.parametrize("argv", [("validate",), ("plan",), ("plan", "--json")], ids=" ".join)
def test_looking_at_a_spec_loads_nothing_that_runs_it(argv: tuple[str, ...], checkout: Path) -> None:
    loaded = loaded_by(*argv, SPEC, checkout=checkout)
    assert loaded & NEVER_FOR_A_LOOK == set()
    assert {name.split(".")[1] for name in loaded if name.startswith("qwave_batch.")} <= PACKAGES_FOR_A_LOOK


@pytest.mark.parametrize("module", sorted(each for each in NEVER_FOR_A_STATUS if each.startswith("qwave_batch.")))
def test_the_modules_that_are_not_loaded_exist(module: str) -> None:
    """Else the other tests would pass for a module that was renamed."""
    assert find_spec(module)


def test_a_simulated_run_and_its_status_load_nothing_that_other_commands_need(checkout: Path, tmp_path: Path) -> None:
    folder = str(tmp_path / "run")
    assert loaded_by("run", SPEC, "--simulate", "-o", folder, checkout=checkout) & NEVER_FOR_A_RUN == set()
    assert loaded_by("status", folder, checkout=checkout) & NEVER_FOR_A_STATUS == set()
    assert loaded_by("report", folder, checkout=checkout) & NEVER_FOR_A_REPORT == set()


@contextmanager
def simulator_elsewhere(checkout: Path) -> Iterator[str]:
    """Serve the embedded API from another process; yields its base URL."""
    argv = (sys.executable, "-m", "qwave_batch", "simulator", "--port", "0", "--latency", "0.1")
    with subprocess.Popen(argv, cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)


def test_a_run_against_an_api_elsewhere_loads_no_simulator(checkout: Path, tmp_path: Path) -> None:
    """And where every image is there already, no HTTP client and none of what decodes images."""
    with simulator_elsewhere(checkout) as base_url:
        argv = ("run", SPEC, "--base-url", base_url, "-o", str(tmp_path / "run"))
        never = NEVER_FOR_A_RUN | {"aiohttp.web", "qwave_batch.simulator"}
        loaded = loaded_by(*argv, checkout=checkout)
        assert "PIL" in loaded
        assert loaded & never == set()
        assert loaded_by(*argv, checkout=checkout) & (never | {"aiohttp", "PIL"}) == set()


def test_garbage_is_looked_for_less_often_than_python_would(checkout: Path) -> None:
    """Python itself looks more than a hundred times for a command of this size, and three times more as it ends."""
    ended = subprocess.run(
        (sys.executable, "-c", LOOKS_FOR_GARBAGE, "validate", SPEC),
        cwd=checkout, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    looks, are_modules_left_alone = ended.stderr.splitlines()[-1].split()
    assert int(looks) <= MOST_LOOKS
    assert are_modules_left_alone == "True"


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
