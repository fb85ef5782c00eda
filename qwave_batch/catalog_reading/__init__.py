"""Reads the catalogs and overlays of users, which may say anything: every mistake gets its place and what to write.

Few commands need it, so its modules are loaded when they are first used.
"""

from typing import TYPE_CHECKING

from qwave_batch.lazy import modules_of

if TYPE_CHECKING:
    from qwave_batch.catalog_reading import overlay_reading, user_catalogs

__all__ = ["overlay_reading", "user_catalogs"]

if not TYPE_CHECKING:
    __getattr__ = modules_of(__name__, *__all__)
