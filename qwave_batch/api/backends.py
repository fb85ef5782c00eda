"""The API that a run talks to: an account of a real one, or the embedded one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from qwave_batch.api.connection import Connection, Simulated
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.client.api_key import Key
from qwave_batch.client.proxies import Proxies
from qwave_batch.client.task_api import TaskApi
from qwave_batch.client.transport import AiohttpTransport, Trust
from qwave_batch.client.web_addresses import read_base_url
from qwave_batch.folder.layout import RunLayout
from qwave_batch.later import later
from qwave_batch.ledger.folder_identity import SIMULATOR
from qwave_batch.model.clock import SystemClock

if TYPE_CHECKING:
    from qwave_batch.api import simulation
else:
    simulation = later("qwave_batch.api.simulation")

SIMULATED_KEY = "simulated"
"""The key of every simulated account: it opens nothing."""


def backend_name(connection: Connection | Simulated, catalog: Catalog) -> str:
    """Return what a run folder has on record as its backend: the API's host, or ``simulator``.

    Raises:
        UsageError: the base URL or the key can't be right.
    """
    if isinstance(connection, Simulated):
        return SIMULATOR
    Key(connection.key)
    return read_base_url(connection.base_url or catalog.base_url).host


@asynccontextmanager
async def open_api(
    connection: Connection | Simulated, catalog: Catalog, layout: RunLayout, *, connections: int
) -> AsyncIterator[TaskApi]:
    """Yield the API; an embedded one is served for the time of the block, with its tasks in the run folder.

    Args:
        connection: Which one.
        catalog: Where the API is when the connection does not say, and the embedded one's rules.
        layout: The run folder.
        connections: Requests on their way at once.
    """
    if isinstance(connection, Simulated):
        async with (
            simulation.serve_simulator(connection, state_path=layout.simulator, catalog=catalog.date) as base_url,
            _task_api(base_url, SIMULATED_KEY, connections) as api,
        ):
            yield api
    else:
        base_url = connection.base_url or catalog.base_url
        api_of = _task_api(base_url, connection.key, connections, proxies=connection.proxies, trust=connection.trust)
        async with api_of as api:
            yield api


@asynccontextmanager
async def _task_api(
    base_url: str, key: str, connections: int, *, proxies: Proxies | None = None, trust: Trust | None = None
) -> AsyncIterator[TaskApi]:
    async with AiohttpTransport(base_url, max_connections=connections, proxies=proxies, trust=trust) as transport:
        yield TaskApi(transport, base_url, key, SystemClock())
