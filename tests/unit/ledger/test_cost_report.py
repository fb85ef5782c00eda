"""A cost report agrees with itself, whatever the API sets aside and charges."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwave_batch.ledger.attempt import Acceptance, Charge
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.journal import Journal
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.ledger_format import FORMAT
from qwave_batch.model.job import Job, JobError
from qwave_batch.model.task import ResultImage

MakeJob = Callable[..., Job]
OOPS = JobError(code="task_failed", message="no")


async def end(journal: Journal, job_id: str, *, hold: int | None, cost: int, catalog: int, fails: bool = False) -> None:
    attempt = await journal.intend(job_id, held_nusd=9, sent_at=None)
    attempt = await journal.accept(attempt, Acceptance(task_id=job_id, submitted_at=1.0, held_nusd=9, hold_nusd=hold))
    charge = Charge(cost_nusd=cost, cost_from="api", catalog_nusd=catalog)
    if fails:
        await journal.fail(attempt, ended_at=2.0, charge=charge, error=OOPS)
    else:
        await journal.complete(
            attempt, ended_at=2.0, submitted_at=1.0, charge=charge, results=[ResultImage(url="https://x")]
        )


def test_a_failed_task_is_a_refund_and_a_dear_one_a_surcharge(ledger: Ledger, job_of: MakeJob) -> None:
    ledger.replace_plan(job_of(index) for index in range(4))
    journal = ledger.journal()

    async def way() -> None:
        await end(journal, f"{0:016x}", hold=6, cost=6, catalog=6)
        await end(journal, f"{1:016x}", hold=6, cost=0, catalog=0, fails=True)
        await end(journal, f"{2:016x}", hold=6, cost=7, catalog=6)
        await journal.intend(f"{3:016x}", held_nusd=5, sent_at=None)

    asyncio.run(way())
    report = ledger.cost_report()
    assert (report.paid_nusd, report.catalog_nusd, report.hold_nusd) == (13, 12, 18)
    assert (report.refunds, report.refunded_nusd, report.surcharges, report.surcharged_nusd) == (1, 6, 1, 1)
    assert report.open_nusd == 5
    assert not report.agree


def test_refunds_are_the_same_whether_the_api_tells_what_it_set_aside_or_not(path: Path, claim: FolderClaim) -> None:
    def booked(folder: Path, hold: int | None) -> tuple[int, int, int, int]:
        with Ledger.open(folder) as ledger:
            ledger.claim(claim)
            journal = ledger.journal()

            async def way() -> None:
                await end(journal, f"{0:016x}", hold=hold, cost=9, catalog=9)
                await end(journal, f"{1:016x}", hold=hold, cost=0, catalog=0, fails=True)
                await end(journal, f"{2:016x}", hold=hold, cost=3, catalog=3)  # fewer images than asked for

            asyncio.run(way())
            report = ledger.cost_report()
            return report.refunds, report.refunded_nusd, report.hold_nusd, report.surcharges

    assert booked(path, 9) == booked(path.with_name("untold.sqlite"), None) == (2, 15, 27, 0)


def test_another_price_than_the_catalogs_is_no_refund_where_nothing_was_told(ledger: Ledger) -> None:
    journal = ledger.journal()

    async def way() -> None:
        await end(journal, f"{0:016x}", hold=None, cost=7, catalog=9)
        await end(journal, f"{1:016x}", hold=None, cost=11, catalog=9)
        await end(journal, f"{2:016x}", hold=None, cost=9, catalog=0, fails=True)  # charged although it failed

    asyncio.run(way())
    report = ledger.cost_report()
    assert (report.refunds, report.surcharges, report.holds_told) == (0, 0, 0)


TASKS = st.tuples(st.none() | st.integers(0, 9), st.integers(0, 9), st.booleans())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(tasks=st.lists(TASKS, max_size=6))
def test_what_was_set_aside_less_refunds_and_plus_surcharges_is_what_was_charged(
    tasks: list[tuple[int | None, int, bool]], claim: FolderClaim, job_of: MakeJob, tmp_path_factory: object
) -> None:
    with Ledger.open(tmp_path_factory.mktemp("money") / "ledger.sqlite") as ledger:  # type: ignore[attr-defined]
        ledger.claim(claim)
        ledger.replace_plan(job_of(index) for index in range(len(tasks)))
        journal = ledger.journal()
        for index, (hold, cost, fails) in enumerate(tasks):
            asyncio.run(end(journal, f"{index:016x}", hold=hold, cost=cost, catalog=cost, fails=fails))
        report = ledger.cost_report()
        assert report.paid_nusd == ledger.spent_nusd()
        assert report.hold_nusd - report.refunded_nusd + report.surcharged_nusd == report.paid_nusd
        assert report.holds_told == sum(hold is not None for hold, _, _ in tasks)


def as_format_1(path: Path) -> None:
    connection = sqlite3.connect(path)
    for column in ("hold_nusd", "catalog_nusd", "origin", "callback", "next_sent_at"):
        connection.execute(f"ALTER TABLE attempts DROP COLUMN {column}")
    for column in ("sendings", "begun_at", "begun_sendings", "lost_since"):
        connection.execute(f"ALTER TABLE identity DROP COLUMN {column}")
    connection.execute("DROP TABLE decisions")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()


def test_a_ledger_of_the_first_format_is_read_as_it_is_and_brought_up_to_date_by_a_run(
    ledger: Ledger, path: Path, job_of: MakeJob
) -> None:
    ledger.replace_plan([job_of(0)])
    asyncio.run(end(ledger.journal(), f"{0:016x}", hold=6, cost=6, catalog=6))
    before = ledger.record(f"{0:016x}")
    ledger.close()
    as_format_1(path)
    with Ledger.open(path, read_only=True) as old:
        assert [line.record for line in old.lines()] == [before]
        assert (old.cost_report().paid_nusd, old.cost_report().catalog_nusd, old.cost_report().hold_nusd) == (6, 6, 9)
    with Ledger.open(path) as now:
        assert now.record(f"{0:016x}") == before
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)
    connection.close()
