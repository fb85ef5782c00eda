"""Tells from an error body what a rejection concerns: money, the account, the job, its model, or unknown. Pure.

No document lists such codes, so their words are read: every whole word of a code and a type, but of a message only
phrases that can only mean money. Rate limit errors often mention plans and quotas too, and errors of an overloaded
API its own resources.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal, TypeAlias

from qwave_batch.client.answers import Refused
from qwave_batch.client.http import HttpResponse, Redact, words
from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import Json, JsonObject

Ground: TypeAlias = Literal["funds", "account", "job", "model", "unsaid"]

_FLAGS = re.ASCII | re.IGNORECASE
_FUNDS_CODE = re.compile(
    r"(insufficient|exhausted|exceeded|no|out[_. -]?of)[_. -]?((account|user)[_. -]?)?(quota|funds?|balance|credits?)"
    r"|(quota|funds?|balance|credits?)[_. -]?(is[_. -]?)?(insufficient|exhausted|exceeded|depleted|empty|used|negative)"
    r"|billing|payment|arrear|overdue|credit|recharge|top[_-]?up|(^|[_. -])(plan|spend(ing)?|subscription)([_. -]|$)",
    _FLAGS,
)
_PACE = re.compile(
    r"rate[_. -]?limit|\brate\b|too[_. -]?many|throttl|concurren|slow[_ -]?down|per[_ -]?(second|minute|hour|day)"
    r"|\b[rt]p[mds]\b|quota_window|\brequests? ?/ ?(s|m|h|d)",
    _FLAGS,
)
_LOAD = re.compile(r"queue|busy|overload|capacity|(^|[^a-z])(gpu|server|cluster)s?([^a-z]|$)", _FLAGS)
"""The resource that is missing belongs to the API itself."""
_FUNDS_MESSAGE = re.compile(
    r"(insufficient|not enough|exhausted|out of|ran out of|run out of|used up|no remaining|no more|exceeded)"
    r"\s+(\w+\s+){0,3}(quota|funds?|balance|credits?|money)\b"
    r"|\b(quota|funds?|balance|credits?)\s+(\w+\s+){0,3}"
    r"(insufficient|exhausted|used up|depleted|empty|too low|negative|below zero)\b"
    r"|\bnegative balance\b|\bspend(ing)?\s+(limit|cap|budget)\b"
    r"|\bsubscription\s+(\w+\s+){0,3}(expired|ended|lapsed|inactive|cancell?ed|required|needed|unpaid)\b"
    r"|\b(requires?|needs?|no|without)\s+(an?\s+)?(active\s+|paid\s+|valid\s+)?subscription\b"
    r"|\bbilling\b|\bpayment\b|\bcredits?\b|\brecharge\b|\btop[ -]?up\b",
    _FLAGS,
)
_PLAN_MESSAGE = re.compile(r"\byour (current )?plan\b", _FLAGS)
_MODEL_IN_PLAN = re.compile(
    r"\b(plan|tier|subscription)\b.*\bmodels?\b|\bmodels?\b.*\b(plan|tier|subscription)\b", _FLAGS
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", re.ASCII)
_CONTENT = re.compile(
    r"contents?|moderat\w*|safety|unsafe|nsfw|sensitiv\w*|prompts?|flagged|inappropriate|copyright\w*|guidelines?"
)
_VIOLATION = re.compile(r"violat\w*")
_ACCOUNT = re.compile(
    r"account|key|apikey|token|auth|authorization|authentication|credentials?|organi[sz]ation|org|project|user|tenant"
    r"|workspace|suspended|suspension|banned|deactivated"
)
_ACCOUNT_MESSAGE = re.compile(
    r"\b(account|organi[sz]ation|api[ _-]?key|user)\b(\s+\w+){0,4}\s+"
    r"(suspended|banned|blocked|disabled|deactivated|closed|terminated)\b",
    _FLAGS,
)
_PARAM_PART = re.compile(r"[\w-]+", re.ASCII)
_OF_THE_ACCOUNT = frozenset(
    {
        "key", "api_key", "apikey", "x_api_key", "authorization", "auth", "token", "access_token", "api_token",
        "bearer", "credential", "credentials", "header", "headers", "account", "organization", "org", "project", "user",
        "tenant", "workspace",
    }
)  # fmt: skip
"""Parameters that no request body has."""


def speaks_of_funds(error: JsonObject) -> bool:
    """Tell whether an error says that money or a plan is used up, rather than that calls came too fast.

    A message about the rate overrides a code: quotas also count requests per minute.
    """
    marks, message = _marks(error), words(error.get("message"))
    if _PACE.search(message):
        return False
    if any(_FUNDS_CODE.search(mark) for mark in marks if not _PACE.search(mark)):
        return True
    if any(_PACE.search(text) or _LOAD.search(text) for text in marks) or _LOAD.search(message):
        return False
    if _FUNDS_MESSAGE.search(message):
        return True
    return _PLAN_MESSAGE.search(message) is not None and not re.search(r"\bmodels?\b|\binclude", message, _FLAGS)


def ground_of(error: JsonObject) -> Ground:
    """Return the subject of a rejection with this error."""
    named = _ground_of_param(words(error.get("param"), limit=200))
    if named == "account":
        return "funds" if speaks_of_funds(error) else "account"
    return named or _ground_of_code(error) or "unsaid"


def _ground_of_param(param: str) -> Literal["account", "job", "model"] | None:
    """Return the subject of a path such as ``headers.authorization`` or ``image[0]``; its two ends decide."""
    parts = [part.lower().replace("-", "_").removesuffix("_id") for part in _PARAM_PART.findall(param)]
    if not parts:
        return None
    parts = [part for part in parts if not part.isdecimal()] or parts
    ends = {parts[0], parts[-1]}
    if ends & {"model", "model_name"}:
        return "model"
    return "account" if ends & _OF_THE_ACCOUNT else "job"


def _ground_of_code(error: JsonObject) -> Ground | None:
    message = words(error.get("message"))
    found = [word.lower() for mark in _marks(error) for word in _WORD.findall(mark)]
    if any(_CONTENT.fullmatch(word) for word in found):
        return "job"
    if {"model", "models"} & set(found) or _MODEL_IN_PLAN.search(message):
        return "model"
    if speaks_of_funds(error):
        return "funds"
    if any(_ACCOUNT.fullmatch(word) for word in found) or _ACCOUNT_MESSAGE.search(message):
        return "account"
    return "job" if any(_VIOLATION.fullmatch(word) for word in found) else None


def _marks(error: JsonObject) -> list[str]:
    return [words(error.get(key), limit=200) for key in ("code", "type")]


_MEANINGS: Mapping[int, str] = {
    HTTPStatus.METHOD_NOT_ALLOWED: "tasks are not made at this address; is the base URL right?",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the request is too large",
    HTTPStatus.REQUEST_URI_TOO_LONG: "the request's address is too long",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "the request's headers are too large",
}


def refused_as_such(response: HttpResponse, sent_bytes: int, redact: Redact = str) -> Refused | None:
    """Return the rejection of a request for its size or method, by any server on the way; None if it is not one."""
    meaning = _MEANINGS.get(response.status)
    if meaning is None:
        return None
    size = f" ({sent_bytes:,} bytes were sent)" if sent_bytes else ""
    phrase = words(HTTPStatus(response.status).phrase, redact=redact)
    return Refused(
        status=response.status,
        code=f"http_{response.status}",
        message=f"{meaning}{size}: HTTP {response.status} {phrase}",
    )


_PLACES = ("error", "errors", "detail", "details")
_MESSAGES = ("message", "msg", "detail", "error", "title", "reason", "description")
_CODES = ("code", "type", "error_code")
_NO_CODE = "no_code"


def said_in(answer: JsonObject, redact: Redact = str) -> JobError | None:
    """Return the error described in an answer; None when it describes none."""
    for place in _PLACES:
        if found := _said(answer.get(place), redact):
            return found
    if answer.get("success") is False or answer.get("ok") is False or ("code" in answer and "message" in answer):
        return _said(answer, redact) or JobError(code=_NO_CODE, message="the API says that it has not succeeded")
    return None


def _said(value: Json, redact: Redact, depth: int = 0) -> JobError | None:
    if depth > 4:  # noqa: PLR2004 - deeper than anybody writes an error
        return None
    if isinstance(value, list):
        return next((found for each in value[:10] if (found := _said(each, redact, depth + 1))), None)
    if isinstance(value, Mapping):
        return _said_by_object(value, redact, depth)
    text = words(value, redact=redact)
    return JobError(code=_NO_CODE, message=text) if text else None


def _said_by_object(value: JsonObject, redact: Redact, depth: int) -> JobError | None:
    code = next((text for key in _CODES if (text := _code(value.get(key), redact))), "")
    message = next((text for key in _MESSAGES if (text := words(value.get(key), redact=redact))), "")
    if message or code:
        return JobError(code=code or _NO_CODE, message=message or code)
    return next((found for key in _MESSAGES if (found := _said(value.get(key), redact, depth + 1))), None)


def _code(value: Json, redact: Redact) -> str:
    is_number = isinstance(value, int) and not isinstance(value, bool) and value != 0
    return words(str(value) if is_number else value, limit=100, redact=redact)
