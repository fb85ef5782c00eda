"""The composition root: each use case puts the packages together.

Its modules are loaded when they are first used, so that one which only some calls need is named as ``api.folder_jobs``.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qwave_batch.api import folder_jobs, simulation

__all__ = ["folder_jobs", "simulation"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Return a module of this package, loading it now."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return import_module(f"{__name__}.{name}")
