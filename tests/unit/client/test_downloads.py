import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from qwave_batch.client.answers import DownloadAnswer, Downloaded, DownloadFailed, Expired
from qwave_batch.client.downloads import MAX_REDIRECTS, DownloadLimits, download
from qwave_batch.client.http import Forbidden, HttpRequest, HttpResponse, NeverSent, PerhapsSent, ResponseTooLarge, Sink
from qwave_batch.errors import StorageError
from qwave_batch.model.clock import SystemClock

URL = "https://cdn.example/a.png"
LIMITS = DownloadLimits(max_bytes=1000, timeout_s=10)
SMALL_BYTES = 10


class Scripted:
    """A transport that answers from a list and remembers what it was asked."""

    def __init__(self, script: Iterable[HttpResponse | BaseException]) -> None:
        self.script = list(script)
        self.requests: list[HttpRequest] = []

    async def send(self, request: HttpRequest) -> HttpResponse:
        raise NotImplementedError

    async def fetch(self, request: HttpRequest, sink: Sink, *, max_bytes: int) -> HttpResponse:
        assert max_bytes == LIMITS.max_bytes
        self.requests.append(request)
        step = self.script.pop(0)
        if isinstance(step, BaseException):
            sink.write(b"half", last=False)
            raise step
        if step.status == 200 and len(step.body) < SMALL_BYTES:
            sink.keep(step.body)
        elif step.status == 200:
            sink.write(step.body, last=True)
        return step


class JumpingClock(SystemClock):
    """A clock on which every look takes 6 seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        self.seconds += 6
        return self.seconds


def redirect(location: str) -> HttpResponse:
    return HttpResponse(status=302, headers={"location": location})


def fetched(
    into: Path, *script: HttpResponse | BaseException, url: str = URL, clock: SystemClock | None = None
) -> tuple[DownloadAnswer, list[HttpRequest]]:
    transport = Scripted(script)
    answer = asyncio.run(download(transport, url, into, limits=LIMITS, clock=clock or SystemClock()))
    assert into.exists() == (isinstance(answer, Downloaded) and answer.content is None)
    return answer, transport.requests


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "a.partial"


def test_a_file_that_came_is_described(into: Path) -> None:
    answer, requests = fetched(into, HttpResponse(status=200, headers={"content-type": "Image/PNG; x=y"}, body=b"abc"))
    assert answer == Downloaded(size_bytes=3, content=b"abc")
    assert requests[0].headers == {}


def test_a_large_file_is_on_disk_and_not_in_memory(into: Path) -> None:
    answer, _ = fetched(into, HttpResponse(status=200, body=b"x" * SMALL_BYTES))
    assert answer == Downloaded(size_bytes=SMALL_BYTES)
    assert into.read_bytes() == b"x" * SMALL_BYTES


def test_redirects_are_followed_by_hand(into: Path) -> None:
    answer, requests = fetched(
        into, redirect("/b"), redirect("https://other.example/c"), HttpResponse(status=200, body=b"x")
    )
    assert isinstance(answer, Downloaded)
    assert [request.url for request in requests] == [URL, "https://cdn.example/b", "https://other.example/c"]


def test_a_circle_of_redirects_ends(into: Path) -> None:
    answer, requests = fetched(into, *[redirect("/a.png")] * 20)
    assert answer == DownloadFailed(reason="more than 5 redirects", retryable=False)
    assert len(requests) == MAX_REDIRECTS + 1


@pytest.mark.parametrize("url", ["data:image/png;base64,AAAA", "file:///etc/passwd", "http://127.1/", ""])
def test_what_is_no_web_address_is_not_asked(into: Path, url: str) -> None:
    answer, requests = fetched(into, url=url)
    assert isinstance(answer, DownloadFailed)
    assert not answer.retryable
    assert requests == []


def test_a_redirect_that_gives_up_encryption_is_not_followed(into: Path) -> None:
    answer, requests = fetched(into, redirect("http://cdn.example/a.png"))
    assert isinstance(answer, DownloadFailed)
    assert "plain http" in answer.reason
    assert len(requests) == 1


@pytest.mark.parametrize("status", [403, 404, 410])
def test_an_address_that_serves_no_more_is_expired(into: Path, status: int) -> None:
    assert fetched(into, HttpResponse(status=status))[0] == Expired(
        status=status, reason=f"cdn.example answered HTTP {status}"
    )


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(206, False), (204, False), (304, False), (400, False), (401, False), (408, True), (425, True), (429, True),
     (500, True), (503, True)],
)  # fmt: skip
def test_other_ends_say_whether_to_try_again(into: Path, status: int, retryable: bool) -> None:  # noqa: FBT001
    answer = fetched(into, HttpResponse(status=status, headers={"retry-after": "4"}))[0]
    assert isinstance(answer, DownloadFailed)
    assert (answer.retryable, answer.status, answer.retry_after_s) == (retryable, status, 4)


def test_an_empty_file_is_a_failure(into: Path) -> None:
    answer = fetched(into, HttpResponse(status=200))[0]
    assert answer == DownloadFailed(reason="cdn.example sent an empty file", retryable=True, status=200)


@pytest.mark.parametrize(
    ("kind", "retryable"), [(NeverSent, True), (PerhapsSent, True), (Forbidden, False), (ResponseTooLarge, False)]
)
def test_a_broken_transfer_leaves_nothing(
    into: Path,
    kind: Callable[[str], BaseException],
    retryable: bool,  # noqa: FBT001
) -> None:
    answer = fetched(into, kind("it broke"))[0]
    assert answer == DownloadFailed(reason="cdn.example: it broke", retryable=retryable)


def test_what_an_earlier_try_left_goes_too(into: Path) -> None:
    into.write_bytes(b"half of an older try")
    assert isinstance(fetched(into, HttpResponse(status=404))[0], Expired)


def test_the_deadline_spans_all_redirects(into: Path) -> None:
    answer, requests = fetched(into, *[redirect("/b")] * 9, clock=JumpingClock())
    assert answer == DownloadFailed(reason="no whole file in time", retryable=True)
    assert [request.timeout_s for request in requests] == [4]


@pytest.mark.parametrize("error", [StorageError("the disk is full"), KeyboardInterrupt(), asyncio.CancelledError()])
def test_an_error_of_our_own_goes_on_and_leaves_nothing(into: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        fetched(into, error)
    assert not into.exists()
