"""Refusals that need no error body: the request itself does not fit through, so nothing was made of it. Pure."""

from collections.abc import Mapping
from http import HTTPStatus

from qwave_batch.client.answers import Refused
from qwave_batch.client.http import HttpResponse
from qwave_batch.client.words import Scrub, words

_MEANINGS: Mapping[int, str] = {
    HTTPStatus.METHOD_NOT_ALLOWED: "tasks are not made at this address; is the base URL right?",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the request is too large",
    HTTPStatus.REQUEST_URI_TOO_LONG: "the request's address is too long",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "the request's headers are too large",
}


def refused_as_such(response: HttpResponse, sent_bytes: int, scrub: Scrub = str) -> Refused | None:
    """Return the refusal of a request for its size or its method, whoever wrote the answer; None when it is none."""
    meaning = _MEANINGS.get(response.status)
    if meaning is None:
        return None
    size = f" ({sent_bytes:,} bytes were sent)" if sent_bytes else ""
    phrase = words(HTTPStatus(response.status).phrase, scrub=scrub)
    return Refused(
        status=response.status,
        code=f"http_{response.status}",
        message=f"{meaning}{size}: HTTP {response.status} {phrase}",
    )
