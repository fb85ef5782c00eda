"""The HTTP client of the task API; no other package knows HTTP or the wire format.

The receiver of calls, which few runs need, is loaded when it is first used, as ``client.callback_receiver``.
"""

from typing import TYPE_CHECKING

from qwave_batch.lazy import modules_of

if TYPE_CHECKING:
    from qwave_batch.client import callback_receiver

__all__ = ["callback_receiver"]

if not TYPE_CHECKING:
    __getattr__ = modules_of(__name__, *__all__)
