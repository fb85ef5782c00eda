"""Whether a SQLite file is one that this program makes: anybody may have made it, and SQLite runs what it holds."""

import re
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from functools import lru_cache

MAX_CELL_BYTES = 128 * 1024 * 1024
"""Of one cell; a job with images in its request is far below."""
_SCHEMA_STEPS = 200_000
"""Of SQLite's own machine, to read the schema: it takes a few hundred, unless its pages lead round in circles."""
_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master"


class Damaged(Exception):
    """A file holds what this program has not written; its text says what, and whoever catches it names the file."""


def open_schema(connection: sqlite3.Connection) -> None:
    """Prepare a new connection to a file that may be anybody's, and read its schema; call it before all else.

    Raises:
        sqlite3.DatabaseError: it can't be read.
    """
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_CELL_BYTES)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    with _bounded(connection, _SCHEMA_STEPS):
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def check_schema(
    connection: sqlite3.Connection, tables: str, *, missing: Collection[str] = (), old_tables: str = ""
) -> None:
    """Pass when the schema is ours to the letter: views, triggers, defaults and conflict clauses would act for us.

    Args:
        connection: Made ready by ``open_schema``.
        tables: The statements that make the tables and indexes of today.
        missing: Columns of these that the file's format has not.
        old_tables: The statements that made tables which an old format had, and which may be there.

    Raises:
        Damaged: it is not.
    """
    expected, old = _expected(tables, frozenset(missing)), _expected(old_tables, frozenset())
    found: set[tuple[str, str, str]] = set()
    for kind, name, table, sql in connection.execute(_SCHEMA):
        key = (kind, name, table)
        parts = expected.get(key, old.get(key))
        if key in found or parts is None:
            raise Damaged(f"it holds a {str(kind)[:20]} that is not ours, {str(name)[:100]!a}")
        if _parts(sql) != parts:
            raise Damaged(f"its {kind} {name} is not as this program makes it")
        found.add(key)
    if lacking := {name for _, name, _ in expected.keys() - found}:
        raise Damaged(f"it lacks {', '.join(sorted(lacking))}")


@lru_cache(maxsize=8)
def _expected(tables: str, missing: frozenset[str]) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Return what stands in a schema, by kind, name and table: what SQLite makes of our own statements."""
    with closing(sqlite3.connect(":memory:")) as model:
        model.executescript(tables)
        found = {(kind, name, table): _parts(sql) for kind, name, table, sql in model.execute(_SCHEMA)}
    return {key: tuple(part for part in parts if part.partition(" ")[0] not in missing) for key, parts in found.items()}


def check_pages(connection: sqlite3.Connection) -> None:
    """Pass when the file's pages are what SQLite makes; what is read afterwards has an end.

    Raises:
        Damaged: they are not.
    """
    (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise Damaged(" ".join(str(said).split())[:200])


@contextmanager
def _bounded(connection: sqlite3.Connection, steps: int) -> Iterator[None]:
    connection.set_progress_handler(lambda: 1, steps)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


@lru_cache(maxsize=64)
def _parts(sql: object) -> tuple[str, ...]:
    """Return a statement as its columns and clauses, whatever its spaces and comments; empty for an index of its own.

    A table that has got a column since is written otherwise than one that was made with it.
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
    return tuple(re.sub(r"\s*([()])\s*", r"\1", part.strip()) for part in parts)
