"""What a folder has cost and may still cost, as sums over its ledger."""

import sqlite3

from qwave_batch.ledger.states import HOLDS_MONEY

_HOLDING = ", ".join(f"'{state}'" for state in sorted(HOLDS_MONEY))


_HELD = f"doubt_nusd + CASE WHEN state IN ({_HOLDING}) THEN held_nusd ELSE 0 END"


def read_spent_nusd(connection: sqlite3.Connection) -> int:
    """Return what all attempts have cost, those of forgotten jobs too."""
    return _sum(connection, "cost_nusd") + _pruned(connection, "pruned_nusd")


def read_held_nusd(connection: sqlite3.Connection) -> int:
    """Return the most that may still come, and what may have been paid without our knowing."""
    return _sum(connection, _HELD) + _pruned(connection, "pruned_held_nusd")


def keep_money_of(connection: sqlite3.Connection, job_id: str) -> None:
    """Add a job's money to that of the forgotten ones, before its attempts are removed."""
    connection.execute(
        f"UPDATE identity SET pruned_nusd = pruned_nusd + total, pruned_held_nusd = pruned_held_nusd + held "  # noqa: S608
        f"FROM (SELECT COALESCE(SUM(cost_nusd), 0) AS total, COALESCE(SUM({_HELD}), 0) AS held "
        "FROM attempts WHERE job_id = ?)",
        (job_id,),
    )


def _sum(connection: sqlite3.Connection, expression: str) -> int:
    (total,) = connection.execute(f"SELECT COALESCE(SUM({expression}), 0) FROM attempts").fetchone()  # noqa: S608
    return int(total)


def _pruned(connection: sqlite3.Connection, column: str) -> int:
    row = connection.execute(f"SELECT {column} FROM identity").fetchone()  # noqa: S608 - the names above
    return int(row[0]) if row else 0
