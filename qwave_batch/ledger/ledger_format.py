"""The format of a ledger: its tables, and the upgrade from older formats."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.errors import FolderError
from qwave_batch.model.next_step import NextStep

FORMAT = 7


APPLICATION_ID = 0x51574156  # "QWAV"


TABLES = """
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
    next_sent_at REAL,     -- since when another process may have sent the key of the next attempt; NULL: none has
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


DECISIONS = """
CREATE TABLE decisions (
    job_id TEXT PRIMARY KEY,  -- of a stage that scores, checks or picks decide
    error TEXT                -- why it is not made; NULL where it is
) WITHOUT ROWID;
"""
"""The table that format 7 added."""
_DECISIONS_SINCE = 7


OLD_TABLES = """
CREATE TABLE earlier_tasks (job_id TEXT NOT NULL, number INTEGER NOT NULL, task_id TEXT NOT NULL);
"""
"""Tables of formats up to 3; they stay when a ledger is upgraded, and nothing reads them."""


@dataclass(frozen=True, slots=True)
class _NewColumn:
    table: str
    declared: str
    since: int
    """The format that added it."""
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
    "next_sent_at": _NewColumn("attempts", "REAL", 6),
}
"""The columns missing in format 1; each name belongs to one table only."""


def create_tables(connection: sqlite3.Connection) -> None:
    """Create all tables in an empty database."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in tables_of(FORMAT).split(";\n"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("COMMIT")


def bring_up_to_date(connection: sqlite3.Connection, path: Path) -> None:
    """Add the columns and the table missing in an older format, in one transaction.

    Raises:
        FolderError: it is not a ledger, or of a newer format.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = check_format(connection, path)
        if found < FORMAT:
            for column in missing_columns(found):
                new = _NEW_COLUMNS[column]
                connection.execute(f"ALTER TABLE {new.table} ADD COLUMN {column} {new.declared}")
            if found < _DECISIONS_SINCE:
                connection.execute(DECISIONS)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def tables_of(found: int) -> str:
    """Return the statements that create the tables and indexes of a format, with all columns of today."""
    return TABLES if found < _DECISIONS_SINCE else TABLES + DECISIONS


def missing_columns(found: int) -> list[str]:
    """Return the columns missing in a format."""
    return [name for name, column in _NEW_COLUMNS.items() if column.since > found]


def fill_in(connection: sqlite3.Connection, found: int) -> None:
    """Give a read-only ledger of an older format views with the missing columns, and of the missing table."""
    columns = missing_columns(found)
    for table in {_NEW_COLUMNS[name].table for name in columns}:
        missing = ", ".join(
            f"{_NEW_COLUMNS[name].value} AS {name}" for name in columns if _NEW_COLUMNS[name].table == table
        )
        connection.execute(f"CREATE TEMP VIEW {table} AS SELECT *, {missing} FROM main.{table}")  # noqa: S608 - constants
    if found < _DECISIONS_SINCE:
        connection.execute("CREATE TEMP VIEW decisions AS SELECT NULL AS job_id, NULL AS error WHERE FALSE")


def check_format(connection: sqlite3.Connection, path: Path) -> int:
    """Return the format of a ledger.

    Raises:
        FolderError: it is empty, not a ledger, or of a newer format.
    """
    if not connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
        raise FolderError(
            f"{path} is a database without any table, so what it knew of paid tasks is gone; nothing was sent",
            next_steps=(NextStep.RESTORE_LEDGER, NextStep.NAME_NEW_FOLDER),
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
