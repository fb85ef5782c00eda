"""The ledger's file: its tables, and how it is opened to write and to read."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.errors import FolderError, StorageError
from qwave_batch.files.sqlite_files import (
    DamagedDatabase,
    check_database,
    check_schema,
    is_index_shared,
    is_there,
    make_database,
    open_schema,
    unshare_database,
)
from qwave_batch.files.tree import place_of
from qwave_batch.ledger.row_checks import check_content

FORMAT = 5
APPLICATION_ID = 0x51574156  # "QWAV"
_CANNOT_WRITE_THERE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
_MOST_COPIED_BYTES = 1 << 30
_FOLD_TIMEOUT_S = 3

_TABLES = """
CREATE TABLE identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    folder_id TEXT NOT NULL, spec_name TEXT NOT NULL, backend TEXT NOT NULL, path TEXT NOT NULL, host TEXT NOT NULL,
    key_fingerprint TEXT NOT NULL, created_at REAL NOT NULL,
    pruned_nusd INTEGER NOT NULL DEFAULT 0,       -- what forgotten jobs have cost
    pruned_held_nusd INTEGER NOT NULL DEFAULT 0,  -- what they may have cost without our knowing
    sendings INTEGER NOT NULL DEFAULT 0,  -- how many keys went on record to be sent
    begun_at REAL,                        -- when the run at work began; NULL once it has ended and closed the ledger
    begun_sendings INTEGER,               -- how many sendings there were then
    lost_since REAL                       -- records from then on are missing, and jobs are not held to be in doubt yet
);
CREATE TABLE jobs (
    row INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL UNIQUE,
    position INTEGER,       -- its place among the jobs of the plan; NULL when the plan no longer holds it
    body TEXT NOT NULL      -- model/codec.py
);
CREATE INDEX jobs_by_position ON jobs (position);
CREATE TABLE twins (
    place INTEGER PRIMARY KEY,  -- Twin.index
    job_id TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX twins_by_job ON twins (job_id, place);
CREATE TABLE attempts (
    job_id TEXT NOT NULL, number INTEGER NOT NULL, round INTEGER NOT NULL, state TEXT NOT NULL, key TEXT NOT NULL,
    first_sent_at REAL, held_nusd INTEGER NOT NULL, doubt_nusd INTEGER NOT NULL DEFAULT 0,
    task_id TEXT, earlier_tasks INTEGER NOT NULL DEFAULT 0,  -- how many tasks earlier rounds had
    submitted_at REAL, ended_at REAL,
    cost_nusd INTEGER NOT NULL DEFAULT 0, cost_from TEXT, results TEXT, error TEXT,
    hold_nusd INTEGER,     -- what the API set aside
    catalog_nusd INTEGER,  -- the catalog's price of what came
    origin TEXT,           -- where images were taken from, that no task of this folder made
    callback TEXT,         -- the callback fields that are sent with the key
    PRIMARY KEY (job_id, number)
) WITHOUT ROWID;
CREATE TABLE images (
    job_id TEXT NOT NULL, number INTEGER NOT NULL, place INTEGER NOT NULL,  -- place: from 1, in the API's order
    path TEXT NOT NULL, sha256 TEXT NOT NULL, size_bytes INTEGER NOT NULL, width INTEGER NOT NULL,
    height INTEGER NOT NULL, format TEXT NOT NULL, source_url TEXT NOT NULL, modified_ns INTEGER NOT NULL,
    PRIMARY KEY (job_id, number, place)
) WITHOUT ROWID;
CREATE UNIQUE INDEX images_by_path ON images (path);
"""
_OLD_TABLES = """
CREATE TABLE earlier_tasks (job_id TEXT NOT NULL, number INTEGER NOT NULL, task_id TEXT NOT NULL);
"""
"""Tables that formats up to 3 had; they stay when a ledger is brought up to date, and nobody reads them."""


@dataclass(frozen=True, slots=True)
class _NewColumn:
    table: str
    declared: str
    since: int
    """The format that brought it."""
    value: str = "NULL"
    """Default for ledgers without this column."""


_NEW_COLUMNS = {
    "hold_nusd": _NewColumn("attempts", "INTEGER", 2),
    "catalog_nusd": _NewColumn("attempts", "INTEGER", 2),
    "origin": _NewColumn("attempts", "TEXT", 2),
    "callback": _NewColumn("attempts", "TEXT", 3),
    "sendings": _NewColumn("identity", "INTEGER NOT NULL DEFAULT 0", 5, "0"),
    "begun_at": _NewColumn("identity", "REAL", 5),
    "begun_sendings": _NewColumn("identity", "INTEGER", 5),
    "lost_since": _NewColumn("identity", "REAL", 5),
}
"""The columns that format 1 had not; a name is of one table only."""


_PRIMARY = 0xFF
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def _words_of_damage(path: Path, told: str) -> str:
    return (
        f"the ledger {path} is damaged: {told}. Put a copy of it back, with its -wal, from a backup of the folder, if "
        "there is one. The images that manifest.jsonl lists are safe as they are; what else is paid is known to the "
        "ledger only, and a new folder (-o DIR) pays for everything anew"
    )


@contextmanager
def storage_border(path: Path) -> Iterator[None]:
    """Turn SQLite's errors inside the block into ours: the one border where they are known."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & _PRIMARY in _DAMAGED:
            raise StorageError(_words_of_damage(path, str(error))) from error
        raise StorageError(f"the ledger {path} failed: {error}") from error
    except UnicodeDecodeError as error:  # SQLite's own sentence repeats what it found
        raise StorageError(f"the ledger {path} failed: it holds text that is not UTF-8") from error
    except DamagedDatabase as damaged:
        raise StorageError(_words_of_damage(path, str(damaged))) from None
    except OSError as error:
        raise StorageError(f"the ledger {path} failed: {error.strerror or error}") from error


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open the ledger, making it when it is not there; what is committed survives a power cut.

    Raises:
        FolderError: it is of a newer format, is not a ledger, is a link, or has a rollback journal beside it.
        StorageError: the disk refuses.
    """
    tree, name = place_of(path)
    with storage_border(path):
        check_database(tree, name)
        if is_there(tree, name):
            open_checked(path).close()
            unshare_database(tree, name)
        else:
            make_database(tree, name, _fill)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    try:
        with storage_border(path), _not_a_ledger(path):
            open_schema(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA busy_timeout = 30000")
            _bring_up_to_date(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def open_checked(path: Path) -> sqlite3.Connection:
    """Open the ledger to read only, as ``open_to_read`` does, once all its rows were looked at.

    Raises:
        FolderError, StorageError: as there; also StorageError where something in it is not what this program writes.
    """
    connection = open_to_read(path)
    try:
        with storage_border(path):
            check_content(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open the ledger to read only, while a run is live, after a crash, or on a medium that can't be written.

    Raises:
        FolderError: it is not there, of a newer format, or no ledger.
        StorageError: it can't be read.
    """
    tree, name = place_of(path)
    with storage_border(path), _not_a_ledger(path):
        check_database(tree, name)
        if not tree.is_file(name):
            raise FolderError(f"no ledger found at {path}; a run creates one")
        connection = _connect_to_read(path)
        try:
            missing = _missing_columns(_check_format(connection, path))
            check_schema(connection, _TABLES, missing=missing, old_tables=_OLD_TABLES)
            if missing:
                _read_as_of_today(connection, missing)
        except BaseException:
            connection.close()
            raise
        return connection


def _connect_to_read(path: Path) -> sqlite3.Connection:
    """Connect to the ledger, or to a copy where SQLite could not, or must not, write its index of the log beside it."""
    tree, name = place_of(path)
    if not is_index_shared(tree, name):
        try:
            return _try_to_read(f"{path.resolve().as_uri()}?mode=ro")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _CANNOT_WRITE_THERE:
                raise
    with tempfile.TemporaryDirectory(prefix="qwave-ledger-") as folder:
        copy = Path(folder) / path.name
        for ending in ("", "-wal"):
            _copy(path, ending, copy)
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        with closing(sqlite3.connect(copy)) as source:
            open_schema(source)
            source.backup(connection)
        open_schema(connection)
        return connection


def _copy(path: Path, ending: str, copy: Path) -> None:
    tree, name = place_of(path)
    if tree.is_file(name + ending):
        with tree.open(name + ending) as file, copy.with_name(copy.name + ending).open("xb") as target:
            if os.fstat(file.fileno()).st_size > _MOST_COPIED_BYTES:
                raise FolderError(
                    f"{path} can only be read from a copy here, and is too large for one: make its folder writable"
                )
            shutil.copyfileobj(file, target)


def _try_to_read(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=30)
    try:
        open_schema(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def fold_log(path: Path) -> None:
    """Write what stands in the ledger's log into the ledger, as far as nobody reads it at this moment.

    Raises:
        StorageError: the disk refuses.
    """
    with storage_border(path), closing(sqlite3.connect(path, isolation_level=None, timeout=_FOLD_TIMEOUT_S)) as opened:
        open_schema(opened)
        opened.execute("PRAGMA synchronous = FULL")
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _not_a_ledger(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            raise FolderError(f"{path} is not a run ledger") from error
        raise


def _fill(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in _TABLES.split(";\n"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("COMMIT")


def _bring_up_to_date(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if missing := _missing_columns(_check_format(connection, path)):
            for column in missing:
                new = _NEW_COLUMNS[column]
                connection.execute(f"ALTER TABLE {new.table} ADD COLUMN {column} {new.declared}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _missing_columns(found: int) -> list[str]:
    return [name for name, column in _NEW_COLUMNS.items() if column.since > found]


def _read_as_of_today(connection: sqlite3.Connection, columns: Sequence[str]) -> None:
    """Let a ledger of an old format, which may not be written here, answer with the columns that it has not."""
    for table in {_NEW_COLUMNS[name].table for name in columns}:
        missing = ", ".join(
            f"{_NEW_COLUMNS[name].value} AS {name}" for name in columns if _NEW_COLUMNS[name].table == table
        )
        connection.execute(f"CREATE TEMP VIEW {table} AS SELECT *, {missing} FROM main.{table}")  # noqa: S608 - constants


def _check_format(connection: sqlite3.Connection, path: Path) -> int:
    if not connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
        raise FolderError(
            f"{path} is a database without any table, so what it knew of paid tasks is gone; nothing was sent. Put the "
            "ledger back, with its -wal if there is one, or name a new folder with -o DIR"
        )
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise FolderError(f"{path} is not a run ledger")
    if found > FORMAT:
        raise FolderError(
            f"{path} was written by a newer version of qwave-batch (format {found}, this one reads {FORMAT}); upgrade"
        )
    return int(found)
