"""How a SQLite file is made: whole, under another name first."""

import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress

from qwave_batch.errors import FolderError
from qwave_batch.files.database import INDEX, JOURNAL, LOG
from qwave_batch.files.tree import PRIVATE_MODE, TEMPORARY_PREFIX, Tree


def make_database(tree: Tree, path: str, fill: Callable[[sqlite3.Connection], None]) -> None:
    """Make a database with a write-ahead log, filled by ``fill``: it is there whole, or not at all.

    SQLite turns the log on under a rollback journal, so it is made under another name: whatever is killed meanwhile,
    no journal ever stands beside ``path``.

    Raises:
        FolderError, OSError, sqlite3.Error: it can't be made; nothing is left.
    """
    above, _, name = path.rpartition("/")
    temporary = f"{above}/{TEMPORARY_PREFIX}{secrets.token_hex(4)}-{name}".removeprefix("/")
    try:
        tree.create(temporary, mode=PRIVATE_MODE).close()
        with closing(sqlite3.connect(tree.root / temporary, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            fill(connection)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _check_log_is_gone(tree, temporary)
        tree.sync(temporary)
        tree.move(temporary, path)
    except BaseException:
        for ending in ("", LOG, INDEX, JOURNAL):
            with suppress(OSError, FolderError):
                tree.remove(temporary + ending)
        raise


def _check_log_is_gone(tree: Tree, path: str) -> None:
    """Raise where the log is still there: closing a database says nothing of a log that the disk did not take."""
    log = tree.look(path + LOG)
    if log is not None and log.st_size > 0:
        raise sqlite3.OperationalError("its log could not be written into it")
