"""Modules that are imported when something of them is first used: slow to import, and not needed by every command.

if TYPE_CHECKING:
import asyncio
else:
asyncio = later("asyncio")
"""

from importlib import import_module


class _Later:
    """Stands for a module."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> object:
        return getattr(import_module(self._name), name)


def later(module: str) -> object:
    """Return what stands for a module that is imported on its first use."""
    return _Later(module)
