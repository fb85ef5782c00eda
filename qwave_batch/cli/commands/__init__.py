"""A file per command: ``USAGE``, ``configure(parser)`` and ``execute(args, console)``.

A command that another one needs is loaded when it is first used, as ``commands.plan``.
"""

from typing import TYPE_CHECKING

from qwave_batch.lazy import modules_of

if TYPE_CHECKING:
    from qwave_batch.cli.commands import plan

__all__ = ["plan"]

if not TYPE_CHECKING:
    __getattr__ = modules_of(__name__, *__all__)
