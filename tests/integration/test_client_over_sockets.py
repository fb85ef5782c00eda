"""The client against servers that misbehave, over real sockets on this machine."""

import asyncio
import base64
import gzip
import hashlib
import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeAlias

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from qwave_batch.client.answers import (
    Answer,
    DownloadAnswer,
    Downloaded,
    DownloadFailed,
    Expired,
    NoAnswer,
    TaskAnswer,
)
from qwave_batch.client.http import HttpRequest, NeverSent, PerhapsSent, ResponseTooLarge, TransportFailed
from qwave_batch.client.proxies import proxies_from
from qwave_batch.client.task_api import TaskApi
from qwave_batch.client.transport import MAX_GOOD_ANSWER_BYTES, AiohttpTransport
from qwave_batch.errors import StorageError
from qwave_batch.model.clock import SystemClock
from tests.api_units import QUOTA

KEY = "sk-very-secret"
TASK = b'{"task_id": "task-1", "status": "queued"}'
CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
Script: TypeAlias = Callable[["Server", asyncio.StreamWriter], Awaitable[None]]


class Server:
    """A server that does what a script says with every request, and remembers them."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.port = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(OSError, EOFError, asyncio.CancelledError):  # the client may hang up, the test may end
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
                self.bodies.append(await reader.readexactly(int(length[1]) if length else 0))
                self.heads.append(head)
                await self.script(self, writer)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[Server]:
    server = Server(script)
    listener = await asyncio.start_server(server.meet, "127.0.0.1", 0, limit=2**20)
    server.port = listener.sockets[0].getsockname()[1]
    met = asyncio.all_tasks()
    try:
        yield server
    finally:
        listener.close()
        for task in asyncio.all_tasks() - met - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)


def http(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {size}", *headers])
    return f"{head}\r\n\r\n".encode("latin-1") + body


def saying(data: bytes, *, then_hang_up: bool = False) -> Script:
    async def script(_: Server, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        if then_hang_up:
            await writer.drain()
            writer.close()

    return script


async def hang(_: Server, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)
    writer.close()


def dripping(start: bytes, drop: bytes, every_s: float = 0.0) -> Script:
    async def script(_: Server, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(every_s)

    return script


def polled(script: Script, times: int = 1) -> tuple[Answer, Server]:
    """Return the last answer of a few status calls."""

    async def talk() -> tuple[Answer, Server]:
        async with serving(script) as server, AiohttpTransport(server.base) as transport:
            api = TaskApi(transport, server.base, KEY, SystemClock(), quota=QUOTA)
            answers = [await api.status("task-1") for _ in range(times)]
            return answers[-1], server

    return asyncio.run(talk())


def sent(script: Script, *, timeout_s: float = 5.0) -> TransportFailed:
    """Return how a submit fails."""

    async def talk() -> TransportFailed:
        async with serving(script) as server, AiohttpTransport(server.base) as transport:
            request = HttpRequest(
                method="POST",
                url=f"{server.base}/tasks",
                headers={"Authorization": f"Bearer {KEY}"},
                body=b"{}",
                timeout_s=timeout_s,
            )
            with pytest.raises(TransportFailed) as caught:
                await transport.send(request)
            return caught.value

    return asyncio.run(talk())


def downloaded(
    into: Path,
    script: Script,
    *,
    path: str = "/a.png",
    max_bytes: int = 10**6,
    timeout_s: float = 5,
    stall_s: float = 5,
) -> tuple[DownloadAnswer, Server]:
    async def talk() -> tuple[DownloadAnswer, Server]:
        async with serving(script) as server, AiohttpTransport(server.base, stall_timeout_s=stall_s) as transport:
            api = TaskApi(transport, server.base, KEY, SystemClock(), quota=QUOTA)
            url = f"http://127.0.0.1:{server.port}/a.png"
            return await api.download(url, into, max_bytes=max_bytes, timeout_s=timeout_s), server

    answer, server = asyncio.run(talk())
    assert into.exists() == (isinstance(answer, Downloaded) and answer.content is None)
    return answer, server


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "a.partial"


def test_calls_go_out_as_documented_on_one_line() -> None:
    async def talk() -> Server:
        async with serving(saying(http(TASK, "Set-Cookie: a=b"))) as server, AiohttpTransport(server.base) as transport:
            api = TaskApi(transport, server.base, KEY, SystemClock(), quota=QUOTA)
            for _ in range(2):
                assert isinstance(
                    await api.submit({"prompt": "茶"}, idempotency_key="k-1", prefer_wait_s=5), TaskAnswer
                )
            return server

    server = asyncio.run(talk())
    for head in server.heads:
        lines = head.lower().split("\r\n")
        assert lines[0] == "post /v1/tasks http/1.1"
        expected = {f"authorization: bearer {KEY}", "content-type: application/json", "idempotency-key: k-1",
                    "prefer: wait=5", "accept-encoding: identity"}  # fmt: skip
        assert expected <= set(lines)
        assert any(line.startswith("user-agent: qwave-batch") for line in lines)
        assert "cookie" not in head.lower()
    assert server.bodies == ['{"prompt":"茶"}'.encode()] * 2
    assert server.connections == 1


def test_a_large_request_arrives_whole() -> None:
    async def talk() -> tuple[Answer, Server]:
        async with serving(saying(http(TASK))) as server, AiohttpTransport(server.base) as transport:
            api = TaskApi(transport, server.base, KEY, SystemClock(), quota=QUOTA)
            return await api.submit({"image": "x" * 3_000_000}, idempotency_key=None), server

    answer, server = asyncio.run(talk())
    assert isinstance(answer, TaskAnswer)
    assert len(server.bodies[0]) == 3_000_000 + len('{"image":""}')


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (saying(b"", then_hang_up=True), "hung up"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Le", then_hang_up=True), "hung up"),
        (saying(http(TASK, length=len(TASK) + 9), then_hang_up=True), "cut off"),
        (saying(f"{CHUNKED}99\r\nx".encode(), then_hang_up=True), "cut off"),
        (saying(b"220 mail.example ESMTP\r\n\r\n", then_hang_up=True), "not valid HTTP"),
        (saying(http(b"", f"X-Long: {'x' * 100_000}")), "not valid HTTP"),
        (saying(http(b"", *[f"X-{count}: {'x' * 100}" for count in range(5000)])), "answer"),
        (saying(http(b"<html>ok</html>")), "web page"),
        (saying(http(b"<html>bad</html>", status="502 Bad Gateway")), "HTTP 502 Bad Gateway"),
        (saying(http(TASK[:-5])), "not complete JSON"),
        (saying(http(b'{"task_id": "\xff"}')), "UTF-8"),
        (saying(http(b'["task-1"]')), "no object"),
        (saying(http(b'{"progress": NaN}')), "no usable task_id"),
        (saying(http(b"[" * 300_000)), "nested too deeply"),
        (saying(http(b"no gzip", "Content-Encoding: gzip")), "damaged"),
        (saying(http(b"what", "Content-Encoding: br")), "not asked for"),
        (saying(http(b"", status="204 No Content")), "empty"),
        (saying(http(TASK.replace(b"task-1", b"task-2"))), "another task"),
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(script: Script, says: str) -> None:
    answer, _ = polled(script)
    assert isinstance(answer, NoAnswer)
    assert says in answer.reason
    assert answer.sent


def test_a_compressed_answer_is_read_all_the_same() -> None:
    assert isinstance(polled(saying(http(gzip.compress(TASK), "Content-Encoding: gzip")))[0], TaskAnswer)


def test_the_server_s_date_comes_with_the_answer() -> None:
    answer, _ = polled(saying(http(TASK, "Date: Fri, 15 Jan 2027 08:00:00 GMT")))
    assert answer.served_at == 1_800_000_000


def test_a_redirect_is_not_followed_with_the_key() -> None:
    async def talk() -> tuple[Answer, Server]:
        async with serving(saying(http(TASK))) as other:
            location = f"Location: http://127.0.0.1:{other.port}/v1/tasks/task-1"
            async with (
                serving(saying(http(b"", location, status="307 Temporary Redirect"))) as server,
                AiohttpTransport(server.base) as transport,
            ):
                api = TaskApi(transport, server.base, KEY, SystemClock(), quota=QUOTA)
                return await api.status("task-1"), other

    answer, other = asyncio.run(talk())
    assert isinstance(answer, NoAnswer)
    assert "a redirect to http://127.0.0.1" in answer.reason
    assert other.heads == []


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (hang, PerhapsSent),
        (dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.05), PerhapsSent),
        (dripping(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.05), PerhapsSent),
        (dripping(http(b"", length=1000), b"x", 0.05), PerhapsSent),
        (dripping(b"HTTP/1.1 500 No\r\n\r\n", b"x" * 65_536), ResponseTooLarge),
        (saying(http(b"", length=MAX_GOOD_ANSWER_BYTES + 1)), ResponseTooLarge),
        (saying(http(gzip.compress(bytes(MAX_GOOD_ANSWER_BYTES + 1), 1), "Content-Encoding: gzip")), ResponseTooLarge),
    ],
)
def test_an_answer_is_bounded_in_time_and_size(script: Script, kind: type[TransportFailed]) -> None:
    assert type(sent(script, timeout_s=0.4 if kind is PerhapsSent else 10)) is kind


def test_a_failure_holds_nothing_of_the_request() -> None:
    """Aiohttp's own exceptions carry the headers, and so the key: none is left behind as cause or context."""
    failure = sent(saying(b"", then_hang_up=True))
    assert failure.__cause__ is None
    assert failure.__context__ is None
    assert KEY not in repr(failure)


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class Names(AbstractResolver):
    """Looks names up in a table; what is not in it does not exist."""

    def __init__(self, **table: list[str]) -> None:
        self.table = {name.replace("_", "."): addresses for name, addresses in table.items()}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        assert family in {socket.AF_INET, socket.AF_UNSPEC}
        if host not in self.table:
            raise OSError(None, "no such name")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
            for address in self.table[host]
        ]

    async def close(self) -> None:
        pass


def never_sent(base: str, names: Names | None = None) -> NoAnswer:
    async def talk() -> Answer:
        async with AiohttpTransport(base, resolver=names) as transport:
            return await TaskApi(transport, base, KEY, SystemClock(), quota=QUOTA).submit({}, idempotency_key="k")

    answer = asyncio.run(talk())
    assert isinstance(answer, NoAnswer)
    assert not answer.sent
    return answer


def test_a_refused_connection_was_never_sent() -> None:
    assert "connection refused" in never_sent(f"http://127.0.0.1:{closed_port()}/v1").reason


def test_an_unknown_name_was_never_sent() -> None:
    assert "can't be looked up" in never_sent("https://api.example/v1", Names()).reason


def test_tls_to_a_plain_port_was_never_sent() -> None:
    async def refuse_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(4096))
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def talk() -> Answer:
        plain = await asyncio.start_server(refuse_tls, "127.0.0.1", 0)
        base = f"https://127.0.0.1:{plain.sockets[0].getsockname()[1]}/v1"
        async with plain, AiohttpTransport(base) as transport:
            return await TaskApi(transport, base, KEY, SystemClock(), quota=QUOTA).submit({}, idempotency_key="k")

    seen: list[bytes] = []
    answer = asyncio.run(talk())
    assert isinstance(answer, NoAnswer)
    assert not answer.sent
    assert KEY.encode() not in b"".join(seen)


def test_no_more_requests_are_on_their_way_than_allowed() -> None:
    open_now, most = 0, 0

    async def slow(_: Server, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await asyncio.sleep(0.02)
        open_now -= 1
        writer.write(http(TASK))

    async def talk() -> list[Answer]:
        async with serving(slow) as server, AiohttpTransport(server.base, max_connections=3) as transport:
            api = TaskApi(transport, server.base, KEY, SystemClock(), quota=QUOTA)
            return await asyncio.gather(*(api.status("task-1") for _ in range(12)))

    assert all(isinstance(answer, TaskAnswer) for answer in asyncio.run(talk()))
    assert most == 3


def test_the_environment_s_proxy_is_left_alone_unless_handed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    assert isinstance(polled(saying(http(TASK)))[0], TaskAnswer)


def test_a_proxy_is_asked_for_a_tunnel_and_never_sees_the_key() -> None:
    async def talk() -> tuple[Answer, Server]:
        async with serving(saying(http(b"", status="403 Forbidden"), then_hang_up=True)) as server:
            proxies = proxies_from({"HTTPS_PROXY": f"http://me:hidden@127.0.0.1:{server.port}"})
            base = "https://api.example/v1"
            async with AiohttpTransport(base, proxies=proxies) as transport:
                return await TaskApi(transport, base, KEY, SystemClock(), quota=QUOTA).status("task-1"), server

    answer, server = asyncio.run(talk())
    assert isinstance(answer, NoAnswer)
    assert not answer.sent
    (head,) = server.heads
    assert head.startswith("CONNECT api.example:443 HTTP/1.1")
    assert "Proxy-Authorization: Basic " in head
    assert KEY not in head


def test_a_download_comes_without_the_key(into: Path) -> None:
    answer, server = downloaded(into, saying(http(b"image", "Content-Type: image/png")))
    assert isinstance(answer, Downloaded)
    assert answer.content == b"image"
    assert "authorization" not in server.heads[0].lower()
    assert KEY not in server.heads[0]


def test_a_redirected_download_comes_without_the_key(into: Path) -> None:
    async def script(server: Server, writer: asyncio.StreamWriter) -> None:
        first = len(server.heads) == 1
        writer.write(http(b"", "Location: /b?sig=%2B", status="302 Found") if first else http(b"image"))

    answer, server = downloaded(into, script)
    assert isinstance(answer, Downloaded)
    assert [head.split()[1] for head in server.heads] == ["/a.png", "/b?sig=%2B"]
    assert not any(KEY in head for head in server.heads)


def test_a_large_download_is_whole(into: Path) -> None:
    body = bytes(range(256)) * 20_000
    assert isinstance(downloaded(into, saying(http(body)), max_bytes=len(body))[0], Downloaded)
    assert into.read_bytes() == body


def test_a_compressed_download_is_saved_as_it_was_meant(into: Path) -> None:
    answer, _ = downloaded(into, saying(http(gzip.compress(b"image" * 1000), "Content-Encoding: gzip")))
    assert isinstance(answer, Downloaded)
    assert answer.content == b"image" * 1000


@pytest.mark.parametrize("size", [1000, 3_000_000])
def test_a_download_has_the_digest_that_the_server_tells(into: Path, size: int) -> None:
    body = bytes(size)
    told = f"Repr-Digest: sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    assert isinstance(downloaded(into, saying(http(body, told)), max_bytes=size)[0], Downloaded)
    packed = gzip.compress(body)
    told = f"Content-MD5: {hashlib.md5(packed).hexdigest()}"
    answer, _ = downloaded(into, saying(http(packed, told, "Content-Encoding: gzip")), max_bytes=size)
    assert isinstance(answer, Downloaded)


@pytest.mark.parametrize(
    ("script", "retryable", "says"),
    [
        (saying(http(b"half", length=10), then_hang_up=True), True, "cut off"),
        (
            saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", then_hang_up=True),
            True,
            "cut off",
        ),
        (saying(http(b"image", "Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==")), True, "digest that the server tells"),
        (saying(http(b"x" * 900_000, f"Digest: sha-256={'0' * 64}")), True, "digest that the server tells"),
        (saying(http(b"")), True, "empty"),
        (saying(http(b"x", length=10**9)), False, "larger than"),
        (dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536), False, "larger than"),
        (saying(http(gzip.compress(bytes(10**7)), "Content-Encoding: gzip")), False, "larger than"),
        (saying(http(gzip.compress(bytes(10**5))[:-20], "Content-Encoding: gzip")), True, "cut off"),
        (saying(b"", then_hang_up=True), True, "hung up"),
        (saying(http(b"", "Location: file:///etc/passwd", status="302 Found")), False, "not a web address"),
        (saying(http(b"", "Location: http://169.254.169.254/key", status="302 Found")), False, "own network"),
        (saying(http(b"", "Location: http://10.0.0.1/a", status="302 Found")), False, "own network"),
        (saying(http(b"", "Location: http://me:pw@127.0.0.1/a", status="302 Found")), False, "user name"),
        (saying(http(b"", "Location: /a.png", status="302 Found")), False, "redirects"),
        (saying(http(b"", status="503 Unavailable")), True, "HTTP 503"),
        (saying(http(b"part", status="206 Partial Content")), False, "HTTP 206"),
    ],
)
def test_a_download_that_fails_leaves_nothing(
    into: Path,
    script: Script,
    retryable: bool,  # noqa: FBT001
    says: str,
) -> None:
    answer, _ = downloaded(into, script)
    assert isinstance(answer, DownloadFailed)
    assert says in answer.reason
    assert answer.retryable == retryable


def test_a_download_that_is_gone_is_expired(into: Path) -> None:
    assert isinstance(downloaded(into, saying(http(b"", status="410 Gone")))[0], Expired)


def test_a_trickle_ends_at_the_deadline(into: Path) -> None:
    answer, _ = downloaded(into, dripping(http(b"", length=1000), b"x", 0.05), timeout_s=0.4)
    assert isinstance(answer, DownloadFailed)
    assert "in time" in answer.reason


def test_a_download_that_stands_still_is_given_up(into: Path) -> None:
    answer, _ = downloaded(into, dripping(http(b"", length=1000), b"x", 20), stall_s=0.3)
    assert isinstance(answer, DownloadFailed)
    assert answer.retryable


def test_a_cancelled_download_leaves_nothing(into: Path) -> None:
    async def talk() -> None:
        async with (
            serving(dripping(http(b"", length=10**9), b"x" * 65_536, 0.001)) as server,
            AiohttpTransport(server.base) as transport,
        ):
            api = TaskApi(transport, server.base, KEY, SystemClock(), quota=QUOTA)
            download = asyncio.create_task(api.download(f"http://127.0.0.1:{server.port}/a", into, max_bytes=10**10))
            for _ in range(500):
                await asyncio.sleep(0.01)
                if list(into.parent.iterdir()):
                    break
            download.cancel()
            with pytest.raises(asyncio.CancelledError):
                await download

    asyncio.run(talk())
    assert not into.exists()


def test_a_disk_that_fails_is_no_network_failure(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        downloaded(tmp_path / "missing" / "a.partial", saying(http(bytes(2**20))), max_bytes=2**20)


def fetched_by_name(base: str, names: Names, url: str, into: Path) -> DownloadAnswer:
    async def talk() -> DownloadAnswer:
        async with AiohttpTransport(base, resolver=names) as transport:
            return await TaskApi(transport, base, KEY, SystemClock(), quota=QUOTA).download(url, into)

    return asyncio.run(talk())


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254"])
def test_a_name_that_leads_into_the_own_network_is_not_followed(into: Path, address: str) -> None:
    """The address is checked where it is connected to, so that a name can't say one thing and then another."""
    names = Names(api_example=["8.8.8.8"], cdn_example=[address])
    answer = fetched_by_name("https://api.example/v1", names, "https://cdn.example/a", into)
    assert isinstance(answer, DownloadFailed)
    assert "own network" in answer.reason
    assert not answer.retryable


@pytest.mark.parametrize("names", [Names(api_example=["8.8.8.8"]), Names()])
@pytest.mark.parametrize("host", ["10.0.0.1", "127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254"])
def test_a_number_that_leads_into_the_own_network_is_not_followed(into: Path, names: Names, host: str) -> None:
    answer = fetched_by_name("https://api.example/v1", names, f"https://{host}/a", into)
    assert isinstance(answer, DownloadFailed)
    assert "own network" in answer.reason


def test_an_api_whose_name_leads_to_this_machine_may_have_its_results_there(into: Path) -> None:
    async def talk() -> DownloadAnswer:
        async with serving(saying(http(b"image"))) as server:
            base, names = "https://api.example/v1", Names(api_example=["127.0.0.1"])
            async with AiohttpTransport(base, resolver=names) as transport:
                api = TaskApi(transport, base, KEY, SystemClock(), quota=QUOTA)
                return await api.download(f"http://127.0.0.1:{server.port}/a", into)

    assert isinstance(asyncio.run(talk()), Downloaded)


def test_an_api_in_the_own_network_may_have_its_results_there(into: Path) -> None:
    async def talk() -> DownloadAnswer:
        async with serving(saying(http(b"image"))) as server:
            names = Names(cdn_example=["10.9.9.9", "127.0.0.1"])
            async with AiohttpTransport(server.base, resolver=names) as transport:
                api = TaskApi(transport, server.base, KEY, SystemClock(), quota=QUOTA)
                return await api.download(f"http://cdn.example:{server.port}/a", into)

    assert isinstance(asyncio.run(talk()), Downloaded)


def test_a_transport_that_is_not_open_says_so() -> None:
    request = HttpRequest(method="GET", url="https://api.example/v1")
    with pytest.raises(RuntimeError, match="not open"):
        asyncio.run(AiohttpTransport("https://api.example/v1").send(request))


def test_many_answers_in_a_row_are_each_their_own() -> None:
    async def script(server: Server, writer: asyncio.StreamWriter) -> None:
        task_id = server.heads[-1].split()[1].rpartition("/")[2]
        writer.write(http(json.dumps({"task_id": task_id, "status": "queued"}).encode()))

    async def talk() -> list[Answer]:
        async with serving(script) as server, AiohttpTransport(server.base, max_connections=8) as transport:
            api = TaskApi(transport, server.base, KEY, SystemClock(), quota=QUOTA)
            return await asyncio.gather(*(api.status(f"task-{count}") for count in range(200)))

    answers = asyncio.run(talk())
    assert [answer.task.task_id for answer in answers if isinstance(answer, TaskAnswer)] == [
        f"task-{count}" for count in range(200)
    ]


def test_never_sent_is_no_kind_of_perhaps_sent() -> None:
    assert not issubclass(NeverSent, PerhapsSent)
