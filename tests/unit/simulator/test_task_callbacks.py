"""The calls that a submit asks for: made at the end of its task, to this machine only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from tests.unit.simulator.conftest import Api, ApiMaker

REQUEST = {"model": "gpt-image-2", "prompt": "a cat", "seed": 1}


class Listener:
    """A receiver of calls."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []
        self.url = ""
        self.came = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        self.calls.append(await request.read())
        self.came.set()
        return web.Response(status=204)


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener, app = Listener(), web.Application()
    app.router.add_post("/hook", listener.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        yield listener
    finally:
        await runner.cleanup()


async def advance(api: Api, seconds: float, calls: int) -> None:
    """Let time pass, and wait for so many calls to be answered."""
    await api.clock.until_someone_sleeps()
    api.clock.advance(seconds)
    while api.simulator.seen.calls.total() < calls:  # noqa: ASYNC110 - the simulator counts, and tells nobody
        await asyncio.sleep(0.01)


def test_the_end_of_a_task_is_told_where_it_was_asked_for(open_api: ApiMaker) -> None:
    async def play() -> None:
        async with open_api(latency="10") as api, listening() as listener:
            task_id = await api.task({**REQUEST, "callback_url": listener.url})
            await advance(api, 9.0, calls=0)
            await asyncio.sleep(0.02)
            assert not listener.calls
            api.clock.advance(1.0)
            await asyncio.wait_for(listener.came.wait(), 5)
            assert [task_id.encode() in call for call in listener.calls] == [True]
            assert b'"completed"' in listener.calls[0]

    asyncio.run(play())


def test_a_key_that_comes_again_causes_no_second_call(open_api: ApiMaker) -> None:
    async def play() -> None:
        async with open_api(latency="10") as api, listening() as listener:
            for _ in range(3):
                await api.task({**REQUEST, "callback_url": listener.url}, headers={"Idempotency-Key": "k"})
            await advance(api, 10.0, calls=1)
            await asyncio.sleep(0.05)
            assert len(listener.calls) == 1

    asyncio.run(play())


@pytest.mark.parametrize(
    ("faults", "seconds", "bodies"),
    [("callback_twice", 10.0, 2), ("callback_garbage", 10.0, 1), ("callback_never", 10.0, 0)],
)
def test_calls_come_twice_as_garbage_or_never(open_api: ApiMaker, faults: str, seconds: float, bodies: int) -> None:
    async def play() -> None:
        async with open_api(latency="10", faults=faults) as api, listening() as listener:
            await api.task({**REQUEST, "callback_url": listener.url})
            await advance(api, seconds, calls=bodies)
            await asyncio.sleep(0.05)
            assert len(listener.calls) == bodies
            assert ("garbage" in faults) == any(b"task" not in call for call in listener.calls)

    asyncio.run(play())


def test_calls_come_late(open_api: ApiMaker) -> None:
    async def play() -> None:
        async with open_api(latency="10", faults="callback_late=:30") as api, listening() as listener:
            await api.task({**REQUEST, "callback_url": listener.url})
            await advance(api, 10.0, calls=0)
            await asyncio.sleep(0.05)
            assert not listener.calls
            await advance(api, 30.0, calls=1)
            assert len(listener.calls) == 1

    asyncio.run(play())


@pytest.mark.parametrize(
    "more",
    [{"callback_url": "http://192.0.2.1/hook"}, {"callback_url": "https://example.com/hook"}, {"events": ["failed"]}],
)
def test_nothing_leaves_this_machine_and_no_end_is_told_that_was_not_asked_for(
    open_api: ApiMaker, more: dict[str, Any]
) -> None:
    async def play() -> None:
        async with open_api(latency="1") as api, listening() as listener:
            events = {"callback_events": more["events"]} if "events" in more else {}
            await api.task({**REQUEST, "callback_url": more.get("callback_url", listener.url), **events})
            await asyncio.sleep(0.02)
            api.clock.advance(1.0)
            await asyncio.sleep(0.05)
            assert not listener.calls
            assert not api.simulator.seen.calls

    asyncio.run(play())


def test_a_cancelled_task_is_told_at_once(open_api: ApiMaker) -> None:
    async def play() -> None:
        async with open_api(latency="100") as api, listening() as listener:
            task_id = await api.task({**REQUEST, "callback_url": listener.url})
            await api.clock.until_someone_sleeps()
            await api.call("POST", f"/tasks/{task_id}/cancel")
            await asyncio.wait_for(listener.came.wait(), 5)
            assert b'"cancelled"' in listener.calls[0]

    asyncio.run(play())


def test_nobody_there_is_nobodys_trouble(open_api: ApiMaker) -> None:
    async def play() -> None:
        async with open_api(latency="10") as api:
            await api.task({**REQUEST, "callback_url": "http://127.0.0.1:1/hook"})
            await advance(api, 10.0, calls=1)
            assert dict(api.simulator.seen.calls) == {0: 1}

    asyncio.run(play())
