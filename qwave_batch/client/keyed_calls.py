"""Sends calls with an account's key to its API; a failure to send is an answer, too."""

import json
from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote

from qwave_batch.client.answers import NoAnswer
from qwave_batch.client.api_key import ApiKey
from qwave_batch.client.http import HttpRequest, HttpResponse, NeverSent, Transport, TransportFailed, Untrusted
from qwave_batch.client.web_addresses import read_base_url
from qwave_batch.errors import UsageError
from qwave_batch.model.jsontypes import JsonObject

CALL_TIMEOUT_S = 30.0
SLOWEST_UPLOAD_BYTES_PER_S = 64 * 1024
"""Inline images make a request megabytes large; its timeout allows for a slow connection."""


class KeyedCalls:
    """The calls of one account to one API. None raises because of a server or a network."""

    def __init__(self, transport: Transport, base_url: str, key: str) -> None:
        """Configure the calls; nothing is sent. Raises UsageError for an invalid base URL or key."""
        self._transport = transport
        self._base_url = read_base_url(base_url)
        self._key = ApiKey(key)
        self._headers = {"Authorization": self._key.authorization, "Accept": "application/json"}

    @property
    def base_url(self) -> str:
        """The API's base URL; the paths of calls are appended to it."""
        return self._base_url.text

    @property
    def host(self) -> str:
        """The API's host, with its port unless it is the default."""
        return self._base_url.host

    @property
    def key_fingerprint(self) -> str:
        """16 hex digits that tell keys apart and reveal nothing about them."""
        return self._key.fingerprint

    def redact(self, text: str) -> str:
        """Return the text with every appearance of the key masked."""
        return self._key.redact(text)

    async def call(
        self,
        method: Literal["GET", "POST"],
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = CALL_TIMEOUT_S,
        stall_timeout_s: float | None = None,
    ) -> HttpResponse | NoAnswer:
        """Return the response to a request, or why there is none."""
        request = HttpRequest(
            method=method,
            url=f"{self._base_url.text}{path}",
            headers=self._headers if headers is None else {**self._headers, **headers},
            body=body,
            timeout_s=timeout_s,
            stall_timeout_s=stall_timeout_s,
        )
        try:
            return await self._transport.send(request)
        except TransportFailed as failed:
            return NoAnswer(
                reason=self._key.redact(failed.reason),
                sent=not isinstance(failed, NeverSent),
                is_untrusted=isinstance(failed, Untrusted),
            )


def encoded(request: JsonObject) -> bytes:
    """Return a request as the JSON that is sent; raises UsageError for values that JSON cannot express."""
    try:
        text = json.dumps(request, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_as_dict)
        return text.encode("utf-8")
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError(f"the request can't be sent as JSON: {error}") from None


def _as_dict(value: object) -> object:
    """Return a read-only mapping as a dict, which the encoder supports."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def segment(name: str) -> str:
    """Return a name as one segment of a path; dots alone would climb."""
    return quote(name, safe="").replace(".", "%2E") if set(name) == {"."} else quote(name, safe="")
