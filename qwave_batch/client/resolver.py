"""Names are looked up here, so that what is checked is what is connected to: nobody is led into the own network."""

import socket
from collections.abc import Collection, Iterable

from aiohttp.abc import AbstractResolver, ResolveResult

from qwave_batch.client.address_reach import (
    IPAddress,
    Reach,
    is_this_machine,
    may_reach,
    plain_ip,
    range_of,
    reach_of,
    read_ip,
)
from qwave_batch.client.web_addresses import WebAddress, is_localhost


class ForbiddenAddress(OSError):
    """An address that no result of this API is at; aiohttp passes an OSError on."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        """A phrase for people, without the address."""
        super().__init__(reason)


class LocalNames(AbstractResolver):
    """Looks up names; ``localhost`` is this machine whatever a name server says of it."""

    def __init__(self, names: AbstractResolver) -> None:
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name; raises ForbiddenAddress for a ``localhost`` that is elsewhere."""
        found = await self._names.resolve(host, port, family)
        if not is_localhost(host):
            return found
        here = [entry for entry in found if (ip := read_ip(entry["host"])) is not None and is_this_machine(ip)]
        if found and not here:
            raise ForbiddenAddress("the name stands for this machine and leads elsewhere")
        return here

    async def close(self) -> None:
        """Close the resolver behind this one."""
        await self._names.close()


class ResultGuard(AbstractResolver):
    """Looks up the hosts of results, and leaves out the addresses that none of them may be at.

    That is the own network, unless the API itself is there, and the proxies, whose names are trusted for themselves
    alone. A connection is made to the addresses that are returned here and to no others, so a name that changes its
    address after the check changes nothing.
    """

    def __init__(self, names: AbstractResolver, api: WebAddress, proxies: Iterable[WebAddress] = ()) -> None:
        self._names = names
        self._api = api
        self._proxies = tuple(proxies)
        self._known: dict[str, frozenset[IPAddress]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name; raises ForbiddenAddress when none of them may be spoken to."""
        found = await self._names.resolve(host, port, family)
        refused: ForbiddenAddress | None = None
        allowed: list[ResolveResult] = []
        for entry in found:
            try:
                await self.check_ip(entry["host"], port, is_by_name=True)
            except ForbiddenAddress as forbidden:
                refused = forbidden
            else:
                allowed.append(entry)
        if refused is not None and not allowed:
            raise refused
        return allowed

    async def check(self, address: WebAddress) -> None:
        """Pass when a result may be asked for there, by what is written; raises ForbiddenAddress.

        A name is looked at again when it is looked up, unless a proxy does that.
        """
        if address.literal is not None:
            await self.check_ip(address.host, address.port)
        for proxy in self._proxies:
            elsewhere = address.name == self._api.name and address.port != proxy.port
            if address.name == proxy.name and not elsewhere:
                raise ForbiddenAddress("the address is the proxy's")

    async def check_ip(self, address: str, port: int, *, is_by_name: bool = False) -> None:
        """Pass when a result may be at this address and port; raises ForbiddenAddress.

        Args:
            address: The IP address.
            port: The port.
            is_by_name: Whether it is what a name stands for.
        """
        ip = read_ip(address)
        if ip is None or (
            (reach := reach_of(ip)) is not Reach.PUBLIC
            and not may_reach(reach, await self.api_reach(), is_by_name=is_by_name)
        ):
            raise ForbiddenAddress(_words_of_refusal(address))
        for proxy in self._proxies:
            # the API may be on the proxy's machine, as when both are this one
            if plain_ip(ip) in await self._addresses_of(proxy) and (
                port == proxy.port or plain_ip(ip) not in await self._addresses_of(self._api)
            ):
                raise ForbiddenAddress("the address is the proxy's")

    async def api_reach(self) -> frozenset[Reach]:
        """Return the kinds of place the API itself is at; the internet when that can't be told.

        A name server can't open more of this machine's surroundings than the API's name needs: with a public address
        among its IPv4 addresses (among its IPv6 ones when it has no other) the API is on the internet, and nothing
        but a base URL written as a number is on this wire.
        """
        if self._api.literal is not None:
            return frozenset({reach_of(self._api.literal)})
        found = await self._addresses_of(self._api)
        kinds = {reach_of(ip) for ip in found if ip.version == 4} or {reach_of(ip) for ip in found}  # noqa: PLR2004
        kinds.discard(Reach.LINK_LOCAL)
        if kinds & {Reach.PUBLIC, Reach.NOBODYS} or not kinds:  # a proxy that catches all connections is not a network
            return frozenset({Reach.PUBLIC})
        return frozenset(kinds if len(kinds) == 1 else kinds - {Reach.LOOPBACK})

    async def _addresses_of(self, place: WebAddress) -> Collection[IPAddress]:
        """Return the addresses of the API or a proxy, as they were when first asked for."""
        if place.literal is not None:
            return {plain_ip(place.literal)}
        if place.name not in self._known:
            try:
                found = await self._names.resolve(place.host, 0, socket.AF_UNSPEC)
            except OSError:
                return frozenset()
            read = (read_ip(entry["host"]) for entry in found)
            self._known.setdefault(place.name, frozenset(plain_ip(ip) for ip in read if ip is not None))
        return self._known[place.name]

    async def close(self) -> None:
        """Close the resolver behind this one."""
        await self._names.close()


def _words_of_refusal(address: str) -> str:
    """Return why no result is fetched from an address, and what can be done where that is meant."""
    found = range_of(address)
    where = f"the address is in {found}, which" if found else "the address"
    return (
        f"{where} leads into the own network, where no result of this API is; if a proxy is to fetch it, name that in "
        "HTTPS_PROXY, and what the proxy makes of the host's name counts"
    )
