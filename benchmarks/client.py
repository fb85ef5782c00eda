"""What does a call through the client cost in CPU, beside the same call through aiohttp alone?

The server runs in a process of its own, so that only the client's CPU is counted. Rounds of both alternate, and the
best round of each counts, so that a busy machine disturbs both alike.

    python benchmarks/client.py
"""

import asyncio
import hashlib
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp
from aiohttp import web

from qwave_batch.client.answers import Downloaded, TaskAnswer
from qwave_batch.client.task_api import TaskApi
from qwave_batch.client.transport import AiohttpTransport
from qwave_batch.model.clock import SystemClock
from qwave_batch.model.money import QuotaUnit

ROUNDS, CALLS, AT_ONCE = 5, 2000, 16
IMAGE_BYTES = 200_000
Call = Callable[[int], Awaitable[None]]


def serve(told: Connection) -> None:
    """Answer status calls and downloads until the process is ended."""
    image = bytes(range(256)) * (IMAGE_BYTES // 256 + 1)

    async def status(request: web.Request) -> web.Response:
        task_id = request.match_info["task_id"]
        return web.json_response(
            {"task_id": task_id, "status": "processing", "progress": "45%", "created_at": 1720000000}
        )

    async def download(_: web.Request) -> web.Response:
        return web.Response(body=image[:IMAGE_BYTES], content_type="image/png")

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/v1/tasks/{task_id}", status)
        app.router.add_get("/image.png", download)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        told.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


async def cpu_ms(call: Call, calls: int) -> float:
    """Return the CPU milliseconds of one call, threads included, with a few on their way at once."""
    todo = iter(range(calls))

    async def worker() -> None:
        for number in todo:
            await call(number)

    before = time.process_time()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return (time.process_time() - before) * 1000 / calls


async def measure(port: int, folder: Path) -> dict[str, float]:
    """Return the best round of every way to call."""
    base, image = f"http://127.0.0.1:{port}/v1", f"http://127.0.0.1:{port}/image.png"
    async with AiohttpTransport(base, max_connections=AT_ONCE) as transport, aiohttp.ClientSession() as session:
        api = TaskApi(transport, base, "sk-benchmark", SystemClock(), quota=QuotaUnit(per_usd=500_000))

        async def poll_raw(number: int) -> None:
            async with session.get(f"{base}/tasks/task-{number}", headers={"Authorization": "Bearer k"}) as response:
                json.loads(await response.read())

        async def poll_ours(number: int) -> None:
            if not isinstance(await api.status(f"task-{number}"), TaskAnswer):
                raise TypeError

        async def download_raw(number: int) -> None:
            async with session.get(image) as response:
                body = await response.read()
            hashlib.sha256(body).hexdigest()
            (folder / f"{number % AT_ONCE}.raw").write_bytes(body)

        async def download_ours(number: int) -> None:
            if not isinstance(await api.download(image, folder / f"{number % AT_ONCE}.partial"), Downloaded):
                raise TypeError

        ways: dict[str, tuple[Call, int]] = {
            "poll, aiohttp alone": (poll_raw, CALLS),
            "poll, client": (poll_ours, CALLS),
            "200 KB hashed into a file, aiohttp alone, holding up the loop": (download_raw, CALLS // 4),
            "200 KB hashed into a file, client, in worker threads": (download_ours, CALLS // 4),
        }
        best: dict[str, float] = {}
        for _ in range(ROUNDS):
            for name, (call, calls) in ways.items():
                best[name] = min(best.get(name, 1e9), await cpu_ms(call, calls))
        return best


def main() -> int:
    """Run the server, measure, print."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            best = asyncio.run(measure(ours.recv(), Path(folder)))
    finally:
        server.terminate()
        server.join()
    for name, milliseconds in best.items():
        print(f"{milliseconds:8.3f} ms CPU  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
