"""The arguments of a run; the composition root fills them in."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from qwave_batch.client.answers import Answer, Balance, DownloadAnswer, Trouble
from qwave_batch.client.connection import Reached
from qwave_batch.errors import StorageError
from qwave_batch.executors.worker_pool import WorkerPool
from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.attempt import OnChange
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.snapshots import PlanLine
from qwave_batch.model.clock import Clock, SystemClock
from qwave_batch.model.cost_range import CostRange
from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.progress import OnProgress
from qwave_batch.model.terms import Terms
from qwave_batch.run.state.run_request import RunOptions
from qwave_batch.run.state.stop_reasons import StopSignal

if TYPE_CHECKING:
    from qwave_batch.imaging.formats.shrinking import Shrinker


@dataclass(frozen=True, slots=True, kw_only=True)
class JobScope:
    """The jobs of a plan that a run covers."""

    takes: Callable[[PlanLine], bool] | None = None
    """Whether it covers a line of the plan; None means all. It raises UsageError if that cannot be decided."""
    limit: int | None = None
    """The maximum number of jobs; None means all."""
    deciding: frozenset[str] = frozenset()
    """The stages whose jobs are made only if a decision on record says so."""

    @property
    def is_whole(self) -> bool:
        """Whether the run covers the whole plan, and so also jobs that left it."""
        return self.takes is None and self.limit is None


WHOLE_PLAN = JobScope()


class JobCatalog(Protocol):
    """The catalog's answers about a job that a run needs, as ``catalog.catalog.Catalog`` gives them."""

    def job_cost(self, job: Job, images: int) -> CostRange:
        """Return the price of so many images; its most counts for answers that do not state a cost."""
        ...

    def job_least_images(self, job: Job) -> int:
        """Return the fewest images that a request brings when it succeeds."""
        ...

    def job_image_format(self, job: Job) -> str | None:
        """Return the file format that the images should have; None if it is unknown."""
        ...

    def job_takes_text(self, job: Job, field: str, start: str, length: int) -> bool:
        """Whether the model takes a text in a field of the request that begins so and has so many characters."""
        ...


class TaskCalls(Protocol):
    """The calls of ``client.task_api.TaskApi`` that a run makes. None raises because of a server or a network."""

    async def submit(
        self, request: JsonObject, *, idempotency_key: str | None, prefer_wait_s: float | None = None
    ) -> Answer:
        """Submit a task."""
        ...

    async def status(self, task_id: str) -> Answer:
        """Ask for the state of a task."""
        ...

    async def balance(self) -> Balance | Trouble:
        """Ask for the account's balance; the first call of a run, because it is free and reveals an invalid key."""
        ...

    async def download(self, url: str, into: Path, *, max_bytes: int = ..., timeout_s: float = ...) -> DownloadAnswer:
        """Download a result into memory if it is small, else into the file ``into``; on failure no file is left."""
        ...


class CallbackSource(Protocol):
    """The endpoint that the API calls when a task ends, such as ``client.callback_receiver.CallbackReceiver``."""

    @property
    def url(self) -> str:
        """The address sent to the API as ``callback_url``."""
        ...

    def listen(self, on_callback: Callable[[str], None]) -> None:
        """Pass the id of every task that may have ended to ``on_callback``, in the event loop."""
        ...


class SubmitPermit(Protocol):
    """The right to submit, where the lock of the folder is a lease that has to be renewed."""

    def is_given(self) -> bool:
        """Whether it may submit at this moment."""
        ...

    async def wait_given(self) -> None:
        """Return when it may submit; raises StorageError once it never may again."""
        ...

    async def wait_lost(self) -> StorageError:
        """Return why it may not, once the folder is another run's."""
        ...


class PictureSink(Protocol):
    """Takes the small pictures of images that were stored, for those who look at them."""

    def take(self, sha256: str, shrinker: "Shrinker", content: bytes | None) -> None:
        """Take one, in a worker thread; it must neither wait nor raise.

        Args:
            sha256: The image's hash.
            shrinker: Has the small picture, if one could be taken.
            content: The image's bytes, where they are in memory.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """The inputs of ``run_plan``: a locked folder, its ledger with claim and plan, and the API."""

    layout: RunLayout
    ledger: Ledger
    claim: FolderClaim
    """The claim that was given to ``Ledger.claim``."""
    api: TaskCalls
    open_api: Callable[[], Awaitable[None]] | None = None
    """Called before the first call of ``api``, in a run that has something to do; None where it is open already."""
    open_workers: Callable[[], Awaitable[tuple[WorkerPool, Reached]]] | None = None
    """Called, after ``open_api``, for the workers that fetch the images; None where that is done here."""
    terms: Terms
    options: RunOptions = field(default_factory=RunOptions)
    scope: JobScope = WHOLE_PLAN
    """The jobs that the run covers: ``options.only`` and ``options.limit``, evaluated."""
    idempotency_hours: float | None
    """How long the API keeps idempotency keys (``Catalog.idempotency_hours``); None means not at all."""
    catalog: JobCatalog
    image_fields: frozenset[str] = frozenset()
    """The request fields in which references stand for the images in ``inputs/`` (``Catalog.image_fields``)."""
    reference_fields: frozenset[str] = frozenset()
    """The request fields in which references stand for what other jobs have made (``Catalog.reference_fields``)."""
    result_lifetime_s: float = 86_400.0
    """How long an image surely stays at its address (``Catalog.result_lifetime_hours``)."""
    write_manifest: Callable[[], None]
    """Writes manifest and summary from the ledger; called in a thread from time to time during the run."""
    permit: SubmitPermit | None = None
    """Asked right before each submit; None where the lock of the folder lasts as long as this process."""
    callbacks: CallbackSource | None = None
    """The receiver of the API's callbacks; with None tasks are polled."""
    on_change: OnChange | None = None
    """Called after each recorded change of an attempt, except for fresh addresses; it must not raise."""
    on_progress: OnProgress | None = None
    """Called in the loop's thread, at most ten times a second and at the end; it must not raise."""
    pictures: PictureSink | None = None
    """Takes small pictures from the decode that checks an image; with None none are made."""
    infers_windows: bool = True
    """Whether unannounced windows are inferred from the API's 429s; benchmarks/limits.py compares both."""
    stop: StopSignal = field(default_factory=StopSignal)
    clock: Clock = field(default_factory=SystemClock)
    rng: random.Random = field(default_factory=random.Random)
