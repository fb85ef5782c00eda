"""A server's answer to a call is decided by the call's first line and its Host header alone."""

import re
from http import HTTPStatus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qwave_batch.report.served_files import (
    POLICY,
    SECURITY_HEADERS,
    HandOut,
    TurnAway,
    judge_call,
    span_of,
)
from tests.package_code import PACKAGE

TOKEN = "t0ken-of_nobody"
HOST = "127.0.0.1:8378"
HASH = "ab" * 16


def judged(below: str, *, method: str = "GET", host: str | None = HOST, token: str = TOKEN) -> HandOut | TurnAway:
    return judge_call(method, host, f"/{token}/{below}", token=TOKEN)


def test_the_policy_of_the_page_is_the_policy_of_its_headers() -> None:
    page = (PACKAGE / "report/page/index.html").read_text(encoding="utf-8")
    assert f'http-equiv="Content-Security-Policy" content="{POLICY}"' in page
    assert SECURITY_HEADERS["Content-Security-Policy"] == f"{POLICY}; frame-ancestors 'none'"


def test_every_file_that_the_page_names_is_handed_out() -> None:
    page = (PACKAGE / "report/page/index.html").read_text(encoding="utf-8")
    named = re.findall(r'(?:src|href)="((?:page|data)/[^"]+)"', page)
    assert len(named) > 10
    assert [judged(path) for path in named] == [HandOut(path) for path in named]


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("page/vendor/chart.min.js", "text/javascript; charset=utf-8"),
        ("data/details/000.js", "text/javascript; charset=utf-8"),
        (f"thumbs/ab/{HASH}.webp", "image/webp"),
    ],
)
def test_a_file_is_handed_out_with_the_type_of_its_ending(path: str, content_type: str) -> None:
    found = judged(path)
    assert found == HandOut(path)
    assert isinstance(found, HandOut)
    assert found.content_type(b"<script>") == content_type


@pytest.mark.parametrize(
    ("beginning", "content_type"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"GIF89a", "image/gif"),
        (b"\0\0\0\x1cftypavif", "image/avif"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "application/octet-stream"),
        (b"<!doctype html><script>", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_an_original_has_the_type_of_its_signature_and_no_other_that_a_browser_runs(
    beginning: bytes, content_type: str
) -> None:
    assert HandOut(f"full/ab/{HASH}").content_type(beginning) == content_type


def test_only_images_are_kept_by_a_browser() -> None:
    """Their names are their hashes; all else changes while a run goes on."""
    assert HandOut(f"full/ab/{HASH}").cache_control == HandOut(f"thumbs/ab/{HASH}.webp").cache_control
    assert "immutable" in HandOut(f"full/ab/{HASH}").cache_control
    assert {HandOut(path).cache_control for path in ("index.html", "page/a.js", "data/index.js")} == {"no-store"}


@pytest.mark.parametrize(
    "below",
    [
        "../manifest.jsonl",
        "page/../../manifest.jsonl",
        "page/%2e%2e/%2e%2e/manifest.jsonl",
        "page%2f..%2f..%2fmanifest.jsonl",
        "page\\..\\..\\manifest.jsonl",
        "//etc/passwd",
        "/etc/passwd",
        "page/",
        "data",
        "thumbs/made.txt",
        ".writing",
        "data/.tmp-1234-index.js",
        "index.html%00.js",
        "index.html\0",
        "INDEX.HTML",
        "page/a.js/b",
        "page/a.html",
        "data/index.json",
        f"full/ab/{HASH}.svg",
        f"full/ab/{HASH.upper()}",
        "open-served.html",
    ],
)
def test_no_other_address_leads_to_a_file(below: str) -> None:
    assert judged(below) == TurnAway(HTTPStatus.NOT_FOUND)


@given(st.text(alphabet="./%2eEfF\\\0abpage:~index.html", max_size=30))
@example("page/..")
def test_what_is_handed_out_is_below_the_folder(below: str) -> None:
    found = judged(below)
    if isinstance(found, HandOut):
        assert not {"", ".", ".."} & set(found.path.split("/"))
        assert "%" not in found.path


@pytest.mark.parametrize("target", ["", "/", "*", f"http://{HOST}/{TOKEN}/", f"/{TOKEN}x/", "/x/", f"//{TOKEN}/"])
def test_without_the_token_nothing_is_there(target: str) -> None:
    assert judge_call("GET", HOST, target, token=TOKEN) == TurnAway(HTTPStatus.NOT_FOUND)


def test_the_token_without_a_slash_leads_to_the_page() -> None:
    found = judge_call("GET", HOST, f"/{TOKEN}", token=TOKEN)
    assert found == TurnAway(HTTPStatus.FOUND, {"Location": f"/{TOKEN}/"})
    assert judged("") == HandOut("index.html")
    assert judged("?whatever") == HandOut("index.html")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:1", "localhost:65535", "LocalHost", "[::1]:8378"])
def test_names_of_this_machine_are_accepted_with_any_port(host: str) -> None:
    """The port of a tunnel is another one at each end."""
    assert judged("", host=host) == HandOut("index.html")


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "evil.example:8378",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8378",
        "127.0.0.1@evil.example",
        "evil.example#127.0.0.1",
        "127.0.0.1:8378, evil.example",
        "127.0.0.1:",
        "127.0.0.1\n",
        "0.0.0.0:8378",
        "192.168.0.1:8378",
    ],
)
def test_another_host_is_turned_away_even_with_the_token(host: str | None) -> None:
    assert judged("", host=host) == TurnAway(HTTPStatus.MISDIRECTED_REQUEST)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "PROPFIND"])
def test_a_report_is_only_read(method: str) -> None:
    assert judged("", method=method) == TurnAway(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})
    assert judged("", method=method, token="x") == TurnAway(HTTPStatus.NOT_FOUND)


@given(start=st.integers(-20, 20) | st.none(), stop=st.integers(0, 20) | st.none(), size=st.integers(0, 12))
def test_a_range_is_what_python_cuts_from_the_file(start: int | None, stop: int | None, size: int) -> None:
    wanted, data = slice(start, stop, 1), bytes(range(size))
    span = span_of(wanted, size)
    assert (b"" if span is None else data[slice(*span)]) == data[wanted]
