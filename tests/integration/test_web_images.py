"""Input images on the web: fetched as results are, with the same limits and the same places that are never asked."""

import asyncio
import errno
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from qwave_batch.api.folder_inputs import WebImageFetcher, home_of
from qwave_batch.catalog.catalog_source import SHIPPED
from qwave_batch.errors import StorageError, UsageError
from qwave_batch.export.web_images import FetchedImage, NotFetched
from qwave_batch.files.tree import Tree

HERE = "http://127.0.0.1/v1"
LARGE = bytes(range(256)) * 8192
"""2 MiB, which is more than stays in memory on the way."""


class _Pictures(BaseHTTPRequestHandler):
    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(self.path)
        answers = {"/small": (200, b"small"), "/large": (200, LARGE), "/moved": (302, b""), "/inside": (302, b"")}
        status, body = answers.get(self.path, (404, b"nothing"))
        if self.path == "/busy" and self.seen.count("/busy") == 1:
            status, body = HTTPStatus.SERVICE_UNAVAILABLE, b""
        elif self.path == "/busy":
            status, body = 200, b"later"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == HTTPStatus.FOUND:
            self.send_header("Location", "/small" if self.path == "/moved" else "http://169.254.169.254/latest")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def pictures() -> Iterator[tuple[str, list[str]]]:
    """A web server's address, and the paths it was asked for."""
    seen: list[str] = []
    handler = type("Pictures", (_Pictures,), {"seen": seen})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()
        thread.join()


def test_each_address_has_its_bytes_or_the_reason_why_not(pictures: tuple[str, list[str]]) -> None:
    """Also a large one, a moved one, and one whose host was busy at first; each is asked for once."""
    at, seen = pictures
    paths = ["/small", "/large", "/moved", "/busy", "/gone", "/small"]
    with WebImageFetcher(HERE, {}) as web:
        found = {
            address.removeprefix(at): answer.read() if isinstance(answer, FetchedImage) else answer
            for address, answer in web.fetched([at + path for path in paths]).items()
        }
    assert found == {
        "/small": b"small",
        "/large": LARGE,
        "/moved": b"small",
        "/busy": b"later",
        "/gone": NotFetched("127.0.0.1 answered HTTP 404"),
    }
    assert sorted(seen) == ["/busy", "/busy", "/gone", "/large", "/moved", "/small", "/small"]


def test_they_are_fetched_where_an_event_loop_is_at_work_too(pictures: tuple[str, list[str]]) -> None:
    """As in a notebook; and a large body is there until the next call."""

    async def cell() -> list[bytes]:
        with WebImageFetcher(HERE, {}) as web:
            bodies = []
            for path in ("/large", "/small"):
                (answer,) = web.fetched([pictures[0] + path]).values()
                assert isinstance(answer, FetchedImage)
                bodies.append(answer.read())
            return bodies

    assert asyncio.run(cell()) == [LARGE, b"small"]


def test_a_disk_that_is_full_is_told_and_not_taken_for_a_silent_host(
    pictures: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Tree, "create", refuse)
    with WebImageFetcher(HERE, {}) as web, pytest.raises(StorageError, match="No space left"):
        web.fetched([pictures[0] + "/large"])


def test_certificates_that_cannot_be_read_are_told_before_anything_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "own.pem").write_text("nothing", encoding="utf-8")
    with pytest.raises(UsageError, match="SSL_CERT_FILE"):
        WebImageFetcher(HERE, {"SSL_CERT_FILE": str(tmp_path / "own.pem")})


@pytest.mark.parametrize(
    ("home", "path"),
    [
        ("https://8.8.8.8/v1", "/small"),
        (HERE, "/inside"),
    ],
    ids=["this machine, for a folder of a real API", "where clouds keep credentials, by a redirect"],
)
def test_nothing_is_fetched_from_the_own_network(pictures: tuple[str, list[str]], home: str, path: str) -> None:
    at, seen = pictures
    with WebImageFetcher(home, {}) as web:
        (answer,) = web.fetched([at + path]).values()
    assert isinstance(answer, NotFetched)
    assert "leads into the own network" in answer.reason
    assert seen == ([path] if home == HERE else [])


def test_a_signed_address_is_never_repeated() -> None:
    with WebImageFetcher(HERE, {}) as web:
        (answer,) = web.fetched(["http://user:secret@pictures.example.com/a.png?Signature=secret"]).values()
    assert isinstance(answer, NotFetched)
    assert "secret" not in answer.reason


def test_a_folder_opens_no_network_that_its_user_did_not() -> None:
    """A stranger's folder may name any API; only the user's own base URL counts, and the simulator's."""
    shipped = SHIPPED.at(SHIPPED.newest()).base_url
    assert home_of("10.0.0.7", {}, SHIPPED) == shipped
    assert home_of(None, {}, SHIPPED) == shipped
    assert home_of("simulator", {"QWAVE_BASE_URL": "https://gateway.example/v1"}, SHIPPED) == HERE
    assert home_of("gateway.example", {"QWAVE_BASE_URL": "https://gateway.example/v1"}, SHIPPED).startswith("https://g")


def test_a_proxy_that_cannot_be_used_is_told_before_anything_is_fetched() -> None:
    with pytest.raises(UsageError, match="HTTPS_PROXY"):
        WebImageFetcher(HERE, {"HTTPS_PROXY": "socks5://127.0.0.1:9"})
