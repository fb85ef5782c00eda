"""The tasks of the simulator in SQLite: in memory, or in a file that survives a killed process."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from qwave_batch.errors import StorageError
from qwave_batch.files.sqlite_files import (
    DamagedDatabase,
    check_pages,
    check_version,
    open_schema,
    prepare_database,
)
from qwave_batch.files.tree import place_of
from qwave_batch.simulator.simulated_task import SimulatedTask

_FIELDS = tuple(field.name for field in fields(SimulatedTask))
_COLUMNS = tuple("picture" if name == "design" else name for name in _FIELDS)  # the files of earlier versions say so
_VERSION = 1
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS tasks (
    task_id TEXT PRIMARY KEY, account TEXT NOT NULL, model TEXT NOT NULL, action TEXT NOT NULL,
    body_hash TEXT NOT NULL, sent_hash TEXT NOT NULL, idempotency_key TEXT,
    created_at REAL NOT NULL, starts_at REAL NOT NULL, ends_at REAL,
    images INTEGER NOT NULL, error_code TEXT, error_message TEXT,
    hold_quota INTEGER NOT NULL, price_quota INTEGER NOT NULL, cancelled_at REAL, picture TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS tasks_by_body ON tasks (body_hash, account);
CREATE INDEX IF NOT EXISTS tasks_by_key ON tasks (idempotency_key, account) WHERE idempotency_key IS NOT NULL;
PRAGMA user_version = {_VERSION};
"""
_MOST_QUOTA = 10**12
_IS_SOUND = " AND ".join(
    (
        *(
            f"typeof({name}) = 'text'"
            for name in ("task_id", "account", "model", "action", "body_hash", "sent_hash", "picture")
        ),
        *(f"typeof({name}) IN ('text', 'null')" for name in ("idempotency_key", "error_code", "error_message")),
        *(f"(typeof({name}) = 'real' AND abs({name}) < 1e12)" for name in ("created_at", "starts_at")),
        *(
            f"({name} IS NULL OR (typeof({name}) = 'real' AND abs({name}) < 1e12))"
            for name in ("ends_at", "cancelled_at")
        ),
        *(
            f"(typeof({name}) = 'integer' AND {name} BETWEEN 0 AND {most})"
            for name, most in (("images", 1000), ("hold_quota", _MOST_QUOTA), ("price_quota", _MOST_QUOTA))
        ),
    )
)
"""Invariants of each task that this program has written."""
_INSERT = f"INSERT INTO tasks ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 (as below)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM tasks"  # noqa: S608 (our own column names)


class TaskStore:
    """All tasks. Once ``add`` or ``cancel`` has returned, its change survives a kill of the process."""

    def __init__(self, path: Path | None) -> None:
        try:
            if path is not None:
                _make(path)
            self._db = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=30, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise StorageError(f"the simulator's state {path} cannot be opened: {error}") from error
        try:
            open_schema(self._db)
            if path is not None:
                self._check()
            self._prepare(is_new=path is None)
        except (sqlite3.Error, UnicodeDecodeError, DamagedDatabase) as error:
            self._db.close()
            raise StorageError(f"the simulator's state {path} cannot be opened: {error}") from error

    def _check(self) -> None:
        """Raise DamagedDatabase for a state that this program has not written."""
        check_version(self._db, _SCHEMA, _VERSION)
        check_pages(self._db)
        if self._db.execute(f"SELECT 1 FROM tasks WHERE ({_IS_SOUND}) IS NOT TRUE LIMIT 1").fetchone() is not None:  # noqa: S608
            raise DamagedDatabase("it holds a task that this program has not written")

    def _prepare(self, *, is_new: bool) -> None:
        """Configure the connection for speed, and create the tables of a store in memory."""
        # A commit reaches the kernel before it returns, so a killed process loses nothing; the disk is synced only at
        # checkpoints, because losing simulated tasks in a power cut is acceptable.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA wal_autocheckpoint = 4000")
        if is_new:
            self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file; no calls are possible afterwards."""
        self._db.close()

    def add(self, task: SimulatedTask) -> None:
        """Record a new task."""
        self._db.execute(_INSERT, [getattr(task, name) for name in _FIELDS])

    def cancel(self, task_id: str, at: float) -> None:
        """Record that a task was cancelled."""
        self._db.execute("UPDATE tasks SET cancelled_at = ? WHERE task_id = ?", (at, task_id))

    def get(self, task_id: str) -> SimulatedTask | None:
        """Return a task, or None for an unknown id."""
        return _task(self._db.execute(f"{_SELECT} WHERE task_id = ?", (task_id,)).fetchone())

    def by_idempotency_key(self, account: str, key: str, since: float) -> SimulatedTask | None:
        """Return the newest task that an account created with a key since a given time."""
        where = "WHERE idempotency_key = ? AND account = ? AND created_at > ? ORDER BY created_at DESC LIMIT 1"
        return _task(self._db.execute(f"{_SELECT} {where}", (key, account, since)).fetchone())

    def count_of_body(self, account: str, body_hash: str) -> int:
        """Return how many tasks an account has created with one request."""
        query = "SELECT count(*) FROM tasks WHERE body_hash = ? AND account = ?"
        return int(self._db.execute(query, (body_hash, account)).fetchone()[0])

    def count(self) -> int:
        """Return how many tasks there are."""
        return int(self._db.execute("SELECT count(*) FROM tasks").fetchone()[0])

    def __iter__(self) -> Iterator[SimulatedTask]:
        """Stream all tasks in order of creation."""
        for row in self._db.execute(f"{_SELECT} ORDER BY rowid"):
            yield SimulatedTask(**dict(zip(_FIELDS, row, strict=True)))


def _make(path: Path) -> None:
    """Ensure that ``path`` is a state file of ours, with no file beside it that SQLite would replay."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tree, name = place_of(path)
    prepare_database(tree, name, _fill)


def _fill(connection: sqlite3.Connection) -> None:
    connection.executescript(_SCHEMA)


def _task(row: Sequence[Any] | None) -> SimulatedTask | None:
    return SimulatedTask(**dict(zip(_FIELDS, row, strict=True))) if row else None
