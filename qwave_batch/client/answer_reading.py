"""Parses a response once: rate limit headers, date and error body. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from qwave_batch.client.answers import (
    NoAnswer,
    RateHint,
)
from qwave_batch.client.http import HttpResponse, Redact, words
from qwave_batch.client.retry_after import rate_hint, retry_after_s, served_at
from qwave_batch.client.task_reading import Unreadable, object_of_body
from qwave_batch.model.jsontypes import Json, JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """An error in the API's own form."""

    code: str
    message: str
    param: str | None
    details: JsonObject
    """The whole error object, for the extra fields of some codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReading:
    """A response with every part that an answer may need already parsed."""

    response: HttpResponse
    error: ErrorBody | None
    now: float
    redact: Redact

    @property
    def status(self) -> int:
        """The response's status code."""
        return self.response.status

    @property
    def served_at(self) -> float | None:
        """The server's ``Date``."""
        return served_at(self.response.headers)

    @property
    def rate(self) -> RateHint | None:
        """The server's rate limit headers."""
        return rate_hint(self.response.headers, self.now)

    def unanswered(self, reason: str) -> NoAnswer:
        """Return the answer that says nothing about the task, for a request that reached a server."""
        return NoAnswer(
            reason=self.redact(reason),
            sent=True,
            status=self.status,
            retry_after_s=retry_after_s(self.response.headers, self.now),
            served_at=self.served_at,
            rate=self.rate,
        )


def read_error_body(body: bytes, redact: Redact) -> ErrorBody | None:
    """Return the error of a body in the API's own form, or None for any other form."""
    try:
        error = object_of_body(body).get("error")
    except Unreadable:
        return None
    if not isinstance(error, Mapping):
        return None
    code = words(_as_text(error.get("code")), limit=100, redact=redact)
    message = words(error.get("message"), redact=redact)
    if not code and not message:
        return None
    return ErrorBody(
        code=code or "no_code",
        message=message or code,
        param=words(error.get("param"), limit=200, redact=redact) or None,
        details=error,
    )


def _as_text(code: Json) -> Json:
    return str(code) if isinstance(code, int) and not isinstance(code, bool) and abs(code) < 10**9 else code
