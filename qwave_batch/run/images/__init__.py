"""Fetches, checks and stores the images of completed tasks.

The store of workers elsewhere, which few runs have, is loaded when it is first used, as ``images.ray_image_store``.
"""

from typing import TYPE_CHECKING

from qwave_batch.lazy import modules_of

if TYPE_CHECKING:
    from qwave_batch.run.images import image_worker, ray_image_store

__all__ = ["image_worker", "ray_image_store"]

if not TYPE_CHECKING:
    __getattr__ = modules_of(__name__, *__all__)
