"""The work list of a run, and the records made on the way."""

import os
from collections.abc import Iterator, Sequence

from qwave_batch.ledger.attempt import Attempt, StoredFile
from qwave_batch.ledger.journal import Journal
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.snapshots import JobSnapshot
from qwave_batch.run import work_list
from qwave_batch.run.schedule.job_actions import JobAction
from qwave_batch.run.state.context import JobScope
from qwave_batch.run.state.run_request import RunOptions
from qwave_batch.run.state.stop_reasons import StopSignal
from tests.unit.run.world import World, make_job


class CountingJournal:
    """A journal that counts how often files are noted as touched."""

    def __init__(self, ledger: Ledger) -> None:
        self.journal = ledger.journal()
        self.touches = 0

    def touch(self, touched: Sequence[tuple[Attempt, Sequence[StoredFile]]]) -> None:
        self.touches += 1
        self.journal.touch(touched)


def look(world: World) -> tuple[int, bool]:
    """Return how many writes one look took, and whether it found nothing to do."""
    with Ledger.open(world.layout.workspace.ledger) as ledger:
        journal = CountingJournal(ledger)
        as_journal: Journal = journal  # type: ignore[assignment]
        found = work_list.make_work_list(ledger, as_journal, world.layout, RunOptions(), StopSignal())
        return journal.touches, found.is_empty


def test_the_files_of_a_copied_folder_are_noted_in_one_write(world: World) -> None:
    world.plan(make_job(index) for index in range(12))
    world.run()
    for path in world.layout.images.rglob("*.png"):
        os.utime(path, ns=(1, 1))
    assert look(world) == (1, True)
    assert look(world) == (0, True), "and hashed no second time"


def test_what_is_unchanged_is_counted_without_its_request(world: World) -> None:
    """The list is that of a look at every snapshot, and only what changed is read whole."""
    world.plan(make_job(index, n=1 + index % 2) for index in range(9))
    world.run()
    gone, longer, *_ = sorted(world.layout.images.rglob("*.png"))
    gone.unlink()
    longer.write_bytes(longer.read_bytes() + b"more")
    read: list[str] = []
    with SnapshotLedger.open(world.layout.workspace.ledger) as ledger:
        ledger.told = read
        found = work_list.make_work_list(ledger, ledger.journal(), world.layout, RunOptions(), StopSignal())
        assert len(read) == 2
        only = JobScope(takes=lambda _: True)
        slow = work_list.make_work_list(ledger, ledger.journal(), world.layout, RunOptions(), StopSignal(), only)
    assert found == slow
    assert (found.damaged, len(found.rows(JobAction.FETCH))) == (2, 2)


class SnapshotLedger(Ledger):
    """A ledger that tells which jobs are read whole."""

    told: list[str]

    def snapshots(self, *, stored: Sequence[int] | None = None) -> Iterator[JobSnapshot]:
        for snapshot in super().snapshots(stored=stored):
            self.told.append(snapshot.line.job.job_id)
            yield snapshot
