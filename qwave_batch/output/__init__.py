"""The results of a run for its readers, manifest and summary, and the commands that check, clean and report them.

Modules that only one command needs are loaded when they are first used, as ``output.verification``.
"""

from typing import TYPE_CHECKING

from qwave_batch.lazy import modules_of

if TYPE_CHECKING:
    from qwave_batch.output import pruning, verification

__all__ = ["pruning", "verification"]

if not TYPE_CHECKING:
    __getattr__ = modules_of(__name__, *__all__)
