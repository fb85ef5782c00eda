"""Checks that the rows of a ledger are such as this program writes: numbers in range, names well-formed.

One scan per table when a ledger is opened. Slower checks happen where the values are read: JSON columns, and the
form of keys and hashes (``ledger.attempt``, ``ledger.snapshots``).
"""

import re
import sqlite3
from collections.abc import Collection, Mapping

from qwave_batch.files.sqlite_files import DamagedDatabase, check_pages
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.model.money import MAX_NUSD, MAX_TOTAL_NUSD
from qwave_batch.model.portable_paths import path_fault

_PLAIN_PATH = re.compile(r"images(?:/[A-Za-z0-9_-]{5,150})+\.[a-z0-9]{3,4}", re.ASCII)
"""Nearly every path; ``path_fault`` passes them too, and takes three times as long."""
_MANY = 1_000_000_000
_MOST_SENDINGS = 2**53
_LATEST_S = 253_402_300_799  # the end of the year 9999, the last valid date
_LONGEST_RESULTS = 20_000_000  # of a thousand addresses at their longest
_LONGEST_TEXT = 1_000_000
_HAVE_A_TASK = (
    AttemptState.ACCEPTED,
    AttemptState.COMPLETED,
    AttemptState.STORED,
    AttemptState.UNRECOVERABLE,
    AttemptState.NOT_FOUND,
)


def _whole(column: str, least: int, most: int) -> str:
    return f"(typeof({column}) = 'integer' AND {column} BETWEEN {least} AND {most})"


def _maybe(column: str, condition: str) -> str:
    return f"({column} IS NULL OR {condition})"


def _time(column: str) -> str:
    return f"(typeof({column}) IN ('integer', 'real') AND {column} BETWEEN 0 AND {_LATEST_S})"


def _text(column: str) -> str:
    return f"typeof({column}) = 'text'"


def _json(column: str) -> str:
    return f"({_text(column)} AND json_valid({column}))"


def _of_length(column: str, least: int, most: int) -> str:
    return f"({_text(column)} AND length({column}) BETWEEN {least} AND {most})"


def _among(column: str, values: Collection[str]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"


_JOB_ID = _of_length("job_id", 16, 16)
_TASK_ID = f"{_text('task_id')} AND length(task_id) BETWEEN 1 AND 200 AND task_id NOT GLOB '*[^!-~]*'"
_MONEY = _whole("{}", 0, MAX_NUSD)
_RULES: Mapping[str, Mapping[str, str]] = {
    "identity": {
        **{name: _text(name) for name in ("folder_id", "spec_name", "backend", "path", "host", "key_fingerprint")},
        "created_at": _time("created_at"),
        "pruned_nusd": _whole("pruned_nusd", 0, MAX_TOTAL_NUSD),
        "pruned_held_nusd": _whole("pruned_held_nusd", 0, MAX_TOTAL_NUSD),
        "sendings": _whole("sendings", 0, _MOST_SENDINGS),
        "begun_sendings": _maybe("begun_sendings", _whole("begun_sendings", 0, _MOST_SENDINGS)),
        **{name: _maybe(name, _time(name)) for name in ("begun_at", "lost_since")},
    },
    "jobs": {
        "job_id": f"{_JOB_ID} AND job_id NOT GLOB '*[^0-9a-f]*'",  # those of the other tables are looked up by it
        "position": _maybe("position", _whole("position", 0, _MANY)),
        "body": _json("body"),
    },
    "twins": {"place": _whole("place", 0, _MANY), "job_id": _JOB_ID, "body": _json("body")},
    "attempts": {
        "job_id": _JOB_ID,
        "number": _whole("number", 1, _MANY),
        "round": _whole("round", 0, _MANY),
        "state": _among("state", [state.value for state in AttemptState]),
        "key": _of_length("key", 1, 100),
        "task_id": f"(CASE WHEN task_id IS NULL THEN NOT {_among('state', _HAVE_A_TASK)} ELSE {_TASK_ID} END)",
        "earlier_tasks": _whole("earlier_tasks", 0, _MANY),
        **{name: _maybe(name, _time(name)) for name in ("first_sent_at", "submitted_at", "ended_at", "next_sent_at")},
        **{name: _MONEY.replace("{}", name) for name in ("held_nusd", "doubt_nusd", "cost_nusd")},
        **{name: _maybe(name, _MONEY.replace("{}", name)) for name in ("hold_nusd", "catalog_nusd")},
        "cost_from": _maybe("cost_from", _among("cost_from", ("api", "catalog"))),
        "results": _maybe("results", f"({_json('results')} AND length(results) <= {_LONGEST_RESULTS})"),
        **{
            name: _maybe(name, f"({_json(name)} AND length({name}) <= {_LONGEST_TEXT})")
            for name in ("error", "origin", "callback")
        },
    },
    "images": {
        "job_id": _JOB_ID,
        "number": _whole("number", 1, _MANY),
        "place": _whole("place", 1, _MANY),
        "path": _text("path"),
        "sha256": _of_length("sha256", 64, 64),
        **{name: _whole(name, 0, 2**53) for name in ("size_bytes", "width", "height")},
        "format": _of_length("format", 1, 10),
        "source_url": _text("source_url"),
        "modified_ns": "typeof(modified_ns) = 'integer'",
    },
    "decisions": {
        "job_id": _JOB_ID,
        "error": _maybe("error", f"({_json('error')} AND length(error) <= {_LONGEST_TEXT})"),
    },
}
"""The check of each column; columns that an old format lacks are skipped."""
_OWNERS = {**dict.fromkeys(_RULES, "job_id"), "identity": "''"}
_TOTALS = ("held_nusd", "doubt_nusd", "cost_nusd", "hold_nusd", "catalog_nusd")


def check_content(connection: sqlite3.Connection) -> None:
    """Check that a ledger holds only values that this program may have written.

    Args:
        connection: One whose schema is sound.

    Raises:
        DamagedDatabase: it holds other values.
    """
    check_pages(connection)
    for table, rules in _RULES.items():
        present = {name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))}
        _check_rows(connection, table, {column: rule for column, rule in rules.items() if column in present})
        if table == "attempts":
            _check_total(connection, [column for column in _TOTALS if column in present])
    for job_id, path in connection.execute("SELECT job_id, path FROM images"):
        if not _PLAIN_PATH.fullmatch(path) and (fault := path_fault(path)):
            raise DamagedDatabase(f"of job {job_id} it has an image at {path[:200]!a}, where none can be: {fault}")


def _check_rows(connection: sqlite3.Connection, table: str, rules: Mapping[str, str]) -> None:
    found = f"SELECT {_OWNERS[table]} FROM {table} WHERE ({{}}) IS NOT TRUE LIMIT 1"  # noqa: S608 - constants
    if connection.execute(found.format(" AND ".join(rules.values()))).fetchone() is None:
        return
    for column, rule in rules.items():
        row = connection.execute(found.format(rule)).fetchone()
        if row is not None:
            whose = f" of job {str(row[0])[:40]!a}" if row[0] else ""
            raise DamagedDatabase(f"the {column}{whose} in its {table} is not one that this program writes")
    raise DamagedDatabase(f"its {table} hold what this program does not write")


def _check_total(connection: sqlite3.Connection, columns: Collection[str]) -> None:
    """Check that the sum of all money fits into SQLite's integers, pruned jobs included."""
    sums = " + ".join(f"TOTAL({column})" for column in columns)
    (total,) = connection.execute(f"SELECT {sums} FROM attempts").fetchone()  # noqa: S608 - constants
    (pruned,) = connection.execute("SELECT TOTAL(pruned_nusd) + TOTAL(pruned_held_nusd) FROM identity").fetchone()
    if total + pruned > MAX_TOTAL_NUSD:
        raise DamagedDatabase("its sums of money are out of range")
