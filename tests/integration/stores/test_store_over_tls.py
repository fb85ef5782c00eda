"""A store behind a certificate: one that is not trusted is named as the reason, and can be trusted by a file."""

import os
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from qwave_batch.folder.stores.opening import QUICK, open_object_store
from qwave_batch.folder.stores.store_errors import StoreRefused, StoreUnusable
from qwave_batch.model.store_url import read_store_url

URL = read_store_url("s3://bucket/x")


class HasNothing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def signed(name: str, key: ec.EllipticCurvePrivateKey, issuer: str, by: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Return a certificate for this machine, or for its issuer itself."""
    named = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, issuer)]
    now = datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    return (
        x509.CertificateBuilder()
        .subject_name(named[0])
        .issuer_name(named[1])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
        .add_extension(here, critical=False)
        .sign(by, hashes.SHA256())
    )


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """The file of an authority that nobody knows; ``server.pem`` beside it has a certificate of it, and its key."""
    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    own_pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    own_pem += signed("server", own, "authority", root).public_bytes(Encoding.PEM)
    (tmp_path / "server.pem").write_bytes(own_pem)
    file = tmp_path / "authority.pem"
    file.write_bytes(signed("authority", root, "authority", root).public_bytes(Encoding.PEM))
    return file


@pytest.fixture
def server(authority: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.with_name("server.pem"))
    with ThreadingHTTPServer(("127.0.0.1", 0), HasNothing) as served:
        served.socket = context.wrap_socket(served.socket, server_side=True)
        monkeypatch.setattr(served, "handle_error", lambda *_: None)
        threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        for name, value in (
            ("AWS_ENDPOINT_URL", f"https://127.0.0.1:{served.server_address[1]}"),
            ("AWS_ACCESS_KEY_ID", "of-nobody"),
            ("AWS_SECRET_ACCESS_KEY", "of-nobody"),
        ):
            monkeypatch.setenv(name, value)
        yield
        served.shutdown()


@pytest.mark.usefixtures("server")
def test_a_certificate_of_ones_own_is_named_and_can_be_trusted(
    authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreRefused, match="is not reached: its certificate is not trusted"):
        open_object_store(URL, os.environ, patience=QUICK).get("a")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority))
    assert open_object_store(URL, os.environ, patience=QUICK).get("a") is None


def test_a_file_of_certificates_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    with pytest.raises(StoreUnusable, match=r"missing\.pem, which AWS_CA_BUNDLE names, no such file"):
        open_object_store(URL, os.environ)


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [("https://key:s3cr3t@127.0.0.1:9", "holds a name or a key"), ("127.0.0.1:s3cr3t", "is no http address")],
)
def test_an_endpoint_with_a_key_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, words: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(StoreUnusable, match=words) as raised:
        open_object_store(URL, os.environ)
    assert "s3cr3t" not in str(raised.value)
