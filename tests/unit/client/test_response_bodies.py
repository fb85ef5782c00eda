"""Digests that a server states are checked against the body; unreadable ones are ignored."""

import base64
import hashlib
import zlib

import pytest

from qwave_batch.client.response_bodies import checks_of

BODY = b"an image" * 1000


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


MD5, SHA1, SHA256, SHA512 = (hashlib.new(name, BODY).digest() for name in ("md5", "sha1", "sha256", "sha512"))
CRC32 = zlib.crc32(BODY).to_bytes(4)
TOLD = [
    ("content-md5", b64(MD5)),
    ("content-md5", MD5.hex()),
    ("content-md5", MD5.hex().upper()),
    ("digest", f"SHA-256={b64(SHA256)}"),
    ("digest", f"md5={b64(MD5)}, sha-512={b64(SHA512)}"),
    ("digest", f"sha={b64(SHA1)}"),
    ("digest", f"unixsum=30637, SHA-256={SHA256.hex()}"),
    ("repr-digest", f"sha-256=:{b64(SHA256)}:"),
    ("repr-digest", f"sha-512=:{b64(SHA512)}:, crc32c=:AAAAAA==:"),
    ("content-digest", f"sha-256=:{b64(SHA256)}:;x=1"),
    ("x-amz-checksum-sha256", b64(SHA256)),
    ("x-amz-checksum-sha1", b64(SHA1)),
    ("x-amz-checksum-crc32", b64(CRC32)),
    ("x-goog-hash", f"crc32c=n03x6A==, md5={b64(MD5)}"),
    ("x-ms-blob-content-md5", b64(MD5)),
    ("x-bz-content-sha1", SHA1.hex()),
]
LET_BE = [
    ("etag", f'"{hashlib.md5(b"other").hexdigest()}"'),
    ("etag", f'W/"{hashlib.md5(b"other").hexdigest()}"'),
    ("content-md5", ""),
    ("content-md5", "unknown"),
    ("content-md5", b64(b"too short")),
    ("content-md5", f"{b64(MD5)}, {b64(MD5)}"),
    ("digest", "sha-256"),
    ("digest", f"sha-256={b64(SHA256)[:-5]}"),
    ("digest", "crc32c=AAAAAA==,blake3=AAAA"),
    ("repr-digest", "sha-256=:\x80:"),
    ("x-amz-checksum-sha256", f"{b64(SHA256)}-3"),
    ("x-amz-checksum-crc64nvme", "AAAAAAAAAAA="),
    ("x-bz-content-sha1", "none"),
    ("x-oss-hash-crc64ecma", "1234567890"),
]


def fault(header: str, value: str, body: bytes = BODY, *, kind: str = "") -> str | None:
    checks = checks_of({header: value, "x-amz-checksum-type": kind})
    for at in range(0, len(body), 700):
        checks.take_sent(body[at : at + 700])
        checks.take_meant(body[at : at + 700])
    return checks.fault()


@pytest.mark.parametrize(("header", "value"), TOLD)
def test_a_digest_is_held_to_the_bytes(header: str, value: str) -> None:
    assert fault(header, value) is None
    told = fault(header, value, BODY[:-1] + b"?")
    assert told is not None
    assert header in told


@pytest.mark.parametrize(("header", "value"), LET_BE)
def test_what_can_not_be_read_is_let_be(header: str, value: str) -> None:
    assert fault(header, value) is None


def test_a_checksum_of_parts_is_let_be() -> None:
    other = b64(hashlib.sha256(b"other").digest())
    assert fault("x-amz-checksum-sha256", other, kind="COMPOSITE") is None
    assert fault("x-amz-checksum-sha256", other, kind="FULL_OBJECT") is not None


@pytest.mark.parametrize("is_of_the_compressed", [True, False])
def test_of_a_compressed_body_either_digest_is_right(*, is_of_the_compressed: bool) -> None:
    packed = zlib.compress(BODY)
    checks = checks_of({"content-md5": b64(hashlib.md5(packed if is_of_the_compressed else BODY).digest())})
    checks.take_sent(packed)
    checks.take_meant(BODY)
    assert checks.fault() is None
