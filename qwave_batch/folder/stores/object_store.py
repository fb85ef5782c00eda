"""An object store as this program needs one, behind a small Protocol: whole objects, and conditional writes."""

from collections.abc import Iterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Protocol, TypeAlias

from qwave_batch.errors import StorageError

Content: TypeAlias = bytes | memoryview
"""The content to write; a view may be one of a mapped file, so that a large object is never in memory."""
SPOOL_BYTES = 16 << 20
"""An object that is larger than this is read by way of a temporary file, of which no name is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFacts:
    """An object as a look at it shows."""

    key: str
    """Its name below the store's prefix, with ``/``."""
    size_bytes: int
    tag: str
    """The store's ETag: another one whenever the content is another; what ``if_match`` takes."""
    written_at: float
    """Unix seconds by the store's clock, to the second at best."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that was read whole."""

    facts: ObjectFacts
    data: bytes


class WriteLost(StorageError):
    """Another process wrote an object between our look at it and our write, which the store has refused."""


class ObjectStore(Protocol):
    """A place in an object store; keys are relative to it. Its calls block, and may be made by several threads at once.

    Failures that pass (503, resets, timeouts) are tried again for about two minutes. Every call raises StorageError for
    a store that refuses or can't be reached, with one sentence that holds no credentials.
    """

    @property
    def address(self) -> str:
        """The place, for people: ``s3://bucket/prefix``."""
        ...

    def put(
        self,
        key: str,
        data: Content,
        *,
        content_type: str = "application/octet-stream",
        if_absent: bool = False,
        if_match: str | None = None,
    ) -> str:
        """Write an object whole, with one request, and return its tag; it is durable when this returns.

        Args:
            key: The object.
            data: Its content.
            content_type: Its type, for browsers.
            if_absent: Only if there is no object of that name.
            if_match: Only if the object there still has this tag.

        Raises:
            WriteLost: the condition does not hold, and what is there is not ``data``. A write of ours whose answer was
                lost is found again by its content, and counts as written.
            StorageError: as for every call.
        """
        ...

    def get(self, key: str) -> StoredObject | None:
        """Return a small object whole; None when it is not there."""
        ...

    def open(self, key: str) -> BinaryIO | None:
        """Return a copy of an object to read and seek in; a large one is in a temporary file without a name."""
        ...

    def head(self, key: str) -> ObjectFacts | None:
        """Return what can be seen of an object; None when it is not there."""
        ...

    def list(self, folder: str = "", *, after: str = "") -> Iterator[ObjectFacts]:
        """Yield the objects below a folder (all for an empty one) whose keys come after one, by key."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; what is not there is let be."""
        ...


def spool() -> SpooledTemporaryFile[bytes]:
    """Return an empty temporary file that is in memory while it is small."""
    return SpooledTemporaryFile(SPOOL_BYTES)
