"""Exclusive work on a run folder without its spec, from what its ledger says; and context managers in threads."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from qwave_batch import api
from qwave_batch.api.backends import SIMULATED_KEY, backend_name, check_backend, open_api
from qwave_batch.api.folder_catalog import catalog_of_folder
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_source import CatalogSource
from qwave_batch.client.connection import Connection, Simulated
from qwave_batch.client.task_api import TaskApi
from qwave_batch.errors import FolderError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import FolderLock
from qwave_batch.folder.workspace import LEDGER
from qwave_batch.ledger.folder_identity import FolderClaim, FolderIdentity
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.next_step import RunWarning
from qwave_batch.output.manifest import keep_manifest
from qwave_batch.output.summary import refresh_summary
from qwave_batch.run.state.stop_reasons import StopSignal

CONNECTIONS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSession:
    """A locked folder, with its ledger and its API."""

    layout: RunLayout
    ledger: Ledger
    claim: FolderClaim
    catalog: Catalog
    api: TaskApi
    warnings: tuple[RunWarning, ...]
    """Names the catalog, where it need not be the one that the folder was made with."""


@asynccontextmanager
async def folder_session(
    folder: str | Path, connection: Connection | Simulated, catalogs: CatalogSource, stop: StopSignal
) -> AsyncIterator[FolderSession]:
    """Yield a run folder, locked, with the API that it was made with; at the end manifest and summary are written.

    Its catalog is looked up in ``catalogs``, and the overlay that it was made with is laid over it. A store that is
    named by its address gets a workspace for the time, with the newest ledger.

    Raises:
        FolderError: it is not a run folder, or was made with another API, or with another key while tasks are open.
        FolderBusy: a run is at work.
        StorageError: the disk or the ledger fails.
    """
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        layout = await enter(in_thread(_workspace_of(folder)))
        await enter(in_thread(FolderLock(layout)))
        wanted = api.store_workspace.HoldRequest(stop=stop)
        hold = (
            None if layout.store is None else await enter(api.store_workspace.held_store(layout, layout.store, wanted))
        )
        catalog, claim, found = await asyncio.to_thread(_look_at, layout, connection, catalogs)
        warnings = found if hold is None else (*hold.warnings, *found)
        ledger = await enter(in_thread(opened_ledger(layout)))
        await asyncio.to_thread(ledger.claim, claim)
        if hold is not None:
            await asyncio.to_thread(hold.begin, ledger)
            await enter(in_thread(hold.ended_well(ledger)))
        try:
            async with open_api(connection, catalog, layout, connections=CONNECTIONS) as calls:
                yield FolderSession(
                    layout=layout, ledger=ledger, claim=claim, catalog=catalog, api=calls, warnings=warnings
                )
        finally:
            await asyncio.to_thread(write_down, layout, ledger)


@contextmanager
def _workspace_of(folder: str | Path) -> Iterator[RunLayout]:
    """Yield a run folder; for a store's address, one that is there for the time of the block, and empty."""
    layout = RunLayout.at(folder)
    if not layout.is_view:
        yield layout
        return
    with TemporaryDirectory(prefix="qwave-store-") as scratch:
        layout = RunLayout(Path(scratch) / "run", store=layout.store)
        layout.create()
        yield layout


@contextmanager
def opened_ledger(layout: RunLayout) -> Iterator[Ledger]:
    """Yield the ledger; opening it reads files, so that is a part of entering the block."""
    with Ledger.open(layout.workspace.ledger) as ledger:
        yield ledger


def _look_at(
    layout: RunLayout, connection: Connection | Simulated, catalogs: CatalogSource
) -> tuple[Catalog, FolderClaim, tuple[RunWarning, ...]]:
    """Return the catalog of a run folder, our claim to it, and a warning about the catalog. It blocks."""
    layout.check_images()
    identity = _identity(layout)
    catalog, warnings = catalog_of_folder(layout, identity.backend, catalogs)
    return catalog, _claim(layout, identity, connection, catalog), warnings


def write_down(layout: RunLayout, ledger: Ledger) -> None:
    """Write the manifest from the ledger, and update the summary accordingly. It blocks.

    If the ledger has lost records, the manifest may know more, and stays until a run has handled that.
    """
    identity = ledger.identity()
    if identity is None or identity.lost_since is None:
        refresh_summary(layout, keep_manifest(layout, ledger), ledger.cost_report())


def _identity(layout: RunLayout) -> FolderIdentity:
    if not layout.tree.is_file(LEDGER):
        raise FolderError(f"{layout.store_address or layout.root} came without its ledger, so nobody knows its tasks")
    with Ledger.open(layout.workspace.ledger, read_only=True) as ledger:
        identity = ledger.identity()
    if identity is None:
        raise FolderError(f"{layout.store_address or layout.root} was never run, so it has no tasks")
    return identity


def _claim(
    layout: RunLayout, identity: FolderIdentity, connection: Connection | Simulated, catalog: Catalog
) -> FolderClaim:
    backend = backend_name(connection, catalog)
    check_backend(layout, identity, backend)
    return FolderClaim(
        spec_name=identity.spec_name,
        backend=backend,
        path=str(layout.root.resolve()),
        host=socket.gethostname(),
        key=connection.key if isinstance(connection, Connection) else SIMULATED_KEY,
    )


T = TypeVar("T")


@asynccontextmanager
async def in_thread(manager: AbstractContextManager[T]) -> AsyncIterator[T]:
    """Yield what the manager yields; a caller that is cancelled meanwhile leaves nothing open."""
    entering = asyncio.ensure_future(asyncio.to_thread(manager.__enter__))
    try:
        value = await asyncio.shield(entering)
    except asyncio.CancelledError:
        await asyncio.wait([entering])
        if not entering.cancelled() and entering.exception() is None:
            await to_the_end(lambda: manager.__exit__(None, None, None))
        raise
    try:
        yield value
    except BaseException as error:
        seen = error
        if not await to_the_end(lambda: manager.__exit__(type(seen), seen, seen.__traceback__)):
            raise
    else:
        await to_the_end(lambda: manager.__exit__(None, None, None))


async def to_the_end(work: Callable[[], T]) -> T:
    """Return what ``work`` returns, done in a thread and waited for even by one who is cancelled."""
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise
