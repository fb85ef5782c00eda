"""The HTTP client of the task API; no other package knows HTTP or the wire format.

The receiver of calls, which few runs need, and the transport with aiohttp, of which a run with nothing to do has no
use, are loaded when they are first used, as ``client.transport``.
"""

from typing import TYPE_CHECKING

from qwave_batch.lazy import modules_of

if TYPE_CHECKING:
    from qwave_batch.client import callback_receiver, transport

__all__ = ["callback_receiver", "transport"]

if not TYPE_CHECKING:
    __getattr__ = modules_of(__name__, *__all__)
