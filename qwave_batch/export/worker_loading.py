"""Images that workers read, check and change; where they reach the output, they also write them there, aside."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

from qwave_batch.errors import WorkerKilled
from qwave_batch.executors.sharded_work import ShardedWork
from qwave_batch.executors.shared_folder import SharedFolder
from qwave_batch.executors.workers import Work, Workers
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.image_change import ImageChange
from qwave_batch.export.image_loading import ImageLoader, LoadedImage, LoadOutcome, Tag, UnusableImage
from qwave_batch.export.out_state import PART
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import storage_errors
from qwave_batch.output.folder_reader import FolderReader

_MOST_IMAGES = 64
_MOST_BYTES = 1 << 23
"""Of the run's files: a shard is a second of work, and a worker has two of them, which memory may hold here."""
_MOST_ROWS = 512
"""With rows that have nothing to load."""

Shard: TypeAlias = tuple[ExportRow | None, ...]
Loaded: TypeAlias = Sequence[LoadOutcome | None]


@dataclass(frozen=True, slots=True)
class WorkerLoading:
    """All that a worker makes its own ``ImageLoader`` of, and where it writes images."""

    folders: tuple[SharedFolder, ...]
    rule: ImageChange
    catalogs: tuple[str | None, ...]
    out: str | None = None
    """The absolute path of the output, for images to be written there; None for their bytes to come back."""
    has_bytes: bool = True
    """Whether the bytes have a use at all: links have none for them."""

    def made(self) -> "OpenLoading":
        """Return the loader, on a worker."""
        readers = tuple(FolderReader(folder.layout(), None) for folder in self.folders)
        return OpenLoading(self, ImageLoader(readers, self.rule, self.catalogs))


@dataclass(frozen=True, slots=True)
class OpenLoading:
    """A loader on a worker."""

    told: WorkerLoading
    loader: ImageLoader

    def load(self, rows: Shard) -> Loaded:
        """Return what becomes of the images of some rows."""
        return [self._kept(outcome) for _, outcome in self.each(rows)]

    def each(self, rows: Shard) -> Iterator[tuple[ExportRow | None, LoadOutcome | None]]:
        """Yield rows with their images in memory, in order."""
        for row, outcome in self.loader.each((row, row) for row in rows):
            if row is None or not isinstance(outcome, UnusableImage):
                yield row, outcome
                continue
            folder = self.told.folders[row.folder]
            folder.check_is_there(self.loader.readers[row.folder].layout)
            yield row, UnusableImage(folder.as_shown(outcome.reason))

    def _kept(self, outcome: LoadOutcome | None) -> LoadOutcome | None:
        if not isinstance(outcome, LoadedImage):
            return outcome
        if not self.told.has_bytes:
            return replace(outcome, data=b"")
        if self.told.out is None:
            return outcome
        part = new_part()
        tree = Tree(Path(self.told.out))
        with storage_errors(tree.root, below=part), tree.create(part) as file:
            rest = memoryview(outcome.data)
            while rest:
                rest = rest[file.write(rest) :]
        return replace(outcome, data=b"", part=part)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerImageLoader(ImageLoader):
    """Has workers load images."""

    workers: Workers
    out: str | None = None
    """The absolute path of the output, if the workers reach it."""

    def work_setup(self, *, is_placed: bool, has_bytes: bool = True) -> WorkerLoading:
        """Return what workers make their loaders of."""
        return WorkerLoading(
            tuple(SharedFolder.of(reader.layout) for reader in self.readers),
            self.rule,
            tuple(self.catalogs),
            self.out if is_placed else None,
            has_bytes,
        )

    def each(
        self, wanted: Iterable[tuple[Tag, ExportRow | None]], *, is_placed: bool = False, has_bytes: bool = True
    ) -> Iterator[tuple[Tag, LoadOutcome | None]]:
        """Yield tags with their images; see ``ImageLoader.each``."""
        setup = self.work_setup(is_placed=is_placed, has_bytes=has_bytes)
        work: ShardedWork[WorkerLoading, tuple[Tag, ExportRow | None], ExportRow | None, LoadOutcome | None]
        work = ShardedWork(self.workers, Work(_open_loading, setup), told=_row_of, killed=_killed)
        for (tag, _), outcome in work.results(_shards(wanted)):
            yield tag, outcome


def reaches_output(workers: Workers, tree: Tree) -> bool:
    """Whether the workers of all machines read and write the same folder under the output's path as this process."""
    probe = new_part()
    with storage_errors(tree.root, below=probe), tree.create(probe):
        pass
    found = workers.on_each_node(Work(_open_probing, os.path.abspath(tree.root)), probe)  # noqa: PTH100 - without ..
    is_reached = all(each.result is not None and tree.is_file(each.result) for each in found)
    for part in (probe, *(each.result for each in found)):
        if part is not None and tree.is_file(part):
            tree.remove(part)
    return is_reached


def new_part() -> str:
    """Return a path in the output for a file that is written aside, which no other process takes."""
    return f"{PART}/{uuid4().hex}"


def _open_loading(setup: WorkerLoading) -> Callable[[Shard], Loaded]:
    return setup.made().load


def _open_probing(root: str) -> Callable[[str], str | None]:
    tree = Tree(Path(root))

    def answer(probe: str) -> str | None:
        try:
            if not tree.is_file(probe):
                return None
            part = new_part()
            tree.create(part).close()
        except OSError:
            return None
        return part

    return answer


def _shards(wanted: Iterable[tuple[Tag, ExportRow | None]]) -> Iterator[list[tuple[Tag, ExportRow | None]]]:
    """Yield rows in shards of so much work."""
    shard: list[tuple[Tag, ExportRow | None]] = []
    images = size_bytes = 0
    for tag, row in wanted:
        shard.append((tag, row))
        if row is not None and row.image is not None:
            images, size_bytes = images + 1, size_bytes + row.image.size_bytes
        if images >= _MOST_IMAGES or size_bytes >= _MOST_BYTES or len(shard) >= _MOST_ROWS:
            yield shard
            shard, images, size_bytes = [], 0, 0
    if shard:
        yield shard


def _row_of(wanted: tuple[Tag, ExportRow | None]) -> ExportRow | None:
    return wanted[1]


def _killed(_: tuple[Tag, ExportRow | None], error: WorkerKilled) -> UnusableImage:
    return UnusableImage(f"it ended {error.workers} workers, one after the other ({error.how})")
