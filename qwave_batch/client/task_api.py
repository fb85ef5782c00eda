"""The task API as typed calls."""

import asyncio
import functools
import math
from pathlib import Path

from qwave_batch.client.account_answers import judge_told, read_balance, read_model, read_models
from qwave_batch.client.answers import Answer, Balance, DownloadAnswer, LiveModel, LiveModels, NoAnswer, Trouble
from qwave_batch.client.downloads import DownloadLimits, download
from qwave_batch.client.http import HttpResponse, Transport
from qwave_batch.client.keyed_calls import CALL_TIMEOUT_S, SLOWEST_UPLOAD_BYTES_PER_S, KeyedCalls, encoded, segment
from qwave_batch.client.verdict import Call, judge
from qwave_batch.model.clock import Clock
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.money import QuotaUnit

MAX_PREFER_WAIT_S = 60
STATUS_TIMEOUT_S = 180.0
"""An answer with images in it may take long, as long as bytes keep arriving."""
READ_AT_ONCE_BYTES = 1024 * 1024
"""A larger answer holds images and is parsed in a thread."""
DOWNLOAD_TIMEOUT_S = 120.0
MAX_DOWNLOAD_BYTES = 256 * 1024 * 1024


class TaskApi:
    """One account of one task API. No call raises because of a server or a network."""

    def __init__(self, transport: Transport, base_url: str, key: str, clock: Clock, *, quota: QuotaUnit) -> None:
        """Configure the client; nothing is sent.

        Args:
            transport: Sends requests.
            base_url: The API's base URL.
            key: The account's key.
            clock: Gives the time when the server sends none.
            quota: The unit in which the API counts money.

        Raises:
            UsageError: The base URL or the key is invalid.
        """
        self.base_url = base_url
        """The API's base URL."""
        self._quota = quota
        self._transport = transport
        self._calls = KeyedCalls(transport, base_url, key)
        self._clock = clock

    @property
    def host(self) -> str:
        """The API's host, with its port unless it is the default."""
        return self._calls.host

    @property
    def key_fingerprint(self) -> str:
        """16 hex digits that tell keys apart and reveal nothing about them."""
        return self._calls.key_fingerprint

    async def submit(
        self, request: JsonObject, *, idempotency_key: str | None, prefer_wait_s: float | None = None
    ) -> Answer:
        """Submit a task; with ``prefer_wait_s`` the server is asked to hold the answer until the task ends.

        Raises UsageError for a request that JSON cannot express: nothing was sent.
        """
        headers = {"Content-Type": "application/json"}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        held_s = 0 if prefer_wait_s is None else max(0, min(math.floor(prefer_wait_s), MAX_PREFER_WAIT_S))
        if held_s:
            headers["Prefer"] = f"wait={held_s}"
        body = encoded(request)
        timeout_s = CALL_TIMEOUT_S + held_s + len(body) / SLOWEST_UPLOAD_BYTES_PER_S
        response = await self._calls.call("POST", "/tasks", body=body, headers=headers, timeout_s=timeout_s)
        return await self._judged(response, "submit", None, sent_bytes=len(body))

    async def status(self, task_id: str) -> Answer:
        """Ask for the state of a task."""
        response = await self._calls.call(
            "GET", f"/tasks/{segment(task_id)}", timeout_s=STATUS_TIMEOUT_S, stall_timeout_s=CALL_TIMEOUT_S
        )
        return await self._judged(response, "status", task_id)

    async def cancel(self, task_id: str) -> Answer:
        """Cancel a task that is still queued; ``Refused`` with ``task_not_cancellable`` if it is not."""
        response = await self._calls.call("POST", f"/tasks/{segment(task_id)}/cancel")
        return await self._judged(response, "cancel", task_id)

    async def balance(self) -> Balance | Trouble:
        """Ask for the account's balance."""
        response = await self._calls.call("GET", "/dashboard/billing/balance")
        if isinstance(response, NoAnswer):
            return response
        return judge_told(response, read_balance, now=self._clock.now(), redact=self._calls.redact)

    async def models(self) -> LiveModels | Trouble:
        """Ask for all current models and their prices."""
        response = await self._calls.call("GET", "/models")
        if isinstance(response, NoAnswer):
            return response
        return judge_told(response, read_models, now=self._clock.now(), redact=self._calls.redact)

    async def model(self, name: str) -> LiveModel | Trouble:
        """Ask about one model."""
        response = await self._calls.call("GET", f"/models/{segment(name)}")
        if isinstance(response, NoAnswer):
            return response
        return judge_told(response, read_model, now=self._clock.now(), redact=self._calls.redact)

    async def download(
        self, url: str, into: Path, *, max_bytes: int = MAX_DOWNLOAD_BYTES, timeout_s: float = DOWNLOAD_TIMEOUT_S
    ) -> DownloadAnswer:
        """Download a result without the key: into memory if it is small, else into ``into``; a partial file is removed.

        The file is closed but not synced. Raises StorageError when the disk fails.
        """
        limits = DownloadLimits(max_bytes=max_bytes, timeout_s=timeout_s)
        return await download(self._transport, url, into, limits=limits, clock=self._clock)

    async def _judged(
        self, response: HttpResponse | NoAnswer, call: Call, task_id: str | None, *, sent_bytes: int = 0
    ) -> Answer:
        if isinstance(response, NoAnswer):
            return response
        reading = functools.partial(
            judge,
            response,
            call=call,
            now=self._clock.now(),
            quota=self._quota,
            task_id=task_id,
            tasks_url=f"{self._calls.base_url}/tasks",
            sent_bytes=sent_bytes,
            redact=self._calls.redact,
        )
        return await asyncio.to_thread(reading) if len(response.body) > READ_AT_ONCE_BYTES else reading()
