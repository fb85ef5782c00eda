"""The receiver of calls: a secret address, a hint at most, and bounded whatever comes."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlsplit

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.client.callback_receiver import (
    MAX_BODY_BYTES,
    MAX_TASK_IDS,
    CallbackReceiver,
    ReceiverLimits,
    read_task_ids,
)
from qwave_batch.client.task_reading import TASK_ID
from qwave_batch.errors import UsageError

Play = Callable[[CallbackReceiver, aiohttp.ClientSession, list[str]], Awaitable[None]]


def play(scene: Play, **options: object) -> None:
    async def whole() -> None:
        hints: list[str] = []
        async with (
            CallbackReceiver(**options) as receiver,  # type: ignore[arg-type]
            aiohttp.ClientSession() as session,
        ):
            receiver.listen(hints.append)
            await scene(receiver, session, hints)

    asyncio.run(whole())


def test_a_call_under_the_secret_address_is_a_hint() -> None:
    async def scene(receiver: CallbackReceiver, session: aiohttp.ClientSession, hints: list[str]) -> None:
        async with session.post(receiver.url, json={"task_id": "task-1", "status": "completed"}) as response:
            assert response.status == 204
        assert hints[0] == "task-1"

    play(scene)


def test_a_call_under_any_other_address_is_told_nothing() -> None:
    async def scene(receiver: CallbackReceiver, session: aiohttp.ClientSession, hints: list[str]) -> None:
        base, _, secret = receiver.url.rpartition("/")
        for url in (base + "/", f"{base}/{secret[:-1]}", f"{base}/{secret}x", f"{base}/{secret}/", f"{base}/é"):
            async with session.post(url, json={"task_id": "task-1"}) as response:
                assert response.status == 404
        async with session.get(receiver.url) as response:
            assert response.status == 404
        assert not hints

    play(scene)


def test_each_receiver_has_its_own_secret() -> None:
    async def url() -> str:
        async with CallbackReceiver() as receiver:
            return receiver.url

    secrets = {asyncio.run(url()).rsplit("/", maxsplit=1)[-1] for _ in range(5)}
    assert len(secrets) == 5
    assert min(map(len, secrets)) >= 32


def test_a_body_that_is_too_large_is_not_read() -> None:
    async def scene(receiver: CallbackReceiver, session: aiohttp.ClientSession, hints: list[str]) -> None:
        async with session.post(receiver.url, data=b"x" * (MAX_BODY_BYTES + 1)) as response:
            assert response.status == 413
        async with session.post(receiver.url, json={"task_id": "after"}) as response:
            assert response.status == 204
        assert hints == ["after"]

    play(scene)


def test_a_flood_is_answered_and_forgotten() -> None:
    async def scene(receiver: CallbackReceiver, session: aiohttp.ClientSession, hints: list[str]) -> None:
        async def call(number: int) -> int:
            async with session.post(receiver.url, json={"task_id": f"task-{number % 3}"}) as response:
                return response.status

        statuses = set(await asyncio.gather(*(call(number) for number in range(300))))
        assert statuses <= {204, 503}
        assert set(hints) == {"task-0", "task-1", "task-2"}

    play(scene)


def test_a_public_address_gets_the_secret_path() -> None:
    async def scene(receiver: CallbackReceiver, session: aiohttp.ClientSession, hints: list[str]) -> None:
        assert receiver.url.startswith("https://example.com/hooks/qwave/")
        assert not receiver.url.endswith("/")

    play(scene, public_url="https://example.com/hooks/qwave/")


@pytest.mark.parametrize(
    "url", ["example.com", "ftp://example.com/", "https://example.com/?a=b", "https://u:p@example.com"]
)
def test_a_public_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="webhook URL"):
        CallbackReceiver(public_url=url)


def test_a_port_that_is_taken_is_told() -> None:
    async def scene(receiver: CallbackReceiver, session: aiohttp.ClientSession, hints: list[str]) -> None:
        port = int(receiver.url.split(":")[2].split("/")[0])
        with pytest.raises(UsageError, match=f"can't listen on 127.0.0.1:{port}"):
            async with CallbackReceiver(port=port):
                pass

    play(scene)


@pytest.mark.parametrize(
    "body",
    [
        {"task_id": "t-1"},
        {"id": "t-1", "object": "event"},
        {"event": "task.completed", "data": {"task": {"id": "t-1"}}},
        [{"taskId": "t-1"}],
        "t-1",
    ],
)
def test_the_id_is_found_wherever_it_is(body: object) -> None:
    assert "t-1" in read_task_ids(json.dumps(body).encode())


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_taken(body: bytes) -> None:
    assert all(TASK_ID.fullmatch(hint) for hint in read_task_ids(body))


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=8), inner, max_size=8),
    max_leaves=60,
)


@given(VALUES)
def test_any_json_brings_a_few_hints_at_most(body: object) -> None:
    hints = read_task_ids(json.dumps(body).encode())
    assert len(hints) == len(set(hints)) <= MAX_TASK_IDS
    assert all(TASK_ID.fullmatch(hint) for hint in hints)


def test_nesting_without_end_is_no_hint() -> None:
    assert read_task_ids(b"[" * 30_000) == []


SHORT = ReceiverLimits(connection_s=0.4, call_s=0.2, linger_s=0.1)


@pytest.mark.parametrize("drip", [b"", b"POST /x HTTP/1.1\r\nX: y", b"GET / HTTP/1.1\r\n\r\n", b"secret"])
def test_a_connection_has_its_time_whatever_goes_over_it(drip: bytes) -> None:
    """One that is silent, one whose head never ends, one that is refused and stays, and one that knows the address."""

    async def scene(receiver: CallbackReceiver, session: aiohttp.ClientSession, hints: list[str]) -> None:
        parts = urlsplit(receiver.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = f"POST {parts.path} HTTP/1.1\r\nContent-Length: 1000\r\n\r\n".encode()
        writer.write(head if drip == b"secret" else drip)
        async with asyncio.timeout(5):
            with suppress(ConnectionError):
                while not reader.at_eof():
                    await reader.read(1000)
        writer.close()
        assert hints == []

    play(scene, limits=SHORT)
