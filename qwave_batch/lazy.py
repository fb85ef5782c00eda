"""Modules that are slow to import and not needed by every command; each is loaded when it is first used.

    from qwave_batch import lazy

    lazy.asyncio.run(main())

This is the only place where imports of other packages are deferred. For a package of ours whose modules are not all
needed by every command, and for a public module whose names are not, there are ``modules_of`` and ``names_of``.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    import hashlib
    import pathlib
    import sqlite3
    import threading
    import traceback
    from importlib import metadata

    import cattrs
    import cattrs.gen
    import evalica
    import huggingface_hub
    import jsonschema
    import matplotlib as mpl
    import matplotlib.figure as matplotlib_figure
    import matplotlib.font_manager as matplotlib_fonts
    import matplotlib.ticker as matplotlib_ticks
    import numpy as np
    import obstore.exceptions as obstore_exceptions
    import obstore.store as obstore_store
    import pandas as pd
    import rapidocr
    import ray
    import tqdm

__all__ = [
    "asyncio",
    "cattrs",
    "evalica",
    "hashlib",
    "huggingface_hub",
    "jsonschema",
    "matplotlib_figure",
    "matplotlib_fonts",
    "matplotlib_ticks",
    "metadata",
    "mpl",
    "np",
    "obstore_exceptions",
    "obstore_store",
    "pathlib",
    "pd",
    "rapidocr",
    "ray",
    "sqlite3",
    "threading",
    "tqdm",
    "traceback",
]

_FULL_NAMES = {
    "mpl": "matplotlib",
    "np": "numpy",
    "pd": "pandas",
    "matplotlib_figure": "matplotlib.figure",
    "matplotlib_fonts": "matplotlib.font_manager",
    "matplotlib_ticks": "matplotlib.ticker",
    "metadata": "importlib.metadata",
    "obstore_exceptions": "obstore.exceptions",
    "obstore_store": "obstore.store",
}


def modules_of(package: str, *names: str) -> Callable[[str], object]:
    """Return the ``__getattr__`` of a package: it loads one of those modules when it is first used."""

    def load(name: str) -> object:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return import_module(f"{package}.{name}")

    return load


def names_of(module: str, names_by_module: Mapping[str, Sequence[str]]) -> Callable[[str], object]:
    """Return the ``__getattr__`` of a module: it loads the module that defines a name when the name is first used.

    Args:
        module: The module that has the names.
        names_by_module: The names, by the module that defines them.
    """
    defined_in = {name: defining for defining, names in names_by_module.items() for name in names}

    def load(name: str) -> object:
        if name not in defined_in:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        value: object = getattr(import_module(defined_in[name]), name)
        setattr(sys.modules[module], name, value)
        return value

    return load


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Return a module, loading it now."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = globals()[name] = import_module(_FULL_NAMES.get(name, name))
        return module
