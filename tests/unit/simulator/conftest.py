"""An embedded API on a loopback port and in fake time, with a plain client beside it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Behaviour, Dialect, Settings, Simulator, parse_faults, parse_latency, serve


class FakeClock:
    """Stands still until it is advanced; who sleeps wakes up then."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self._someone_sleeps = asyncio.Event()

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, wait_s: float) -> None:
        if wait_s > 0:
            future = asyncio.get_running_loop().create_future()
            self._sleepers.append((self.seconds + wait_s, future))
            self._someone_sleeps.set()
            await future

    def advance(self, seconds: float) -> None:
        self.seconds += seconds
        for until, future in self._sleepers:
            if until <= self.seconds and not future.done():
                future.set_result(None)
        self._sleepers = [(until, future) for until, future in self._sleepers if not future.done()]

    async def until_someone_sleeps(self) -> None:
        await self._someone_sleeps.wait()
        self._someone_sleeps.clear()


class Answer:
    """A whole response."""

    def __init__(self, response: aiohttp.ClientResponse, body: bytes) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = body
        self._response = response

    async def json(self) -> Any:
        return await self._response.json(content_type=None)


class Api:
    """The simulator, its address and a client that has a key."""

    def __init__(self, simulator: Simulator, base_url: str, clock: FakeClock, session: aiohttp.ClientSession) -> None:
        self.simulator, self.base_url, self.clock, self.session = simulator, base_url, clock, session

    async def call(self, method: str, path: str, *, key: str | None = "key-a", **more: Any) -> Answer:
        url = path if path.startswith("http") else self.base_url + path
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **more.pop("headers", {})}
        async with self.session.request(method, url, headers=headers, allow_redirects=False, **more) as response:
            return Answer(response, await response.read())

    async def submit(self, request: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        body = {"model": "gpt-image-2", "prompt": "a cat", "seed": 1} if request is None else request
        return await self.call("POST", "/tasks", json=body, **more)

    async def task(self, request: Mapping[str, Any] | None = None, **more: Any) -> str:
        answer = await self.submit(request, **more)
        assert answer.status == 200, answer.body
        return str((await answer.json())["task_id"])

    async def poll(self, task_id: str, **more: Any) -> Any:
        return await (await self.call("GET", f"/tasks/{task_id}", **more)).json()

    async def urls(self, task_id: str) -> list[str]:
        images = (await self.poll(task_id))["result"]["images"]
        return [image["url"][0] for image in images]


class ApiMaker:
    """Opens APIs that behave as a test needs it."""

    @asynccontextmanager
    async def __call__(
        self,
        *,
        faults: str = "",
        latency: str = "10",
        state_path: Path | None = None,
        clock: FakeClock | None = None,
        behaviour: Mapping[str, Any] | None = None,
        dialect: str = "september",
        **settings: Any,
    ) -> AsyncIterator[Api]:
        clock = clock or FakeClock()
        script = Behaviour(latency=parse_latency(latency), faults=parse_faults(faults), **(behaviour or {}))
        catalog = open_catalog("2026-05")
        with Simulator(
            catalog=catalog,
            behaviour=script,
            state_path=state_path,
            settings=Settings(dialect=Dialect(dialect), **settings),
            clock=clock,
        ) as simulator:
            async with serve(simulator) as base_url, aiohttp.ClientSession() as session:
                yield Api(simulator, base_url, clock, session)


@pytest.fixture
def open_api() -> ApiMaker:
    return ApiMaker()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
