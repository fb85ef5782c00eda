"""The embedded API, served on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from qwave_batch.api.catalog_lookup import catalog_at
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.client.connection import Simulated
from qwave_batch.errors import UnknownName
from qwave_batch.simulator.behaviour import Behaviour
from qwave_batch.simulator.dialect import Dialect, Settings
from qwave_batch.simulator.embedded_api import Simulator
from qwave_batch.simulator.fault_language import parse_faults
from qwave_batch.simulator.latency import parse_latency
from qwave_batch.simulator.server import serve
from qwave_batch.simulator.simulated_limits import RateLimits


@asynccontextmanager
async def serve_simulator(
    simulated: Simulated | None = None,
    *,
    port: int = 0,
    state_path: Path | None = None,
    catalog: str | Catalog,
    catalogs: CatalogSource = SHIPPED,
) -> AsyncIterator[str]:
    """Serve the embedded API on 127.0.0.1 while the block runs; yields its base URL.

    Args:
        simulated: How it behaves; None is a healthy API with answers of about a second.
        port: The port to listen on; 0 takes a free one.
        state_path: The file with its tasks; None keeps them in memory.
        catalog: The catalog whose rules it judges requests by: itself, its date, or ``LATEST``.
        catalogs: The catalogs to look in for a date.

    Raises:
        UsageError: the port is taken, or the behaviour can't be read.
    """
    wanted = simulated or Simulated()
    behaviour = Behaviour(seed=wanted.seed, latency=parse_latency(wanted.latency), faults=parse_faults(wanted.faults))
    settings = Settings(
        dialect=_dialect(wanted.dialect), limits=RateLimits(requests_per_minute=wanted.requests_per_minute)
    )
    with Simulator(
        catalog=await asyncio.to_thread(catalog_at, catalog, catalogs),
        behaviour=behaviour,
        settings=settings,
        state_path=state_path,
    ) as simulator:
        async with serve(simulator, port=port) as base_url:
            yield base_url


def _dialect(name: str) -> Dialect:
    known = [dialect.value for dialect in Dialect]
    if name not in known:
        raise UnknownName("dialect", name, known, hint=f"there is {' and '.join(known)}")
    return Dialect(name)
