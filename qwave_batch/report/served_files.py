"""The rules of serving a report: plain files of its folder, under an address that nobody can guess, and nothing else.

Pages of the web can send requests to servers on loopback too. They don't know the token, and a name of theirs that
leads to this machine (DNS rebinding) is told by the ``Host`` header.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, TypeAlias

from qwave_batch.imaging.formats.signatures import format_of, kind_of_bytes
from qwave_batch.report.report_folder import INDEX

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
)
"""The policy that stands in the page itself, which as a header holds for what a browser is led to directly, too."""
SECURITY_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
)
"""Sent with every answer."""
MOST_SNIFFED_BYTES: Final = 1024

_METHODS = ("GET", "HEAD")
_OWN_HOST = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)
"""With any port: a tunnel to another machine has its own."""
_IMAGE = r"[0-9a-f]{2}/[0-9a-f]{32}"
_FILE = re.compile(
    r"index\.html"
    r"|(?:page|data)(?:/[A-Za-z0-9_-]+){1,4}(?:\.min)?\.(?:js|css)"
    rf"|thumbs/{_IMAGE}\.webp"
    rf"|full/{_IMAGE}"
)
"""No file of a report has another name, so no address needs to be decoded, and none leads out of the folder."""
_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "webp": "image/webp",
}
_IMAGE_TYPES = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "avif": "image/avif",
    "tiff": "image/tiff",
    "bmp": "image/bmp",
    "jpeg2000": "image/jp2",
}
_UNKNOWN_TYPE = "application/octet-stream"
_FOREVER = "private, max-age=31536000, immutable"
_NEVER = "no-store"


@dataclass(frozen=True, slots=True)
class HandOut:
    """A call that is answered with a file."""

    path: str
    """Relative to the report."""

    @property
    def cache_control(self) -> str:
        """How long a browser may keep it: an image's name is its hash, all else changes while a run goes on."""
        return _FOREVER if self.path.startswith(("thumbs/", "full/")) else _NEVER

    def content_type(self, beginning: bytes) -> str:
        """Return its type: that of its ending, and for an image without one that of its first bytes."""
        return _TYPES.get(self.path.rpartition(".")[2]) or _image_type(beginning)


@dataclass(frozen=True, slots=True)
class TurnAway:
    """A call that is answered with an error, or sent elsewhere."""

    status: HTTPStatus
    headers: Mapping[str, str] = field(default_factory=dict)


Judgement: TypeAlias = HandOut | TurnAway


def judge_call(method: str, host: str | None, target: str, *, token: str) -> Judgement:
    """Decide what becomes of a call.

    Args:
        method: As it was sent.
        host: The ``Host`` header.
        target: The address as it stands in the request's first line, not decoded.
        token: The part that the address must begin with.
    """
    if not is_own_host(host):
        return TurnAway(HTTPStatus.MISDIRECTED_REQUEST)
    root, found, below = target.partition("?")[0].removeprefix("/").partition("/")
    if not target.startswith("/") or not hmac.compare_digest(root.encode("utf-8", "replace"), token.encode()):
        return TurnAway(HTTPStatus.NOT_FOUND)
    if method not in _METHODS:
        return TurnAway(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": ", ".join(_METHODS)})
    if not found:
        return TurnAway(HTTPStatus.FOUND, {"Location": f"/{token}/"})
    path = below or INDEX
    return HandOut(path) if _FILE.fullmatch(path) else TurnAway(HTTPStatus.NOT_FOUND)


def is_own_host(host: str | None) -> bool:
    """Whether a ``Host`` header names this machine by its own name, and not by one that somebody else gave it."""
    return host is not None and _OWN_HOST.fullmatch(host) is not None


def span_of(wanted: slice, size: int) -> tuple[int, int] | None:
    """Return the first byte and the end of a range of a file of ``size`` bytes; None when nothing of it is there."""
    start, end, _ = wanted.indices(size)
    return (start, end) if start < end else None


def _image_type(beginning: bytes) -> str:
    """Return an image's type by its signature. All else is handed out as bytes, so that no browser runs it."""
    known = format_of(beginning) or kind_of_bytes(beginning).image_format
    return _IMAGE_TYPES.get(known or "", _UNKNOWN_TYPE)
