"""The callbacks that submits requested: one at the end of each task, only to this machine, and never retried."""

import asyncio
import ipaddress
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp

from qwave_batch.simulator.api_calls import Call, Caller
from qwave_batch.simulator.embedded_api import Simulator
from qwave_batch.simulator.fault_language import Fault
from qwave_batch.simulator.faults import FaultName
from qwave_batch.simulator.simulated_task import SimulatedTask

_TIMEOUT = aiohttp.ClientTimeout(total=5)
_GARBAGE = b"<ping/>"


class TaskCallbacks:
    """Makes the callbacks while its block runs; those still due at its end are dropped."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._session: aiohttp.ClientSession | None = None
        self._cancelled: dict[str, asyncio.Event] = {}
        self._calling: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for calling in self._calling:
            calling.cancel()
        await asyncio.gather(*self._calling, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def promise(self, caller: Caller, task: SimulatedTask, call: Call | None) -> None:
        """Call when a task ends, if that was requested and leads to this machine."""
        if call is None or not _is_loopback(call.url):
            return
        calling = asyncio.get_running_loop().create_task(self._call_in_time(caller, task, call))
        self._calling.add(calling)
        calling.add_done_callback(self._calling.discard)

    def cancelled(self, task_id: str) -> None:
        """Note that a task may have ended early."""
        if event := self._cancelled.get(task_id):
            event.set()

    async def _call_in_time(self, caller: Caller, task: SimulatedTask, call: Call) -> None:
        while not (state := self._simulator.state(task)).is_terminal:
            await self._until_ended(task)
        if call.events and not any(event.endswith(state.value) for event in call.events):
            return
        body, faults = self._simulator.called(caller, task)
        names = {fault.name for fault in faults}
        if FaultName.CALLBACK_NEVER in names:
            return
        await self._simulator.clock.sleep(_delay_s(faults))
        for _ in range(2 if FaultName.CALLBACK_TWICE in names else 1):
            await self._post(call.url, _GARBAGE if FaultName.CALLBACK_GARBAGE in names else body)

    async def _until_ended(self, task: SimulatedTask) -> None:
        cancelled = self._cancelled[task.task_id] = asyncio.Event()
        waits: list[asyncio.Future[object]] = [asyncio.ensure_future(cancelled.wait())]
        if (left_s := self._simulator.seconds_left(task)) is not None:
            waits.append(asyncio.ensure_future(self._simulator.clock.sleep(left_s)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            del self._cancelled[task.task_id]

    async def _post(self, url: str, body: bytes) -> None:
        if self._session is None:
            raise RuntimeError("the callbacks are not open")
        status = 0  # nothing listens there; the callback is not repeated
        with suppress(aiohttp.ClientError, OSError, TimeoutError, ValueError):
            async with self._session.post(
                url,
                data=body,
                headers={"Content-Type": "application/json"},
                allow_redirects=False,
                timeout=_TIMEOUT,
            ) as response:
                status = response.status
        self._simulator.seen.calls[status] += 1


def _delay_s(faults: Sequence[Fault]) -> float:
    return max((fault.seconds for fault in faults if fault.name is FaultName.CALLBACK_LATE), default=0.0)


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
