"""What a run needs from outside: the task API as typed calls."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from qwave_batch.client.answers import Answer, Balance, DownloadAnswer, Trouble
from qwave_batch.model.jsontypes import JsonObject


class TaskCalls(Protocol):
    """The calls of ``client.tasks.TaskApi`` that a run makes. None raises for what a server or a network does."""

    async def submit(
        self, request: JsonObject, *, idempotency_key: str | None, prefer_wait_s: float | None = None
    ) -> Answer:
        """Submit a task."""
        ...

    async def status(self, task_id: str) -> Answer:
        """Ask how a task stands."""
        ...

    async def balance(self) -> Balance | Trouble:
        """Ask what the account holds; the first call of a run, for it costs nothing and tells a bad key."""
        ...

    async def download(self, url: str, into: Path, *, max_bytes: int = ..., timeout_s: float = ...) -> DownloadAnswer:
        """Fetch a result, into memory when it is small, else into the file ``into``; on failure no file is left."""
        ...


class Callbacks(Protocol):
    """Whatever the API calls when a task ends, such as ``client.receiver.CallbackReceiver``."""

    @property
    def url(self) -> str:
        """What to hand to the API as ``callback_url``."""
        ...

    def listen(self, on_hint: Callable[[str], None]) -> None:
        """Hand the id of every task that may have ended to ``on_hint``, in the event loop."""
        ...
