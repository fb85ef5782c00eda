"""Web addresses: http and https only, without a login, and one way to write each. Pure."""

import functools
import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from qwave_batch.client.reach import IPAddress, is_this_machine, read_ip

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")
_ENDS_IN_NUMBER = re.compile(r"(.*\.)?(\d+|0[xX][0-9A-Fa-f]*)\.?", re.ASCII)
_VISIBLE_ASCII = "".join(chr(code) for code in range(0x21, 0x7F))
_DEFAULT_PORTS = {"http": 80, "https": 443}


class BadAddress(ValueError):
    """A text that is no web address we speak to; its text says why and never repeats the address."""


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
        return read_ip(self.host)

    @property
    def is_loopback(self) -> bool:
        """Whether the address names this machine without asking a name server."""
        literal = self.literal
        if literal is not None:
            return is_this_machine(literal)
        return is_localhost(self.host)

    @property
    def name(self) -> str:
        """The host as it is compared with another: without the dots that may end a name."""
        return self.host.rstrip(".")


def is_localhost(host: str) -> bool:
    """Tell whether a name means this machine, whoever is asked for it."""
    name = host.rstrip(".").lower()
    return name == "localhost" or name.endswith(".localhost")


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
    if (authority.startswith("[") or _ENDS_IN_NUMBER.fullmatch(host)) and read_ip(host) is None:
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
