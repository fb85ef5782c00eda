"""Modules that are slow to import and not needed by every command; each is loaded when it is first used.

    from qwave_batch import lazy

    lazy.asyncio.run(main())

This is the only place where imports of other packages are deferred; ``qwave_batch`` itself defers its own modules.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    import pathlib
    import sqlite3
    import threading
    import traceback
    from importlib import metadata

    import cattrs
    import cattrs.gen
    import jsonschema
    import tqdm

__all__ = ["asyncio", "cattrs", "jsonschema", "metadata", "pathlib", "sqlite3", "threading", "tqdm", "traceback"]

_FULL_NAMES = {"metadata": "importlib.metadata"}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Return a module, loading it now."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = globals()[name] = import_module(_FULL_NAMES.get(name, name))
        return module
