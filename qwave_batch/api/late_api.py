"""An API that a run opens once it has something to do."""

from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

from qwave_batch.client.answers import Answer, Balance, DownloadAnswer, Trouble
from qwave_batch.client.task_api import DOWNLOAD_TIMEOUT_S, MAX_DOWNLOAD_BYTES, TaskApi
from qwave_batch.model.jsontypes import JsonObject


class LateApi:
    """The calls of an API that is opened once there is something to do: a run with nothing to do opens none."""

    def __init__(self, stack: AsyncExitStack, opening: AbstractAsyncContextManager[TaskApi]) -> None:
        """Take an API to open, and the stack that closes it."""
        self._stack, self._opening = stack, opening
        self._api: TaskApi | None = None

    async def begin(self) -> None:
        """Open it."""
        self._api = await self._stack.enter_async_context(self._opening)

    @property
    def _opened(self) -> TaskApi:
        if self._api is None:
            raise RuntimeError("the API is not open")
        return self._api

    @property
    def base_url(self) -> str:
        """Its address."""
        return self._opened.base_url

    async def submit(
        self, request: JsonObject, *, idempotency_key: str | None, prefer_wait_s: float | None = None
    ) -> Answer:
        """Submit a task."""
        return await self._opened.submit(request, idempotency_key=idempotency_key, prefer_wait_s=prefer_wait_s)

    async def status(self, task_id: str) -> Answer:
        """Ask for the state of a task."""
        return await self._opened.status(task_id)

    async def balance(self) -> Balance | Trouble:
        """Ask for the account's balance."""
        return await self._opened.balance()

    async def download(
        self, url: str, into: Path, *, max_bytes: int = MAX_DOWNLOAD_BYTES, timeout_s: float = DOWNLOAD_TIMEOUT_S
    ) -> DownloadAnswer:
        """Download a result into memory if it is small, else into ``into``."""
        return await self._opened.download(url, into, max_bytes=max_bytes, timeout_s=timeout_s)
