"""Running: makes a folder hold what a spec or a plan describes."""

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from qwave_batch.api.backends import SIMULATED_KEY, backend_name, check_callbacks, open_api, open_callbacks
from qwave_batch.api.event_feed import EventFeed, ProgressFile
from qwave_batch.api.folder_session import in_thread
from qwave_batch.api.plan_opening import open_plan
from qwave_batch.api.pricing import catalog_cost_nusd
from qwave_batch.api.run_outcome import CostEstimate, RunSummary, estimate
from qwave_batch.api.run_place import run_place
from qwave_batch.api.run_preparation import ResignedJobs, open_reuse_sources, take_in_losses
from qwave_batch.api.run_recorder import Recorder, facts_of, keep_sources
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.registry import open_catalog
from qwave_batch.client.connection import Connection, Simulated
from qwave_batch.errors import BudgetError, QwaveError, RunStopped, StorageError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import FolderLock
from qwave_batch.folder.traces import check_ledger_file
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.clock import SystemClock
from qwave_batch.model.events import OnEvent, RunEnded, RunEstimated, RunStarted
from qwave_batch.model.job import Job, PlanItem
from qwave_batch.model.money import usd_from_nusd
from qwave_batch.model.progress import OnProgress
from qwave_batch.model.run_warning import RunWarning
from qwave_batch.output.unrecorded_submits import check_is_claimed
from qwave_batch.plan.file.plan_file import AnyPlan
from qwave_batch.plan.planner import Plan
from qwave_batch.run.context import RunContext, RunOptions
from qwave_batch.run.counters import RunEnd, after
from qwave_batch.run.engine import run_plan
from qwave_batch.run.job_actions import is_given_up
from qwave_batch.run.limits.adaptive_concurrency import MOST
from qwave_batch.run.schedule.stop_reasons import StopSignal
from qwave_batch.run.tasks.reuse import Reuser, ReuseSource
from qwave_batch.run.work_list import jobs_in_scope

Confirm: TypeAlias = Callable[[CostEstimate], bool]
"""Asked once, before anything is sent; False ends the run. It may wait for a person: nothing else goes on yet."""

_SPARE_CONNECTIONS = 32  # polls and downloads beside the submits


async def run_batch(  # noqa: PLR0913  # each is a choice of its own, and has its name
    source: str | Path | AnyPlan,
    *,
    connection: Connection | Simulated,
    out_dir: str | Path | None = None,
    options: RunOptions | None = None,
    reuse: Sequence[str | Path] = (),
    on_progress: OnProgress | None = None,
    on_event: OnEvent | None = None,
    stop: StopSignal | None = None,
    confirm: Confirm | None = None,
) -> RunSummary:
    """Make a folder hold what ``source`` describes, doing only what is missing, and return how that ended.

    What happens to single jobs is in the folder, not raised. A run that was stopped, or that met the end of the
    budget on its way, returns too: see ``exit_status``.

    Args:
        source: A spec file, a plan file, or a plan.
        connection: The API to run against.
        out_dir: The run folder; None is ``output.folder`` of the spec, else ``runs/NAME`` below the current folder,
            simulated with ``-simulated`` behind it.
        options: Which jobs, and how far; None is a plain run.
        reuse: Other run folders, made with the same API: what they hold of the very same jobs, whole and not
            random, is taken by hard link or copy and costs nothing.
        on_progress: Called in the event loop with the newest counts, at most ten times a second.
        on_event: Called in the event loop with what happens, once it is on record. What it raises is raised when
            the run has ended, and nothing more is told until then.
        stop: Lets another task end the run early; nothing is lost by that.
        confirm: Asked before anything is submitted, with what the run may cost; with ``retry_failed`` after what is
            paid was fetched.

    Raises:
        SpecError: the spec has problems; all of them are listed.
        UsageError: something else that was asked for is not right.
        FolderError: ``out_dir`` is None, ``runs/NAME`` would be new, and one lies beside the spec already; or the
            folder is not one for this run.
        BudgetError: the estimate is above what the budget leaves, or ``confirm`` said no.
        StorageError: the folder is busy, or the disk failed.
        RunStopped: ``stop`` was asked for before anything was sent.
    """
    plan = await asyncio.to_thread(open_plan, source) if isinstance(source, str | Path) else source
    catalog = plan.catalog_used if isinstance(plan, Plan) else await asyncio.to_thread(open_catalog, plan.catalog)
    backend = backend_name(connection, catalog)
    check_callbacks(connection, catalog, plan.terms, options or RunOptions())
    place = await asyncio.to_thread(run_place, plan, connection, out_dir)
    place.check()
    layout = RunLayout(place.folder)
    run = _Run(
        plan=plan,
        catalog=catalog,
        connection=connection,
        layout=layout,
        claim=FolderClaim(
            spec_name=plan.name,
            backend=backend,
            path=str(await asyncio.to_thread(layout.root.resolve)),
            host=socket.gethostname(),
            key=connection.key if isinstance(connection, Connection) else SIMULATED_KEY,
        ),
        options=options or RunOptions(),
        reuse=tuple(map(Path, reuse)),
        on_progress=on_progress,
        on_event=on_event,
        stop=stop or StopSignal(),
        confirm=confirm,
    )
    return await run.run()


@contextmanager
def _opened_ledger(layout: RunLayout) -> Iterator[Ledger]:
    with Ledger.open(layout.ledger) as ledger:
        yield ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One pass over the folder: what was paid and given up, or all."""

    ledger: Ledger
    recorder: Recorder
    options: RunOptions
    still_gone: set[str] = field(default_factory=set)
    """Jobs that were asked for in vain; the pass adds to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    plan: AnyPlan
    catalog: Catalog
    connection: Connection | Simulated
    layout: RunLayout
    claim: FolderClaim
    options: RunOptions
    reuse: Sequence[Path]
    on_progress: OnProgress | None
    on_event: OnEvent | None
    stop: StopSignal
    confirm: Confirm | None

    async def run(self) -> RunSummary:
        feed = EventFeed(self.on_event, SystemClock())
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            lenders = await enter(
                in_thread(open_reuse_sources(self.reuse, into=self.layout, backend=self.claim.backend))
            )
            await asyncio.to_thread(self.layout.create)
            await enter(in_thread(FolderLock(self.layout)))
            files = await asyncio.to_thread(self.layout.check_images)
            await asyncio.to_thread(check_ledger_file, self.layout)
            ledger = await enter(in_thread(_opened_ledger(self.layout)))
            recorder, losses = await asyncio.to_thread(self._prepare, ledger, files)
            try:
                self._tell_start(feed)
                reused, not_taken = await asyncio.to_thread(self._take, ledger, lenders, feed)
                warnings = (*losses, *not_taken)
                end, options = await self._collect(ledger, recorder, feed)
                if end is None or end.exit_status in {0, 1}:
                    expected = await asyncio.to_thread(self._estimate, ledger, options)
                    self._ask(replace(expected, warnings=warnings))
                    _tell_estimate(feed, expected, reused)
                    end = after(
                        end, await self._execute(_Work(ledger=ledger, recorder=recorder, options=options), feed)
                    )
            except QwaveError as error:
                with suppress(StorageError):  # the first error says more than a second one
                    await asyncio.to_thread(recorder.give_up, error)
                _tell_end(feed, error.exit_status, str(error))
                raise
            summary = await asyncio.to_thread(recorder.finish, end)
            books = await asyncio.to_thread(ledger.books)
        _tell_end(feed, end.exit_status, end.reason, end)
        feed.close()
        return RunSummary(
            folder=self.layout.root,
            kind=end.kind,
            stop=end.stop,
            counts=end.counts,
            cost_nusd=end.cost_nusd,
            folder_cost_nusd=end.folder_cost_nusd,
            seconds=end.seconds,
            warnings=(*warnings, *recorder.warnings, *end.warnings),
            reused=reused,
            books=books,
            summary=summary,
        )

    def _prepare(self, ledger: Ledger, files: int) -> tuple[Recorder, tuple[RunWarning, ...]]:
        """Take the folder into use and put the plan in its ledger; return what is to be known of it, too. It blocks."""
        check_is_claimed(self.layout, ledger)
        ledger.claim(self.claim, adopt=self.options.adopt)
        resigned = ResignedJobs.of(ledger, self.plan)
        ledger.replace_plan(self._until_stopped(self.plan.items()))
        clock = SystemClock()
        hours = self.catalog.idempotency_hours
        losses = take_in_losses(self.layout, ledger, files, idempotency_hours=hours, now=clock.now())
        keep_sources(self.layout, self.plan)
        recorder = Recorder(self.layout, ledger, facts_of(self.plan, self.claim.backend, clock.now()), clock)
        recorder.begin()
        ledger.begin(clock.now())
        return recorder, (*losses, *resigned.warnings(self.plan))

    def _take(
        self, ledger: Ledger, lenders: Sequence[ReuseSource], feed: EventFeed
    ) -> tuple[int, tuple[RunWarning, ...]]:
        """Take from other folders what they hold; return how many jobs, and what could not be taken. It blocks."""
        if not lenders:
            return 0, ()
        borrowing = Reuser(self.layout, ledger, ledger.journal(feed.emit_change_of_thread), lenders)
        return borrowing.take(self.options, self.stop), borrowing.warnings

    async def _collect(self, ledger: Ledger, recorder: Recorder, feed: EventFeed) -> tuple[RunEnd | None, RunOptions]:
        """Before failed jobs are paid for again, fetch what is paid; return how that ended, and what is left to do."""
        if not self.options.retry_failed or not await asyncio.to_thread(self._has_given_up, ledger):
            return None, self.options
        options = replace(self.options, fetch_only=True, given_up_only=True)
        work = _Work(ledger=ledger, recorder=recorder, options=options)
        end = await self._execute(work, feed)
        return end, replace(self.options, pay_again=frozenset(work.still_gone))

    def _has_given_up(self, ledger: Ledger) -> bool:
        snapshots = jobs_in_scope(ledger, self.options, self.stop)
        return any(each.attempt is not None and is_given_up(each.attempt) for each in snapshots)

    def _estimate(self, ledger: Ledger, options: RunOptions) -> CostEstimate:
        return estimate(jobs_in_scope(ledger, options, self.stop), options)

    def _ask(self, expected: CostEstimate) -> None:
        if self.confirm is not None and not self.confirm(expected):
            raise BudgetError("not confirmed, so nothing was sent")

    def _until_stopped(self, items: Iterator[PlanItem]) -> Iterator[PlanItem]:
        for item in items:
            if self.stop.is_stopping:
                raise RunStopped("stopped before anything was sent")
            yield item

    def _tell_start(self, feed: EventFeed) -> None:
        feed.emit(RunStarted(time=SystemClock().now(), name=self.plan.name, folder=str(self.layout.root)))

    async def _execute(self, work: _Work, feed: EventFeed) -> RunEnd:
        showing = ProgressFile(self.layout, self.on_progress, feed, SystemClock())
        try:
            return await self._run_plan(work, feed, showing)
        finally:
            await showing.close()

    async def _run_plan(self, work: _Work, feed: EventFeed, showing: ProgressFile) -> RunEnd:
        concurrency = self.options.concurrency or self.plan.terms.limits.concurrency or MOST
        async with (
            open_api(self.connection, self.catalog, self.layout, connections=concurrency + _SPARE_CONNECTIONS) as api,
            open_callbacks(self.plan.terms, self.options) as callbacks,
        ):
            return await run_plan(
                RunContext(
                    layout=self.layout,
                    ledger=work.ledger,
                    claim=self.claim,
                    api=api,
                    terms=self.plan.terms,
                    options=work.options,
                    still_gone=work.still_gone,
                    idempotency_hours=self.catalog.idempotency_hours,
                    cost_nusd=self._cost_nusd,
                    asked_format=self._asked_format,
                    write_manifest=work.recorder.write,
                    callbacks=callbacks,
                    on_change=feed.emit_change,
                    on_progress=showing.show,
                    stop=self.stop,
                )
            )

    def _asked_format(self, job: Job) -> str | None:
        model = self.catalog.models.get(job.model)
        return None if model is None else model.image_format(job.request)

    def _cost_nusd(self, job: Job, images: int) -> int:
        return catalog_cost_nusd(self.catalog, job, images)


def _tell_estimate(feed: EventFeed, expected: CostEstimate, reused: int) -> None:
    feed.emit(
        RunEstimated(
            time=SystemClock().now(),
            reused=reused,
            to_submit=expected.jobs,
            estimated_usd=usd_from_nusd(expected.nusd),
        )
    )


def _tell_end(feed: EventFeed, exit_status: int, reason: str, end: RunEnd | None = None) -> None:
    feed.emit(
        RunEnded(
            time=SystemClock().now(),
            exit_status=exit_status,
            reason=reason,
            completed=end.counts.completed if end else 0,
            cost_usd=usd_from_nusd(end.cost_nusd) if end else 0.0,
        )
    )
