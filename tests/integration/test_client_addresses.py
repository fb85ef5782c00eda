"""Addresses of results: no name and no redirect leads a download into the own network or to a proxy.

A connection that leaves this machine is refused by the guard in ``tests/conftest.py``, and fails the test.
"""

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from qwave_batch.client.answers import Answer, DownloadAnswer, Downloaded, DownloadFailed, NoAnswer, TaskAnswer
from qwave_batch.client.proxies import Proxies, proxies_from
from qwave_batch.client.task_api import TaskApi
from qwave_batch.client.transport import AiohttpTransport
from qwave_batch.model.clock import SystemClock
from tests.api_units import QUOTA

KEY = "sk-very-secret"
IMAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nimage"
TASK = b'HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n{"task_id": "t-1", "status": "queued"}'
PUBLIC = "https://api.example/v1"


class Listener:
    """Answers each request with the next text, and remembers the requests."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = itertools.cycle(answers or (IMAGE,))
        self.heads: list[str] = []
        self.port = 0

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.heads.append(head.decode("latin-1"))
                writer.write(next(self.answers))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@asynccontextmanager
async def listening(*answers: bytes) -> AsyncIterator[Listener]:
    listener = Listener(*answers)
    server = await asyncio.start_server(listener.meet, "127.0.0.1", 0)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()


class Changing(AbstractResolver):
    """Answers each look-up of a name with the next of its addresses, over and over."""

    def __init__(self, table: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self.table = {name: itertools.cycle(answers) for name, answers in table.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        assert family in {socket.AF_INET, socket.AF_UNSPEC}
        self.asked.append(host)
        if host.rstrip(".") not in self.table:
            raise OSError(None, "no such name")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in next(self.table[host.rstrip(".")])
        ]

    async def close(self) -> None:
        pass


def names(**table: str) -> Changing:
    return Changing({name.replace("_", "."): [address.split()] for name, address in table.items()})


async def fetched(base: str, url: str, into: Path, table: Changing, proxies: Proxies | None = None) -> DownloadAnswer:
    async with AiohttpTransport(base, resolver=table, proxies=proxies) as transport:
        return await TaskApi(transport, base, KEY, SystemClock(), quota=QUOTA).download(url, into)


def refused(answer: DownloadAnswer, because: str) -> None:
    assert isinstance(answer, DownloadFailed), answer
    assert because in answer.reason
    assert not answer.retryable


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "a.partial"


OWN_NAMES = ("proxy.example", "PROXY.example", "proxy.example.")
OF_THE_PROXY = [
    *(("HTTPS_PROXY", "proxy.example", host) for host in (*OWN_NAMES, "127.0.0.1", "other.example")),
    *(("HTTPS_PROXY", "127.0.0.1", host) for host in (*OWN_NAMES, "127.0.0.1", "other.example")),
    # it would be asked to fetch from itself; other names are looked up by it alone
    *(("HTTP_PROXY", "proxy.example", host) for host in (*OWN_NAMES, "127.0.0.1", "localhost")),
]


@pytest.mark.parametrize(("variable", "named", "host"), OF_THE_PROXY)
@pytest.mark.parametrize("is_victim", [True, False])
def test_a_result_is_never_on_the_proxy_s_own_host(
    into: Path,
    variable: str,
    named: str,
    host: str,
    is_victim: bool,  # noqa: FBT001
) -> None:
    """Neither at the proxy's port nor at another."""

    async def talk() -> None:
        async with listening() as proxy, listening() as victim:
            here = "127.0.0.1"
            table = names(api_example="8.8.8.8", proxy_example=here, other_example=here, localhost=here)
            url = f"http://{host}:{victim.port if is_victim else proxy.port}/secret"
            proxies = proxies_from({variable: f"http://{named}:{proxy.port}"})
            answer = await fetched(PUBLIC, url, into, table, proxies)
            refused(answer, "the address")
            assert (proxy.heads, victim.heads) == ([], [])

    asyncio.run(talk())


def test_a_redirect_to_the_proxy_is_not_followed(into: Path) -> None:
    async def talk() -> None:
        async with listening() as victim:
            to_proxy = (
                f"HTTP/1.1 302 Found\r\nLocation: http://proxy.example:{victim.port}/\r\nContent-Length: 0\r\n\r\n"
            )
            async with listening(to_proxy.encode()) as api:
                table = names(proxy_example="127.0.0.1")
                proxies = proxies_from({"HTTPS_PROXY": f"http://proxy.example:{victim.port}"})
                base = f"http://127.0.0.1:{api.port}/v1"
                refused(await fetched(base, f"http://127.0.0.1:{api.port}/a", into, table, proxies), "the proxy's")
                assert victim.heads == []

    asyncio.run(talk())


def test_a_proxy_in_the_own_network_carries_downloads(into: Path) -> None:
    async def talk() -> None:
        async with listening() as proxy:
            table, proxies = names(proxy_example="127.0.0.1"), {"HTTP_PROXY": f"http://proxy.example:{proxy.port}"}
            answer = await fetched(PUBLIC, "http://cdn.example/a", into, table, proxies_from(proxies))
            assert isinstance(answer, Downloaded)
            assert proxy.heads[0].startswith("GET http://cdn.example/a HTTP/1.1")
            assert "cdn.example" not in table.asked

    asyncio.run(talk())


def test_an_api_on_the_proxy_s_machine_has_its_results_there(into: Path) -> None:
    """As with the simulator and a proxy of this machine's own."""

    async def talk() -> None:
        async with listening() as proxy, listening() as api:
            proxies = proxies_from({"ALL_PROXY": f"http://127.0.0.1:{proxy.port}"})
            base = f"http://127.0.0.1:{api.port}/v1"
            answer = await fetched(base, f"http://127.0.0.1:{api.port}/a", into, names(), proxies)
            assert isinstance(answer, Downloaded)
            refused(await fetched(base, f"http://127.0.0.1:{proxy.port}/a", into, names(), proxies), "the proxy's")
            assert proxy.heads == []

    asyncio.run(talk())


@pytest.mark.parametrize("elsewhere", ["10.0.0.1", "169.254.169.254", "192.0.0.192", "168.63.129.16", "fec0::1"])
@pytest.mark.parametrize("first", [True, False])
def test_a_name_that_changes_its_address_leads_nowhere_else(into: Path, elsewhere: str, first: bool) -> None:  # noqa: FBT001
    """Each look-up is answered differently; a connection to the other address would leave this machine."""
    answers = [["127.0.0.1"], [elsewhere], [elsewhere, "127.0.0.1"]]
    table = Changing({"cdn.example": answers if first else answers[::-1]})

    async def talk() -> set[type[DownloadAnswer]]:
        async with listening() as server:
            base, url = f"http://127.0.0.1:{server.port}/v1", f"http://cdn.example:{server.port}/a"
            kinds = set()
            for _ in range(4):
                answer = await fetched(base, url, into, table)
                assert isinstance(answer, Downloaded) or "own network" in answer.reason
                kinds.add(type(answer))
            return kinds

    assert asyncio.run(talk()) == {Downloaded, DownloadFailed}


@pytest.mark.parametrize("elsewhere", ["10.0.0.1", "169.254.169.254"])
def test_the_api_s_own_name_is_not_trusted_for_results(into: Path, elsewhere: str) -> None:
    """Its name server may have changed its mind since the API was spoken to."""
    table = Changing({"api.example": [[elsewhere], ["127.0.0.1"]]})

    async def talk() -> None:
        async with listening() as victim:
            refused(await fetched(PUBLIC, f"http://api.example:{victim.port}/a", into, table), "own network")

    asyncio.run(talk())


@pytest.mark.parametrize("api", ["8.8.8.8 127.0.0.1", "169.254.1.1", "8.8.8.8 169.254.169.254", "10.0.0.1 127.0.0.1"])
@pytest.mark.parametrize("result", ["127.0.0.1", "0.0.0.0", "169.254.169.254", "[::ffff:127.0.0.1]", "cdn.example"])
def test_a_name_server_opens_no_more_than_the_api_needs(into: Path, api: str, result: str) -> None:
    async def talk() -> None:
        async with listening() as victim:
            table = names(api_example=api, cdn_example="127.0.0.1 169.254.169.254")
            refused(await fetched(PUBLIC, f"http://{result}:{victim.port}/a", into, table), "own network")
            assert victim.heads == []

    asyncio.run(talk())


@pytest.mark.parametrize("host", ["localhost", "api.localhost", "localhost."])
def test_the_key_stays_here_whatever_a_name_server_says_of_localhost(host: str) -> None:
    """Plain http is taken for this machine's names, so they lead nowhere else."""

    async def talk() -> tuple[Answer, Answer]:
        async with listening(
            b'HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n{"task_id": "t-1", "status": "queued"}'
        ) as api:
            base = f"http://{host}:{api.port}/v1"
            table = Changing({host.rstrip("."): [["10.0.0.1"], ["10.0.0.1", "127.0.0.1"]]})
            answers: list[Answer] = []
            for _ in range(2):
                async with AiohttpTransport(base, resolver=table) as transport:
                    answers.append(await TaskApi(transport, base, KEY, SystemClock(), quota=QUOTA).status("t-1"))
            return answers[0], answers[1]

    lost, found = asyncio.run(talk())
    assert isinstance(lost, NoAnswer)
    assert not lost.sent
    assert isinstance(found, TaskAnswer)


def test_a_bad_cookie_is_not_spoken_of(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    answer = b'HTTP/1.1 200 OK\r\nSet-Cookie: "\x1b[31mevil, name"=x; a b=c\r\nContent-Length: 2\r\n\r\n{}'

    async def talk() -> None:
        async with listening(answer) as api, AiohttpTransport(f"http://127.0.0.1:{api.port}/v1") as transport:
            await TaskApi(transport, f"http://127.0.0.1:{api.port}/v1", KEY, SystemClock(), quota=QUOTA).status("t-1")

    asyncio.run(talk())
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []
    assert capfd.readouterr().err == ""
