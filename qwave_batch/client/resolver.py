"""Resolves host names, so that the checked address is the one connected to: no name leads into the private network."""

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
    """The address cannot serve a result of this API; an OSError, so that aiohttp passes it on."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        """A phrase for people, without the address."""
        super().__init__(reason)


class LocalNames(AbstractResolver):
    """Resolves names; ``localhost`` is this machine whatever a name server says."""

    def __init__(self, names: AbstractResolver) -> None:
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name; raises ForbiddenAddress for a ``localhost`` that points elsewhere."""
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
    """Resolves the hosts of results and drops forbidden addresses.

    Forbidden are the private network, unless the API itself is there, and the proxies, which are trusted only as
    proxies. Connections are made only to the addresses returned here, so a name that changes its address after the
    check gains nothing.
    """

    def __init__(self, names: AbstractResolver, api: WebAddress, proxies: Iterable[WebAddress] = ()) -> None:
        self._names = names
        self._api = api
        self._proxies = tuple(proxies)
        self._known: dict[str, frozenset[IPAddress]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name; raises ForbiddenAddress when none of them is allowed."""
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
        """Check that a result may be requested from an address as written; raises ForbiddenAddress.

        A name is checked again when it is resolved, unless a proxy resolves it.
        """
        if address.literal is not None:
            await self.check_ip(address.host, address.port)
        for proxy in self._proxies:
            elsewhere = address.name == self._api.name and address.port != proxy.port
            if address.name == proxy.name and not elsewhere:
                raise ForbiddenAddress("the address is the proxy's")

    async def check_ip(self, address: str, port: int, *, is_by_name: bool = False) -> None:
        """Check that a result may be at this address and port; raises ForbiddenAddress.

        Args:
            address: The IP address.
            port: The port.
            is_by_name: Whether a host name resolved to it.
        """
        ip = read_ip(address)
        if ip is None or (
            (reach := reach_of(ip)) is not Reach.PUBLIC
            and not may_reach(reach, await self.api_reach(), is_by_name=is_by_name)
        ):
            raise ForbiddenAddress(_refusal_message(address))
        for proxy in self._proxies:
            # the API may be on the proxy's machine, as when both are this one
            if plain_ip(ip) in await self._addresses_of(proxy) and (
                port == proxy.port or plain_ip(ip) not in await self._addresses_of(self._api)
            ):
                raise ForbiddenAddress("the address is the proxy's")

    async def api_reach(self) -> frozenset[Reach]:
        """Return the kinds of network in which the API is; the internet when that is unknown.

        A name server cannot open more of the local networks than the API's name needs: with a public address among
        its IPv4 addresses (among its IPv6 ones when it has no other) the API is on the internet, and only a base URL
        with a literal address can be on the link.
        """
        if self._api.literal is not None:
            return frozenset({reach_of(self._api.literal)})
        found = await self._addresses_of(self._api)
        kinds = {reach_of(ip) for ip in found if ip.version == 4} or {reach_of(ip) for ip in found}  # noqa: PLR2004
        kinds.discard(Reach.LINK_LOCAL)
        if (
            kinds & {Reach.PUBLIC, Reach.NOBODYS} or not kinds
        ):  # a proxy that intercepts all connections is not a network
            return frozenset({Reach.PUBLIC})
        return frozenset(kinds if len(kinds) == 1 else kinds - {Reach.LOOPBACK})

    async def _addresses_of(self, place: WebAddress) -> Collection[IPAddress]:
        """Return the addresses of the API or a proxy, as resolved the first time."""
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


def _refusal_message(address: str) -> str:
    """Return why no result is fetched from an address, and what to do if that is intended."""
    found = range_of(address)
    where = f"the address is in {found}, which" if found else "the address"
    return (
        f"{where} leads into the own network, where no result of this API is; if a proxy is to fetch it, name that in "
        "HTTPS_PROXY, and what the proxy makes of the host's name counts"
    )
