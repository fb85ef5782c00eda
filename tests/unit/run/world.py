"""A run folder, an honest API and virtual time: everything that a run needs, and a way to crash it."""

import asyncio
import random
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.database import open_to_read, open_to_write
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.group_writer import GroupWriter, Write, _answer_all, _Item
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.cost_range import CostRange
from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.parent_links import ParentLink, image_reference, task_reference
from qwave_batch.model.progress import OnProgress
from qwave_batch.model.record import JobStatus
from qwave_batch.model.terms import Limits, Terms
from qwave_batch.run.engine import run_plan
from qwave_batch.run.state.context import WHOLE_PLAN, CallbackSource, JobScope, RunContext
from qwave_batch.run.state.run_end import RunEnd
from qwave_batch.run.state.run_request import RunOptions
from qwave_batch.run.state.stop_reasons import StopSignal
from tests.unit.run.honest_api import IMAGE_NUSD, HonestApi
from tests.unit.run.virtual_time import VirtualClock, run_virtually

PRICE_NUSD = IMAGE_NUSD
LONGEST_INLINE = 100_000
CLAIM = FolderClaim(spec_name="tea", backend="simulator", path="/runs/tea", host="here", key="k")


def make_job(index: int, *, model: str = "m", n: int = 1, price_nusd: int = PRICE_NUSD) -> Job:
    request: JsonObject = {"model": model, "prompt": f"tea {index}", "n": n}
    return Job(
        job_id=f"{index:016x}",
        index=index,
        prompt_id=f"p{index}",
        prompt=f"tea {index}",
        model=model,
        action="generate",
        request=request,
        path=f"{model}/p{index}",
        max_images=n,
        estimated_nusd=n * price_nusd,
    )


def make_child(index: int, *needs: tuple[int, int], model: str = "m", task_of: int | None = None, n: int = 1) -> Job:
    """Return a job whose request refers to images of others, by their indexes and numbers, and to a task."""
    fields: dict[str, Json] = {}
    if needs:
        fields["image_urls"] = [image_reference(f"{parent:016x}", number) for parent, number in needs]
    links = [ParentLink(f"{parent:016x}", number) for parent, number in needs]
    if task_of is not None:
        fields["ref_task_id"] = task_reference(f"{task_of:016x}")
        links.append(ParentLink(f"{task_of:016x}"))
    plain = make_job(index, model=model, n=n)
    return replace(plain, request={**plain.request, **fields}, parents=tuple(links), stage="later")


class WatchedWriter(GroupWriter):
    """Commits in the loop itself, so that virtual time stands still, and can lose everything that is not committed yet.

    As with a thread, whatever is asked for before a commit begins goes into it together.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, clock: VirtualClock) -> None:
        self.has_no_power = False
        self.on_write: Callable[[int], bool] = lambda _: False
        """Told the how-many-eth write this is before it is begun; whether the power goes after it."""
        self.cut_power: Callable[[], None] = lambda: None
        self._writes = 0
        self._clock = clock
        self._together: list[_Item] = []
        connection.execute("PRAGMA synchronous = OFF")
        super().__init__(connection, path)

    async def write(self, change: Write) -> object:  # type: ignore[override,type-arg]
        def while_powered(connection: sqlite3.Connection) -> object:
            if self.has_no_power:
                raise sqlite3.OperationalError("the power is off")
            return change(connection)

        self._writes += 1
        self._clock.busy += 1
        try:
            is_last = self.on_write(self._writes)
            written = await self._commit_soon(while_powered)
            if is_last:
                self.cut_power()
                await asyncio.sleep(1)  # never to come back
            return written
        finally:
            self._clock.busy -= 1

    def _commit_soon(self, change: Callable[[sqlite3.Connection], object]) -> asyncio.Future[object]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[object] = loop.create_future()
        self._together.append(_Item(change, loop, answer))
        if len(self._together) == 1:
            loop.call_soon(self._commit_all)
        return answer

    def _commit_all(self) -> None:
        items, self._together = self._together, []
        _answer_all(items, self._outcomes(items))


@dataclass(frozen=True)
class WorldCatalog:
    """A catalog in which every image costs the same."""

    asked_format: Callable[[Job], str | None]
    inline_fields: frozenset[str] = frozenset()
    """Fields that take images as text."""

    def job_cost(self, _job: Job, images: int) -> CostRange:
        return CostRange.exactly(PRICE_NUSD * images)

    def job_least_images(self, job: Job) -> int:
        return job.max_images

    def job_image_format(self, job: Job) -> str | None:
        return self.asked_format(job)

    def job_takes_text(self, _job: Job, field: str, start: str, length: int) -> bool:
        return field in self.inline_fields and start.startswith("data:") and length <= LONGEST_INLINE


@dataclass
class World:
    """One folder and one API, over any number of runs and crashes."""

    root: Path
    clock: VirtualClock = field(default_factory=VirtualClock)
    api: HonestApi = field(init=False)
    terms: Terms = field(default_factory=lambda: Terms(limits=Limits(concurrency=4)))
    options: RunOptions = field(default_factory=RunOptions)
    idempotency_hours: float | None = 24.0
    claim: FolderClaim = CLAIM
    seed: int = 0
    infers_windows: bool = True
    manifests: int = 0
    on_progress: OnProgress | None = None
    stop: StopSignal | None = None
    on_manifest: Callable[[], None] = lambda: None
    callbacks: CallbackSource | None = None
    asked_format: Callable[[Job], str | None] = lambda _: None
    scope: JobScope = WHOLE_PLAN
    inline_fields: frozenset[str] = frozenset()
    ledger_pages_left: int | None = None
    """How much the ledger can grow before its disk is full; None is without end."""

    def __post_init__(self) -> None:
        self.api = HonestApi(clock=self.clock)
        self.layout.create()

    @property
    def layout(self) -> RunLayout:
        return RunLayout(self.root / "run")

    def plan(self, jobs: Iterable[Job]) -> None:
        with Ledger.open(self.layout.workspace.ledger) as ledger:
            ledger.claim(self.claim, adopt=self.options.adopt)
            ledger.replace_plan(jobs)

    def run(
        self,
        *,
        crash: Callable[[Callable[[], None]], None] | None = None,
        crash_at_write: int | None = None,
        is_written: bool = False,
    ) -> RunEnd | None:
        """Run to the end; when the power goes there is no end, and what was not committed is lost.

        Args:
            crash: Handed what to call to cut the power.
            crash_at_write: Cut it at the how-many-eth change of an attempt.
            is_written: Whether that change is committed; its caller is never told either way.
        """
        path = self.layout.workspace.ledger
        connection = open_to_write(path)
        if self.ledger_pages_left is not None:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages + self.ledger_pages_left}")
        writer = WatchedWriter(connection, path, self.clock)
        ledger = Ledger(path, open_to_read(path), writer)
        try:
            ledger.claim(self.claim, adopt=self.options.adopt)

            def on_write(number: int) -> bool:
                if number == crash_at_write and not is_written:
                    writer.cut_power()
                return number == crash_at_write

            writer.on_write = on_write
            return run_virtually(self.clock, lambda: self._run(ledger, writer, crash))
        finally:
            ledger.close()
            self.clock.busy = 0
            self.clock._sleepers.clear()

    async def _run(
        self, ledger: Ledger, writer: WatchedWriter, crash: Callable[[Callable[[], None]], None] | None
    ) -> RunEnd | None:
        task = asyncio.ensure_future(run_plan(self._context(ledger)))

        def cut_power() -> None:
            writer.has_no_power = True
            task.cancel()

        writer.cut_power = cut_power
        if crash is not None:
            crash(cut_power)
        try:
            return await task
        except asyncio.CancelledError:
            if not writer.has_no_power:
                raise
            return None

    def _context(self, ledger: Ledger) -> RunContext:
        return RunContext(
            layout=self.layout,
            ledger=ledger,
            claim=self.claim,
            api=self.api,
            terms=self.terms,
            options=self.options,
            idempotency_hours=self.idempotency_hours,
            scope=self.scope,
            catalog=WorldCatalog(self.asked_format, self.inline_fields),
            image_fields=frozenset({"image_urls"}),
            reference_fields=frozenset({"image_urls", "ref_task_id"}),
            write_manifest=self._write_manifest,
            callbacks=self.callbacks,
            infers_windows=self.infers_windows,
            on_progress=self.on_progress,
            stop=self.stop or StopSignal(),
            clock=self.clock,
            rng=random.Random(self.seed),
        )

    def _write_manifest(self) -> None:
        self.manifests += 1
        self.on_manifest()

    # Observations for the tests.

    def run_to_end(self) -> RunEnd:
        """Run and return an end that must be there."""
        end = self.run()
        assert end is not None
        return end

    def read(self) -> Ledger:
        return Ledger.open(self.layout.workspace.ledger, read_only=True)

    def statuses(self) -> list[JobStatus]:
        with self.read() as ledger:
            return [line.record.status for line in ledger.lines()]

    def images(self) -> dict[str, bytes]:
        return {
            self.layout.relative(path): path.read_bytes()
            for path in sorted(self.layout.images.rglob("*"))
            if path.is_file()
        }
