"""An id of what the lines of the plan say: it stays as long as nothing is written that they show.

A manifest that was written under the id is the one that would be written now, and nobody has to encode a line to know.
The id lies in a file beside the ledger while nobody has the ledger open to write, with the sizes and times of the
ledger's files, which anything else that writes there changes. The file is removed, durably, before a process may write,
and made anew once that process has closed the ledger: after a crash there is none.
"""

import json
import os
import sqlite3
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from qwave_batch.errors import UsageError
from qwave_batch.files.sqlite_files import LOG
from qwave_batch.files.tree import PRIVATE_MODE, place_of
from qwave_batch.model.codec import LENIENT

T = TypeVar("T")

LINES_ID = "-lines"
"""Suffix of the ledger's name."""
_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class _Told:
    """The content of the file."""

    id: str
    files: tuple[str, ...]
    """The ledger and its log, as they were when the ledger was closed."""


def read_lines_id(path: Path) -> str | None:
    """Return the id of the lines of the ledger at ``path``, which nobody writes; None when it is not known."""
    with suppress(OSError, UsageError, ValueError, RecursionError):
        tree, name = place_of(path)
        told = LENIENT.decode(json.loads(tree.read(name + LINES_ID, most_bytes=_MOST_BYTES)), _Told)
        return told.id if told.files == _files(path) else None
    return None


def _files(path: Path) -> tuple[str, ...]:
    """Return sizes and times; an empty log counts like one that is missing, since a reader may make it."""
    tree, name = place_of(path)
    found = (tree.look(each) for each in (name, name + LOG))
    return tuple(f"{each.st_size} {each.st_mtime_ns}" if each is not None and each.st_size else "" for each in found)


class LinesId:
    """The id while this process has the ledger open to write."""

    def __init__(self, path: Path) -> None:
        """Read the file; call this before the ledger is opened."""
        self._path = path
        self._tree, ledger = place_of(path)
        self._file = ledger + LINES_ID
        self._session, self._number = uuid.uuid4().hex, 0
        self._seen = self._aside = 0
        known = read_lines_id(path)
        self._is_wanted = known is not None
        self._current = known or self._next()

    @property
    def current(self) -> str:
        """The id; it is for nobody else before the ledger is closed."""
        self._is_wanted = True
        return self._current

    def follow(self, connection: sqlite3.Connection) -> None:
        """Count from here on what a connection, the only one that writes, changes; the file is gone from here on.

        Raises:
            OSError: it can't be removed.
        """
        self._seen = connection.total_changes
        if self._is_wanted:
            self._tree.remove(self._file)
            self._tree.sync_folder(self._file.rpartition("/")[0])

    def aside(self, change: Callable[[sqlite3.Connection], T]) -> Callable[[sqlite3.Connection], T]:
        """Return a change of the ledger under which the id stays: no line shows what it writes."""

        def changed(connection: sqlite3.Connection) -> T:
            before = connection.total_changes
            try:
                return change(connection)
            finally:
                self._aside += connection.total_changes - before

        return changed

    def after_commit(self, connection: sqlite3.Connection) -> None:
        """Take a new id if more was changed than aside."""
        changed = connection.total_changes - self._seen - self._aside
        self._seen, self._aside = connection.total_changes, 0
        if changed:
            self._current = self._next()

    def leave(self) -> None:
        """Write the file, once the ledger is closed; best effort: without it, the lines are read."""
        if not self._is_wanted:
            return
        told = _Told(self._current, _files(self._path))
        with suppress(OSError, UsageError), self._tree.create(self._file, mode=PRIVATE_MODE) as file:
            os.write(file.fileno(), json.dumps(LENIENT.encode(told)).encode() + b"\n")

    def _next(self) -> str:
        self._number += 1
        return f"{self._session}-{self._number}"
