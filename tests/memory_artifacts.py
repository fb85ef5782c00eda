"""An artifact store in memory, without folders or links: as far from a local folder as one can be."""

import time
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import BinaryIO

from qwave_batch.files.tree import Tree
from qwave_batch.folder.artifacts import Artifact
from qwave_batch.model.portable_paths import path_fault


class MemoryArtifacts:
    """See ``ArtifactStore``."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, int]] = {}
        """The content and the time of each, by path."""

    @property
    def is_remote(self) -> bool:
        return True

    def fault_of(self, path: str) -> str | None:
        return None if path else "it is empty"

    def put(self, path: str, data: bytes | Iterable[bytes]) -> None:
        self.files[path] = (data if isinstance(data, bytes) else b"".join(data), time.time_ns())

    def move_in(self, path: str, source: Tree, file: str) -> Artifact:
        with source.open(file) as data:
            self.put(path, data.read())
        source.remove(file)
        return self._found(path)

    def take_in(self, path: str, data: bytes) -> Artifact:
        self.put(path, data)
        return self._found(path)

    def open(self, path: str) -> BinaryIO:
        if path not in self.files:
            raise FileNotFoundError(path)
        return BytesIO(self.files[path][0])

    def look(self, path: str) -> Artifact | None:
        return self._found(path) if path in self.files else None

    def look_all(self, paths: Sequence[str]) -> Sequence[Artifact | None]:
        return [self.look(path) for path in paths]

    def list(self, folder: str) -> Iterator[Artifact]:
        for path in sorted(self.files):
            if path.startswith(f"{folder}/"):
                yield self._found(path)

    def copy_out(self, path: str, target: Tree, file: str) -> None:
        with self.open(path) as data:
            target.write_synced(file, data.read())

    def remove(self, path: str) -> None:
        self.files.pop(path, None)

    def make_folder(self, folder: str) -> None:
        assert path_fault(f"{folder}/x") is None

    def remove_folder(self, folder: str) -> bool:
        return not any(self.list(folder))

    def keeps_names(self, folder: str) -> bool:
        return bool(folder)

    def _found(self, path: str) -> Artifact:
        data, modified_ns = self.files[path]
        return Artifact(path=path, size_bytes=len(data), modified_ns=modified_ns)
