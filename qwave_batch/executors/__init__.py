"""Work on images that is done elsewhere, by workers: a Protocol, and the workers of a Ray that keep it.

A module that only a Ray needs is loaded when it is first used, as ``executors.ray_workers``.
"""

from typing import TYPE_CHECKING

from qwave_batch.lazy import modules_of

if TYPE_CHECKING:
    from qwave_batch.executors import ray_workers

__all__ = ["ray_workers"]

if not TYPE_CHECKING:
    __getattr__ = modules_of(__name__, *__all__)
