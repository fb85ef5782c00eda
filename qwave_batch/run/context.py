"""The arguments of a run; the composition root fills them in."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from qwave_batch.client.answers import Answer, Balance, DownloadAnswer, Trouble
from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.attempt import OnChange
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.snapshots import PlanLine
from qwave_batch.model.clock import Clock, SystemClock
from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.progress import OnProgress
from qwave_batch.model.terms import Terms
from qwave_batch.run.run_request import RunOptions
from qwave_batch.run.schedule.stop_reasons import StopSignal


@dataclass(frozen=True, slots=True, kw_only=True)
class JobScope:
    """The jobs of a plan that a run is about."""

    takes: Callable[[PlanLine], bool] | None = None
    """Whether it is about a line of the plan; None is all. It raises UsageError where that can't be said."""
    limit: int | None = None
    """How many jobs of those it is about; None is all."""

    @property
    def is_whole(self) -> bool:
        """Whether the run is about the whole plan, and so about jobs that left it too."""
        return self.takes is None and self.limit is None


WHOLE_PLAN = JobScope()


class JobCatalog(Protocol):
    """The questions about a job that a run asks the catalog, such as ``catalog.catalog.Catalog``."""

    def job_cost_nusd(self, job: Job, images: int) -> int:
        """Return the price of so many images, in nano-dollars, for answers that do not say what they cost."""
        ...

    def job_image_format(self, job: Job) -> str | None:
        """Return the file format that the images should have; None where that is not known."""
        ...


class TaskCalls(Protocol):
    """The calls of ``client.tasks.TaskApi`` that a run makes. None raises for what a server or a network does."""

    async def submit(
        self, request: JsonObject, *, idempotency_key: str | None, prefer_wait_s: float | None = None
    ) -> Answer:
        """Submit a task."""
        ...

    async def status(self, task_id: str) -> Answer:
        """Ask how a task stands."""
        ...

    async def balance(self) -> Balance | Trouble:
        """Ask what the account holds; the first call of a run, for it costs nothing and tells a bad key."""
        ...

    async def download(self, url: str, into: Path, *, max_bytes: int = ..., timeout_s: float = ...) -> DownloadAnswer:
        """Fetch a result, into memory when it is small, else into the file ``into``; on failure no file is left."""
        ...


class CallbackSource(Protocol):
    """Whatever the API calls when a task ends, such as ``client.receiver.CallbackReceiver``."""

    @property
    def url(self) -> str:
        """The address to hand to the API as ``callback_url``."""
        ...

    def listen(self, on_callback: Callable[[str], None]) -> None:
        """Hand the id of every task that may have ended to ``on_callback``, in the event loop."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """The things that ``run_plan`` works with: a locked folder, its ledger with claim and plan in it, and the API."""

    layout: RunLayout
    ledger: Ledger
    claim: FolderClaim
    """The same that was given to ``Ledger.claim``."""
    api: TaskCalls
    terms: Terms
    options: RunOptions = field(default_factory=RunOptions)
    scope: JobScope = WHOLE_PLAN
    """The jobs that the run is about: ``options.only`` and ``options.limit``, ready for use."""
    idempotency_hours: float | None
    """How long the API keeps idempotency keys (``Catalog.idempotency_hours``); None is not at all."""
    catalog: JobCatalog
    write_manifest: Callable[[], None]
    """Writes manifest and summary from the ledger; called in a thread now and then while the run is at work."""
    callbacks: CallbackSource | None = None
    """The receiver that the API may call when tasks end; with None tasks are polled."""
    on_change: OnChange | None = None
    """Told of every change of an attempt, but for fresh addresses, once it is on record; it must not raise."""
    on_progress: OnProgress | None = None
    """Called in the loop's thread, at most ten times a second and at the end; it must not raise."""
    infers_windows: bool = True
    """Whether windows that the API does not announce are inferred from its 429s: benchmarks/limits.py compares."""
    still_gone: set[str] = field(default_factory=set)
    """Filled by a run: jobs that were given up before, and whose images are gone by what their tasks say now."""
    stop: StopSignal = field(default_factory=StopSignal)
    clock: Clock = field(default_factory=SystemClock)
    rng: random.Random = field(default_factory=random.Random)
