"""Finds in a run folder what spoils a dataset and costs little to find: ``check``, and what it leaves for exports.

Its modules are loaded when they are first used, as ``quality.folder_check``.
"""

from typing import TYPE_CHECKING

from qwave_batch.lazy import modules_of

if TYPE_CHECKING:
    from qwave_batch.quality import checks_file, folder_check

__all__ = ["checks_file", "folder_check"]

if not TYPE_CHECKING:
    __getattr__ = modules_of(__name__, *__all__)
