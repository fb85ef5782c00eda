"""An object store in memory (``folder/stores/object_store.py``), with stamps of its own clock and faults at will."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import RLock
from typing import BinaryIO

from qwave_batch.errors import StorageError
from qwave_batch.folder.stores.object_store import Content, ObjectFacts, StoredObject, WriteLost


@dataclass(slots=True)
class MemoryObjects:
    """Keeps objects in a dict; their tags are numbers of writes, as stores may make them."""

    now: Callable[[], float] = lambda: 0.0
    """The store's clock; its stamps are cut to seconds."""
    before: Callable[[str, str], None] = lambda _call, _key: None
    """Called before each call with its name and key; what it raises is the call's."""
    after: Callable[[str, str], None] = lambda _call, _key: None
    """The same after a call was carried out: then its answer is lost."""
    objects: dict[str, StoredObject] = field(default_factory=dict)
    writes: int = 0
    _lock: RLock = field(default_factory=RLock)

    @property
    def address(self) -> str:
        return "memory://objects"

    def put(
        self,
        key: str,
        data: Content,
        *,
        content_type: str = "application/octet-stream",
        if_absent: bool = False,
        if_match: str | None = None,
    ) -> str:
        assert content_type
        self.before("put", key)
        with self._lock:
            there = self.objects.get(key)
            is_refused = (if_absent and there is not None) or (
                if_match is not None and (there is None or there.facts.tag != if_match)
            )
            if is_refused and (there is None or there.data != bytes(data)):
                raise WriteLost(f"{key} was written by another process")
            if is_refused and there is not None:
                return there.facts.tag
            self.writes += 1
            facts = ObjectFacts(
                key=key, size_bytes=len(data), tag=f"tag-{self.writes}", written_at=float(int(self.now()))
            )
            self.objects[key] = StoredObject(facts, bytes(data))
        self.after("put", key)
        return facts.tag

    def get(self, key: str) -> StoredObject | None:
        self.before("get", key)
        return self.objects.get(key)

    def open(self, key: str) -> BinaryIO | None:
        found = self.get(key)
        return None if found is None else io.BytesIO(found.data)

    def head(self, key: str) -> ObjectFacts | None:
        found = self.get(key)
        return None if found is None else found.facts

    def list(self, folder: str = "", *, after: str = "") -> Iterator[ObjectFacts]:
        self.before("list", folder)
        for key in sorted(self.objects):
            if key > after and (not folder or key.startswith(f"{folder}/")):
                yield self.objects[key].facts

    def delete(self, key: str) -> None:
        self.before("delete", key)
        self.objects.pop(key, None)


def failing(*calls: str, times: int = 1_000_000, ending: str = "") -> Callable[[str, str], None]:
    """Return what makes the first so many of these calls fail, for keys with an ending."""
    left = [times]

    def fail(call: str, key: str) -> None:
        if call in calls and key.endswith(ending) and left[0] > 0:
            left[0] -= 1
            raise StorageError("503 SlowDown")

    return fail
