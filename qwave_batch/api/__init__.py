"""The composition root: each use case puts the packages together.

Its modules are loaded when they are first used, so that one which only some calls need is named as ``api.folder_jobs``.
"""

from typing import TYPE_CHECKING

from qwave_batch.lazy import modules_of

if TYPE_CHECKING:
    from qwave_batch.api import folder_jobs, live_report, run_workers, simulation, stage_choices, store_workspace

__all__ = ["folder_jobs", "live_report", "run_workers", "simulation", "stage_choices", "store_workspace"]

if not TYPE_CHECKING:
    __getattr__ = modules_of(__name__, *__all__)
