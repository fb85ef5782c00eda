"""A report over HTTP: its files for those who have the address, and nothing else for anybody."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession

import qwave_batch as qb
from qwave_batch.api.report_server import serve_report_folder
from qwave_batch.report.served_files import SECURITY_HEADERS
from qwave_batch.reports import ReportRequest

T = TypeVar("T")
HASH = "0f" * 16
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
LARGE = PNG + bytes(700_000)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with the files of a report, a secret beside it, and traps in it."""
    folder = tmp_path / "report"
    for name, data in {
        "index.html": b"<!doctype html>",
        "page/page.css": b"body {}",
        "data/index.js": b"receiveData(1)",
        f"full/0f/{HASH}": LARGE,
        f"full/0e/{'0e' * 16}": b"<svg onload=alert(1)>",
        f"thumbs/0f/{HASH}.webp": b"RIFF....WEBP",
        ".writing": b"",
        "notes.txt": b"mine",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key.js").write_text("the secret")
    (folder / "data/linked.js").symlink_to(secret / "key.js")
    (folder / "page/away").symlink_to(secret)
    os.mkfifo(folder / "data/pipe.js")
    (folder / "data/folder.js").mkdir()
    return folder


def serving(out: Path, ask: Callable[[str, ClientSession], Awaitable[T]]) -> T:
    """The outcome of asking a server of the folder."""

    async def main() -> T:
        async with serve_report_folder(out, port=0) as address, ClientSession() as session:
            return await ask(address, session)

    return asyncio.run(main())


async def said_to(address: str, head: str) -> bytes:
    """The answer of the server to a call as it is written, until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(address).port)
    writer.write(head.encode("latin-1"))
    try:
        return await reader.read()
    finally:
        writer.close()


def first_line(answer: bytes) -> str:
    return answer.partition(b"\r\n")[0].decode()


def test_files_come_with_types_and_headers_over_one_connection(out: Path) -> None:
    wanted = {
        "": ("text/html", b"<!doctype html>"),
        "index.html": ("text/html", b"<!doctype html>"),
        "page/page.css": ("text/css", b"body {}"),
        "data/index.js?version": ("text/javascript", b"receiveData(1)"),
        f"full/0f/{HASH}": ("image/png", LARGE),
        f"full/0e/{'0e' * 16}": ("application/octet-stream", b"<svg onload=alert(1)>"),
        f"thumbs/0f/{HASH}.webp": ("image/webp", b"RIFF....WEBP"),
    }

    async def ask(address: str, session: ClientSession) -> dict[str, tuple[str, bytes]]:
        found = {}
        for path in wanted:
            async with session.get(address + path) as answer:
                found[path] = answer.content_type, await answer.read()
                assert answer.status == 200
                assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
            async with session.head(address + path) as head:
                assert (head.status, head.headers["Content-Length"]) == (200, answer.headers["Content-Length"])
        assert session.connector is not None
        assert len([each for kept in session.connector._conns.values() for each in kept]) == 1
        return found

    assert serving(out, ask) == wanted


def test_every_address_has_another_token_that_nobody_guesses(out: Path) -> None:
    async def ask(address: str, _: ClientSession) -> str:
        return urlsplit(address).path

    first, second = serving(out, ask), serving(out, ask)
    assert first != second
    assert len(first.strip("/")) >= 22  # 128 bits in base 64


def test_parts_of_a_file_come_as_they_are_asked_for(out: Path) -> None:
    size = len(LARGE)
    wanted = {
        "bytes=0-7": (206, f"bytes 0-7/{size}", LARGE[:8]),
        "bytes=300000-": (206, f"bytes 300000-{size - 1}/{size}", LARGE[300_000:]),
        "bytes=-5": (206, f"bytes {size - 5}-{size - 1}/{size}", LARGE[-5:]),
        f"bytes={size}-": (416, f"bytes */{size}", None),
        "bytes=0-1,4-5": (200, None, LARGE),
        "lines=1-2": (200, None, LARGE),
    }

    async def ask(address: str, session: ClientSession) -> None:
        for part, (status, told, data) in wanted.items():
            async with session.get(f"{address}full/0f/{HASH}", headers={"Range": part}) as answer:
                assert (answer.status, answer.headers.get("Content-Range")) == (status, told), part
                assert data in {None, await answer.read()}, part

    serving(out, ask)


@pytest.mark.parametrize(
    "path",
    ["data/linked.js", "page/away/key.js", "data/pipe.js", "data/folder.js", "data/", "page", "notes.txt", ".writing",
     "data/missing.js", "../secret/key.js", "%2e%2e/secret/key.js", "page/%2e%2e/%2e%2e/secret/key.js",
     "page/..%2f..%2fsecret/key.js", "page\\..\\..\\secret\\key.js", "/etc/passwd", "data/index.js%00", "%"],
)  # fmt: skip
def test_links_pipes_and_what_is_no_file_of_a_report_are_not_there(out: Path, path: str) -> None:
    async def ask(address: str, _: ClientSession) -> bytes:
        parts = urlsplit(address)
        return await said_to(
            address, f"GET {parts.path}{path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
        )

    answer = serving(out, ask)
    assert first_line(answer) == "HTTP/1.1 404 Not Found"
    assert b"secret" not in answer


def test_a_stranger_is_told_nothing(out: Path) -> None:
    """Without the token, under another host, with another method, or with a broken head."""

    async def ask(address: str, _: ClientSession) -> list[str]:
        parts = urlsplit(address)
        heads = [
            f"GET / HTTP/1.1\r\nHost: {parts.netloc}",
            f"GET /index.html HTTP/1.1\r\nHost: {parts.netloc}",
            f"GET {parts.path} HTTP/1.1\r\nHost: evil.example:{parts.port}",
            f"GET {address} HTTP/1.1\r\nHost: evil.example",
            f"GET {parts.path} HTTP/1.0",
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 0",
            f"DELETE {parts.path}data/index.js HTTP/1.1\r\nHost: {parts.netloc}",
            f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nX: {'x' * 100_000}",
            "GET\0 / HTTP/1.1",
        ]
        answers = [await said_to(address, f"{head}\r\nConnection: close\r\n\r\n") for head in heads]
        assert not [answer for answer in answers if b"doctype" in answer]
        return [first_line(answer).split(" ")[1] for answer in answers]

    assert serving(out, ask) == ["404", "404", "421", "421", "421", "405", "405", "400", "400"]
    assert (out / "data/index.js").exists()


def test_a_port_that_is_taken_is_named(out: Path) -> None:
    async def ask(address: str, _: ClientSession) -> None:
        async with serve_report_folder(out, port=urlsplit(address).port or 0):
            pass

    with pytest.raises(qb.UsageError, match=r"can't be served on 127\.0\.0\.1:\d+: .*in use"):
        serving(out, ask)


def test_a_reader_that_hangs_up_disturbs_nobody(out: Path) -> None:
    async def ask(address: str, session: ClientSession) -> int:
        parts = urlsplit(address)
        for _ in range(3):
            _, writer = await asyncio.open_connection("127.0.0.1", parts.port)
            writer.write(f"GET {parts.path}full/0f/{HASH} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
            await writer.drain()
            writer.transport.abort()
        async with session.get(address) as answer:
            return answer.status

    assert serving(out, ask) == 200


def test_without_a_port_one_that_is_free_is_taken(run_folder: Path, tmp_path: Path) -> None:
    """Two reports can be looked at side by side."""
    request = ReportRequest(folders=(run_folder,), out=tmp_path / "out")
    written = qb.reports.write_report(request)

    async def main() -> set[int | None]:
        async with qb.reports.serve_report(request, written) as one, qb.reports.serve_report(request, written) as two:
            return {urlsplit(one.address).port, urlsplit(two.address).port}

    assert len(asyncio.run(main())) == 2


def test_the_way_in_for_a_browser_is_the_users_own_and_goes_with_the_server(run_folder: Path, tmp_path: Path) -> None:
    """The address with its token stands in no command line, which others on the machine could read."""
    request = ReportRequest(folders=(run_folder,), out=tmp_path / "out")
    written = qb.reports.write_report(request)

    async def main() -> Path:
        async with qb.reports.serve_report(request, written, port=0, has_doorway=True) as served:
            assert served.doorway is not None
            assert served.address in served.doorway.read_text(encoding="utf-8")
            assert served.doorway.stat().st_mode & 0o077 == 0
            async with ClientSession() as session, session.get(served.address + served.doorway.name) as answer:
                assert answer.status == 404
            return served.doorway

    assert not asyncio.run(main()).exists()
