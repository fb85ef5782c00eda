"""Everything a run is given; the composition root fills it in."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.changes import OnChange
from qwave_batch.ledger.identity import FolderClaim
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.clock import Clock, SystemClock
from qwave_batch.model.job import Job
from qwave_batch.model.progress import OnProgress
from qwave_batch.model.terms import Terms
from qwave_batch.run.options import RunOptions
from qwave_batch.run.ports import Callbacks, TaskCalls
from qwave_batch.run.stop import StopSignal


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """What ``run_plan`` works with: a locked folder, its ledger with claim and plan in it, and the API."""

    layout: RunLayout
    ledger: Ledger
    claim: FolderClaim
    """The same that was given to ``Ledger.claim``."""
    api: TaskCalls
    terms: Terms
    options: RunOptions = field(default_factory=RunOptions)
    idempotency_hours: float | None
    """How long the API keeps idempotency keys (``Catalog.idempotency_hours``); None is not at all."""
    cost_nusd: Callable[[Job, int], int]
    """The catalog price of so many images of a job, for answers that do not say what they cost."""
    write_manifest: Callable[[], None]
    """Writes manifest and summary from the ledger; called in a thread now and then while the run is at work."""
    asked_format: Callable[[Job], str | None] = lambda _: None
    """The file format that a job's images should have; None where that is not known."""
    callbacks: Callbacks | None = None
    """What the API may call when tasks end; None is nothing, and tasks are polled."""
    on_change: OnChange | None = None
    """Told of every change of an attempt, but for fresh addresses, once it is on record; it must not raise."""
    on_progress: OnProgress | None = None
    """Called in the loop's thread, at most ten times a second and at the end; it must not raise."""
    still_gone: set[str] = field(default_factory=set)
    """Filled by a run: jobs that were given up before, and whose pictures are gone by what their tasks say now."""
    stop: StopSignal = field(default_factory=StopSignal)
    clock: Clock = field(default_factory=SystemClock)
    rng: random.Random = field(default_factory=random.Random)
