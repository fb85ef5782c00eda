"""The error that an answer of success holds in place of a task, in whatever form. Pure."""

from collections.abc import Mapping

from qwave_batch.client.words import Scrub, words
from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import Json, JsonObject

_PLACES = ("error", "errors", "detail", "details")
_MESSAGES = ("message", "msg", "detail", "error", "title", "reason", "description")
_CODES = ("code", "type", "error_code")
_NO_CODE = "no_code"


def said_in(answer: JsonObject, scrub: Scrub = str) -> JobError | None:
    """Return what an answer says went wrong; None when it does not speak of an error."""
    for place in _PLACES:
        if found := _said(answer.get(place), scrub):
            return found
    if answer.get("success") is False or answer.get("ok") is False or ("code" in answer and "message" in answer):
        return _said(answer, scrub) or JobError(code=_NO_CODE, message="the API says that it has not succeeded")
    return None


def _said(value: Json, scrub: Scrub, depth: int = 0) -> JobError | None:
    if depth > 4:  # noqa: PLR2004 - deeper than anybody writes an error
        return None
    if isinstance(value, list):
        return next((found for each in value[:10] if (found := _said(each, scrub, depth + 1))), None)
    if isinstance(value, Mapping):
        return _said_by_object(value, scrub, depth)
    text = words(value, scrub=scrub)
    return JobError(code=_NO_CODE, message=text) if text else None


def _said_by_object(value: JsonObject, scrub: Scrub, depth: int) -> JobError | None:
    code = next((text for key in _CODES if (text := _code(value.get(key), scrub))), "")
    message = next((text for key in _MESSAGES if (text := words(value.get(key), scrub=scrub))), "")
    if message or code:
        return JobError(code=code or _NO_CODE, message=message or code)
    return next((found for key in _MESSAGES if (found := _said(value.get(key), scrub, depth + 1))), None)


def _code(value: Json, scrub: Scrub) -> str:
    is_number = isinstance(value, int) and not isinstance(value, bool) and value != 0
    return words(str(value) if is_number else value, limit=100, scrub=scrub)
