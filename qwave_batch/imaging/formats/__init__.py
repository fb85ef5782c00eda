"""One file per image format: judges it by what it declares, then decodes it in bounded time and memory.

Each is loaded when an image of its format is first judged, as ``formats.png``; what makes small pictures in passing
(``shrinking``, ``png_rows``), when one is first asked for.
"""

from typing import TYPE_CHECKING

from qwave_batch.lazy import modules_of

if TYPE_CHECKING:
    from qwave_batch.imaging.formats import apart, gif, jpeg, png, png_rows, shrinking, webp

__all__ = ["apart", "gif", "jpeg", "png", "png_rows", "shrinking", "webp"]

if not TYPE_CHECKING:
    __getattr__ = modules_of(__name__, *__all__)
