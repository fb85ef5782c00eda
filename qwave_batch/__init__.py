"""Declarative batch specs for image generation over the QWave API.

The names that a notebook needs stand here; all the others in ``qwave_batch.plans``, ``runs``, ``folders``, ``events``,
``comparisons``, ``accounts``, ``catalog``, ``exports`` and ``errors``. Importing this loads none of them: each is
loaded when one of its names is first used. Nothing opens a socket or reads the environment before it is called.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qwave_batch import accounts as accounts
    from qwave_batch import benches as benches
    from qwave_batch import catalog as catalog
    from qwave_batch import comparisons as comparisons
    from qwave_batch import connections as connections
    from qwave_batch import errors as errors
    from qwave_batch import events as events
    from qwave_batch import exports as exports
    from qwave_batch import folders as folders
    from qwave_batch import gates as gates
    from qwave_batch import plans as plans
    from qwave_batch import pushes as pushes
    from qwave_batch import reports as reports
    from qwave_batch import reproductions as reproductions
    from qwave_batch import runs as runs
    from qwave_batch import scores as scores
    from qwave_batch import simulations as simulations
    from qwave_batch import votes as votes
    from qwave_batch.accounts import ask_balance
    from qwave_batch.catalog import open_catalog
    from qwave_batch.comparisons import compare_plan
    from qwave_batch.connections import Connection, ConnectionFromEnviron, Simulated
    from qwave_batch.errors import (
        AccountError,
        BudgetError,
        FolderBusy,
        FolderError,
        QwaveError,
        RunStopped,
        SpecError,
        StorageError,
        UsageError,
    )
    from qwave_batch.events import Event, EventLog, Progress
    from qwave_batch.folders import ImageFile, JobStatus, ManifestLine, RunFolder, open_run
    from qwave_batch.plans import AnyPlan, Job, Plan, Problem, Spec, check_spec, load_spec, open_plan, write_plan
    from qwave_batch.runs import (
        CostEstimate,
        RayExecutor,
        RunOptions,
        RunRequest,
        RunSummary,
        StopSignal,
        cancel_tasks,
        refetch_images,
        run_batch,
        run_batch_sync,
        run_request,
    )
    from qwave_batch.simulations import serve_simulator

__all__ = [
    "AccountError",
    "AnyPlan",
    "BudgetError",
    "Connection",
    "ConnectionFromEnviron",
    "CostEstimate",
    "Event",
    "EventLog",
    "FolderBusy",
    "FolderError",
    "ImageFile",
    "Job",
    "JobStatus",
    "ManifestLine",
    "Plan",
    "Problem",
    "Progress",
    "QwaveError",
    "RayExecutor",
    "RunFolder",
    "RunOptions",
    "RunRequest",
    "RunStopped",
    "RunSummary",
    "Simulated",
    "Spec",
    "SpecError",
    "StopSignal",
    "StorageError",
    "UsageError",
    "ask_balance",
    "cancel_tasks",
    "check_spec",
    "compare_plan",
    "load_spec",
    "open_catalog",
    "open_plan",
    "open_run",
    "refetch_images",
    "run_batch",
    "run_batch_sync",
    "run_request",
    "serve_simulator",
    "write_plan",
]

PUBLIC_MODULES = (
    "errors", "events", "catalog", "connections", "plans", "folders", "comparisons", "accounts", "runs", "simulations",
    "exports", "pushes", "reports", "votes", "gates", "benches", "reproductions", "scores",
)  # fmt: skip
"""From those that load fast to those that load much: a name is looked for in this order."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Return a public module or name, loading it now."""
        if name in PUBLIC_MODULES:
            return import_module(f"{__name__}.{name}")
        if name in __all__:
            modules = (import_module(f"{__name__}.{each}") for each in PUBLIC_MODULES)
            value = globals()[name] = next(getattr(each, name) for each in modules if name in each.__all__)
            return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *PUBLIC_MODULES})
