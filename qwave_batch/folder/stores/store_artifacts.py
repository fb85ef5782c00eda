"""The artifacts of a run in an object store: each is one object, written whole with one request under its final key."""

import hashlib
import mmap
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import IO, BinaryIO

from qwave_batch.files.tree import Tree
from qwave_batch.folder.artifacts import IMAGES, MANIFEST, SUMMARY, Artifact
from qwave_batch.folder.storage import storage_errors
from qwave_batch.folder.stores.object_store import Content, ObjectFacts, ObjectStore

_SWAPPED = frozenset({MANIFEST, SUMMARY})
"""Written anew again and again, and by one process only: another one's version is never overwritten."""
_MOST_KEY_BYTES = 1024
_LOOKS_AT_ONCE = 32
_MANY = 64
"""Images that are looked at together, from which on all are listed."""
_LISTED_S = 30.0
"""How long a list serves looks that follow each other."""
_TYPES = {
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "png": "image/png",
    "webp": "image/webp",
    "yaml": "application/yaml",
}
_NO_TYPE = "application/octet-stream"


@dataclass(slots=True)
class StoreArtifacts:
    """See ``ArtifactStore``; for several threads at once."""

    objects: ObjectStore
    most_path_bytes: int = _MOST_KEY_BYTES
    """The length that is left for a path below the prefix."""
    require_right: Callable[[], None] = lambda: None
    """Called before an artifact is swapped; it raises StorageError for a process that has lost the folder's lock."""
    _known: dict[str, "_Version | None"] = field(default_factory=dict)
    """The versions of swapped artifacts that may be replaced: last written here or looked at; None for absence."""
    _listed: tuple[float, dict[str, tuple[int, int]]] | None = None
    """When the images were listed, by the monotonic clock, with size and version of each."""
    _is_held: bool = False
    """Whether only what was written here is replaced from now on."""

    @property
    def is_remote(self) -> bool:
        """Whether each call is a request over a network."""
        return True

    def careful(self) -> "CarefulArtifacts":
        """Return the same artifacts for one of several writers, who overwrites only what it has looked at."""
        return CarefulArtifacts(self.objects, most_path_bytes=self.most_path_bytes)

    def hold_versions(self) -> None:
        """Take what is there now as the versions that a run replaces: what others write from now on is not overwritten.

        Raises:
            StorageError: the store refuses.
        """
        self._is_held = False
        for path in sorted(_SWAPPED):
            self.look(path)
        self._is_held = True

    def fault_of(self, path: str) -> str | None:
        """Return why no object can have this path."""
        size = len(path.encode())
        if size <= self.most_path_bytes:
            return None
        return f"it has {size:,} bytes, and {self.objects.address} takes {self.most_path_bytes:,} below it"

    def put(self, path: str, data: bytes | Iterable[bytes]) -> None:
        """Replace an object; what is streamed is collected first, in a file without a name if it is large."""
        if isinstance(data, bytes):
            self._put(path, data, hashlib.sha256(data).hexdigest())
            return
        digest, place = hashlib.sha256(), Path(gettempdir())
        with _temporary(place) as collected:
            for piece in data:
                digest.update(piece)
                with storage_errors(place, "collect in", path):
                    collected.write(piece)
            with storage_errors(place, "collect in", path):
                collected.flush()
            with _Viewed(collected) as view:
                self._put(path, view, digest.hexdigest())

    def move_in(self, path: str, source: Tree, file: str) -> Artifact:
        """Upload a file of the workspace, and remove it there once the store has it."""
        with storage_errors(source.root, "read", file), source.open(file) as data, _Viewed(data) as view:
            size_bytes = len(view)
            tag = self.objects.put(path, view, content_type=_type_of(path))
        with storage_errors(source.root, "remove", file), suppress(FileNotFoundError):
            source.remove(file)
        return Artifact(path=path, size_bytes=size_bytes, modified_ns=_stamp(tag))

    def take_in(self, path: str, data: bytes) -> Artifact:
        """Upload bytes of memory."""
        tag = self.objects.put(path, data, content_type=_type_of(path))
        return Artifact(path=path, size_bytes=len(data), modified_ns=_stamp(tag))

    def open(self, path: str) -> BinaryIO:
        """Open a copy of an object."""
        copy = self.objects.open(path)
        if copy is None:
            raise FileNotFoundError(path)
        return copy

    def look(self, path: str) -> Artifact | None:
        """Return an object's size and version."""
        found, known = self.objects.head(path), self._known.get(path)
        is_known = found is not None and known is not None and known.tag == found.tag
        if path in _SWAPPED and not self._is_held and not is_known:
            self._known[path] = None if found is None else _Version(found.tag, None)
        if found is None:
            return None
        return _artifact(found, known.sha256 if known is not None and is_known else None)

    def look_all(self, paths: Sequence[str]) -> Sequence[Artifact | None]:
        """Return sizes and versions; those of many images from a list, which is a request for a thousand."""
        if len(paths) >= _MANY and all(path.startswith(f"{IMAGES}/") for path in paths):
            images = self._images()
            found = (images.get(path) for path in paths)
            return [
                None if facts is None else Artifact(path=path, size_bytes=facts[0], modified_ns=facts[1])
                for path, facts in zip(paths, found, strict=True)
            ]
        with ThreadPoolExecutor(_LOOKS_AT_ONCE) as pool:
            return list(pool.map(self.look, paths))

    def list(self, folder: str) -> Iterator[Artifact]:
        """Yield the objects below a folder."""
        return map(_artifact, self.objects.list(folder))

    def remove(self, path: str) -> None:
        """Remove an object."""
        self.objects.delete(path)
        self._known.pop(path, None)

    def copy_out(self, path: str, target: Tree, file: str) -> None:
        """Download an object into the workspace."""
        with self.open(path) as source, storage_errors(target.root, below=file):
            with suppress(FileNotFoundError):
                target.remove(file)
            with target.create(file) as copy:
                shutil.copyfileobj(source, copy)

    def make_folder(self, folder: str) -> None:
        """Do nothing: there are no folders."""

    def remove_folder(self, folder: str) -> bool:  # noqa: ARG002 - see there
        """Return False: there are no folders."""
        return False

    def keeps_names(self, folder: str) -> bool:  # noqa: ARG002 - see there
        """Return True: what was written is durable with its name."""
        return True

    def _put(self, path: str, data: Content, sha256: str) -> None:
        content_type = _type_of(path)
        if path not in _SWAPPED:
            self.objects.put(path, data, content_type=content_type)
            return
        self.require_right()
        if path not in self._known:
            self.look(path)
        before = self._known.get(path)
        tag = self.objects.put(
            path,
            data,
            content_type=content_type,
            if_absent=before is None,
            if_match=None if before is None else before.tag,
        )
        self._known[path] = _Version(tag, sha256)

    def _images(self) -> dict[str, tuple[int, int]]:
        """Return size and version of each image, listed a moment ago."""
        now = time.monotonic()
        if self._listed is None or now - self._listed[0] > _LISTED_S:
            found = self.objects.list(IMAGES)
            self._listed = (now, {facts.key: (facts.size_bytes, _stamp(facts.tag)) for facts in found})
        return self._listed[1]


@dataclass(slots=True)
class CarefulArtifacts(StoreArtifacts):
    """Artifacts for one of several writers: what it has not looked at, or what has changed since, is not overwritten.

    Its ``move_in`` and ``take_in`` raise WriteLost then, and nothing was written.
    """

    _seen: dict[str, str] = field(default_factory=dict)
    """The versions that were looked at, by path; what is absent is not in it."""

    def look(self, path: str) -> Artifact | None:
        """Return an object's size and version, and keep the version in mind."""
        found = self.objects.head(path)
        if found is None:
            self._seen.pop(path, None)
            return None
        self._seen[path] = found.tag
        return _artifact(found, None)

    def move_in(self, path: str, source: Tree, file: str) -> Artifact:
        """Upload a file of the workspace, and remove it there once the store has it."""
        with storage_errors(source.root, "read", file), source.open(file) as data, _Viewed(data) as view:
            placed = self._put_seen(path, view)
        with storage_errors(source.root, "remove", file), suppress(FileNotFoundError):
            source.remove(file)
        return placed

    def take_in(self, path: str, data: bytes) -> Artifact:
        """Upload bytes of memory."""
        return self._put_seen(path, data)

    def _put_seen(self, path: str, data: Content) -> Artifact:
        seen = self._seen.pop(path, None)
        tag = self.objects.put(path, data, content_type=_type_of(path), if_absent=seen is None, if_match=seen)
        return Artifact(path=path, size_bytes=len(data), modified_ns=_stamp(tag))


@dataclass(frozen=True, slots=True)
class _Version:
    tag: str
    sha256: str | None
    """None for what another process has written."""


@contextmanager
def _temporary(place: Path) -> Iterator[IO[bytes]]:
    with storage_errors(place, "make a file in"):
        file = TemporaryFile(dir=place)  # noqa: SIM115 - entered below, where errors are not those of making it
    with file:
        yield file


class _Viewed:
    """The content of an open file as one view, which takes no memory of ours: the file is mapped."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._map: mmap.mmap | None = None
        self._view = memoryview(b"")

    def __enter__(self) -> memoryview:
        size_bytes = self._file.seek(0, 2)
        if size_bytes:  # nothing can't be mapped
            self._map = mmap.mmap(self._file.fileno(), size_bytes, access=mmap.ACCESS_READ)
            self._view = memoryview(self._map)
        return self._view

    def __exit__(self, *_: object) -> None:
        with suppress(BufferError):  # the library may hold it for a moment more, after a request that broke off
            self._view.release()
            if self._map is not None:
                self._map.close()


def _artifact(found: ObjectFacts, sha256: str | None = None) -> Artifact:
    return Artifact(
        path=found.key,
        size_bytes=found.size_bytes,
        modified_ns=_stamp(found.tag),
        stamped_at=found.written_at,
        sha256=sha256,
    )


def _stamp(tag: str) -> int:
    """Return a number for a version, of 63 bits; some services put a tag in quotes in one answer and not in another."""
    digest = hashlib.sha256(tag.removeprefix("W/").strip('"').encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _type_of(path: str) -> str:
    return _TYPES.get(path.rpartition(".")[2].lower(), _NO_TYPE)
