"""Turns status, headers and body of a response into an Answer. Pure, and it never guesses.

Only an answer that the API itself must have written is final: a task that can be read, or an error body in the API's
own form, ``{"error": {"code", "message"}}``. A 4xx without one may come from a proxy on the way, and says nothing about
the task.

| status | submit | status call | cancel |
|---|---|---|---|
| 2xx with a readable task | TaskAnswer | TaskAnswer | TaskAnswer |
| 2xx without one | NoAnswer, with the error that it holds | NoAnswer | NoAnswer |
| 401 | AccountBlocked (key), from any server on the way: only the owner can supply a better key | same | same |
| 402 | AccountBlocked (balance), likewise | same | same |
| 403 or 429 that mentions money, and 429 names no time | AccountBlocked (balance) | as below | as below |
| 403, 451 | Denied, from any server on the way | same | same |
| 404 with an error body | Refused: the model, say, does not exist | TaskNotFound | TaskNotFound |
| 429 | Throttled, from any server on the way | same | same |
| 500 ``price_not_configured`` | Refused, the attempt kept | NoAnswer | NoAnswer |
| 408, 409, all of 5xx, 1xx, 3xx | NoAnswer | NoAnswer | NoAnswer |
| 405, 413, 414, 431, whatever the body | Refused: the request itself does not fit | NoAnswer | as below |
| any other 4xx with an error body | Refused | NoAnswer | Refused |
| anything else | NoAnswer | NoAnswer | NoAnswer |

The API's documents do not mention 403 and 451. They more often concern the request, such as a prompt or a model that
the key may not use, than the key itself; the caller finds out which. Without an error body it may come from a firewall,
so the attempt is kept.

``price_not_configured`` is the only 5xx that ends a job: the documents say that the model cannot be billed, so waiting
does not help. But a 5xx does not prove that nothing was created, so a later attempt uses the same idempotency key
(``keeps_attempt``).

409 on a submit means that the first submit with the same key is still in progress, or was a different request: both
keep the attempt. On a cancel, ``task_not_cancellable`` counts with any 4xx.
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
from qwave_batch.client.http import HttpResponse, Redact, words
from qwave_batch.client.retry_after import retry_after_s, told_wait_s, unread_retry_after
from qwave_batch.client.task_reading import Unreadable, object_of_body, read_task
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
"""4xx statuses that do not mean that the API rejects the request."""


def judge(  # noqa: PLR0913 - all by name, and none goes with another
    response: HttpResponse,
    *,
    call: Call,
    now: float,
    quota: QuotaUnit,
    task_id: str | None = None,
    tasks_url: str = "",
    sent_bytes: int = 0,
    redact: Redact = str,
) -> Answer:
    """Return the meaning of a response to a call about a task.

    Args:
        response: Any response; nothing in it makes this raise.
        call: The kind of call.
        now: Unix seconds, used only if the server gives no ``Date``.
        quota: The unit in which the API counts money.
        task_id: The task asked for; an answer about another task is not an answer.
        tasks_url: The URL of the tasks.
        sent_bytes: The size of the request, for a rejection because of it.
        redact: Removes the key from any text of the answer.
    """
    if is_success(response.status):
        reading = AnswerReading(response=response, error=None, now=now, redact=redact)
        answer: JsonObject = {}
        try:
            answer = object_of_body(response.body)
            task = read_task(
                answer, quota=quota, expected_id=task_id, tasks_url=tasks_url, body=response.body, redact=redact
            )
        except Unreadable as unreadable:
            said = said_in(answer, redact)
            why = f"{said.message} ({said.code})" if said else str(unreadable)
            return replace(reading.unanswered(f"HTTP {response.status}, but {why}"), said=said)
        return TaskAnswer(task=task, served_at=reading.served_at, rate=reading.rate)
    return judge_failure(response, call=call, now=now, sent_bytes=sent_bytes, redact=redact)


def judge_failure(
    response: HttpResponse, *, call: Call, now: float, sent_bytes: int = 0, redact: Redact = str
) -> Refused | Trouble:
    """Return the meaning of any response but a success; the arguments are those of ``judge``."""
    reading = read(response, now=now, redact=redact)
    if call == "submit" and _is_out_of_funds(reading):
        return _stopped(reading)
    refused = _refused(reading, call) or (refused_as_such(response, sent_bytes, redact) if call == "submit" else None)
    return refused if refused is not None else trouble(reading)


def read(response: HttpResponse, *, now: float, redact: Redact) -> AnswerReading:
    """Return the meaning of an unsuccessful response, with the error in its body."""
    return AnswerReading(response=response, error=read_error_body(response.body, redact), now=now, redact=redact)


def trouble(reading: AnswerReading) -> Trouble:
    """Return the meaning of a response that is neither a success nor a rejection of the request."""
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
    """Return the rejection of a submit or cancel, or None for any other response."""
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
    """Tell whether a 403 or a 429 means the same as 402; a 429 that names a time is a window, which reopens."""
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
        ground = "job"  # the law forbids contents
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
    """Return how long to wait: the longer of ``Retry-After`` and the body's ``reset_at``, else the headers' reset.

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
        window=words(details.get("window"), limit=100, redact=reading.redact) or None,
        unread=words(unread_retry_after(reading.response.headers, reading.now), limit=100, redact=reading.redact),
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
    """Return a response in words, by default with its status first."""
    status, error = reading.status, reading.error
    name = of or f"HTTP {status} {_phrase(status)}".strip()
    if error is not None:
        return f"{name}: {error.message} ({error.code})"
    location = reading.response.headers.get("location")
    if location is not None:
        target = words(location, limit=200, redact=reading.redact)
        return f"{name}: a redirect to {target}, which is not followed; is the base URL right?"
    return f"{name}, without an error in the API's form"


def _is_client_error(status: int) -> bool:
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR


def _is_server_error(status: int) -> bool:
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR


def is_success(status: int) -> bool:
    """Tell whether a status is one of success."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
