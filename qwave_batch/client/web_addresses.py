"""Web addresses: http and https only, without a login, in one canonical spelling. Pure."""

import functools
import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from qwave_batch.client.address_reach import IPAddress, is_this_machine, read_ip
from qwave_batch.errors import UsageError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")
_ENDS_IN_NUMBER = re.compile(r"(.*\.)?(\d+|0[xX][0-9A-Fa-f]*)\.?", re.ASCII)
_PLAIN = re.compile(r"[!-~]*")
_VISIBLE_ASCII = "".join(chr(code) for code in range(0x21, 0x7F))
_DEFAULT_PORTS = {"http": 80, "https": 443}


class BadAddress(ValueError):
    """An invalid or unsupported web address; the message gives the reason and never repeats the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAddress:
    """An http or https address without user name and password."""

    text: str
    """The whole address, percent-encoded, sent as it is."""
    scheme: str
    host: str
    """Lower case, an IPv6 address without brackets."""
    port: int
    path: str
    query: str = ""

    @property
    def literal(self) -> IPAddress | None:
        """The IP address that is used instead of a name, if any."""
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
        """The host as compared with another: without trailing dots."""
        return self.host.rstrip(".")


def is_localhost(host: str) -> bool:
    """Whether a name always means this machine, whichever resolver is asked."""
    name = host.rstrip(".").lower()
    return name == "localhost" or name.endswith(".localhost")


@functools.lru_cache(maxsize=256)  # a download and its transport ask for the same one
def read_address(text: str) -> WebAddress:
    """Return the address that a text holds; raises BadAddress.

    Existing percent-encoding is kept literally, since signatures in a query depend on it.
    """
    scheme = _SCHEME.match(text)
    if scheme is None:
        raise BadAddress("it does not start with https://")
    if scheme[0].lower() not in _DEFAULT_PORTS:
        raise BadAddress(f"{scheme[0].lower()[:20]}: is not a web address")
    encoded = text if _PLAIN.fullmatch(text) else quote(text, safe=_VISIBLE_ASCII, errors="surrogatepass")
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
    """Return the target of a redirect; raises BadAddress, also for one that drops encryption."""
    try:
        joined = urljoin(origin.text, location.strip())
    except ValueError:
        raise BadAddress("the redirect makes no sense") from None
    target = read_address(joined)
    if origin.scheme == "https" and target.scheme == "http" and not target.is_loopback:
        raise BadAddress("the redirect leads from https to plain http")
    return target


_VERSION = re.compile(r"v\d+([a-z]\w*)?", re.ASCII)
_EXAMPLE = "https://api.example.com/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseUrl:
    """A checked base URL: https (plain http on loopback only), ending in a version such as ``/v1``."""

    address: WebAddress

    @property
    def text(self) -> str:
        """The URL without a slash at its end; calls append ``/tasks`` and the like."""
        return self.address.text

    @property
    def host(self) -> str:
        """The host, with its port unless it is the scheme's default: the form recorded in a run folder."""
        host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
        usual = 443 if self.address.scheme == "https" else 80
        return host if self.address.port == usual else f"{host}:{self.address.port}"


def read_base_url(text: str) -> BaseUrl:
    """Return the base URL that a user gave; raises UsageError, which shows no password in it.

    A trailing slash is dropped. The version is never added by guess: a gateway may have its own paths, and a key sent
    to the wrong one is a leaked key.
    """
    trimmed = text.strip().rstrip("/")
    try:
        address = read_address(trimmed)
    except BadAddress as error:
        shown = "" if "@" in trimmed else f' "{trimmed[:200]}"'
        raise UsageError(f"the base URL{shown} is not right: {error}; it looks like {_EXAMPLE}") from None
    if address.scheme == "http" and not address.is_loopback:
        raise UsageError(
            f"the base URL {address.text} is plain http, which would show the key to everyone on the way; "
            f"use https (plain http is for this machine only: http://127.0.0.1:PORT/v1)"
        )
    if address.query or "?" in trimmed or "#" in trimmed:
        raise UsageError(f"the base URL may have no query and no fragment; it looks like {_EXAMPLE}")
    _check_version(address)
    return BaseUrl(address=address)


def _check_version(address: WebAddress) -> None:
    segments = address.path.split("/")
    if _VERSION.fullmatch(segments[-1]):
        return
    for place, segment in enumerate(segments):
        if _VERSION.fullmatch(segment):
            guess = address.text.removesuffix(address.path) + "/".join(segments[: place + 1])
            break
    else:
        guess = f"{address.text}/v1"
    raise UsageError(f'the base URL {address.text} does not end in a version; did you mean "{guess}"?')
