"""Makes SQLite files safe to open: SQLite follows links, replays any journal and runs what a schema contains."""

import re
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from functools import lru_cache

from qwave_batch import lazy
from qwave_batch.errors import FolderError
from qwave_batch.files.folder_handles import TEMPORARY_PREFIX
from qwave_batch.files.regular_files import irregular_kind
from qwave_batch.files.tree import PRIVATE_MODE, Tree

LOG, INDEX, JOURNAL = "-wal", "-shm", "-journal"
"""Suffixes of the files that SQLite keeps next to a database."""


def check_database(tree: Tree, path: str) -> None:
    """Reject a database that is a link, or that has links or a rollback journal beside it; nothing is changed.

    This program's databases keep a write-ahead log. A rollback journal beside one was put there by somebody else:
    SQLite would replay it, and would remove a file that the journal names.

    Raises:
        FolderError: there is such a file.
    """
    for name in (path, path + LOG, path + INDEX, path + JOURNAL):
        status = tree.look(name)
        if status is None:
            continue
        kind = irregular_kind(status.st_mode)
        if kind is not None:
            raise FolderError(f"{tree.root / name} {kind}; it was not opened, and nothing was changed")
        if name.endswith(JOURNAL):
            raise FolderError(
                f"{tree.root / name} was not made by this program, and SQLite would obey it; nothing was changed. "
                "If the folder is yours, look where the file came from, then remove it"
            )


def is_index_shared(tree: Tree, path: str) -> bool:
    """Whether the index of a database's log has other names: SQLite writes it even where it only reads the database."""
    index = tree.look(path + INDEX)
    return index is not None and index.st_nlink > 1


def unshare_database(tree: Tree, path: str) -> None:
    """Give a database and its log content of their own before it is written, in case of a snapshot of hard links.

    The caller has checked it and is its only writer.
    """
    tree.unshare(path)
    tree.unshare(path + LOG)
    if is_index_shared(tree, path):
        tree.remove(path + INDEX)  # SQLite makes it anew from the log


def prepare_database(tree: Tree, path: str, fill: Callable[["lazy.sqlite3.Connection"], None]) -> None:
    """Have a database ready for its only writer: checked, made where there is none, and sharing no content.

    Raises:
        FolderError: as ``check_database`` and ``is_there``.
        OSError, sqlite3.Error: as ``make_database``.
    """
    check_database(tree, path)
    if not is_there(tree, path):
        make_database(tree, path, fill)
    unshare_database(tree, path)


def temporary_database(tables: str) -> "lazy.sqlite3.Connection":
    """Return a database without a name, with these tables: memory does not grow with it, and closing it removes it.

    All that is written is one transaction, which never ends, as nobody else reads it.

    Raises:
        sqlite3.Error: there is no room for temporary files.
    """
    connection = lazy.sqlite3.connect("", isolation_level=None, check_same_thread=False)
    try:
        connection.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {tables}")
        connection.execute("BEGIN")
    except BaseException:
        connection.close()
        raise
    return connection


def is_there(tree: Tree, path: str) -> bool:
    """Whether there is a database with anything in it.

    Raises:
        FolderError: it is empty but its log is not, so data was removed.
    """
    status, log = tree.look(path), tree.look(path + LOG)
    if status is not None and status.st_size > 0:
        return True
    if log is not None and log.st_size > 0:
        raise FolderError(f"{tree.root / path} is empty or gone, and its log is still there; put the file back")
    return False


def make_database(tree: Tree, path: str, fill: Callable[["lazy.sqlite3.Connection"], None]) -> None:
    """Create a database with a write-ahead log, filled by ``fill``; it is complete or absent.

    SQLite turns the log on under a rollback journal, so the database is created under another name: even if the
    process is killed meanwhile, no journal ever lies beside ``path``.

    Raises:
        FolderError, OSError, sqlite3.Error: it cannot be created; nothing is left.
    """
    above, _, name = path.rpartition("/")
    temporary = f"{above}/{TEMPORARY_PREFIX}{secrets.token_hex(4)}-{name}".removeprefix("/")
    try:
        tree.create(temporary, mode=PRIVATE_MODE).close()
        with closing(lazy.sqlite3.connect(tree.root / temporary, isolation_level=None)) as connection:
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
    """Raise if the log is still there: closing a database does not report a log that the disk did not accept."""
    log = tree.look(path + LOG)
    if log is not None and log.st_size > 0:
        raise lazy.sqlite3.OperationalError("its log could not be written into it")


MAX_CELL_BYTES = 128 * 1024 * 1024
"""Limit of one cell; a job with images in its request is far below."""
_SCHEMA_STEPS = 200_000
"""Limit of SQLite's virtual machine steps to read the schema: it takes a few hundred, unless its pages are circular."""
_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master"


class DamagedDatabase(Exception):
    """A file holds content that this program did not write; the message says which, the catcher names the file."""


def open_schema(connection: "lazy.sqlite3.Connection") -> None:
    """Prepare a new connection to an untrusted file and read its schema; call it before anything else.

    Raises:
        sqlite3.DatabaseError: it can't be read.
    """
    connection.setlimit(lazy.sqlite3.SQLITE_LIMIT_LENGTH, MAX_CELL_BYTES)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    with _bounded(connection, _SCHEMA_STEPS):
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def check_schema(
    connection: "lazy.sqlite3.Connection", tables: str, *, missing: Collection[str] = (), old_tables: str = ""
) -> None:
    """Check that the schema is exactly ours: views, triggers, defaults and conflict clauses would act on our behalf.

    Args:
        connection: Prepared by ``open_schema``.
        tables: The statements that create the current tables and indexes.
        missing: Columns that the file's format lacks.
        old_tables: The statements that created tables of an old format, which may be present.

    Raises:
        DamagedDatabase: it differs.
    """
    expected, old = _expected(tables, frozenset(missing)), _expected(old_tables, frozenset())
    found: set[tuple[str, str, str]] = set()
    for kind, name, table, sql in connection.execute(_SCHEMA):
        key = (kind, name, table)
        parts = expected.get(key, old.get(key))
        if key in found or parts is None:
            raise DamagedDatabase(f"it holds a {str(kind)[:20]} that is not ours, {str(name)[:100]!a}")
        if _parts(sql) != parts:
            raise DamagedDatabase(f"its {kind} {name} is not as this program makes it")
        found.add(key)
    if lacking := {name for _, name, _ in expected.keys() - found}:
        raise DamagedDatabase(f"it lacks {', '.join(sorted(lacking))}")


def check_version(connection: "lazy.sqlite3.Connection", tables: str, version: int) -> None:
    """Check that a database has exactly these tables, in this version of what they hold.

    Raises:
        DamagedDatabase: it has not.
    """
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found != version:
        raise DamagedDatabase("it was written by another version of this program")
    check_schema(connection, tables)


@lru_cache(maxsize=8)
def _expected(tables: str, missing: frozenset[str]) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Return the expected schema by kind, name and table: what SQLite makes of our own statements."""
    with closing(lazy.sqlite3.connect(":memory:")) as model:
        model.executescript(tables)
        found = {(kind, name, table): _parts(sql) for kind, name, table, sql in model.execute(_SCHEMA)}
    return {key: tuple(part for part in parts if part.partition(" ")[0] not in missing) for key, parts in found.items()}


def check_pages(connection: "lazy.sqlite3.Connection") -> None:
    """Check that the file's pages are well-formed, so that later reads end.

    Raises:
        DamagedDatabase: they are malformed.
    """
    (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise DamagedDatabase(" ".join(str(said).split())[:200])


@contextmanager
def _bounded(connection: "lazy.sqlite3.Connection", steps: int) -> Iterator[None]:
    connection.set_progress_handler(lambda: 1, steps)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


@lru_cache(maxsize=64)
def _parts(sql: object) -> tuple[str, ...]:
    """Return a statement as its columns and clauses, ignoring spaces and comments; empty for an automatic index.

    A table that had a column added is written differently from one created with it.
    """
    if not isinstance(sql, str):
        return ()
    line = " ".join(re.sub(r"--[^\n]*", "", sql).split())
    parts, depth = [""], 0
    for character in line:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 1:
            parts.append("")
        elif character == ")" and depth == 0:  # not a part of the last column, which an old table may lack
            parts.append(character)
        else:
            parts[-1] += character
    return tuple(re.sub(r" ?([()]) ?", r"\1", part.strip()) for part in parts)
