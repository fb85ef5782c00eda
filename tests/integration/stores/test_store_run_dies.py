"""Real processes over an S3 server that die as by ``kill -9``, and another folder that ends their run."""

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Behaviour, Simulator, parse_faults, parse_latency, serve
from tests.every_case import in_one_test
from tests.integration.doomed import Doom, Moment, Plight, each_at_once, run
from tests.integration.settled import paid_twice
from tests.integration.stores.conftest import Bucket, made_bucket
from tests.integration.test_run_dies_at_every_point import RETRIED, SPEC, TROUBLES

POINTS = [
    Doom(at="replace_plan"),
    Doom(at="claim", moment=Moment.AFTER),
    Doom(at="intend"),
    *(Doom(at=at, moment=Moment.AFTER) for at in ("intend", "accept", "complete", "store", "fail")),
    *(Doom(at=at, count=3, moment=Moment.AFTER) for at in ("intend", "accept", "complete", "store")),
]
LOCK_S = 4.0
JOBS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The end of a run that died in one folder and was ended in another."""

    ends: list[int]
    paid_twice: int
    tasks_lost: int
    statuses: list[str]
    is_sound: bool
    problems: str
    said: str


async def die_and_end_elsewhere(doom: Doom | None, home: Path, bucket: Bucket) -> Finished:
    """Die in one folder, then go on in another as a person would, with nothing but the address of the store."""
    home.mkdir()  # noqa: ASYNC240 - a test's own
    spec, log, url = home / "spec.yaml", home / "log", f"{bucket.url}/{home.name}"
    spec.write_text(SPEC, encoding="utf-8")
    faults = TROUBLES.get(doom.at, "") if doom else ""
    behaviour = Behaviour(latency=parse_latency("0.05"), faults=parse_faults(faults))
    environ = tuple(bucket.environment().items())
    with Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour) as simulator:
        async with serve(simulator) as base_url:

            async def call(folder: str, doom: Doom | None = None) -> int:
                argv = ["run", str(spec), "-o", str(home / folder), "--store", url, "--yes"]
                argv += ["--retry-failed"] if faults in RETRIED else []
                plight = Plight(doom=doom, environ=environ, lock_ttl_s=LOCK_S)
                return await run(argv, base_url=base_url, log=log, plight=plight)

            ends = [await call("one", doom)]
            while ends[-1] != 0 and len(ends) < 5:
                ends.append(await call("two"))
        found = qb.open_run(url)
        report = found.verify()
        lines = list(found.lines())
        known = {line.task_id for line in lines}
        return Finished(
            ends=ends,
            paid_twice=paid_twice(simulator),
            tasks_lost=sum(charge.cost_quota > 0 and charge.task_id not in known for charge in simulator.charges()),
            statuses=[line.status for line in lines],
            is_sound=report.is_sound,
            problems="; ".join(map(str, report.problems)),
            said=log.read_text(encoding="utf-8"),
        )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, s3_server: str) -> dict[Doom | None, Finished]:
    home, bucket = tmp_path_factory.mktemp("store-doomed"), made_bucket(s3_server)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in bucket.environment().items():
            patch.setenv(name, value)
        return asyncio.run(each_at_once(POINTS, lambda doom, at: die_and_end_elsewhere(doom, at, bucket), home, most=8))


@in_one_test("doom", POINTS)
def test_a_run_that_died_is_ended_from_another_folder_and_nothing_is_paid_twice_or_lost(
    finished: dict[Doom | None, Finished], doom: Doom
) -> None:
    found = finished[doom]
    assert found.ends == [-signal.SIGKILL, 0], found.said
    assert (found.paid_twice, found.tasks_lost) == (0, 0)
    assert found.statuses == ["completed"] * JOBS
    assert found.is_sound, found.problems
