"""The API that a run talks to, real or embedded, and the receiver that the API calls when tasks end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from qwave_batch import api, client
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_files import catalog_dates, open_catalog
from qwave_batch.client.api_key import ApiKey
from qwave_batch.client.connection import Connection, Simulated, Trust
from qwave_batch.client.proxies import Proxies
from qwave_batch.client.task_api import TaskApi
from qwave_batch.client.web_addresses import read_base_url
from qwave_batch.errors import FolderError, UsageError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.folder_identity import SIMULATOR, FolderIdentity
from qwave_batch.model.clock import SystemClock
from qwave_batch.model.money import QuotaUnit
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.terms import Completion, Terms
from qwave_batch.run.state.context import CallbackSource
from qwave_batch.run.state.run_request import RunOptions

SIMULATED_KEY = "simulated"
"""The key of every simulated account: it opens nothing."""


def backend_name(connection: Connection | Simulated, catalog: Catalog) -> str:
    """Return what a run folder has on record as its backend: the API's host, or ``simulator``.

    Raises:
        UsageError: the base URL or the key can't be right.
    """
    if isinstance(connection, Simulated):
        return SIMULATOR
    ApiKey(connection.key)
    return read_base_url(connection.base_url or catalog.base_url).host


def check_backend(layout: RunLayout, identity: FolderIdentity, backend: str, *, is_run: bool = False) -> None:
    """Raise FolderError for a folder of another backend: only its own knows its tasks and idempotency keys.

    The advice says how to go on with the folder's own, with the address of a host that a catalog names: a spec that
    follows a newer catalog may find its host changed. A run can also begin in another folder.
    """
    made_with = identity.backend
    if made_with == backend:
        return
    if SIMULATOR in {made_with, backend}:
        way_back = Advice(NextStep.SIMULATE if made_with == SIMULATOR else NextStep.DO_NOT_SIMULATE)
    else:
        way_back = Advice(NextStep.NAME_API, next((catalog.base_url for catalog in _catalogs_of(made_with)), ""))
    raise FolderError(
        f"{layout.root} was made with {made_with}, not with {backend}",
        next_steps=(Advice(NextStep.NAME_FOLDER), way_back) if is_run else (way_back,),
    )


def newest_catalog_of(backend: str) -> Catalog | None:
    """Return the newest catalog that puts the API on this host; None where none does."""
    return next(_catalogs_of(backend), None)


def _catalogs_of(host: str) -> Iterator[Catalog]:
    catalogs = (open_catalog(date) for date in reversed(catalog_dates()))
    return (catalog for catalog in catalogs if read_base_url(catalog.base_url).host == host)


@asynccontextmanager
async def open_api(
    connection: Connection | Simulated, catalog: Catalog, layout: RunLayout, *, connections: int
) -> AsyncIterator[TaskApi]:
    """Yield the API; an embedded one is served for the time of the block, with its tasks in the run folder.

    Args:
        connection: Which one.
        catalog: The catalog, with the API's default address and the embedded API's rules.
        layout: The run folder.
        connections: Requests on their way at once.
    """
    if isinstance(connection, Simulated):
        async with (
            api.simulation.serve_simulator(
                connection, state_path=layout.workspace.simulator, catalog=catalog
            ) as base_url,
            _task_api(base_url, SIMULATED_KEY, connections, catalog.quota) as task_api,
        ):
            yield task_api
    else:
        base_url = connection.base_url or catalog.base_url
        api_of = _task_api(
            base_url,
            connection.key,
            connections,
            catalog.quota,
            proxies=connection.proxies,
            trust=connection.trust,
        )
        async with api_of as task_api:
            yield task_api


@asynccontextmanager
async def _task_api(
    base_url: str,
    key: str,
    connections: int,
    quota: QuotaUnit,
    *,
    proxies: Proxies | None = None,
    trust: Trust | None = None,
) -> AsyncIterator[TaskApi]:
    http = await asyncio.to_thread(lambda: client.transport)  # its first import takes a while
    async with http.AiohttpTransport(base_url, max_connections=connections, proxies=proxies, trust=trust) as transport:
        yield TaskApi(transport, base_url, key, SystemClock(), quota=quota)


def check_callbacks(connection: Connection | Simulated, catalog: Catalog, terms: Terms, options: RunOptions) -> None:
    """Raise UsageError when the API can't reach this run, or when the run takes no calls."""
    is_called = _is_called(terms, options)
    if not is_called and options.webhook_url is not None:
        raise UsageError("a webhook URL is of use with completion: webhook only; set that, or leave the URL out")
    if not is_called or isinstance(connection, Simulated) or options.webhook_url is not None:
        return
    base_url = read_base_url(connection.base_url or catalog.base_url)
    if not base_url.address.is_loopback:
        raise UsageError(
            f"completion: webhook needs an address under which {base_url.host} reaches this machine",
            next_steps=(NextStep.NAME_WEBHOOK_URL,),
        )


def check_public_url(options: RunOptions) -> None:
    """Raise UsageError for an address by which nobody could read the images of the run folder."""
    told = options.public_url
    if told is None:
        return
    try:
        address = urlsplit(told)
        is_whole = address.scheme == "https" and bool(address.hostname) and address.port != 0
    except ValueError:
        is_whole, address = False, urlsplit("")
    if not is_whole or not told.isascii() or not told.isprintable() or " " in told:
        raise UsageError(
            "the public URL is no https address: it looks like https://pictures.example.com/runs/tea, the place that "
            "holds what the run folder, or its store, holds"
        )
    if "@" in address.netloc:
        raise UsageError("the public URL holds a name or a password, which would be passed on: leave it out")
    if "?" in told or "#" in told:
        raise UsageError("the public URL ends in a query or a fragment; give the address of a folder alone")


@asynccontextmanager
async def open_callbacks(terms: Terms, options: RunOptions) -> AsyncIterator[CallbackSource | None]:
    """Yield the receiver while it listens; None in a run that is not called.

    Raises:
        UsageError: the URL is invalid, or the port is in use.
    """
    if not _is_called(terms, options):
        yield None
        return
    async with client.callback_receiver.CallbackReceiver(
        public_url=options.webhook_url, host=options.webhook_host, port=options.webhook_port
    ) as opened:
        yield opened


def _is_called(terms: Terms, options: RunOptions) -> bool:
    return (options.completion or terms.completion) is Completion.WEBHOOK
