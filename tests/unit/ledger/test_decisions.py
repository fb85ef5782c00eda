"""Decisions on jobs are replaced as a whole, with as few writes as there are changes; what has begun stays."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.ledger_copies import copy_ledger, prepare_copy
from qwave_batch.ledger.ledger_format import FORMAT
from qwave_batch.ledger.snapshots import JobDecision
from qwave_batch.model.job import Job, JobError

MakeJob = Callable[..., Job]
NOT_PICKED = JobError(code="not_picked", message="two others have more")


def id_of(number: int) -> str:
    return f"{number:016x}"


def decided(ledger: Ledger) -> dict[str, JobDecision | None]:
    return {each.line.job.job_id: each.decision for each in ledger.snapshots()}


def test_a_snapshot_tells_what_is_decided_of_its_job(ledger: Ledger, job_of: MakeJob) -> None:
    ledger.replace_plan([job_of(0), job_of(1), job_of(2)])
    assert ledger.replace_decisions([JobDecision(id_of(0)), JobDecision(id_of(1), NOT_PICKED)]) == 2
    made, left_out, open_ = decided(ledger).values()
    assert made == JobDecision(id_of(0), None)
    assert left_out == JobDecision(id_of(1), NOT_PICKED)
    assert open_ is None


def test_a_job_that_has_begun_keeps_what_was_decided(ledger: Ledger, job_of: MakeJob) -> None:
    ledger.replace_plan([job_of(0), job_of(1)])
    ledger.replace_decisions([JobDecision(id_of(0))])
    for number in (0, 1):
        asyncio.run(ledger.journal().intend(id_of(number), held_nusd=5, sent_at=1.0))
    assert ledger.replace_decisions([JobDecision(id_of(0), NOT_PICKED), JobDecision(id_of(1), NOT_PICKED)]) == 0
    assert ledger.replace_decisions([]) == 0
    assert decided(ledger) == {id_of(0): JobDecision(id_of(0)), id_of(1): None}


def test_decisions_that_stay_leave_the_lines_as_they_were(ledger: Ledger, job_of: MakeJob) -> None:
    ledger.replace_plan([job_of(0)])
    ledger.replace_decisions([JobDecision(id_of(0))])
    before = ledger.lines_id()
    assert ledger.replace_decisions([JobDecision(id_of(0))]) == 0
    assert ledger.lines_id() == before
    assert ledger.replace_decisions([JobDecision(id_of(0), NOT_PICKED)]) == 1
    assert ledger.lines_id() != before


CHOICES = st.dictionaries(st.integers(0, 5), st.none() | st.just(NOT_PICKED))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(several=st.lists(CHOICES, max_size=4))
def test_the_last_decisions_hold_and_only_differences_are_written(
    several: list[dict[int, JobError | None]],
    claim: FolderClaim,
    job_of: MakeJob,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with Ledger.open(tmp_path_factory.mktemp("decisions") / "ledger.sqlite") as ledger:
        ledger.claim(claim)
        ledger.replace_plan(job_of(number) for number in range(6))
        before: dict[int, JobError | None] = {}
        for chosen in several:
            changed = ledger.replace_decisions(JobDecision(id_of(number), error) for number, error in chosen.items())
            assert changed == sum(before.get(number, ...) != chosen.get(number, ...) for number in before | chosen)
            before = chosen
        found = {job_id: each for job_id, each in decided(ledger).items() if each is not None}
        assert found == {id_of(number): JobDecision(id_of(number), error) for number, error in before.items()}


def test_a_ledger_without_the_table_is_read_as_it_is_and_has_it_once_it_is_written(
    ledger: Ledger, path: Path, job_of: MakeJob
) -> None:
    ledger.replace_plan([job_of(0)])
    ledger.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE decisions")
        connection.execute("PRAGMA user_version = 6")
    with Ledger.open(path, read_only=True) as old:
        assert decided(old) == {id_of(0): None}
    with Ledger.open(path) as now:
        now.replace_decisions([JobDecision(id_of(0), NOT_PICKED)])
    with Ledger.open(path, read_only=True) as read:
        assert decided(read) == {id_of(0): JobDecision(id_of(0), NOT_PICKED)}
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)


def test_a_copy_of_an_older_ledger_becomes_one_of_today(ledger: Ledger, path: Path, job_of: MakeJob) -> None:
    ledger.replace_plan([job_of(0)])
    ledger.replace_decisions([JobDecision(id_of(0), NOT_PICKED)])
    copy, older = path.with_name("copy.sqlite"), path.with_name("older.sqlite")
    copy_ledger(path, copy)
    ledger.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE decisions")
        connection.execute("PRAGMA user_version = 6")
    copy_ledger(path, older)
    for each, decision in ((copy, JobDecision(id_of(0), NOT_PICKED)), (older, None)):
        prepare_copy(each, None)
        with Ledger.open(each, read_only=True) as read:
            assert decided(read) == {id_of(0): decision}


def test_a_job_that_is_forgotten_leaves_no_decision(ledger: Ledger, path: Path, job_of: MakeJob) -> None:
    ledger.replace_plan([job_of(0)])
    ledger.replace_decisions([JobDecision(id_of(0), NOT_PICKED)])
    ledger.replace_plan([])
    ledger.forget(id_of(0))
    ledger.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT * FROM decisions").fetchall() == []
