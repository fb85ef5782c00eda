"""One file per image format: judges it by what it declares, then decodes it in bounded time and memory.

Each is loaded when an image of its format is first judged, as ``formats.png``.
"""

from typing import TYPE_CHECKING

from qwave_batch.lazy import modules_of

if TYPE_CHECKING:
    from qwave_batch.imaging.formats import apart, gif, jpeg, png, webp

__all__ = ["apart", "gif", "jpeg", "png", "webp"]

if not TYPE_CHECKING:
    __getattr__ = modules_of(__name__, *__all__)
