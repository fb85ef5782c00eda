"""Names are looked up here, so that what is checked is what is connected to: nobody is led into the own network."""

import socket
from collections.abc import Iterable

from aiohttp.abc import AbstractResolver, ResolveResult

from qwave_batch.client.addresses import Reach, WebAddress, may_reach, reach_of


class ForbiddenAddress(OSError):
    """A name that leads into the own network, where no result of a public API is; aiohttp passes an OSError on."""


class GuardedResolver(AbstractResolver):
    """Looks up names and leaves out addresses in the own network, so that what is checked is what is connected to."""

    def __init__(self, names: AbstractResolver, api: WebAddress, trusted: Iterable[str]) -> None:
        self._names = names
        self._api = api
        self._trusted = frozenset(trusted) | {api.host}
        self._api_reach: frozenset[Reach] | None = None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name; raises ForbiddenAddress when none of them may be spoken to."""
        found = await self._names.resolve(host, port, family)
        if host.lower() in self._trusted:
            return found
        api_reach = await self.api_reach()
        allowed = [entry for entry in found if may_reach(reach_of(entry["host"]), api_reach)]
        if found and not allowed:
            raise ForbiddenAddress(host)
        return allowed

    async def api_reach(self) -> frozenset[Reach]:
        """Return the kinds of place the API itself is at; the internet when that can't be told."""
        if self._api_reach is None:
            try:
                self._api_reach = frozenset(await self._look_up_api())
            except OSError:
                return frozenset({Reach.PUBLIC})
        return self._api_reach

    async def _look_up_api(self) -> set[Reach]:
        if self._api.literal is not None:
            return {reach_of(self._api.literal)}
        return {reach_of(entry["host"]) for entry in await self._names.resolve(self._api.host, 0, socket.AF_UNSPEC)}

    async def close(self) -> None:
        """Close the resolver behind this one."""
        await self._names.close()
