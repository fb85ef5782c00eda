"""Chat completions as a typed call; the service may be any that takes OpenAI's form of it."""

import asyncio
import functools
from dataclasses import replace

from qwave_batch.client.account_answers import judge_told, read_model
from qwave_batch.client.answer_reading import AnswerReading
from qwave_batch.client.answers import LiveModel, NoAnswer, Trouble
from qwave_batch.client.chat_answers import ChatAnswer
from qwave_batch.client.chat_reading import read_chat
from qwave_batch.client.error_bodies import said_in
from qwave_batch.client.http import HttpResponse, Redact, Transport
from qwave_batch.client.keyed_calls import CALL_TIMEOUT_S, SLOWEST_UPLOAD_BYTES_PER_S, KeyedCalls, segment
from qwave_batch.client.retry_after import rate_hint, served_at
from qwave_batch.client.task_reading import Unreadable, object_of_body
from qwave_batch.client.verdict import is_success, judge_failure
from qwave_batch.model.clock import Clock
from qwave_batch.model.jsontypes import JsonObject

READ_AT_ONCE_BYTES = 256 * 1024
"""A larger answer is parsed in a thread."""


class ChatApi:
    """One account of one service of chat completions. No call raises because of a server or a network."""

    def __init__(self, transport: Transport, base_url: str, key: str, clock: Clock) -> None:
        """Configure the client; nothing is sent. Raises UsageError for an invalid base URL or key."""
        self._calls = KeyedCalls(transport, base_url, key)
        self._clock = clock

    @property
    def host(self) -> str:
        """The service's host, with its port unless it is the default."""
        return self._calls.host

    async def complete(self, body: bytes, *, idempotency_key: str, timeout_s: float) -> ChatAnswer:
        """Ask for a completion.

        Args:
            body: The request, as ``encoded`` gives it.
            idempotency_key: Sent along; a service that keeps such keys answers a repeated request without a charge.
            timeout_s: Longest time for the answer; the upload has its own.
        """
        response = await self._calls.call(
            "POST",
            "/chat/completions",
            body=body,
            headers={"Content-Type": "application/json", "Idempotency-Key": idempotency_key},
            timeout_s=timeout_s + len(body) / SLOWEST_UPLOAD_BYTES_PER_S,
        )
        if isinstance(response, NoAnswer):
            return response
        reading = functools.partial(
            judge_chat, response, now=self._clock.now(), sent_bytes=len(body), redact=self._calls.redact
        )
        return await asyncio.to_thread(reading) if len(response.body) > READ_AT_ONCE_BYTES else reading()

    async def model(self, name: str) -> LiveModel | Trouble:
        """Ask about one model."""
        response = await self._calls.call("GET", f"/models/{segment(name)}", timeout_s=CALL_TIMEOUT_S)
        if isinstance(response, NoAnswer):
            return response
        return judge_told(response, read_model, now=self._clock.now(), redact=self._calls.redact)


def judge_chat(response: HttpResponse, *, now: float, sent_bytes: int = 0, redact: Redact = str) -> ChatAnswer:
    """Return the meaning of a response to a chat completion. Pure, and nothing in a response makes it raise.

    A failure means the same as that of a submit: only an error in the API's own form is a refusal.
    """
    if not is_success(response.status):
        return judge_failure(response, call="submit", now=now, sent_bytes=sent_bytes, redact=redact)
    headers = response.headers
    try:
        reply = read_chat(response.body, headers.get("content-type", ""), redact)
    except Unreadable as unreadable:
        reading = AnswerReading(response=response, error=None, now=now, redact=redact)
        said = said_in(_object_in(response.body), redact)
        why = f"{said.message} ({said.code})" if said else str(unreadable)
        return replace(reading.unanswered(f"HTTP {response.status}, but {why}"), said=said)
    return replace(reply, served_at=served_at(headers), rate=rate_hint(headers, now))


def _object_in(body: bytes) -> JsonObject:
    try:
        return object_of_body(body)
    except Unreadable:
        return {}
