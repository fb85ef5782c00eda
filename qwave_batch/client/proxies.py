"""Selects the proxy of a call: the usual environment variables, read once and passed in."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from qwave_batch.client.web_addresses import BadAddress, WebAddress, read_address
from qwave_batch.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """One proxy; its credentials stay out of its repr."""

    address: WebAddress
    authorization: str | None = field(default=None, repr=False)
    """The value of the ``Proxy-Authorization`` header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """The proxies of this machine; without any, every call goes directly to its host."""

    https: Proxy | None = None
    http: Proxy | None = None
    bypass: tuple[str, ...] = ()
    """Hosts reached without a proxy: a name stands for itself and its subdomains, ``*`` for all."""

    def for_address(self, address: WebAddress) -> Proxy | None:
        """Return the proxy for an address; none for this machine, whatever the variables say."""
        proxy = self.https if address.scheme == "https" else self.http
        return None if proxy is None or address.is_loopback or self._bypasses(address) else proxy

    @property
    def addresses(self) -> tuple[WebAddress, ...]:
        """The proxies' own addresses."""
        return tuple({proxy.address: None for proxy in (self.https, self.http) if proxy is not None})

    def _bypasses(self, address: WebAddress) -> bool:
        names = {address.host, f"{address.host}:{address.port}"}
        return any(entry == "*" or entry in names or address.host.endswith(f".{entry}") for entry in self.bypass)


def proxies_from(environment: Mapping[str, str]) -> Proxies:
    """Return the proxies set by HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in either case.

    Raises UsageError for a proxy that is not reached over http, such as a SOCKS proxy.
    """

    def found(*names: str) -> tuple[str, str]:
        """Return the variable that takes effect, as spelled in the environment, with its text."""
        spelled = [spelling for name in names for spelling in (name, name.upper())]
        variable = next((name for name in spelled if environment.get(name)), "")
        return variable, environment.get(variable, "")

    _, hosts = found("no_proxy")
    bypass = (entry.strip().lower().removeprefix("*.").lstrip(".") for entry in hosts.split(","))
    return Proxies(
        https=_read_proxy(*found("https_proxy", "all_proxy")),
        http=_read_proxy(*found("http_proxy", "all_proxy")),
        bypass=tuple(entry for entry in bypass if entry),
    )


def _read_proxy(variable: str, text: str) -> Proxy | None:
    if not text:
        return None
    scheme, separator, rest = text.strip().partition("://")
    if not separator:
        scheme, rest = "http", scheme
    login, at, host = rest.rpartition("@")
    try:
        address = read_address(f"{scheme}://{host.rstrip('/')}")
    except BadAddress as error:
        raise UsageError(
            f"{variable} is not right: {error}; a proxy looks like http://proxy.example.com:8080"
        ) from None
    return Proxy(address=address, authorization=f"Basic {_basic(login)}" if at else None)


def _basic(login: str) -> str:
    user, _, password = login.partition(":")
    return b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
