"""Certificates that are not accepted: named, with the way out, and not waited for.

``certificates/`` holds self-signed ones of this test alone, with the key of them all.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.client.connection import Trust, trust_from
from qwave_batch.client.http import HttpRequest, PerhapsSent, TransportFailed, Untrusted
from qwave_batch.client.transport import AiohttpTransport

CERTIFICATES = Path(__file__).parent / "certificates"
SPEC = """\
version: 1
name: distrusted
catalog: "2026-05"
request: {model: z-image-turbo, aspect_ratio: "1:1"}
prompts: [A lantern]
"""


class Served:
    """Requests that reached a server."""

    def __init__(self) -> None:
        self.requests = 0
        self.port = 0


ANSWER = b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"


@asynccontextmanager
async def serving(certificate: str | None) -> AsyncIterator[Served]:
    served, context = Served(), None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / certificate, CERTIFICATES / "key.pem")

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            served.requests += 1
            writer.write(ANSWER)
            break
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=context)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()


async def asked(certificate: str | None, scheme: str, trust: Trust) -> TransportFailed | int:
    async with serving(certificate) as served:
        base = f"{scheme}://127.0.0.1:{served.port}/v1"
        async with AiohttpTransport(base, trust=trust) as transport:
            try:
                return (await transport.send(HttpRequest(method="GET", url=f"{base}/models"))).status
            except TransportFailed as failed:
                return failed


def trusting(certificate: str) -> Trust:
    return trust_from({"SSL_CERT_FILE": str(CERTIFICATES / certificate)})


@pytest.mark.parametrize(
    ("certificate", "trust", "said"),
    [
        ("trusted.pem", Trust(), "of 127.0.0.1 is not trusted .*SSL_CERT_FILE or REQUESTS_CA_BUNDLE"),
        ("trusted.pem", trusting("other-name.pem"), "of 127.0.0.1 is not trusted"),
        ("expired.pem", trusting("expired.pem"), "of 127.0.0.1 has expired"),
        ("not-yet.pem", trusting("not-yet.pem"), "of 127.0.0.1 is not valid yet: is the clock right"),
        ("other-name.pem", trusting("other-name.pem"), "of 127.0.0.1 is for another (name|address)"),
        (None, Trust(), "127.0.0.1 does not speak TLS at this port"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said(certificate: str | None, trust: Trust, said: str) -> None:
    failed = asyncio.run(asked(certificate, "https", trust))
    assert isinstance(failed, Untrusted)
    with pytest.raises(Untrusted, match=said):
        raise failed


def test_http_to_a_port_of_tls_says_so() -> None:
    failed = asyncio.run(asked("trusted.pem", "http", Trust()))
    assert isinstance(failed, PerhapsSent)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_variable_that_names_the_certificate_opens_the_way(variable: str) -> None:
    trust = trust_from({variable: str(CERTIFICATES / "trusted.pem")})
    assert asyncio.run(asked("trusted.pem", "https", trust)) == 404


@pytest.mark.parametrize("file", ["missing.pem", "key.pem"])
def test_a_variable_that_names_no_certificates_is_told(file: str) -> None:
    async def opening() -> None:
        trust = trust_from({"REQUESTS_CA_BUNDLE": str(CERTIFICATES / file)})
        async with AiohttpTransport("https://127.0.0.1:1/v1", trust=trust):
            pass

    with pytest.raises(qb.UsageError, match=f"REQUESTS_CA_BUNDLE names .*{file}"):
        asyncio.run(opening())


def test_a_run_ends_after_two_tries_and_names_the_certificate(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC, encoding="utf-8")

    async def scenario() -> tuple[qb.RunSummary, int]:
        async with serving("trusted.pem") as served:
            connection = qb.Connection(key="k", base_url=f"https://127.0.0.1:{served.port}/v1")
            return await qb.run_batch(spec, connection=connection, out_dir=tmp_path / "run"), served.requests

    summary, requests = asyncio.run(scenario())
    assert (summary.exit_status, summary.counts.pending, requests) == (1, 1, 0)
    assert "the certificate of 127.0.0.1 is not trusted" in summary.reason
    assert "SSL_CERT_FILE" in summary.reason
    assert summary.seconds < 10
