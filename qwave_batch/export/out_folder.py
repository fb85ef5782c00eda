"""The folder that an export makes: only what has changed is written, and only what an export wrote is removed.

``.qwave-export/state.sqlite`` says of each file what it was made of, its size and time. A file that still is as it was
left, and would be made of the same things, is let be; so an export that was killed goes on where it was, and one that
is repeated changes what has changed. Files go in whole: each is written aside and then renamed. Files that were written
since the state was last committed are listed in ``.qwave-export/begun``.
"""

import errno
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias, cast

from qwave_batch.errors import UsageError
from qwave_batch.export.columns import ImageFacts
from qwave_batch.export.export_notes import NoteKind
from qwave_batch.export.export_request import FileMode
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.image_loading import ImageLoader, LoadedImage, UnusableImage
from qwave_batch.export.out_state import PART, PRIVATE, STATE, KnownImage, OutState, out_state
from qwave_batch.files.tree import Tree
from qwave_batch.folder.layout import is_run_folder
from qwave_batch.folder.storage import sha256_of, storage_errors

ORIGIN: Final = f"{PRIVATE}/origin.json"
_BUFFER_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class PlacedImage:
    """An image that is in the output under its path."""

    path: str
    facts: ImageFacts
    notes: tuple[NoteKind, ...] = ()
    """Facts about what was written now; none of an image that was there."""


PlaceOutcome: TypeAlias = PlacedImage | UnusableImage


@dataclass(slots=True)
class OutCounts:
    """The numbers of files that were written, let be and removed."""

    written: int = 0
    unchanged: int = 0
    removed: int = 0


@dataclass(slots=True)
class OutFolder:
    """An output folder, open for one export; see ``out_folder``. Its calls belong to one thread."""

    tree: Tree
    state: OutState
    loader: ImageLoader
    mode: FileMode
    counts: OutCounts = field(default_factory=OutCounts)
    _folders: set[str] = field(default_factory=set)
    _parts: int = 0

    def place(self, images: Iterable[tuple[str, ExportRow]]) -> Iterator[tuple[ExportRow, PlaceOutcome | None]]:
        """Put images under their paths, in order; one that is there already is not read.

        Args:
            images: The paths, relative to the output, with the rows. A row without an image comes back with None.

        Raises:
            StorageError: a folder fails.
        """
        wanted = map(self._wanted, images)
        has_bytes = self.mode is FileMode.COPY
        for (path, row, known), outcome in self.loader.each(wanted, is_placed=True, has_bytes=has_bytes):
            if known is not None:
                self.state.keep(path, *known.neighbours)
                self.counts.unchanged += 1
                yield row, PlacedImage(path, known.facts)
            elif isinstance(outcome, LoadedImage):
                self._put_image(path, row, outcome)
                yield row, PlacedImage(path, outcome.facts, outcome.notes)
            else:
                yield row, outcome

    def write(self, path: str, data: bytes) -> None:
        """Write a small file, unless it is there with the same bytes."""
        status = self.tree.look(path)
        if status is not None and status.st_size == len(data) and self._holds(path, data):
            self.state.remember(path, "", status)
            self.counts.unchanged += 1
            return
        with self.open_file(path) as file:
            file.write(data)

    def put(self, path: str, data: bytes, *, key: str, told: str) -> None:
        """Write a file.

        Args:
            path: Its path, relative to the output.
            data: Its content.
            key: Stands for all that it is made of.
            told: A text about it, which ``known`` returns to a later export.
        """
        self._put_bytes(path, data)
        self.state.remember(path, key, self.tree.look(path), told=told)
        self.counts.written += 1

    def known(self, path: str, key: str) -> str | None:
        """Return the text about a file that is there as an earlier export ``put`` it, made of what ``key`` stands for.

        None if there is no such file. One that is known is not kept by that: see ``keep``.
        """
        return self.state.told(path, key)

    def keep(self, path: str) -> None:
        """Have a file that is ``known`` stay as it is."""
        self.state.keep(path)
        self.counts.unchanged += 1

    def is_current(self, path: str, key: str) -> bool:
        """Whether a file is there as an earlier export made it out of what ``key`` stands for."""
        return bool(key) and self.state.is_as_left(path, key)

    def has(self, path: str, key: str) -> bool:
        """Whether a file is there as an earlier export made it out of what ``key`` stands for; then it stays."""
        if not self.is_current(path, key):
            return False
        self.keep(path)
        return True

    def forget(self, path: str) -> None:
        """Have the next export make a file again: this one could not put into it all that belongs there."""
        self.state.forget(path)

    @contextmanager
    def open_file(self, path: str, key: str = "") -> Iterator[BinaryIO]:
        """Yield a new file that takes its place at the end of the block; if the block fails, nothing has changed.

        Args:
            path: Its path, relative to the output.
            key: Stands for all that it is made of, for ``has``.
        """
        with storage_errors(self.tree.root, below=path):
            self._make_folder(PART)
            self._make_folder(path.rpartition("/")[0])
            part = self._new_part()
            with io.BufferedWriter(cast("io.RawIOBase", self.tree.create(part)), _BUFFER_BYTES) as file:
                yield file
            self.state.begin(path)
            self.tree.move(part, path, is_durable=False)
            status = self.tree.look(path)
        self.state.remember(path, key, status)
        self.counts.written += 1

    @contextmanager
    def open_new_version(self, path: str) -> Iterator[BinaryIO]:
        """Yield a new file that takes its place at the end of the block, unless the one there has the same bytes."""
        with storage_errors(self.tree.root, below=path):
            self._make_folder(PART)
            self._make_folder(path.rpartition("/")[0])
            part = self._new_part()
            with io.BufferedWriter(cast("io.RawIOBase", self.tree.create(part))) as file:
                yield file
            is_same = self.tree.is_file(path) and self._sha256_of(part) == self._sha256_of(path)
            if is_same:
                self.tree.remove(part)
                self.counts.unchanged += 1
            else:
                self.state.begin(path)
                self.tree.move(part, path, is_durable=False)
                self.counts.written += 1
            self.state.remember(path, "", self.tree.look(path))

    def sha256_of_output(self, path: str) -> str:
        """Return the hash of a file that is in the output."""
        with storage_errors(self.tree.root, "read", path):
            return self._sha256_of(path)

    def _sha256_of(self, path: str) -> str:
        with self.tree.open(path) as file:
            return sha256_of(file)

    def give_up(self, path: str) -> None:
        """Have a file that was written removed in the end, like one that nobody asked for."""
        self.state.give_up(path)

    def finish(self) -> None:
        """Remove what earlier exports wrote and this one did not ask for, and what workers that died have left."""
        _remove_parts(self.tree)
        for path in self.state.outdated():
            with storage_errors(self.tree.root, "remove", path), suppress(FileNotFoundError):
                self.tree.remove(path)
            self.counts.removed += 1
            self._remove_empty_folders(path)
        self.state.drop_outdated()

    def _wanted(
        self, placed: tuple[str, ExportRow]
    ) -> tuple[tuple[str, ExportRow, KnownImage | None], ExportRow | None]:
        """Return an image with what is known of it, and its row if it has to be loaded."""
        path, row = placed
        known = None if row.image is None else self.state.known_image(path, self._key_of(row))
        return (path, row, known), None if known is not None or row.image is None else row

    def _key_of(self, row: ExportRow) -> str:
        return f"{self.mode.value} {self.loader.key_of(row)}"

    def _put_image(self, path: str, row: ExportRow, image: LoadedImage) -> None:
        if image.part is not None:
            self._put_part(path, image.part, image.facts.size_bytes)
        elif self.mode is FileMode.COPY:
            self._put_bytes(path, image.data)
        else:
            self._put_link(path, row)
        for ending, data in image.neighbours.items():
            self._put_bytes(f"{path}{ending}", data)
            self.state.remember(f"{path}{ending}", "", self.tree.look(f"{path}{ending}"))
        self.state.remember(
            path,
            self._key_of(row),
            self.tree.look(path),
            facts=image.facts,
            neighbours=[f"{path}{ending}" for ending in image.neighbours],
        )
        self.counts.written += 1

    def _put_bytes(self, path: str, data: bytes) -> None:
        with storage_errors(self.tree.root, below=path):
            self._make_folder(PART)
            self._make_folder(path.rpartition("/")[0])
            part = self._new_part()
            with self.tree.create(part) as file:
                rest = memoryview(data)
                while rest:
                    rest = rest[file.write(rest) :]
            self.state.begin(path)
            self.tree.move(part, path, is_durable=False)

    def _put_link(self, path: str, row: ExportRow) -> None:
        assert row.image is not None  # noqa: S101 - only rows with an image are placed
        layout = self.loader.readers[row.folder].layout
        self._make_folder(path.rpartition("/")[0])
        self.state.begin(path)
        if self.mode is FileMode.LINK:
            layout.artifacts.copy_out(row.image.path, self.tree, path)
            return
        with storage_errors(self.tree.root, "link", path):
            with suppress(FileNotFoundError):
                self.tree.remove(path)
            (self.tree.root / path).symlink_to((layout.root / row.image.path).resolve())

    def take_part(self, path: str, part: str, key: str, *, size_bytes: int) -> None:
        """Move a file that a worker has written aside to its place, as ``open_file`` puts one there.

        Raises:
            StorageError: it is not there as it was written.
        """
        self._put_part(path, part, size_bytes)
        self.state.remember(path, key, self.tree.look(path))
        self.counts.written += 1

    def _put_part(self, path: str, part: str, size_bytes: int) -> None:
        """Move a file that a worker has written aside to its place.

        Raises:
            StorageError: it is not there as it was written.
        """
        with storage_errors(self.tree.root, below=path):
            self._make_folder(path.rpartition("/")[0])
            status = self.tree.look(part)
            if status is None or status.st_size != size_bytes:
                raise OSError(errno.EIO, "a worker wrote a file that is not there as it was written")
            self.state.begin(path)
            self.tree.move(part, path, is_durable=False)

    def _new_part(self) -> str:
        self._parts += 1
        return f"{PART}/{self._parts}"

    def _make_folder(self, folder: str) -> None:
        if folder not in self._folders:
            with storage_errors(self.tree.root, "make the folder", folder):
                self.tree.make_folder(folder)
            self._folders.add(folder)

    def _holds(self, path: str, data: bytes) -> bool:
        with storage_errors(self.tree.root, "read", path):
            return self.tree.read(path, most_bytes=len(data)) == data

    def _remove_empty_folders(self, path: str) -> None:
        folder = path.rpartition("/")[0]
        while folder:
            try:
                self.tree.remove_folder(folder)
            except OSError:  # not empty
                return
            self._folders.discard(folder)
            folder = folder.rpartition("/")[0]


@contextmanager
def out_folder(
    root: Path, *, format_name: str, loader: ImageLoader, mode: FileMode = FileMode.COPY
) -> Iterator[OutFolder]:
    """Yield an output folder, made if it is not there; call ``finish`` in the end.

    Raises:
        UsageError: it is a file, holds what no export made, or was made in another format.
        FolderBusy: another export is at work there.
        StorageError: the disk refuses.
    """
    check_out_folder(root)
    tree = Tree(root)
    with storage_errors(root, "make the folder"):
        tree.make_folder()
        tree.make_folder(PRIVATE)
    with out_state(tree, format_name=format_name) as state:
        _remove_parts(tree)  # of an export that was killed
        with storage_errors(root, "make the folder", PART):
            tree.make_folder(PART)
        yield OutFolder(tree, state, loader, mode)


def _remove_parts(tree: Tree) -> None:
    with storage_errors(tree.root, "remove", PART):
        for left in tree.entries(PART):
            tree.remove(left.path)


def check_outside_of_runs(out: Path) -> None:
    """Refuse an output that lies in a run folder.

    Raises:
        UsageError: it does.
    """
    place = out.resolve()
    for above in (place, *place.parents):
        if is_run_folder(above):
            raise UsageError(f"{out} lies in the run folder {above}, which exports do not write into")


def check_out_folder(root: Path) -> None:
    """Refuse a folder that holds what no export made; nothing is changed.

    Raises:
        UsageError: it is a file, or holds someone else's files.
    """
    if not root.exists() and not root.is_symlink():
        return
    if not root.is_dir():
        raise UsageError(f"{root} is a file, and this format makes a folder; name another place")
    if not (root / STATE).is_file() and any(entry.name not in {".DS_Store", PRIVATE} for entry in root.iterdir()):
        raise UsageError(f"{root} holds files that no export made; name an empty folder, or one that is not there yet")
