"""A plan replaces another one whole, and writes only what differs."""

import random
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from qwave_batch.ledger.database import open_to_write
from qwave_batch.ledger.job_reading import read_plan_lines
from qwave_batch.ledger.plan_replacement import replace_plan
from qwave_batch.model.job import Duplicate, Job, PlanItem

MakeJob = Callable[..., Job]


def a_plan(rng: random.Random, job_of: MakeJob) -> list[PlanItem]:
    """Return a plan as planning makes them: indexes ascend, and a duplicate follows its job."""
    items: list[PlanItem] = []
    ids: list[str] = []
    for index in range(rng.randrange(12)):
        if ids and rng.random() < 0.3:
            items.append(Duplicate(job_id=rng.choice(ids), index=index, prompt_id=f"p{rng.randrange(2)}"))
        elif (named := f"{rng.randrange(15):016x}") not in ids:
            ids.append(named)
            items.append(job_of(index, job_id=named, tags=(str(rng.randrange(2)),)))
    return items


def variation(rng: random.Random, plan: list[PlanItem], job_of: MakeJob) -> list[PlanItem]:
    """Return another plan, or the same up to some item."""
    other = a_plan(rng, job_of)
    kept = plan[: rng.randrange(len(plan) + 1)]
    ids = {item.job_id for item in kept if isinstance(item, Job)}
    planned = ids.copy()
    for item in other:
        if item.index < len(plan) or (isinstance(item, Job) and item.job_id in ids):
            continue
        if isinstance(item, Job) or item.job_id in planned:
            planned.add(item.job_id)
            kept.append(item)
    return rng.choice((kept, other, plan))


@pytest.mark.parametrize("seed", range(40))
def test_what_is_read_is_the_last_plan(path: Path, job_of: MakeJob, seed: int) -> None:
    rng = random.Random(seed)
    plan = a_plan(rng, job_of)
    with closing(open_to_write(path)) as connection:
        for _ in range(6):
            replace_plan(connection, plan)
            lines = [line for page in read_plan_lines(connection) for line in page]
            assert [line.job for line in lines] == [item for item in plan if isinstance(item, Job)]
            duplicates = [duplicate for line in lines for duplicate in line.also]
            assert sorted(duplicates, key=lambda each: each.index) == [
                item for item in plan if isinstance(item, Duplicate)
            ]
            plan = variation(rng, plan, job_of)


def test_the_same_plan_writes_nothing(path: Path, job_of: MakeJob) -> None:
    plan: list[PlanItem] = [job_of(0), job_of(1), Duplicate(job_id=job_of(0).job_id, index=2, prompt_id="p"), job_of(3)]
    with closing(open_to_write(path)) as connection:
        replace_plan(connection, plan)
        before = connection.total_changes
        replace_plan(connection, iter(plan))
        assert connection.total_changes == before


def test_a_plan_that_grew_writes_only_what_is_new(path: Path, job_of: MakeJob) -> None:
    jobs = [job_of(index) for index in range(50)]
    written: list[str] = []
    with closing(open_to_write(path)) as connection:
        replace_plan(connection, jobs[:49])
        connection.set_trace_callback(written.append)
        replace_plan(connection, jobs)
    assert sum("INTO jobs" in statement for statement in written) == 1
