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
from qwave_batch.model.terms import Completion, Terms
from qwave_batch.run.schedule.stop_reasons import StopSignal


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The switches of ``qwave-batch run``; the defaults are a plain run."""

    retry_failed: bool = False
    """Also do jobs whose failure is final."""
    resubmit_unknown: bool = False
    """Also send jobs again that are perhaps paid already."""
    fetch_only: bool = False
    """Submit nothing: only fetch images of tasks that have ended, given up ones too."""
    given_up_only: bool = False
    """With ``fetch_only``: only what was paid, or perhaps paid, and given up."""
    pay_again: frozenset[str] | None = None
    """Which jobs ``retry_failed`` may pay for again: those whose images are gone, by what their tasks say now; None is
    all, for a run whose jobs were not looked at first."""
    only: Callable[[PlanLine], bool] | None = None
    """Which lines of the plan this run is about; None is all."""
    limit: int | None = None
    """The first so many lines of the plan (of those that ``only`` takes); None is all."""
    concurrency: int | None = None
    """A ceiling for tasks alive at once; it only lowers what the spec says."""
    completion: Completion | None = None
    """How to learn that a task has ended; None is what the spec says."""
    webhook_url: str | None = None
    """The address at which the API reaches the receiver of ``completion: webhook``; None is where it listens."""
    webhook_host: str = "127.0.0.1"
    """The address that the receiver listens on."""
    webhook_port: int = 0
    """The port that the receiver listens on; 0 takes a free one."""
    max_usd: float | None = None
    """A cap on what the folder may ever cost; it only lowers the spec's."""
    until_budget: bool = False
    """Begin even if the estimate is above what the budget leaves, and go on until it is used up."""
    fail_fast: bool = False
    """Submit nothing more after the first job that fails for good."""
    adopt: bool = False
    """Work on a folder that was last used at another path or on another machine."""
    max_wait_s: float = 900.0
    """How long to wait at most for a rate limit or a quota window to open; a longer one ends the run."""
    max_offline_s: float = 120.0
    """How long the API may be out of reach, with nothing else going on, before the run gives up."""
    grace_s: float = 10.0
    """How long what is in flight may take to finish after a first stop."""


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

    def listen(self, on_hint: Callable[[str], None]) -> None:
        """Hand the id of every task that may have ended to ``on_hint``, in the event loop."""
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
    idempotency_hours: float | None
    """How long the API keeps idempotency keys (``Catalog.idempotency_hours``); None is not at all."""
    cost_nusd: Callable[[Job, int], int]
    """The catalog price of so many images of a job, for answers that do not say what they cost."""
    write_manifest: Callable[[], None]
    """Writes manifest and summary from the ledger; called in a thread now and then while the run is at work."""
    asked_format: Callable[[Job], str | None] = lambda _: None
    """The file format that a job's images should have; None where that is not known."""
    callbacks: CallbackSource | None = None
    """The receiver that the API may call when tasks end; with None tasks are polled."""
    on_change: OnChange | None = None
    """Told of every change of an attempt, but for fresh addresses, once it is on record; it must not raise."""
    on_progress: OnProgress | None = None
    """Called in the loop's thread, at most ten times a second and at the end; it must not raise."""
    still_gone: set[str] = field(default_factory=set)
    """Filled by a run: jobs that were given up before, and whose images are gone by what their tasks say now."""
    stop: StopSignal = field(default_factory=StopSignal)
    clock: Clock = field(default_factory=SystemClock)
    rng: random.Random = field(default_factory=random.Random)
