"""Writes under a condition where a service takes the version of an object, and not its tag, as Google's does."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from obstore.exceptions import GenericError, PreconditionError

from qwave_batch.folder.stores.object_store import WriteLost
from qwave_batch.folder.stores.obstore_client import ObstoreClient, Patience
from qwave_batch.folder.stores.store_errors import StorePlace
from qwave_batch.model.store_url import StoreService


@dataclass
class VersionedLibrary:
    """The library over such a service, for one object."""

    data: bytes = b"one"
    version: int = 1
    modes: list[Any] = field(default_factory=list)
    races: int = 0
    """How many writes of others come between the look at the object and our write."""

    def head(self, _key: str) -> dict[str, Any]:
        return {"e_tag": f"tag-{self.version}", "version": str(self.version), "size": len(self.data)}

    def put(self, _key: str, data: bytes, *, mode: Any, **_: object) -> dict[str, Any]:
        self.modes.append(mode)
        if "version" not in mode:
            raise GenericError("Version required for conditional update")
        if self.races:
            self.races -= 1
            self.data, self.version = b"of another", self.version + 1
        if mode["version"] != str(self.version):
            raise PreconditionError("412")
        self.data, self.version = bytes(data), self.version + 1
        return {"e_tag": f"tag-{self.version}", "version": str(self.version)}

    def get(self, _key: str) -> "VersionedLibrary":
        return self

    def stream(self, **_: object) -> list[bytes]:
        return [self.data]


def client_of(library: VersionedLibrary) -> ObstoreClient:
    place = StorePlace(address="gs://bucket", bucket="bucket", service=StoreService.GCS)
    return ObstoreClient(library, place, Patience(tries=1))  # type: ignore[arg-type]


def test_an_object_with_its_tag_is_replaced_by_its_version() -> None:
    library = VersionedLibrary()
    tag = client_of(library).put("key", b"two", if_match="tag-1")
    assert (tag, library.data, library.modes) == ("tag-2", b"two", [{"version": "1"}])


def test_an_object_with_another_tag_is_left_and_nothing_is_sent() -> None:
    library = VersionedLibrary()
    with pytest.raises(WriteLost):
        client_of(library).put("key", b"two", if_match="tag-0")
    assert (library.data, library.modes) == (b"one", [])


def test_a_write_that_another_one_overtakes_is_refused() -> None:
    library = VersionedLibrary(races=1)
    with pytest.raises(WriteLost):
        client_of(library).put("key", b"two", if_match="tag-1")
    assert library.data == b"of another"


def test_a_write_that_came_before_its_answer_was_lost_counts() -> None:
    library = VersionedLibrary(data=b"two", version=2)
    assert client_of(library).put("key", b"two", if_match="tag-1") == "tag-2"
