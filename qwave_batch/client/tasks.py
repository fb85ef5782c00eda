"""The task API as typed calls."""

from pathlib import Path

from qwave_batch.client.answers import Answer, Balance, DownloadAnswer, LiveModel, LiveModels, Trouble
from qwave_batch.client.http import Transport
from qwave_batch.model.clock import Clock
from qwave_batch.model.jsontypes import JsonObject


class TaskApi:
    """One account of one task API. No call raises for what a server or a network does."""

    def __init__(self, transport: Transport, base_url: str, key: str, clock: Clock) -> None:
        raise NotImplementedError

    async def submit(
        self, request: JsonObject, *, idempotency_key: str | None, prefer_wait_s: float | None = None
    ) -> Answer:
        """Submit a task; with ``prefer_wait_s`` the server is asked to hold the answer until the task ends."""
        raise NotImplementedError

    async def status(self, task_id: str) -> Answer:
        """Ask how a task stands."""
        raise NotImplementedError

    async def cancel(self, task_id: str) -> Answer:
        """Cancel a task that is still queued; ``Refused`` with ``task_not_cancellable`` when it no longer is."""
        raise NotImplementedError

    async def balance(self) -> Balance | Trouble:
        """Ask what the account holds."""
        raise NotImplementedError

    async def models(self) -> LiveModels | Trouble:
        """Ask which models there are today, with their prices."""
        raise NotImplementedError

    async def model(self, name: str) -> LiveModel | Trouble:
        """Ask about one model."""
        raise NotImplementedError

    async def download(
        self, url: str, into: Path, *, max_bytes: int = 256 * 1024 * 1024, timeout_s: float = 120.0
    ) -> DownloadAnswer:
        """Fetch a result into the file ``into``, without the key; on failure no file is left."""
        raise NotImplementedError
