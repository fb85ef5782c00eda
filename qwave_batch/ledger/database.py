"""The ledger's file: its tables, and how it is opened for writing and for reading."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
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
from qwave_batch.ledger.ledger_format import (
    OLD_TABLES,
    bring_up_to_date,
    check_format,
    create_tables,
    fill_in,
    missing_columns,
    tables_of,
)
from qwave_batch.ledger.row_checks import check_content
from qwave_batch.model.next_step import NextStep

_CANNOT_WRITE_THERE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
_MOST_COPIED_BYTES = 1 << 30
_FOLD_TIMEOUT_S = 3


_PRIMARY = 0xFF
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def _damage(path: Path, told: str) -> StorageError:
    return StorageError(
        f"the ledger {path} is damaged: {told}. The images that manifest.jsonl lists are safe as they are; what else "
        "is paid is known to the ledger only",
        next_steps=(NextStep.RESTORE_LEDGER, NextStep.NAME_NEW_FOLDER),
    )


@contextmanager
def storage_border(path: Path) -> Iterator[None]:
    """Translate SQLite's errors inside the block into ours; no other module knows them."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & _PRIMARY in _DAMAGED:
            raise _damage(path, str(error)) from error
        raise StorageError(f"the ledger {path} failed: {error}") from error
    except UnicodeDecodeError as error:  # SQLite's own message repeats the bytes it found
        raise StorageError(f"the ledger {path} failed: it holds text that is not UTF-8") from error
    except DamagedDatabase as damaged:
        raise _damage(path, str(damaged)) from None
    except OSError as error:
        raise StorageError(f"the ledger {path} failed: {error.strerror or error}") from error


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open the ledger for writing, creating it if needed; committed data survives a power cut.

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
            make_database(tree, name, create_tables)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    try:
        with storage_border(path), _not_a_ledger(path):
            open_schema(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA busy_timeout = 30000")
            bring_up_to_date(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def open_checked(path: Path) -> sqlite3.Connection:
    """Open the ledger read-only, as ``open_to_read`` does, and check all its rows.

    Raises:
        FolderError, StorageError: as there; also StorageError where it holds values that this program does not write.
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
    """Open the ledger read-only: during a run, after a crash, or on a medium that cannot be written.

    Raises:
        FolderError: it is missing, of a newer format, or not a ledger.
        StorageError: it can't be read.
    """
    tree, name = place_of(path)
    with storage_border(path), _not_a_ledger(path):
        check_database(tree, name)
        if not tree.is_file(name):
            raise FolderError(f"no ledger found at {path}; a run creates one")
        connection = _connect_to_read(path)
        try:
            found = check_format(connection, path)
            check_schema(connection, tables_of(found), missing=missing_columns(found), old_tables=OLD_TABLES)
            fill_in(connection, found)
        except BaseException:
            connection.close()
            raise
        return connection


def _connect_to_read(path: Path) -> sqlite3.Connection:
    """Connect to the ledger, or to a copy where SQLite cannot or must not write its log index beside it."""
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
    """Move the ledger's log into the ledger, as far as no reader needs it at this moment.

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
