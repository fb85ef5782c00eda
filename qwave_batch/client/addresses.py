"""Web addresses, and how far each reaches: the internet, the own network, this machine. Pure."""

import functools
import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import quote, urljoin, urlsplit

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")
_ENDS_IN_NUMBER = re.compile(r"(.*\.)?(\d+|0[xX][0-9A-Fa-f]*)\.?", re.ASCII)
_VISIBLE_ASCII = "".join(chr(code) for code in range(0x21, 0x7F))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_DEFAULT_PORTS = {"http": 80, "https": 443}

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class BadAddress(ValueError):
    """A text that is no web address we speak to; its text says why and never repeats the address."""


class Reach(Enum):
    """Where an IP address leads."""

    PUBLIC = auto()
    PRIVATE = auto()
    """The own network, and everything else that is not the internet."""
    LINK_LOCAL = auto()
    """This wire only; clouds keep their machines' credentials there."""
    LOOPBACK = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAddress:
    """An http or https address without user name and password."""

    text: str
    """The whole address, percent-encoded, ready to be sent as it is."""
    scheme: str
    host: str
    """Lower case, an IPv6 address without brackets."""
    port: int
    path: str
    query: str = ""

    @property
    def literal(self) -> IPAddress | None:
        """The IP address that stands in place of a name, when one does."""
        return _ip(self.host)

    @property
    def is_loopback(self) -> bool:
        """Whether the address names this machine without asking a name server."""
        literal = self.literal
        if literal is not None:
            return reach_of(literal) is Reach.LOOPBACK
        return self.host.rstrip(".") == "localhost" or self.host.rstrip(".").endswith(".localhost")


@functools.lru_cache(maxsize=256)  # a download and its transport ask about the same one
def read_address(text: str) -> WebAddress:
    """Return the address that a text holds; raises BadAddress.

    What is already percent-encoded stays as it is, to the letter, since signatures in a query depend on it.
    """
    scheme = _SCHEME.match(text)
    if scheme is None:
        raise BadAddress("it does not start with https://")
    if scheme[0].lower() not in _DEFAULT_PORTS:
        raise BadAddress(f"{scheme[0].lower()[:20]}: is no web address")
    encoded = quote(text, safe=_VISIBLE_ASCII, errors="surrogatepass")
    try:
        parts = urlsplit(encoded)
        port = parts.port
    except ValueError:
        raise BadAddress("its host or port makes no sense") from None
    if "@" in parts.netloc:
        raise BadAddress("it holds a user name or password")
    authority = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc.removesuffix(":")
    if "\\" in encoded or not _HOST.fullmatch(authority):
        raise BadAddress("its host makes no sense")
    host = authority.strip("[]").lower()
    if (authority.startswith("[") or _ENDS_IN_NUMBER.fullmatch(host)) and _ip(host) is None:
        raise BadAddress("its host is neither a name nor an IP address")
    if port == 0:
        raise BadAddress("its port is 0")
    rest = encoded[len(scheme[0]) + len("://") + len(parts.netloc) :].partition("#")[0]
    return WebAddress(
        text=f"{parts.scheme}://{parts.netloc.lower()}{rest}",
        scheme=parts.scheme,
        host=host,
        port=port or _DEFAULT_PORTS[parts.scheme],
        path=parts.path,
        query=parts.query,
    )


def redirected(origin: WebAddress, location: str) -> WebAddress:
    """Return where a redirect leads; raises BadAddress, also for one that gives up encryption."""
    try:
        joined = urljoin(origin.text, location.strip())
    except ValueError:
        raise BadAddress("the redirect makes no sense") from None
    target = read_address(joined)
    if origin.scheme == "https" and target.scheme == "http" and not target.is_loopback:
        raise BadAddress("the redirect leads from https to plain http")
    return target


def reach_of(address: IPAddress | str) -> Reach:
    """Return where an IP address leads; an IPv4 address inside an IPv6 one counts as itself."""
    ip = _ip(address) if isinstance(address, str) else address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip in _NAT64:
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    if ip is None:
        return Reach.PRIVATE
    if ip.is_loopback:
        return Reach.LOOPBACK
    if ip.is_link_local:
        return Reach.LINK_LOCAL
    return Reach.PUBLIC if ip.is_global and not ip.is_multicast else Reach.PRIVATE


def may_reach(target: Reach, api: Collection[Reach]) -> bool:
    """Tell whether a result may be fetched from there: the internet, or the kind of place the API itself is at."""
    return target is Reach.PUBLIC or target in api


@functools.lru_cache(maxsize=256)  # results lie on few hosts
def _ip(text: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
