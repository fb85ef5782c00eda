"""The receiver that the API calls in a run with ``completion: webhook``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from qwave_batch.api.connection import Connection, Simulated
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.client.web_addresses import read_base_url
from qwave_batch.errors import UsageError
from qwave_batch.later import later
from qwave_batch.model.terms import Completion, Terms
from qwave_batch.run.context import CallbackSource, RunOptions

if TYPE_CHECKING:
    from qwave_batch.client import callback_receiver
else:
    callback_receiver = later("qwave_batch.client.callback_receiver")


def check_callbacks(connection: Connection | Simulated, catalog: Catalog, terms: Terms, options: RunOptions) -> None:
    """Raise UsageError when the API could never call this run, or nobody would listen."""
    is_called = _is_called(terms, options)
    if not is_called and options.webhook_url is not None:
        raise UsageError("a webhook URL is of use with completion: webhook only; set that, or leave the URL out")
    if not is_called or isinstance(connection, Simulated) or options.webhook_url is not None:
        return
    base_url = read_base_url(connection.base_url or catalog.base_url)
    if not base_url.address.is_loopback:
        raise UsageError(
            f"completion: webhook needs an address under which {base_url.host} reaches this machine: --webhook-url URL"
        )


@asynccontextmanager
async def open_callbacks(terms: Terms, options: RunOptions) -> AsyncIterator[CallbackSource | None]:
    """Yield the receiver while it listens; None in a run that is not called.

    Raises:
        UsageError: the URL is none, or the port is taken.
    """
    if not _is_called(terms, options):
        yield None
        return
    async with callback_receiver.CallbackReceiver(
        public_url=options.webhook_url, host=options.webhook_host, port=options.webhook_port
    ) as opened:
        yield opened


def _is_called(terms: Terms, options: RunOptions) -> bool:
    return (options.completion or terms.completion) is Completion.WEBHOOK
