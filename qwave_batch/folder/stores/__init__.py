"""Object stores: a small interface to them, what fills it, and the artifacts of a run in one.

Modules that only a folder with a store needs are loaded when they are first used, as ``stores.run_store``.
"""

from typing import TYPE_CHECKING

from qwave_batch.lazy import modules_of

if TYPE_CHECKING:
    from qwave_batch.folder.stores import object_store, run_store

__all__ = ["object_store", "run_store"]

if not TYPE_CHECKING:
    __getattr__ = modules_of(__name__, *__all__)
