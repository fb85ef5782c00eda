"""Turns status, headers and body of a response into an Answer. Pure, and it never guesses.

Only an answer that the API itself must have written ends anything: a task that can be read, or an error body in the
API's own form, ``{"error": {"code", "message"}}``. A 4xx without one may come from a proxy on the way, and says nothing
about the task.

| status | submit | status call | cancel |
|---|---|---|---|
| 2xx with a readable task | TaskAnswer | TaskAnswer | TaskAnswer |
| 2xx without one | Unanswered, with the error that it holds | Unanswered | Unanswered |
| 401 | AccountBlocked (key), from any server on the way: only the owner can supply a better key | same | same |
| 402 | Stopped (balance), likewise | same | same |
| 403 or 429 that speaks of money, and 429 names no time | Stopped (balance) | as below | as below |
| 403, 451 | Denied, from any server on the way | same | same |
| 404 with an error body | Refused: the model, say, is not there | Missing | Missing |
| 429 | Throttled, from any server on the way | same | same |
| 500 ``price_not_configured`` | Refused, the attempt kept | Unanswered | Unanswered |
| 408, 409, all of 5xx, 1xx, 3xx | Unanswered | Unanswered | Unanswered |
| 405, 413, 414, 431, whatever the body | Refused: the request itself does not fit | Unanswered | as below |
| any other 4xx with an error body | Refused | Unanswered | Refused |
| whatever is left | Unanswered | Unanswered | Unanswered |

403 and 451 are not in the API's documents. They are about what was asked, a prompt or a model that the key may not use,
more often than about the key: whoever asked finds out which. Without an error body it is perhaps a firewall's, so that
the attempt is kept.

``price_not_configured`` is the one 5xx that ends a job: the documents say that the model cannot be billed, so waiting
does not help. But a 5xx is no proof that nothing was made, so whoever asks again later does so under the same
idempotency key (``keeps_attempt``).

409 on a submit means that the first sending of the same key is still at work, or was another request: both keep the
attempt. On a cancel, ``task_not_cancellable`` counts whatever its 4xx is.
"""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Literal, TypeAlias

from qwave_batch.client.answer_reading import AnswerReading, read_error_body
from qwave_batch.client.answers import (
    AccountBlocked,
    Answer,
    Denied,
    Refused,
    TaskAnswer,
    TaskNotFound,
    Throttled,
    Trouble,
)
from qwave_batch.client.error_bodies import ground_of, refused_as_such, said_in, speaks_of_funds
from qwave_batch.client.http import HttpResponse, Scrub, words
from qwave_batch.client.retry_after import retry_after_s, told_wait_s, unread_retry_after
from qwave_batch.client.task_reading import Unreadable, read_object, read_task
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.money import QuotaUnit

Call: TypeAlias = Literal["submit", "status", "cancel"]

_DENIALS = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS})
_NO_REFUSAL_OF_A_SUBMIT = frozenset({401, 402, 408, 409, 429, *_DENIALS})
_NO_REFUSAL: Mapping[Call, frozenset[int]] = {
    "submit": _NO_REFUSAL_OF_A_SUBMIT,
    "cancel": _NO_REFUSAL_OF_A_SUBMIT | {404},
    "status": frozenset(range(400, 500)),
}
"""The 4xx that mean something else than that the API refuses what it was asked."""


def judge(  # noqa: PLR0913 - all by name, and none goes with another
    response: HttpResponse,
    *,
    call: Call,
    now: float,
    quota: QuotaUnit,
    task_id: str | None = None,
    tasks_url: str = "",
    sent_bytes: int = 0,
    scrub: Scrub = str,
) -> Answer:
    """Return what a response to a call about a task means.

    Args:
        response: any response at all; nothing in it makes this raise.
        call: what was asked.
        now: Unix seconds, used only where the server gives no ``Date``.
        quota: the unit in which the API counts money.
        task_id: the task that was asked about; an answer about another task does not count as an answer.
        tasks_url: where tasks are asked for.
        sent_bytes: the size of what was sent, for a refusal of that.
        scrub: takes the key out of whatever text the answer carries.
    """
    if _is_success(response.status):
        reading = AnswerReading(response=response, error=None, now=now, scrub=scrub)
        answer: JsonObject = {}
        try:
            answer = read_object(response.body)
            task = read_task(
                answer, quota=quota, expected_id=task_id, tasks_url=tasks_url, body=response.body, scrub=scrub
            )
        except Unreadable as unreadable:
            said = said_in(answer, scrub)
            why = f"{said.message} ({said.code})" if said else str(unreadable)
            return replace(reading.unanswered(f"HTTP {response.status}, but {why}"), said=said)
        return TaskAnswer(task=task, served_at=reading.served_at, rate=reading.rate)
    reading = read(response, now=now, scrub=scrub)
    if call == "submit" and _is_out_of_funds(reading):
        return _stopped(reading)
    refused = _refused(reading, call) or (refused_as_such(response, sent_bytes, scrub) if call == "submit" else None)
    return refused if refused is not None else trouble(reading)


def read(response: HttpResponse, *, now: float, scrub: Scrub) -> AnswerReading:
    """Return the meaning of an unsuccessful response, with the error in its body."""
    return AnswerReading(response=response, error=read_error_body(response.body, scrub), now=now, scrub=scrub)


def trouble(reading: AnswerReading) -> Trouble:
    """Return what a response means that is neither a success nor a refusal of what was asked for."""
    status, error = reading.status, reading.error
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _throttled(reading)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED}:
        return _stopped(reading)
    if status in _DENIALS:
        return _denied(reading)
    if status == HTTPStatus.NOT_FOUND and error is not None:
        return TaskNotFound(
            status=status, code=error.code, message=error.message, served_at=reading.served_at, rate=reading.rate
        )
    return reading.unanswered(_described(reading))


def _refused(reading: AnswerReading, call: Call) -> Refused | None:
    """Return the refusal of a submit or cancel, or None when the response is none."""
    error, status = reading.error, reading.status
    if error is None:
        return None
    unpriced = call == "submit" and error.code == "price_not_configured" and _is_server_error(status)
    too_late = call == "cancel" and error.code == "task_not_cancellable" and _is_client_error(status)
    plain = _is_client_error(status) and status not in _NO_REFUSAL[call]
    if not (unpriced or too_late or plain):
        return None
    return Refused(
        status=status,
        code=error.code,
        message=error.message,
        param=error.param,
        keeps_attempt=unpriced,
        served_at=reading.served_at,
        rate=reading.rate,
    )


def _is_out_of_funds(reading: AnswerReading) -> bool:
    """Tell whether a 403 or a 429 is what 402 is; a 429 that names a time is a window, which opens again."""
    if reading.error is None:
        return False
    if reading.status in _DENIALS:
        return ground_of(reading.error.details) == "funds"
    if reading.status != HTTPStatus.TOO_MANY_REQUESTS or reading.error.code == "quota_window_exceeded":
        return False
    return _told_wait_s(reading) is None and speaks_of_funds(reading.error.details)


def _denied(reading: AnswerReading) -> Denied:
    error = reading.error
    ground = "unsaid" if error is None else ground_of(error.details)
    if error is not None and ground == "unsaid" and reading.status == HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS:
        ground = "job"  # laws forbid contents
    return Denied(
        status=reading.status,
        code=error.code if error else f"http_{reading.status}",
        message=error.message if error else _described(reading, of=_phrase(reading.status)),
        param=error.param if error else None,
        concerns="unsaid" if ground == "funds" else ground,
        keeps_attempt=error is None,
        served_at=reading.served_at,
        rate=reading.rate,
    )


def _stopped(reading: AnswerReading) -> AccountBlocked:
    error = reading.error
    balance = reading.status != HTTPStatus.UNAUTHORIZED
    return AccountBlocked(
        kind="balance" if balance else "key",
        status=reading.status,
        code=error.code if error else f"http_{reading.status}",
        message=error.message if error else ("the balance is used up" if balance else "the API key is not accepted"),
        keeps_attempt=error is None,
        served_at=reading.served_at,
        rate=reading.rate,
    )


def _throttled(reading: AnswerReading) -> Throttled:
    """Return how long to wait: ``Retry-After`` or the body's ``reset_at``, the longer of both, else the headers' reset.

    A quota window's ``reset_at`` is its end; a gateway before it may add a ``Retry-After`` of its own.
    """
    details: JsonObject = reading.error.details if reading.error else {}
    rate, wait_s = reading.rate, _told_wait_s(reading)
    if wait_s is None and rate is not None:
        wait_s = rate.reset_s
    return Throttled(
        wait_s=wait_s,
        code=reading.error.code if reading.error else "http_429",
        message=reading.error.message if reading.error else "too many requests",
        window=words(details.get("window"), limit=100, scrub=reading.scrub) or None,
        unread=words(unread_retry_after(reading.response.headers, reading.now), limit=100, scrub=reading.scrub),
        served_at=reading.served_at,
        rate=rate,
    )


def _told_wait_s(reading: AnswerReading) -> float | None:
    headers = reading.response.headers
    details: JsonObject = reading.error.details if reading.error else {}
    said = [retry_after_s(headers, reading.now), told_wait_s(details.get("reset_at"), headers, reading.now)]
    return max((each_s for each_s in said if each_s is not None), default=None)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _described(reading: AnswerReading, *, of: str = "") -> str:
    """Return a response in words: by default with its status before them."""
    status, error = reading.status, reading.error
    name = of or f"HTTP {status} {_phrase(status)}".strip()
    if error is not None:
        return f"{name}: {error.message} ({error.code})"
    location = reading.response.headers.get("location")
    if location is not None:
        target = words(location, limit=200, scrub=reading.scrub)
        return f"{name}: a redirect to {target}, which is not followed; is the base URL right?"
    return f"{name}, without an error in the API's form"


def _is_client_error(status: int) -> bool:
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR


def _is_server_error(status: int) -> bool:
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _is_success(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
