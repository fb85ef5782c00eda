"""The address under which an API is found, as a user gives it."""

import re
from dataclasses import dataclass

from qwave_batch.client.addresses import BadAddress, WebAddress, read_address
from qwave_batch.errors import UsageError

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
        """The host, with its port where it is not the scheme's own: what a run folder keeps on record."""
        host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
        usual = 443 if self.address.scheme == "https" else 80
        return host if self.address.port == usual else f"{host}:{self.address.port}"


def read_base_url(text: str) -> BaseUrl:
    """Return the base URL that a user gave; raises UsageError, which shows no password that stands in it.

    A slash at the end is dropped. The version is never added by guess: a gateway may have its own paths, and a key
    sent to the wrong one is a key given away.
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
