"""The ``ObjectStore`` over obstore: S3 and what speaks its language, Google Cloud Storage and Azure."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from qwave_batch import lazy
from qwave_batch.folder.stores.object_store import Content, ObjectFacts, StoredObject, WriteLost, spool
from qwave_batch.folder.stores.store_errors import StorePlace, has_no_object, store_refusal
from qwave_batch.model.store_url import StoreService

if TYPE_CHECKING:
    from obstore import ObjectMeta, PutMode, UpdateVersion
    from obstore.store import AzureStore, GCSStore, MemoryStore, S3Store

_PIECE_BYTES = 4 << 20
_LIST_AT_ONCE = 1000
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a call is repeated by us: what the library leaves to us, as it can't know whether a write has come."""

    tries: int = 6
    first_pause_s: float = 0.2
    longest_pause_s: float = 10.0
    answer_s: float = 120.0
    """How long an answer may take."""

    def pause_s(self, tries: int) -> float:
        """Return how long to wait after so many tries, from 1: twice as long each time, and never all at one moment."""
        longest = min(self.longest_pause_s, self.first_pause_s * 2 ** (tries - 1))
        return random.uniform(longest / 2, longest)  # noqa: S311 - it spreads calls, and keeps no secret


@dataclass(frozen=True, slots=True)
class ObstoreClient:
    """See ``ObjectStore``."""

    _library: "S3Store | GCSStore | AzureStore | MemoryStore"
    """Rooted at the prefix."""
    place: StorePlace
    patience: Patience = Patience()

    @property
    def address(self) -> str:
        """The place, for people."""
        return self.place.address

    def put(
        self,
        key: str,
        data: Content,
        *,
        content_type: str = "application/octet-stream",
        if_absent: bool = False,
        if_match: str | None = None,
    ) -> str:
        """Write an object whole, with one request."""
        lost = (lazy.obstore_exceptions.AlreadyExistsError, lazy.obstore_exceptions.PreconditionError)

        def write() -> str:
            try:
                mode: PutMode = (
                    "create" if if_absent else "overwrite" if if_match is None else self._only(key, if_match)
                )
                done = self._library.put(
                    key, data, mode=mode, attributes={"Content-Type": content_type}, use_multipart=False
                )
            except lost:
                tag = self._tag_if_ours(key, data, if_match)
                if tag is None:  # the condition holds: two writes met (409 on a race), and none was carried out
                    raise
                return tag
            return done["e_tag"] or ""

        return self._call(f"write {key}", write)

    def get(self, key: str) -> StoredObject | None:
        """Return an object whole."""

        def read() -> StoredObject:
            found = self._library.get(key)
            return StoredObject(_facts(found.meta), bytes(found.bytes()))

        return self._call_for(f"read {key}", read)

    def open(self, key: str) -> BinaryIO | None:
        """Return a copy of an object; a large one is in a temporary file."""

        def read() -> BinaryIO:
            copy = spool()
            try:
                for piece in self._library.get(key).stream(min_chunk_size=_PIECE_BYTES):
                    copy.write(piece)
            except BaseException:
                copy.close()
                raise
            copy.seek(0)
            return copy  # type: ignore[return-value]  # it has all that is asked of a file

        return self._call_for(f"read {key}", read)

    def head(self, key: str) -> ObjectFacts | None:
        """Return what can be seen of an object."""
        return self._call_for(f"look at {key}", lambda: _facts(self._library.head(key)))

    def list(self, folder: str = "", *, after: str = "") -> Iterator[ObjectFacts]:
        """Yield the objects below a folder; a list that breaks off goes on behind its last key."""
        last, stream = after, None

        def next_page() -> "Sequence[ObjectMeta]":
            nonlocal stream
            if stream is None:
                stream = self._library.list(folder or None, offset=last or None, chunk_size=_LIST_AT_ONCE)
            try:
                return next(stream, ())
            except BaseException:
                stream = None
                raise

        while page := self._call("look into it", next_page):
            last = page[-1]["path"]
            yield from map(_facts, page)

    def delete(self, key: str) -> None:
        """Remove an object."""
        self._call_for(f"remove {key}", lambda: self._library.delete(key))

    def _only(self, key: str, tag: str) -> "UpdateVersion":
        """Return the condition that an object still has this tag; Google's service knows objects by another number."""
        if self.place.service is not StoreService.GCS:
            return {"e_tag": tag}
        try:
            there = self._library.head(key)
        except FileNotFoundError:
            there = None
        if there is None or there["e_tag"] != tag:
            raise lazy.obstore_exceptions.PreconditionError(f"{key} has not this tag")
        return {"version": there["version"]}

    def _tag_if_ours(self, key: str, data: Content, if_match: str | None) -> str | None:
        """Return the tag of what is there if it is ``data``: then an earlier try has come, and its answer was lost.

        None where the condition of the write holds after all, so that it may be repeated.

        Raises:
            WriteLost: something else is there.
        """
        try:
            there = self._library.head(key)
            if there["size"] == len(data) and self._holds(key, data):
                return there["e_tag"] or ""
            if if_match is not None and there["e_tag"] == if_match:
                return None
        except FileNotFoundError:
            if if_match is None:
                return None
        raise WriteLost(f"{self.address}/{key} was written by another process meanwhile; it was left as it is")

    def _holds(self, key: str, data: Content) -> bool:
        at, expected = 0, memoryview(data)
        for piece in self._library.get(key).stream(min_chunk_size=_PIECE_BYTES):
            view = memoryview(piece)
            if expected[at : at + len(view)] != view:
                return False
            at += len(view)
        return at == len(data)

    def _call_for(self, doing: str, work: Callable[[], T]) -> T | None:
        """Return what ``work`` returns; None when its object is not there."""
        try:
            return self._call(doing, work)
        except _NotThere:
            return None

    def _call(self, doing: str, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, tried again where that may help; foreign errors end here."""
        tries = 0
        while True:
            tries += 1
            try:
                return work()
            except FileNotFoundError as error:
                if has_no_object(str(error)):
                    raise _NotThere from None
                refused = store_refusal(error, self.place, doing)
            except (lazy.obstore_exceptions.BaseError, OSError, ValueError) as error:
                refused = store_refusal(error, self.place, doing)
            if not refused.is_ours_to_repeat or tries >= self.patience.tries:
                raise refused from None
            time.sleep(self.patience.pause_s(tries))


class _NotThere(Exception):
    """The object that was asked for is not in the store."""


def _facts(found: "ObjectMeta") -> ObjectFacts:
    return ObjectFacts(
        key=found["path"],
        size_bytes=found["size"],
        tag=found["e_tag"] or "",
        written_at=found["last_modified"].timestamp(),
    )
