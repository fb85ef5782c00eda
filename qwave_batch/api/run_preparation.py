"""Checks of a folder before a run: lost records, links that were signed again, folders to reuse images from."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.errors import FolderError, UsageError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.probing import remove_probes
from qwave_batch.folder.workspace import LEDGER
from qwave_batch.ledger.folder_identity import SIMULATOR
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.job import Job
from qwave_batch.model.job_identity import job_id
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import Advice, NextStep, RunWarning
from qwave_batch.model.record import JobStatus
from qwave_batch.model.signed_links import is_signed, without_signatures
from qwave_batch.output.unrecorded_submits import loss_message, submits_elsewhere, young_message
from qwave_batch.plan.file.plan_file import AnyPlan
from qwave_batch.run.reuse import ReuseSource

_MARGIN_H = 2.0
"""By how much sooner than the API forgets keys they are not relied on: an image is made after its submit."""


def take_in_losses(
    layout: RunLayout, ledger: Ledger, files: int, *, idempotency_hours: float | None, now: float
) -> tuple[RunWarning, ...]:
    """Hold the jobs to be in doubt whose records may be lost, and return that in words; the plan is on record.

    Args:
        layout: The folder.
        ledger: Its ledger, claimed.
        files: How many files there are among the images.
        idempotency_hours: How long the API keeps keys; None is not at all.
        now: Unix seconds.
    """
    kept_from = now if idempotency_hours is None else now - (idempotency_hours - _MARGIN_H) * 3600
    identity = ledger.identity()
    lost_since = None if identity is None else identity.lost_since
    if files > ledger.image_count():
        remove_probes(layout)
    elsewhere = submits_elsewhere(layout, ledger, files=files, kept_from=kept_from)
    doubted = ledger.doubt(elsewhere.sent)
    told = (RunWarning(young_message(elsewhere.young)),) if elsewhere.young else ()
    if lost_since is not None:
        return _doubted(loss_message(lost_since), doubted), *told
    if doubted:
        return _doubted("manifest.jsonl or images/ tell of submits that the ledger does not know", doubted), *told
    return told


def _doubted(found: str, jobs: int) -> RunWarning:
    if not jobs:
        return RunWarning(f"{found}; no job of the plan hangs on it")
    they = "1 job that may be paid is" if jobs == 1 else f"{jobs:,} jobs that may be paid are"
    told = (
        f"{found}; {they} sent again with the same key while the API surely keeps it, which buys nothing twice, and "
        "`unknown` after that: no run buys those again by itself"
    )
    return RunWarning(told, (Advice(NextStep.RESUBMIT_UNKNOWN),))


@dataclass(frozen=True, slots=True)
class ResignedJobs:
    """The jobs of a folder that were made from signed links."""

    _made: dict[str, str]
    """By what a job would be called without signatures: its id."""

    @classmethod
    def of(cls, ledger: Ledger, plan: AnyPlan) -> "ResignedJobs":
        """Return what a folder has made so far, before it is given the plan; nothing for a plan without such links."""
        if not plan.figures.has_signed_links:
            return cls({})
        made = (
            snapshot.line.job
            for snapshot in ledger.snapshots()
            if snapshot.line.record.status is JobStatus.COMPLETED and is_signed(snapshot.line.job.request)
        )
        return cls({_unsigned_id(job): job.job_id for job in made})

    def warnings(self, plan: AnyPlan) -> tuple[RunWarning, ...]:
        """Return how many jobs of a plan are made and paid again for their signatures alone."""
        if not self._made:
            return ()
        again = sum(self._made.get(_unsigned_id(job), job.job_id) != job.job_id for job in _signed_jobs(plan))
        if not again:
            return ()
        what = "1 job is" if again == 1 else f"{again:,} jobs are"
        told = f"{what} made and paid anew: the folder has the same with links that were signed another time"
        return (RunWarning(f"{told}; use public addresses, or links that stay"),)


def _signed_jobs(plan: AnyPlan) -> Iterator[Job]:
    for item in plan.items():
        if isinstance(item, Job) and item.skip is None and is_signed(item.request):
            yield item


def _unsigned_id(job: Job) -> str:
    request: dict[str, Json] = {name: without_signatures(value) for name, value in job.request.items()}
    return job_id(request, job.repeat)


@contextmanager
def open_reuse_sources(folders: Sequence[Path], *, into: RunLayout, backend: str) -> Iterator[list[ReuseSource]]:
    """Yield other run folders, open to read; their own runs may be at work meanwhile.

    Args:
        folders: The folders, the first that holds a job gives it.
        into: The folder that takes.
        backend: The backend that the folder belongs to.

    Raises:
        FolderError: one of them is not a run folder, came without its ledger, or was made with another backend.
        UsageError: one of them is ``into`` itself.
    """
    with ExitStack() as stack:
        sources = []
        for folder in folders:
            layout = RunLayout.existing(folder)
            if layout.root.resolve() == into.root.resolve():
                raise UsageError(f"{folder} is the run folder itself; name another one to reuse")
            if not layout.tree.is_file(LEDGER):
                raise FolderError(f"{folder} came without its ledger, so nothing can be taken from it")
            ledger = stack.enter_context(Ledger.open(layout.workspace.ledger, read_only=True))
            identity = ledger.identity()
            if identity is None or identity.backend != backend:
                made_with = _named(identity.backend) if identity else "nothing yet"
                raise FolderError(
                    f"{folder} was made with {made_with}, and this run is with {_named(backend)}: "
                    "one can't stand in for the other"
                )
            sources.append(ReuseSource(layout=layout, ledger=ledger, folder_id=identity.folder_id))
        yield sources


def _named(backend: str) -> str:
    return "the simulator" if backend == SIMULATOR else backend
