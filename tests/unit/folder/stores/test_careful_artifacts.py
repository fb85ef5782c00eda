"""Of several writers into a store, one overwrites only what it has looked at."""

import pytest

from qwave_batch.folder.stores.object_store import WriteLost
from qwave_batch.folder.stores.store_artifacts import StoreArtifacts
from tests.memory_objects import MemoryObjects


def test_what_has_come_since_the_look_is_not_overwritten() -> None:
    objects = MemoryObjects()
    late = StoreArtifacts(objects).careful()
    assert late.look("images/1.png") is None
    StoreArtifacts(objects).take_in("images/1.png", b"another's")
    with pytest.raises(WriteLost):
        late.take_in("images/1.png", b"late")
    assert objects.get("images/1.png").data == b"another's"  # type: ignore[union-attr]


def test_what_was_looked_at_is_replaced() -> None:
    objects = MemoryObjects()
    writer = StoreArtifacts(objects).careful()
    writer.take_in("images/1.png", b"first")
    assert writer.look("images/1.png") is not None
    writer.take_in("images/1.png", b"second")
    assert objects.get("images/1.png").data == b"second"  # type: ignore[union-attr]
