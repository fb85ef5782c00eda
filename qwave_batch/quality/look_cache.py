"""Looks at images that earlier checks took, so that the next check reads only what is new or changed.

They lie in the workspace. A look counts while the file has the size, the time and the recorded SHA-256 that it had
then. Nothing depends on them: what can't be read, or was not made by this version, is thrown away and made anew, and
where nothing can be written a check goes on without.
"""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Self

from qwave_batch import lazy
from qwave_batch.errors import QwaveError
from qwave_batch.files.sqlite_files import (
    INDEX,
    LOG,
    DamagedDatabase,
    check_version,
    open_schema,
    prepare_database,
)
from qwave_batch.folder.artifacts import Artifact
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.workspace import LOOKS, PRIVATE
from qwave_batch.quality.image_look import ImageLook, look_as_json, look_from_json

_FORM = 1
"""To be raised whenever a picture has another fingerprint than before."""
_TABLES = """
CREATE TABLE look (
  path TEXT NOT NULL PRIMARY KEY, size_bytes INTEGER NOT NULL, modified_ns INTEGER NOT NULL, found TEXT NOT NULL
) WITHOUT ROWID;
"""
_EACH = 200
"""Looks that are written together: what an interrupted check keeps."""


class LookCache:
    """The looks of one run folder; without a database it holds none."""

    def __init__(self, connection: "lazy.sqlite3.Connection | None") -> None:
        self._connection = connection
        self._waiting: list[tuple[str, int, int, str]] = []

    def get(self, path: str, sha256: str, artifact: Artifact) -> ImageLook | None:
        """Return how an image of that hash looked when its file was as it is now."""
        if self._connection is None:
            return None
        row = None
        with self._given_up_on_errors(self._connection):
            row = self._connection.execute(
                "SELECT found FROM look WHERE path = ? AND size_bytes = ? AND modified_ns = ?",
                (path, artifact.size_bytes, artifact.modified_ns),
            ).fetchone()
        with suppress(ValueError, TypeError):
            look = None if row is None else look_from_json(json.loads(row[0]))
            if isinstance(look, ImageLook) and look.sha256 == sha256:
                return look
        return None

    def put(self, path: str, artifact: Artifact, look: ImageLook) -> None:
        """Keep a look at a file that was as ``artifact`` says before it was read."""
        if self._connection is not None:
            self._waiting.append(
                (path, artifact.size_bytes, artifact.modified_ns, json.dumps(look_as_json(look), separators=(",", ":")))
            )
            if len(self._waiting) >= _EACH:
                self.flush()

    def flush(self) -> None:
        """Write what waits; if that fails, go on without."""
        if self._connection is not None and self._waiting:
            with self._given_up_on_errors(self._connection), self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO look VALUES (?, ?, ?, ?)", self._waiting)
        self._waiting.clear()

    @contextmanager
    def _given_up_on_errors(self, connection: "lazy.sqlite3.Connection") -> Iterator[None]:
        """Use the database, and do without it from then on when it fails."""
        try:
            yield
        except lazy.sqlite3.Error:
            connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()
        if self._connection is not None:
            self._connection.close()


def open_looks(layout: RunLayout) -> LookCache:
    """Return the looks of a run folder, making the database where it can be."""
    if not layout.tree.is_folder(PRIVATE):  # a copy without its workspace
        return LookCache(None)
    with suppress(OSError, QwaveError, lazy.sqlite3.Error, DamagedDatabase):
        with suppress(QwaveError, lazy.sqlite3.DatabaseError, DamagedDatabase):
            return LookCache(_open(layout))
        for ending in ("", LOG, INDEX):
            with suppress(FileNotFoundError):
                layout.tree.remove(LOOKS + ending)
        return LookCache(_open(layout))
    return LookCache(None)


def _open(layout: RunLayout) -> "lazy.sqlite3.Connection":
    prepare_database(layout.tree, LOOKS, _fill)
    connection = lazy.sqlite3.connect(layout.root / LOOKS, timeout=30)
    with _closed_on_error(connection):
        open_schema(connection)
        check_version(connection, _TABLES, _FORM)
        connection.execute("PRAGMA synchronous = NORMAL")  # a power cut may lose the newest looks, and nothing else
    return connection


@contextmanager
def _closed_on_error(connection: "lazy.sqlite3.Connection") -> Iterator[None]:
    try:
        yield
    except BaseException:
        with closing(connection):
            raise


def _fill(connection: "lazy.sqlite3.Connection") -> None:
    connection.executescript(_TABLES)
    connection.execute(f"PRAGMA user_version = {_FORM}")
