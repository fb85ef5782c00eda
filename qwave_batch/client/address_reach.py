"""Classifies IP addresses by reach: the internet, the private network, the link, this machine. Pure.

The ranges are listed here instead of using ``ipaddress``: its ``is_global`` differs between Python versions and
counts addresses as public at which clouds serve credentials.
"""

import functools
import ipaddress
from collections.abc import Collection
from enum import Enum, auto

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class Reach(Enum):
    """The network that an IP address belongs to."""

    PUBLIC = auto()
    NOBODYS = auto()
    """Addresses that nobody owns, so that only a proxy of this machine or network can answer: transparent proxies hand
    out such addresses for names, and recognize by them which name was meant."""
    PRIVATE = auto()
    """The private network, and everything else outside the internet."""
    LINK_LOCAL = auto()
    """The link, and addresses that never serve a result: those at which clouds serve credentials."""
    LOOPBACK = auto()
    """This machine."""


_V4 = tuple(
    (ipaddress.IPv4Network(network), reach)
    for network, reach in (
        ("127.0.0.0/8", Reach.LOOPBACK),
        ("0.0.0.0/8", Reach.LINK_LOCAL),  # nobody's, but Linux takes 0.0.0.0 for this machine
        ("100.100.100.200/32", Reach.LINK_LOCAL),  # Alibaba Cloud's metadata
        ("168.63.129.16/32", Reach.LINK_LOCAL),  # Azure's agents, under an address that looks public
        ("169.254.0.0/16", Reach.LINK_LOCAL),
        ("192.0.0.192/32", Reach.LINK_LOCAL),  # Oracle Cloud's metadata
        ("10.0.0.0/8", Reach.PRIVATE),
        ("100.64.0.0/10", Reach.PRIVATE),  # shared by a provider's customers
        ("172.16.0.0/12", Reach.PRIVATE),
        ("192.0.0.0/24", Reach.PRIVATE),  # protocol assignments
        ("192.0.2.0/24", Reach.PRIVATE),  # documentation
        ("192.88.99.0/24", Reach.PRIVATE),  # relays of 6to4, given up
        ("192.168.0.0/16", Reach.PRIVATE),
        ("198.18.0.0/15", Reach.NOBODYS),  # benchmarks, and by habit the addresses of such proxies
        ("198.51.100.0/24", Reach.PRIVATE),  # documentation
        ("203.0.113.0/24", Reach.PRIVATE),  # documentation
        ("224.0.0.0/3", Reach.PRIVATE),  # multicast, and what is reserved
    )
)
"""The IPv4 addresses outside the internet; the first line that contains an address counts."""

_V6 = tuple(
    (ipaddress.IPv6Network(network), reach)
    for network, reach in (
        ("::1/128", Reach.LOOPBACK),
        ("::/128", Reach.LINK_LOCAL),  # as 0.0.0.0
        ("64:ff9b:1::/48", Reach.LINK_LOCAL),  # a translator of the own network, which may lead anywhere in it
        ("fd00:42::42/128", Reach.LINK_LOCAL),  # Scaleway's metadata
        ("fd00:c1::/32", Reach.LINK_LOCAL),  # Oracle Cloud's
        ("fd00:ec2::/32", Reach.LINK_LOCAL),  # Amazon's
        ("fd20:ce::/32", Reach.LINK_LOCAL),  # Google Cloud's
        ("fe80::/10", Reach.LINK_LOCAL),
        ("2001::/23", Reach.PRIVATE),  # protocol assignments, Teredo among them
        ("2001:db8::/32", Reach.PRIVATE),  # documentation
        ("3fff::/20", Reach.PRIVATE),  # documentation
        ("2000::/3", Reach.PUBLIC),  # all that was ever given out
    )
)
"""Likewise for IPv6, where the internet is listed and the rest is private (``fc00::/7``, ``fec0::/10``)."""

_WORSE = (Reach.PUBLIC, Reach.NOBODYS, Reach.PRIVATE, Reach.LOOPBACK, Reach.LINK_LOCAL)
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_6TO4 = ipaddress.IPv6Network("2002::/16")
_TEREDO = ipaddress.IPv6Network("2001::/32")
_OLD_FORMS = (ipaddress.IPv6Network("::/96"), ipaddress.IPv6Network("::ffff:0:0:0/96"))
_ISATAP = {0x0000_5EFE, 0x0200_5EFE}
_LOW_32 = 0xFFFF_FFFF


def reach_of(address: IPAddress | str) -> Reach:
    """Return the reach of an IP address; an IPv4 address inside an IPv6 one counts as itself."""
    ip = read_ip(address) if isinstance(address, str) else address
    if ip is None:
        return Reach.PRIVATE
    if isinstance(ip, ipaddress.IPv4Address):
        return next((reach for network, reach in _V4 if ip in network), Reach.PUBLIC)
    plain = plain_ip(ip)
    if plain is not ip:
        return reach_of(plain)
    own = next((reach for network, reach in _V6 if ip in network), Reach.PRIVATE)
    # a tunnel ends at the embedded address, so the most restricted of them counts
    return max((own, *map(reach_of, _embedded(ip))), key=_WORSE.index)


def may_reach(target: Reach, api: Collection[Reach], *, is_by_name: bool) -> bool:
    """Tell whether a result may be fetched from there: from the internet, or from the same kind of network as the API.

    Args:
        target: The reach of the result's address.
        api: The kinds of network in which the API is.
        is_by_name: Whether the result has a host name and not a literal address.
    """
    return target is Reach.PUBLIC or target in api or (is_by_name and target is Reach.NOBODYS)


def range_of(address: IPAddress | str) -> str:
    """Return the range that decides the reach of an address, such as ``10.0.0.0/8``; empty if none is known."""
    ip = read_ip(address) if isinstance(address, str) else address
    if ip is None:
        return ""
    plain = plain_ip(ip)
    if isinstance(plain, ipaddress.IPv4Address):
        return next((str(network) for network, _ in _V4 if plain in network), "")
    inner = max(_embedded(plain), key=lambda v4: _WORSE.index(reach_of(v4)), default=None)
    if inner is not None and reach_of(inner) is not Reach.PUBLIC:
        return range_of(inner)
    return next((str(network) for network, _ in _V6 if plain in network), "")


@functools.lru_cache(maxsize=256)  # results come from few hosts
def read_ip(text: str) -> IPAddress | None:
    """Return the IP address that a text holds, without the zone of an IPv6 one; None for any other text."""
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def plain_ip(ip: IPAddress) -> IPAddress:
    """Return the IPv4 address that an IPv6 address spells differently, else the address itself."""
    if isinstance(ip, ipaddress.IPv6Address) and (ip in _MAPPED or ip in _TRANSLATED):
        return _v4(int(ip))
    return ip


def is_this_machine(ip: IPAddress) -> bool:
    """Tell whether data sent to an address stays on this machine, without any tunnel or translator."""
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback


def _embedded(ip: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses at which the tunnel of an IPv6 address may end."""
    number = int(ip)
    if number <= 1:  # "::" and "::1" do not embed an IPv4 address
        return []
    if ip in _6TO4:
        return [_v4(number >> 80)]
    if ip in _TEREDO:
        return [_v4(~number), _v4(number >> 64)]
    if any(ip in network for network in _OLD_FORMS) or (number >> 32) & _LOW_32 in _ISATAP:
        return [_v4(number)]
    return []


def _v4(number: int) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(number & _LOW_32)
