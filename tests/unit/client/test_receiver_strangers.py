"""Unknown callers cannot harm the receiver: nothing on stderr, few connections, real calls still arrive."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Iterator
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwave_batch.client.callback_receiver import CallbackReceiver

EVIL = b"\x1b[31mevil"
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 2
Talk = Callable[[CallbackReceiver, list[str]], Awaitable[None]]


def play(talk: Talk, **options: object) -> None:
    async def whole() -> None:
        hints: list[str] = []
        async with CallbackReceiver(**options) as receiver:  # type: ignore[arg-type]
            receiver.listen(hints.append)
            await talk(receiver, hints)

    asyncio.run(whole())


async def connected(receiver: CallbackReceiver) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(receiver.url)
    return await asyncio.open_connection(parts.hostname, parts.port)


async def said(receiver: CallbackReceiver, data: bytes, *, then_ends: bool = True) -> bytes:
    """Return what comes back for some bytes, until the connection ends."""
    reader, writer = await connected(receiver)
    try:
        writer.write(data)
        if then_ends:
            writer.write_eof()
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def call(receiver: CallbackReceiver, body: bytes, *headers: str, end: str = "\r\n") -> bytes:
    path = urlsplit(receiver.url).path
    lines = [f"POST {path} HTTP/1.1", "Host: h", "Connection: close", *headers]
    return end.join([*lines, "", ""]).encode() + body


def hint(receiver: CallbackReceiver) -> bytes:
    return call(receiver, b'{"id":"t-1"}', "Content-Length: 12")


@pytest.fixture
def _silence(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Hold that nothing is written and nothing logged while a test runs, whichever logger and level."""
    caplog.set_level(logging.DEBUG)
    yield
    gc.collect()  # tasks that ended in an exception nobody asked for tell of it when they go
    logged = [*caplog.get_records("call"), *caplog.records]
    assert [record for record in logged if record.name != "asyncio" or record.levelno > logging.DEBUG] == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("_silence")
@pytest.mark.parametrize(
    "data",
    [
        EVIL + b"\r\n\r\n",
        b"GET " + EVIL + b" HTTP/1.1\r\n\r\n",
        EVIL + b" / HTTP/1.1\r\nHost: h\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + EVIL + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\n " + EVIL + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nX: a" + b" " * 16_000 + b"b\r\n\r\n",
        b"POST /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: " + EVIL + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + EVIL + b"\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: " + EVIL + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"GET http://[::" + EVIL + b" HTTP/1.1\r\n\r\n",
        b"CONNECT evil:1 HTTP/1.1\r\n\r\n",
        HELLO,
        b"\0" * 200_000,
        b"\r\n" * 50_000,
        b"",
        b"POST",
    ],
)
def test_nothing_that_a_stranger_sends_is_spoken_of(data: bytes) -> None:
    async def talk(receiver: CallbackReceiver, hints: list[str]) -> None:
        back = await said(receiver, data)
        assert b"evil" not in back
        assert b"204" not in back
        assert hints == []
        assert (await said(receiver, hint(receiver))).startswith(b"HTTP/1.1 204 No Content\r\n")
        assert hints == ["t-1"]

    play(talk)


@pytest.mark.usefixtures("_silence")
def test_a_connection_that_is_still_open_when_the_receiver_closes_is_not_spoken_of() -> None:
    async def whole() -> None:
        async with CallbackReceiver() as receiver:
            _, writer = await connected(receiver)
            writer.write(b"POST / HTTP/1.1\r\n")
            await asyncio.sleep(0.05)
        writer.close()
        await asyncio.sleep(0)

    asyncio.run(whole())


@pytest.mark.usefixtures("_silence")
@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (["Content-Length: 12", "Transfer-Encoding: chunked"], b"c\r\n" + b'{"id":"t-2"}' + b"\r\n0\r\n\r\n", b"400"),
        (["Transfer-Encoding: chunked"], EVIL + b"\r\n\r\n", b"400"),
        (["Transfer-Encoding: chunked"], b"x" * 40_000, b"400"),
        (["Transfer-Encoding: chunked"], b"c\r\n" + b'{"id":"t-2"}' + b"xx0\r\n\r\n", b"400"),
        (["Transfer-Encoding: chunked"], b"ffffffff\r\n", b"413"),
        (["Transfer-Encoding: chunked"], b"0\r\n" + b"X: y\r\n" * 10_000, b"431"),
        (["Transfer-Encoding: gzip, chunked"], b"0\r\n\r\n", b"400"),
        (["Content-Length: 65537"], b"x" * 65_537, b"413"),
        (["Content-Length: 99999999999999999"], b"x", b"413"),
        (["Content-Length: 12"], b"[[[[", b""),
    ],
)
def test_who_knows_the_address_is_held_to_the_same_bounds(headers: list[str], body: bytes, status: bytes) -> None:
    async def talk(receiver: CallbackReceiver, hints: list[str]) -> None:
        back = await said(receiver, call(receiver, body, *headers))
        assert back[9:12] == status
        assert hints == []

    play(talk)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Content-Length: 12"], b'{"id":"t-1"}'),
        (["content-length:12", "Expect: 100-continue"], b'{"id":"t-1"}'),
        (["Transfer-Encoding: chunked"], b'5;a=b\r\n{"id"\r\n7\r\n:"t-1"}\r\n0\r\nX: y\r\n\r\n'),
        (["X-Signature: \xff", "Content-Length: 12"], b'{"id":"t-1"}'),
    ],
)
def test_a_call_is_read_however_it_is_rightly_put(headers: list[str], body: bytes) -> None:
    async def talk(receiver: CallbackReceiver, hints: list[str]) -> None:
        assert b"HTTP/1.1 204 No Content\r\n" in await said(receiver, call(receiver, body, *headers), then_ends=False)
        assert hints == ["t-1"]

    play(talk)


@pytest.mark.parametrize("form", ["{path}?x=1", "http://example.com{path}", "/behind/a/proxy{path}"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_the_address_counts_by_its_last_part(form: str, version: str) -> None:
    async def talk(receiver: CallbackReceiver, hints: list[str]) -> None:
        target = form.format(path=urlsplit(receiver.url).path)
        head = f"POST {target} HTTP/{version}\r\nContent-Length: 12\r\n\r\n"
        assert b" 204 " in await said(receiver, head.encode() + b'{"id":"t-1"}')
        assert hints == ["t-1"]

    play(talk)


def test_calls_may_follow_each_other_on_a_connection() -> None:
    async def talk(receiver: CallbackReceiver, hints: list[str]) -> None:
        reader, writer = await connected(receiver)
        for count in range(3):
            body = f'{{"id":"t-{count}"}}'.encode()
            writer.write(call(receiver, body, "Content-Length: 12").replace(b"Connection: close\r\n", b""))
            assert b"keep-alive" in await reader.readuntil(b"\r\n\r\n")
        assert hints == ["t-0", "t-1", "t-2"]
        writer.close()

    play(talk)


@pytest.mark.usefixtures("_silence")
@pytest.mark.parametrize("start", [b"", b"POST / HTTP/1.1\r\nX: "])
def test_connections_that_say_nothing_are_few_and_keep_nobody_out(start: bytes) -> None:
    """More are opened than are held; the oldest go, and a call comes through at any time."""

    async def talk(receiver: CallbackReceiver, hints: list[str]) -> None:
        strangers = [await connected(receiver) for _ in range(300)]
        for _, writer in strangers:
            writer.write(start)
        assert b" 204 " in await said(receiver, hint(receiver))
        assert hints == ["t-1"]
        closed = [asyncio.ensure_future(reader.read()) for reader, _ in strangers]
        done, held = await asyncio.wait(closed, timeout=0.5)
        for each in held:
            each.cancel()
        assert len(held) <= 128
        assert all(each.exception() or each.result() == b"" for each in done)
        for _, writer in strangers:
            writer.close()

    play(talk)


@pytest.mark.usefixtures("_silence")
def test_pipelined_calls_of_a_stranger_end_with_the_first() -> None:
    async def talk(receiver: CallbackReceiver, hints: list[str]) -> None:
        back = await said(receiver, b"GET / HTTP/1.1\r\n\r\n" * 50_000)
        assert back.count(b"HTTP/1.1") <= 1
        assert hints == []

    play(talk)


@given(data=st.binary(max_size=400), lines=st.lists(st.text(max_size=30), max_size=4))
@settings(max_examples=60)
def test_no_bytes_at_all_end_the_receiver(data: bytes, lines: list[str]) -> None:
    async def talk(receiver: CallbackReceiver, hints: list[str]) -> None:
        head = "\r\n".join(["POST /x HTTP/1.1", *lines, "", ""]).encode("utf-8", "replace")
        await said(receiver, data)
        await said(receiver, head + data)
        assert b" 204 " in await said(receiver, hint(receiver))

    play(talk)
