"""Does a folder in a store pay twice or lose an image when machines die and take it over from one another?

For so many minutes, store after store: a real process runs in a local folder that is new or one of an earlier run, over
an S3 server on loopback behind a proxy that refuses, breaks off or forgets requests; it dies as by ``kill -9`` at a
random labelled point or a random time, and the next one begins elsewhere, until all is done. Then the books of the API
are held to the manifest in the store, and every image is verified.

    python -m benchmarks.chaos --store --minutes 5
"""

import logging
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

import qwave_batch as qb
from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Behaviour, Simulator, parse_faults, parse_latency, serve
from tests.integration.doomed import JOURNAL, LEDGER, Doom, Moment, Plight, run
from tests.integration.settled import paid_twice
from tests.integration.stores.conftest import Bucket, made_bucket
from tests.integration.stores.faulty_proxy import SLOW_DOWN, ResetAfter, ResetBefore, StoreFault, serve_proxy

SPEC = """
version: 1
name: wandering
catalog: "2026-05"
request: {model: z-image-turbo, aspect_ratio: "1:1"}
prompts: [a lantern, a kite]
matrix: {seed: {start: 1, count: 8}}
limits: {concurrency: 4}
completion: poll
"""
JOBS = 16
FAULTS = "upstream_unavailable=0.1,http500=0.05"
LOCK_S = 3.0
WILD_RUNS, MOST_RUNS = 8, 14
STORE_FAULTS = (SLOW_DOWN, ResetBefore(), ResetAfter())


@dataclass(slots=True)
class StoreScore:
    """The trials and their outcomes."""

    stores: int = 0
    runs: int = 0
    ends: Counter[int] = field(default_factory=Counter)
    takeovers: int = 0
    refusals: int = 0
    """Requests that the store refused, broke off or whose answer was lost."""
    tasks: int = 0
    paid_twice: int = 0
    lost: int = 0
    unknown: int = 0
    unfinished: int = 0
    unsound: int = 0
    bugs: int = 0

    def lines(self) -> Iterator[str]:
        """Yield what is printed."""
        yield f"{self.stores} stores of {JOBS} jobs, {self.runs} processes, {self.tasks} tasks; ends: {dict(self.ends)}"
        yield f"{self.takeovers} takeovers; {self.refusals} requests that the store did not serve"
        yield (
            f"paid twice: {self.paid_twice}; lost: {self.lost}; not sound: {self.unsound}; bugs: {self.bugs}; "
            f"unknown: {self.unknown}; unfinished: {self.unfinished}"
        )


async def one_store(seed: int, bucket: Bucket, score: StoreScore) -> None:
    """Tell the story of one seed."""
    rng = random.Random(seed)
    behaviour = Behaviour(seed=seed, latency=parse_latency("0.02..0.2"), faults=parse_faults(FAULTS))
    url = f"{bucket.url}/{seed}"

    def decide(_method: str, _path: str) -> StoreFault | None:
        is_bad = rng.random() < 0.03
        score.refusals += is_bad
        return rng.choice(STORE_FAULTS) if is_bad else None

    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name,
        serve_proxy(bucket.endpoint) as proxy,
        Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour) as simulator,
    ):
        home = Path(name)
        proxy.decide = decide
        (home / "spec.yaml").write_text(SPEC, encoding="utf-8")
        async with serve(simulator) as base_url:
            folder = "0"
            for number in range(MOST_RUNS):
                before, folder = folder, rng.choice((folder, str(rng.randrange(number + 1))))
                score.takeovers += before != folder
                plight = _plight(rng, bucket, proxy.address) if number < WILD_RUNS else _calm(bucket)
                argv = ["run", str(home / "spec.yaml"), "-o", str(home / folder), "--store", url, "--yes", "--adopt"]
                argv += ["--retry-failed"] if number >= WILD_RUNS else []
                end = await run(argv, base_url=base_url, log=home / "log", plight=plight)
                score.runs += 1
                score.ends[end] += 1
                if end == 0:
                    break
        said = (home / "log").read_text(encoding="utf-8")
        _judge(url, seed, simulator, said, score)


def _plight(rng: random.Random, bucket: Bucket, endpoint: str) -> Plight:
    environ = tuple(bucket.environment(endpoint).items())
    if rng.random() < 0.4:
        return Plight(environ=environ, lock_ttl_s=LOCK_S, is_hurried=True, dies_after_s=rng.uniform(0.1, 1.5))
    at, count = rng.choice((*JOURNAL, *LEDGER, "intend", "accept", "store")), rng.choice((1, 1, 2, 5))
    doom = Doom(at=at, count=count, moment=rng.choice(list(Moment)))
    return Plight(environ=environ, lock_ttl_s=LOCK_S, is_hurried=True, doom=doom)


def _calm(bucket: Bucket) -> Plight:
    return Plight(environ=tuple(bucket.environment().items()), lock_ttl_s=LOCK_S)


def _judge(url: str, seed: int, simulator: Simulator, said: str, score: StoreScore) -> None:
    """Count what came of it."""
    found = qb.open_run(url)
    lines, report = list(found.lines()), found.verify()
    statuses = Counter(line.status.value for line in lines)
    known = {line.task_id for line in lines}
    lost = sum(charge.cost_quota > 0 and charge.task_id not in known for charge in simulator.charges())
    lost = 0 if statuses["unknown"] else lost  # what is unknown may be paid, and says so
    twice, unfinished = paid_twice(simulator), JOBS - statuses["completed"] - statuses["unknown"]
    is_bug = "Traceback" in said
    score.stores += 1
    score.tasks += len(simulator.tasks())
    score.paid_twice += twice
    score.lost += lost
    score.unknown += statuses["unknown"]
    score.unfinished += unfinished
    score.unsound += not report.is_sound
    score.bugs += is_bug
    if twice or lost or is_bug or unfinished or not report.is_sound:
        print(f"seed {seed}: {twice} twice, {lost} lost, {dict(statuses)}, {report.problems}", flush=True)
        print(said[-3000:], flush=True)


class StoreOfChaos:
    """An S3 server on loopback, and a bucket, for as long as the block."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Bucket:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server.start()
        host, port = self._server.get_host_and_port()
        bucket = made_bucket(f"http://{host}:{port}")
        for name, value in bucket.environment().items():
            self._patch.setenv(name, value)
        return bucket

    def __exit__(self, *_: object) -> None:
        self._patch.undo()
        self._server.stop()
