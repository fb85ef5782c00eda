"""Whole runs, whose event loop is never blocked: SQLite, files and locks are touched in threads."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster

OURS = ["qwave_batch.run", "qwave_batch.client", "qwave_batch.judging", "qwave_batch.api.folder_session",
        "qwave_batch.api.cancel_tasks", "qwave_batch.api.account_queries", "qwave_batch.api.refetch_images",
        "qwave_batch.api.run_batch", "qwave_batch.api.folder_run", "qwave_batch.api.report_server",
        "qwave_batch.api.report_upkeep", "qwave_batch.api.serve_report"]  # fmt: skip
"""Packages whose code runs in an event loop; functions of others may block if their caller allows it."""

PACKAGE = Path(__file__).parents[2] / "qwave_batch"


def names_in(file: Path) -> set[str]:
    """The functions of a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.fixture(scope="session")
def loop_guard() -> BlockBuster:
    """Fails every call that blocks the event loop of a run in this process."""
    guard = BlockBuster(scanned_modules=OURS)
    may_block = {
        # the embedded API is for trying things out, in the loop of the run
        **{file: names_in(file) for file in (PACKAGE / "simulator").glob("*.py")},
        PACKAGE / "api" / "simulation.py": {"serve_simulator"},
        # what the caller's own callback does is the caller's
        PACKAGE / "api" / "event_feed.py": {"hand_over"},
        # a download that is cancelled removes its file at once: its task may not come to wait for a thread
        PACKAGE / "client" / "downloads.py": {"discard"},
    }
    for function in guard.functions.values():
        for file, names in may_block.items():
            function.can_block_in(str(file), names)
    return guard


@pytest.fixture(autouse=True)
def _loop_is_never_blocked(loop_guard: BlockBuster) -> Iterator[None]:
    loop_guard.activate()
    yield
    loop_guard.deactivate()
