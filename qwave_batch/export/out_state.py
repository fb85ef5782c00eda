"""The record of the files in an export's folder: what each was made of, and how it was left."""

import json
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qwave_batch import lazy
from qwave_batch.errors import FolderBusy, UsageError
from qwave_batch.export.begun_files import BegunFiles, left_begun
from qwave_batch.export.columns import ImageFacts
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import database_errors

if TYPE_CHECKING:
    import os
    import sqlite3

PRIVATE: Final = ".qwave-export"
STATE: Final = f"{PRIVATE}/state.sqlite"
PART: Final = f"{PRIVATE}/part"
"""The folder of files that are not in their place yet."""
BEGUN: Final = f"{PRIVATE}/begun"
_COMMIT_EVERY = 500
_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, key TEXT, size INTEGER, modified_ns INTEGER, image TEXT, neighbours TEXT, round INTEGER
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class KnownImage:
    """An image that is in the output as it was left."""

    facts: ImageFacts
    neighbours: tuple[str, ...]
    """Paths of the files beside it."""


@dataclass(slots=True)
class OutState:
    """The record, open for one export; see ``out_state``. It belongs to one thread."""

    tree: Tree
    database: "sqlite3.Connection"
    begun: BegunFiles
    """The files that are not committed yet."""
    round: int
    """The number of this export into the folder; files of an earlier one are removed in the end."""
    _pending: int = 0

    def begin(self, path: str) -> None:
        """Note that a file is about to take its place, so that a kill leaves no file that nobody knows."""
        self.begun.add(path)

    def known_image(self, path: str, key: str) -> KnownImage | None:
        """Return an image that is there as it was left, with the files beside it; None if one of them is not.

        Args:
            path: Its path in the output.
            key: Stands for all that it is made of.
        """
        found = self._as_left(path, key)
        if found is None or found[0] is None:
            return None
        neighbours = tuple(json.loads(found[1] or "[]"))
        if not all(self.is_as_left(neighbour, "") for neighbour in neighbours):
            return None
        return KnownImage(ImageFacts(**json.loads(found[0])), neighbours)

    def told(self, path: str, key: str) -> str | None:
        """Return the text that was noted with a file which is there as it was left; None if it is not."""
        found = self._as_left(path, key)
        return None if found is None else found[0]

    def every_told(self) -> Iterator[str]:
        """Yield the texts that were noted with files of this export, by their paths."""
        query = "SELECT image FROM files WHERE round = ? AND image IS NOT NULL ORDER BY path"
        for (told,) in self.database.execute(query, (self.round,)):
            yield told

    def is_as_left(self, path: str, key: str) -> bool:
        """Whether a file is there as an earlier export left it, made of the same things."""
        return self._as_left(path, key) is not None

    def keep(self, *paths: str) -> None:
        """Note that files which are there are wanted."""
        for path in paths:
            self.database.execute("UPDATE files SET round = ? WHERE path = ?", (self.round, path))
        self._commit_now_and_then()

    def remember(
        self,
        path: str,
        key: str,
        status: "os.stat_result | None",
        *,
        facts: ImageFacts | None = None,
        neighbours: Iterable[str] = (),
        told: str | None = None,
    ) -> None:
        """Note a file that was written, or found to be right, with its status in the output.

        Args:
            path: Its path in the output.
            key: Stands for all that it is made of.
            status: As it is now.
            facts: Of an image that ``known_image`` is to return.
            neighbours: Paths of the files beside it.
            told: A text in place of facts, which ``told`` returns.
        """
        assert status is not None, path  # noqa: S101 - it was written a moment ago
        self.database.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                path,
                key,
                status.st_size,
                status.st_mtime_ns,
                told if facts is None else json.dumps(asdict(facts)),
                json.dumps(list(neighbours)),
                self.round,
            ),
        )
        self._commit_now_and_then()

    def forget(self, path: str) -> None:
        """Forget what a file was made of, so that the next export makes it again."""
        self.database.execute("UPDATE files SET key = '' WHERE path = ?", (path,))

    def give_up(self, path: str) -> None:
        """Count a file that was written among those that nobody asked for."""
        self.database.execute("UPDATE files SET round = ? WHERE path = ?", (self.round - 1, path))

    def outdated(self) -> list[str]:
        """Return the files of earlier exports that this one did not ask for."""
        found = self.database.execute("SELECT path FROM files WHERE round < ? ORDER BY path", (self.round,))
        return [path for (path,) in found.fetchall()]

    def drop_outdated(self) -> None:
        """Forget those files, which are removed."""
        self.database.execute("DELETE FROM files WHERE round < ?", (self.round,))
        self.commit()

    def commit(self) -> None:
        """Have the record know all that was written so far."""
        self.database.commit()
        self.begun.clear()
        self._pending = 0

    def _as_left(self, path: str, key: str) -> tuple[str | None, str | None] | None:
        """Return what is on record of a file's image and neighbours; None unless the file is as it was left."""
        found = self.database.execute(
            "SELECT size, modified_ns, image, neighbours FROM files WHERE path = ? AND key = ?", (path, key)
        ).fetchone()
        if found is None:
            return None
        status = self.tree.look(path)
        if status is None or (status.st_size, status.st_mtime_ns) != found[:2]:
            return None
        return found[2], found[3]

    def _commit_now_and_then(self) -> None:
        self._pending += 1
        if self._pending >= _COMMIT_EVERY:
            self.commit()


@contextmanager
def out_state(tree: Tree, *, format_name: str) -> Iterator[OutState]:
    """Yield the record of an output folder, which no other export can open meanwhile.

    Raises:
        UsageError: it is damaged, or is one of another format.
        FolderBusy: another export is at work there.
        StorageError: the disk refuses.
    """
    place = tree.root / STATE
    with database_errors(place), closing(_open_state(tree.root)) as database:
        _check_format(database, tree.root, format_name)
        _take_over(database, left_begun(tree, BEGUN))
        (newest,) = database.execute("SELECT coalesce(max(round), 0) FROM files").fetchone()
        with closing(BegunFiles(tree, BEGUN)) as begun:
            begun.clear()
            state = OutState(tree, database, begun, newest + 1)
            try:
                yield state
            except lazy.sqlite3.Error:  # then there is no use in another try
                raise
            except BaseException:
                state.commit()
                raise
            state.commit()


def _open_state(root: Path) -> "sqlite3.Connection":
    sqlite3 = lazy.sqlite3
    try:
        database = sqlite3.connect(root / STATE, timeout=0)
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("BEGIN EXCLUSIVE")
        for statement in _SCHEMA.split(";"):
            database.execute(statement)
        database.commit()
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "") in {"SQLITE_BUSY", "SQLITE_LOCKED"}:
            raise FolderBusy(str(root), "another export") from error
        raise
    except sqlite3.DatabaseError as error:
        raise UsageError(f"{root / STATE} is damaged ({error}); remove {root}, or name another folder") from error
    return database


def _take_over(database: "sqlite3.Connection", begun: Iterable[str]) -> None:
    """Let the record know files that a killed export has written: they are made again, or removed in the end."""
    database.executemany(
        "INSERT OR IGNORE INTO files (path, key, neighbours, round) VALUES (?, '', '[]', 0)",
        ((path,) for path in begun),
    )
    database.commit()


def _check_format(database: "sqlite3.Connection", root: Path, format_name: str) -> None:
    database.execute("INSERT OR IGNORE INTO facts VALUES ('format', ?)", (format_name,))
    database.commit()
    (made_as,) = database.execute("SELECT value FROM facts WHERE name = 'format'").fetchone()
    if made_as != format_name:
        raise UsageError(f"{root} holds an export in the format {made_as}; name another folder for {format_name}")
