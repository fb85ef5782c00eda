"""An S3 server on loopback, shared by the tests of object stores; a bucket of its own for each test."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.integration.stores.faulty_proxy import FaultyProxy, serve_proxy
from tests.s3_server import s3_from_behind, serving_s3

KEY_ID, SECRET = "AKIATESTKEYOFNOBODY0", "s3cr3t-of-nobody/that+must+appear+nowhere"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of the server, looked at from behind: no request is made for it."""

    name: str
    endpoint: str

    @property
    def url(self) -> str:
        return f"s3://{self.name}"

    def keys(self) -> list[str]:
        return sorted(s3_from_behind().buckets[self.name].keys)

    def below(self, folder: str = "") -> list[str]:
        return [key for key in self.keys() if key.startswith(folder)]

    def content(self, key: str) -> bytes:
        found: bytes = s3_from_behind().buckets[self.name].keys[key].value
        return found

    def content_type(self, key: str) -> str:
        return str(s3_from_behind().buckets[self.name].keys[key].metadata["Content-Type"])

    def put(self, key: str, data: bytes) -> None:
        s3_from_behind().put_object(self.name, key, data)

    def remove(self, key: str) -> None:
        s3_from_behind().delete_object(self.name, key)

    def environment(self, endpoint: str | None = None) -> dict[str, str]:
        """Return what a process needs to reach it, or to reach it by way of a proxy."""
        return {
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": endpoint or self.endpoint,
            "AWS_ALLOW_HTTP": "true",
        }


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of an S3 server."""
    with serving_s3() as address:
        yield address


def made_bucket(server: str) -> Bucket:
    """Return an empty bucket of a server."""
    made = Bucket(f"bucket-{next(_numbers)}", server)
    s3_from_behind().create_bucket(made.name, "us-east-1")
    return made


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty bucket, with the environment in which it is reached."""
    made = made_bucket(s3_server)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in made.environment().items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def proxy(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """A proxy before the bucket, by which the environment reaches it."""
    with serve_proxy(bucket.endpoint) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL", served.address)
        yield served
