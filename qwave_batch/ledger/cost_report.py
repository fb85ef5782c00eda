"""A folder's cost report: amounts that the API held and charged, next to catalog prices, summed over its ledger."""

import sqlite3
from dataclasses import dataclass

from qwave_batch.ledger.attempt_states import HOLDS_MONEY, AttemptState
from qwave_batch.model.codec import Codec, Key, usd_key
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import InUsd

_HOLDING = ", ".join(f"'{state}'" for state in sorted(HOLDS_MONEY))


_ROUNDING_NUSD = 2_000
"""The difference from the catalog that an API may cause by rounding a task's cost: two millionths of a dollar."""
_MADE = ", ".join(f"'{state}'" for state in (AttemptState.COMPLETED, AttemptState.STORED))
_HELD = f"""
    doubt_nusd + CASE
        WHEN state IN ({_HOLDING}) THEN held_nusd
        -- a process whose records are lost may have paid for the next attempt, which costs as much as this one
        WHEN next_sent_at IS NOT NULL AND state NOT IN ({_MADE}) AND NOT EXISTS (
            SELECT 1 FROM attempts AS later WHERE later.job_id = attempts.job_id AND later.number > attempts.number
        ) THEN held_nusd
        ELSE 0
    END"""  # noqa: S608 - constants


def read_spent_nusd(connection: sqlite3.Connection) -> int:
    """Return the cost of all attempts so far, pruned jobs included."""
    return _sum(connection, "cost_nusd") + _pruned(connection, "pruned_nusd")


def read_held_nusd(connection: sqlite3.Connection) -> int:
    """Return the most that open attempts may still cost, including submits that may have been paid for."""
    return _sum(connection, _HELD) + _pruned(connection, "pruned_held_nusd")


def keep_money_of(connection: sqlite3.Connection, job_id: str) -> None:
    """Add a job's cost to the total of pruned jobs, before its attempts are removed."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CostReport:
    """Amounts over all recorded tasks that have ended, in nano-dollars; pruned jobs are left out."""

    tasks: int = 0
    """The number of these tasks."""
    paid_nusd: int = 0
    """Their cost: the API's figure if it gave one, else the catalog's price."""
    catalog_nusd: int = 0
    """Catalog price of the received images."""
    hold_nusd: int = 0
    """Amount held for them at submit: the API's figure if it gave one, else the catalog's, see below."""
    holds_told: int = 0
    """The number of tasks whose hold the API stated."""
    refunds: int = 0
    """Tasks charged less than the amount held: failed, cancelled, or with fewer images than requested."""
    refunded_nusd: int = 0
    """The amount of those refunds."""
    surcharges: int = 0
    """Tasks charged more than the amount held."""
    surcharged_nusd: int = 0
    open_nusd: int = 0
    """The most that may still be charged: tasks in flight, unknown or given up."""
    paid_usd = InUsd()
    catalog_usd = InUsd()
    hold_usd = InUsd()
    refunded_usd = InUsd()
    surcharged_usd = InUsd()
    open_usd = InUsd()

    def __repr__(self) -> str:
        """Return one line with the main figures."""
        return f"CostReport({self.tasks:,} tasks: {self.paid_usd:.6g} USD paid, at most {self.open_usd:.6g} USD open)"

    @property
    def is_by_catalog(self) -> bool:
        """Whether the amount paid equals the catalog's price, apart from rounding by the API."""
        return abs(self.paid_nusd - self.catalog_nusd) <= _ROUNDING_NUSD * self.tasks

    @property
    def agree(self) -> bool:
        """Whether nothing needs explaining: the amount paid equals the catalog's price and the amount held."""
        return self.is_by_catalog and not self.refunds and not self.surcharges

    def as_json(self) -> dict[str, Json]:
        """Return the ``money`` object of summary.json."""
        return _MONEY.encode(self)


_MONEY = Codec(
    {
        CostReport: {
            "paid_nusd": usd_key("paid_usd"),
            "catalog_nusd": usd_key("catalog_usd"),
            "hold_nusd": usd_key("pre_consumed_usd"),
            "holds_told": Key(name="pre_consumed_told"),
            "refunded_nusd": usd_key("refunded_usd"),
            "surcharged_nusd": usd_key("surcharged_usd"),
            "open_nusd": usd_key("open_usd"),
        }
    }
)

_ENDED = """
    SELECT cost_nusd AS cost,
           -- a task of an older ledger has no catalog price on record: then what was paid stands for it
           COALESCE(catalog_nusd, cost_nusd) AS catalog,
           hold_nusd IS NOT NULL AS is_told,
           -- not told, as in the answer to a submit that was held until the end: what did not come was given back
           COALESCE(hold_nusd, cost_nusd + MAX(held_nusd - MAX(cost_nusd, COALESCE(catalog_nusd, 0)), 0)) AS hold
    FROM attempts WHERE ended_at IS NOT NULL AND origin IS NULL
    LIMIT -1  -- which is no limit: SQLite then works out each value once, and not for each sum anew
"""
"""Tasks that have ended. The estimate is the catalog's price of all images requested."""


def read_cost_report(connection: sqlite3.Connection) -> CostReport:
    """Return the sums over all tasks that have ended.

    ``hold - refunded + surcharged`` always equals the amount charged.
    """
    row = connection.execute(
        f"""
        SELECT COUNT(*), COALESCE(SUM(cost), 0), COALESCE(SUM(catalog), 0), COALESCE(SUM(hold), 0),
               COALESCE(SUM(is_told), 0),
               COALESCE(SUM(cost < hold), 0), COALESCE(SUM(MAX(hold - cost, 0)), 0),
               COALESCE(SUM(cost > hold), 0), COALESCE(SUM(MAX(cost - hold, 0)), 0)
        FROM ({_ENDED})
        """  # noqa: S608 - the text above
    ).fetchone()
    tasks, paid, catalog, hold, told, refunds, refunded, surcharges, surcharged = row
    return CostReport(
        tasks=tasks,
        paid_nusd=paid,
        catalog_nusd=catalog,
        hold_nusd=hold,
        holds_told=told,
        refunds=refunds,
        refunded_nusd=refunded,
        surcharges=surcharges,
        surcharged_nusd=surcharged,
        open_nusd=read_held_nusd(connection),
    )
