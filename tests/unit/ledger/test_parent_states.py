"""The status of jobs that have not begun follows from their parents, and the same is counted in SQL as line by line."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwave_batch.ledger.attempt import stored_text
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.database import open_to_read
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.job_reading import PAGE, read_snapshots
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.snapshots import JobDecision
from qwave_batch.model.job import Job, JobError
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.record import JobRecord, JobStatus

MakeJob = Callable[..., Job]
ERROR = JobError(code="no", message="no")


def id_of(number: int) -> str:
    return f"{number:016x}"


def child_of(job_of: MakeJob, number: int, *parents: tuple[int, int | None], **fields: object) -> Job:
    links = tuple(ParentLink(id_of(parent), image) for parent, image in parents)
    return job_of(number, parents=links, stage="later", **fields)


def record(path: Path, number: int, state: AttemptState, *, images: int = 0, has_error: bool = False) -> None:
    """Put an attempt on record as if it had come to a state."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO attempts (job_id, number, round, state, key, held_nusd, error) VALUES (?, 1, 0, ?, ?, 0, ?)",
            (id_of(number), state, f"key-{number}", stored_text(ERROR) if has_error else None),
        )
        for place in range(1, images + 1):
            connection.execute(
                "INSERT INTO images VALUES (?, 1, ?, ?, ?, 1, 1, 1, 'png', 'https://cdn/1', 0)",
                (id_of(number), place, f"images/{number}-{place}.png", "0" * 64),
            )


def records(ledger: Ledger) -> list[JobRecord]:
    return [line.record for line in ledger.lines()]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (AttemptState.ACCEPTED, JobStatus.PENDING),
        (AttemptState.STORED, JobStatus.PENDING),
        (AttemptState.CANCELLED, JobStatus.PENDING),
        (AttemptState.UNKNOWN, JobStatus.PENDING),
        (AttemptState.FAILED, JobStatus.SKIPPED),
        (AttemptState.REFUSED, JobStatus.SKIPPED),
        (AttemptState.UNRECOVERABLE, JobStatus.SKIPPED),
    ],
)
def test_a_child_waits_for_its_parent_and_is_skipped_with_it(
    ledger: Ledger, path: Path, job_of: MakeJob, state: AttemptState, status: JobStatus
) -> None:
    ledger.replace_plan([job_of(0), child_of(job_of, 1, (0, 1)), child_of(job_of, 2, (1, 1))])
    record(path, 0, state, images=state is AttemptState.STORED, has_error=True)
    _, child, grandchild = records(ledger)
    assert (child.status, grandchild.status) == (status, status)
    if status is JobStatus.SKIPPED:
        assert child.error is not None
        assert grandchild.error is not None
        assert (child.error.code, grandchild.error.code) == ("parent_failed", "parent_failed")
        assert id_of(0) in child.error.message
        assert id_of(1) in grandchild.error.message


def test_a_parent_with_too_few_images_has_the_child_skipped_that_needs_more(
    ledger: Ledger, path: Path, job_of: MakeJob
) -> None:
    ledger.replace_plan([job_of(0, max_images=4), child_of(job_of, 1, (0, 2)), child_of(job_of, 2, (0, 3))])
    record(path, 0, AttemptState.STORED, images=2)
    _, second, third = records(ledger)
    assert second.status is JobStatus.PENDING
    assert third.error is not None
    assert (third.status, third.error.code) == (JobStatus.SKIPPED, "parent_short")


def test_what_has_begun_keeps_its_own_status(ledger: Ledger, path: Path, job_of: MakeJob) -> None:
    ledger.replace_plan([job_of(0), child_of(job_of, 1, (0, 1))])
    record(path, 0, AttemptState.UNRECOVERABLE)
    record(path, 1, AttemptState.ACCEPTED)
    assert [each.status for each in records(ledger)] == [JobStatus.FAILED, JobStatus.PENDING]


def test_a_job_that_was_not_picked_is_skipped_with_its_descendants(ledger: Ledger, job_of: MakeJob) -> None:
    ledger.replace_plan([job_of(0), child_of(job_of, 1, (0, 1)), child_of(job_of, 2, (1, 1))])
    ledger.replace_decisions([JobDecision(id_of(1), JobError(code="not_picked", message="others have more"))])
    _, child, grandchild = records(ledger)
    assert child.error is not None
    assert grandchild.error is not None
    assert (child.error.code, grandchild.error.code) == ("not_picked", "parent_failed")
    assert ledger.line_counts().skipped == 2


@dataclass(frozen=True)
class Drawn:
    """A job of a drawn plan; parents have smaller numbers."""

    state: tuple[AttemptState | None, int, bool]
    """The state of its attempt, its images and whether it has an error."""
    parents: tuple[tuple[int, int | None], ...]
    is_skipped: bool
    is_left_out: bool


STATES = st.sampled_from(
    [
        *[(None, 0, False)] * 6,
        *((AttemptState.STORED, images, False) for images in range(3)),
        *((state, 0, has_error) for state in AttemptState for has_error in (False, True)),
    ]
)


@st.composite
def plans(draw: st.DrawFn) -> list[Drawn]:
    return [
        Drawn(
            state=draw(STATES),
            parents=tuple(
                (parent, draw(st.sampled_from([None, 1, 2])))
                for parent in (draw(st.sets(st.integers(0, number - 1), max_size=2)) if number else ())
            ),
            is_skipped=draw(st.integers(0, 9)) == 0,
            is_left_out=draw(st.integers(0, 9)) == 0,
        )
        for number in range(draw(st.integers(1, 9)))
    ]


@given(plan=plans())
@settings(deadline=None)
def test_the_counts_are_those_of_the_lines(tmp_path_factory: pytest.TempPathFactory, plan: list[Drawn]) -> None:
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        ledger.claim(FolderClaim(spec_name="tea", backend="simulator", path="/tea", host="here", key="k"))
        ledger.replace_plan(_planned(plan))
        ledger.replace_decisions(
            JobDecision(id_of(number), ERROR) for number, each in enumerate(plan) if each.is_left_out
        )
        for number, each in enumerate(plan):
            state, images, has_error = each.state
            if state is not None:
                record(path, number, state, images=images, has_error=has_error)
        counted = ledger.line_counts()
        statuses = Counter(each.status for each in records(ledger))
        assert {status: getattr(counted, status.value) for status in statuses} == statuses
        assert records(ledger) == [ledger.record(id_of(number)) for number in range(len(plan))]


def _planned(plan: list[Drawn]) -> list[Job]:
    return [
        Job(
            job_id=id_of(number),
            index=number,
            prompt_id="p",
            prompt="tea",
            model="m",
            action="generate",
            request={"model": "m", "prompt": "tea"},
            parents=tuple(ParentLink(id_of(parent), image) for parent, image in each.parents),
            skip=ERROR if each.is_skipped else None,
        )
        for number, each in enumerate(plan)
    ]


def test_a_generation_of_parents_takes_one_statement_more_for_a_page(
    ledger: Ledger, path: Path, job_of: MakeJob
) -> None:
    jobs = [job_of(number) for number in range(PAGE)]
    children = [child_of(job_of, PAGE + number, (number, 1)) for number in range(PAGE)]
    grandchildren = [child_of(job_of, 2 * PAGE + number, (PAGE + number, 1)) for number in range(PAGE)]
    ledger.replace_plan([*jobs, *children, *grandchildren])
    statements: list[str] = []
    with closing(open_to_read(path)) as connection:
        connection.set_trace_callback(statements.append)
        pages = sum(1 for _ in read_snapshots(connection))
    asked = [each for each in statements if "decisions.error" in each]
    assert (pages, len(asked)) == (3, 3), "none for those without parents, one for children, two for theirs"
