"""The simulator in a process of its own, which is killed without warning."""

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.errors import UsageError
from qwave_batch.simulator import Simulator, serve

SERVER = """
import asyncio, sys
from pathlib import Path
from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Behaviour, Simulator, parse_latency, serve_forever

behaviour = Behaviour(latency=parse_latency(sys.argv[2]))
with Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour, state_path=Path(sys.argv[1])) as simulator:
    asyncio.run(serve_forever(simulator, on_ready=lambda url: print(url, flush=True)))
"""
CAT = {"model": "gpt-image-2", "prompt": "a cat", "seed": 1}


@contextmanager
def server(checkout: Path, state: Path, latency: str = "1") -> Iterator[str]:
    """A server process; yields its base URL and kills it at the end, as nobody would a friend."""
    command = [sys.executable, "-c", SERVER, str(state), latency]
    with subprocess.Popen(command, cwd=checkout, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            os.kill(process.pid, signal.SIGKILL)


async def ask(session: aiohttp.ClientSession, method: str, url: str, **more: Any) -> Any:
    headers = {"Authorization": "Bearer k", **more.pop("headers", {})}
    async with session.request(method, url, headers=headers, **more) as response:
        assert response.status == 200, await response.text()
        return await response.json()


def test_every_task_that_was_answered_survives_a_kill(checkout: Path, tmp_path: Path) -> None:
    """Submits are in full flow when the process dies; a new one on another port knows all that were answered."""
    answered: list[str] = []

    async def submit_until_the_end(base: str) -> None:
        async with aiohttp.ClientSession() as session:

            async def client(name: int) -> None:
                for number in range(1000):
                    request = {**CAT, "seed": 1000 * name + number}
                    body = await ask(session, "POST", f"{base}/tasks", json=request)
                    answered.append(body["task_id"])
                    if len(answered) == 150:
                        raise asyncio.CancelledError

            await asyncio.gather(*(client(name) for name in range(8)))

    async def collect(base: str) -> None:
        async with aiohttp.ClientSession() as session:
            for task_id in answered:
                assert (await ask(session, "GET", f"{base}/tasks/{task_id}"))["task_id"] == task_id

    with server(checkout, tmp_path / "state.sqlite") as base, pytest.raises(asyncio.CancelledError):
        asyncio.run(submit_until_the_end(base))
    assert len(answered) >= 150
    with server(checkout, tmp_path / "state.sqlite") as base:
        asyncio.run(collect(base))


def test_a_task_goes_on_while_the_server_is_dead(checkout: Path, tmp_path: Path) -> None:
    """Time passes, the key still stands for its task, and the image is found under the new address."""
    state = tmp_path / "deep" / "state.sqlite"

    async def submit(base: str) -> str:
        async with aiohttp.ClientSession() as session:
            headers = {"Idempotency-Key": "i-1"}
            return str((await ask(session, "POST", f"{base}/tasks", json=CAT, headers=headers))["task_id"])

    async def collect(base: str, task_id: str) -> None:
        async with aiohttp.ClientSession() as session:
            body = await ask(session, "GET", f"{base}/tasks/{task_id}")
            while body["status"] != "completed":
                await asyncio.sleep(0.05)
                body = await ask(session, "GET", f"{base}/tasks/{task_id}")
            (url,) = body["result"]["images"][0]["url"]
            assert url.startswith(base.removesuffix("/v1"))
            async with session.get(url) as response:
                Image.open(io.BytesIO(await response.read())).load()
            balance = await ask(session, "GET", f"{base}/dashboard/billing/balance")
            assert balance["total_used_usd"] == 0.006374

    with server(checkout, state) as first:
        task_id = asyncio.run(submit(first))
    with server(checkout, state) as second:
        assert second != first
        assert asyncio.run(submit(second)) == task_id
        asyncio.run(collect(second, task_id))


def test_only_this_machine_is_served(tmp_path: Path) -> None:
    async def scenario(host: str, port: int) -> None:
        with Simulator(catalog=open_catalog("2026-05")) as simulator:
            async with serve(simulator, host, port):
                pass

    for host in ("0.0.0.0", "192.0.2.1", "example.org", "::"):
        with pytest.raises(UsageError, match="loopback"):
            asyncio.run(scenario(host, 0))
    asyncio.run(scenario("localhost", 0))


def test_a_port_that_is_taken_is_said() -> None:
    async def scenario() -> None:
        with Simulator(catalog=open_catalog("2026-05")) as simulator:
            async with serve(simulator) as base:
                port = int(base.split(":")[2].split("/")[0])
                with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1:{port}"):
                    async with serve(simulator, port=port):
                        pass

    asyncio.run(scenario())
