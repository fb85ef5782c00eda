"""One run in its folder, step by step: prepare, reuse, estimate, confirm, execute, record."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from qwave_batch import api
from qwave_batch.api.backends import check_backend, open_api, open_callbacks
from qwave_batch.api.event_feed import EventFeed, ProgressFile
from qwave_batch.api.folder_session import in_thread, opened_ledger, to_the_end
from qwave_batch.api.image_keeping import keep_images
from qwave_batch.api.late_api import LateApi
from qwave_batch.api.run_outcome import CostEstimate, RunSummary, estimate
from qwave_batch.api.run_preparation import ResignedJobs, open_reuse_sources, take_in_losses
from qwave_batch.api.run_recorder import Recorder, facts_of, keep_sources
from qwave_batch.api.run_setup import RunSetup
from qwave_batch.api.store_choice import bind_store, keep_choice
from qwave_batch.choosing.kept_stages import keep_stages
from qwave_batch.client.connection import Reached, Simulated
from qwave_batch.errors import BudgetError, FolderError, QwaveError, RunStopped, StorageError
from qwave_batch.executors.worker_pool import WorkerPool
from qwave_batch.folder.lock import FolderLock
from qwave_batch.folder.traces import check_ledger_file
from qwave_batch.ledger.folder_identity import FolderIdentity
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.clock import SystemClock
from qwave_batch.model.job import PlanItem
from qwave_batch.model.money import usd_from_nusd
from qwave_batch.model.next_step import NextStep, RunWarning
from qwave_batch.model.run_ends import EXIT_STATUS, EndKind
from qwave_batch.model.run_events import RunEnded, RunEstimated, RunStarted
from qwave_batch.output.unrecorded_submits import check_is_claimed
from qwave_batch.run.engine import run_plan
from qwave_batch.run.limits.adaptive_concurrency import MOST
from qwave_batch.run.reuse import Reuser, ReuseSource
from qwave_batch.run.schedule.job_actions import is_given_up
from qwave_batch.run.state.context import RunContext
from qwave_batch.run.state.run_end import RunEnd, after
from qwave_batch.run.state.run_request import RunOptions
from qwave_batch.run.state.stop_reasons import StopSignal
from qwave_batch.run.work_list import jobs_in_scope

if TYPE_CHECKING:
    from qwave_batch.api.live_report import LiveReport
    from qwave_batch.api.run_workers import LateWorkers
    from qwave_batch.api.store_hold import StoreHold
    from qwave_batch.api.store_workspace import HoldRequest

_SPARE_CONNECTIONS = 32  # polls and downloads beside the submits


async def run_in_folder(setup: RunSetup) -> RunSummary:
    """Lock the folder, run in it, write manifest and summary, and return how it ended; raises as ``run_batch``."""
    if not setup.options.report:
        return await _run_locked(setup, None)
    pages = api.live_report.LiveReport(setup.layout, SystemClock(), lambda: setup.callbacks.stop.is_leaving)
    try:
        summary = await _run_locked(setup, pages)
    finally:  # the folder is let go of: the page no longer says that a run is at work
        end = await to_the_end(pages.finish)
    return replace(summary, report=end.page, warnings=(*summary.warnings, *end.warnings))


async def _run_locked(setup: RunSetup, pages: "LiveReport | None") -> RunSummary:
    layout, callbacks = setup.layout, setup.callbacks
    feed = EventFeed(callbacks.on_event, SystemClock())
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        sources = await enter(in_thread(open_reuse_sources(setup.reuse, into=layout, backend=setup.claim.backend)))
        await asyncio.to_thread(layout.create)
        await enter(in_thread(FolderLock(layout)))
        hold = (
            None
            if layout.store is None
            else await enter(api.store_workspace.held_store(layout, layout.store, _wanted(setup)))
        )
        files = await asyncio.to_thread(layout.check_images)
        await asyncio.to_thread(check_ledger_file, layout)
        await asyncio.to_thread(keep_choice, layout, setup.store)  # not before: a place that is refused is not kept
        ledger = await enter(in_thread(opened_ledger(layout)))
        recorder, losses = await asyncio.to_thread(_prepare, setup, ledger, files, hold)
        if hold is not None:
            await enter(in_thread(hold.ended_well(ledger)))
        if pages is not None:
            await asyncio.to_thread(pages.begin)
        workers = None
        if setup.executor is not None:
            is_simulated = isinstance(setup.connection, Simulated)
            workers = api.run_workers.LateWorkers(stack, setup.executor, layout, is_simulated=is_simulated)
        run = _FolderRun(
            setup=setup, ledger=ledger, recorder=recorder, feed=feed, permit=hold, pages=pages, workers=workers
        )
        outcome = await run.run(sources, losses)
        end = outcome.end
        summary = await asyncio.to_thread(recorder.finish, end)
        cost_report = await asyncio.to_thread(ledger.cost_report)
    _emit_end(feed, end.kind, end.reason, end)
    feed.close()
    return RunSummary(
        folder=layout.root,
        store=layout.store_address,
        kind=end.kind,
        stop=end.stop,
        counts=end.counts,
        cost_nusd=end.cost_nusd,
        folder_cost_nusd=end.folder_cost_nusd,
        seconds=end.seconds,
        warnings=(*outcome.warnings, *recorder.warnings, *end.warnings),
        reused=outcome.reused,
        books=cost_report,
        summary=summary,
    )


def _wanted(setup: RunSetup) -> "HoldRequest":
    """Return how the run holds a folder that lies in a store."""
    return api.store_workspace.HoldRequest(
        may_replace=setup.options.adopt,
        is_retry=setup.options.retry_failed,
        accept=lambda identity: _accept(setup, identity),
        stop=setup.callbacks.stop,
        on_wait=setup.callbacks.on_note,
    )


def _accept(setup: RunSetup, identity: FolderIdentity) -> None:
    """Bind the folder to its store, before it has the ledger from there.

    Raises:
        FolderError: the store holds the run of another spec or backend. Folder and store stay as they are.
    """
    address, claim = setup.layout.store_address, setup.claim
    if identity.spec_name != claim.spec_name:
        raise FolderError(
            f'{address} holds the run of spec "{identity.spec_name}", not of "{claim.spec_name}"; nothing was sent',
            next_steps=(NextStep.NAME_OTHER_STORE,),
        )
    if identity.backend != claim.backend:
        raise FolderError(
            f"{address} was made with {identity.backend}, not with {claim.backend}; nothing was sent",
            next_steps=(NextStep.NAME_OTHER_STORE,),
        )
    bind_store(setup.layout, setup.store)


def _prepare(
    setup: RunSetup, ledger: Ledger, files: int, hold: "StoreHold | None"
) -> tuple[Recorder, tuple[RunWarning, ...]]:
    """Claim the folder and put the plan in its ledger; return also what is worth a warning. It blocks."""
    plan, layout, clock = setup.plan, setup.layout, SystemClock()
    check_is_claimed(layout, ledger)
    identity = ledger.identity()
    if identity is not None and identity.spec_name == setup.claim.spec_name:
        check_backend(layout, identity, setup.claim.backend, is_run=True)
    ledger.claim(setup.claim, adopt=setup.options.adopt or (hold is not None and hold.is_owner_dead))
    keep_images(layout, plan)
    resigned = ResignedJobs.of(ledger, plan)
    ledger.replace_plan(_until_stopped(plan.items(), setup.callbacks.stop))
    keep_stages(layout, plan.stages)
    hours = setup.catalog.idempotency_hours
    losses = take_in_losses(layout, ledger, files, idempotency_hours=hours, now=clock.now())
    keep_sources(layout, plan)
    facts = facts_of(plan, setup.claim.backend, clock.now())
    recorder = Recorder(layout, ledger, facts, clock, keep_ledger=None if hold is None else hold.keep)
    recorder.begin()
    ledger.begin(clock.now())
    if hold is None:
        return recorder, (*losses, *resigned.warnings(plan))
    hold.begin(ledger)
    return recorder, (*hold.warnings, *losses, *resigned.warnings(plan))


def _until_stopped(items: Iterator[PlanItem], stop: StopSignal) -> Iterator[PlanItem]:
    for item in items:
        if stop.is_stopping:
            raise RunStopped("stopped before anything was sent")
        yield item


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    end: RunEnd
    reused: int
    """Jobs whose images were taken from other folders."""
    warnings: tuple[RunWarning, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _FolderRun:
    """A run whose folder is locked, with its ledger open and its plan on record."""

    setup: RunSetup
    ledger: Ledger
    recorder: Recorder
    feed: EventFeed
    permit: "StoreHold | None"
    pages: "LiveReport | None"
    workers: "LateWorkers | None"

    async def run(self, sources: Sequence[ReuseSource], losses: tuple[RunWarning, ...]) -> _Outcome:
        """Take the steps of the run; an error that ends it is on record before it is raised."""
        try:
            self._emit_start()
            reused, not_taken = await asyncio.to_thread(self._reuse, sources)
            if self.permit is not None:
                await asyncio.to_thread(self.permit.open_submits, self.ledger)
            warnings = (*losses, *not_taken)
            end, options = await self._fetch_given_up()
            if end is None or end.exit_status in {0, 1}:
                more, noted = await asyncio.to_thread(self._choose, options, sources)
                reused, warnings = reused + more, (*warnings, *noted)
                expected = await asyncio.to_thread(self._estimate, options)
                self._confirm(replace(expected, warnings=warnings))
                self._emit_estimate(expected, reused)
                end = after(end, await self._execute(options))
        except QwaveError as error:
            with suppress(StorageError):  # the first error says more than a second one
                await asyncio.to_thread(self.recorder.give_up, error)
            _emit_end(self.feed, error.kind, str(error))
            raise
        waiting = await asyncio.to_thread(self._waiting, end)
        return _Outcome(end=end, reused=reused, warnings=(*warnings, *waiting))

    def _choose(self, options: RunOptions, sources: Sequence[ReuseSource]) -> tuple[int, tuple[RunWarning, ...]]:
        """Decide which jobs of stages are made, as far as that depends on scores, checks and picks. It blocks.

        Returns:
            How many of the chosen jobs were taken from other folders, and what is worth a warning.
        """
        stages = self.setup.plan.stages
        if not any(stage.is_decided_later for stage in stages):
            self.ledger.replace_decisions(())
            return 0, ()
        doubts = api.stage_choices.take_decisions(self.setup.layout, self.ledger, stages, options)
        reused, not_taken = self._reuse(sources)
        return reused, (*doubts, *not_taken)

    def _waiting(self, end: RunEnd) -> tuple[RunWarning, ...]:
        """Return what jobs wait for whose stage is decided later, and which could be made now. It blocks."""
        stages = self.setup.plan.stages
        if self.setup.callbacks.stop.is_stopping or not any(stage.is_decided_later for stage in stages):
            return ()
        with suppress(QwaveError):  # a file that can't be read now is told when the next run decides
            return api.stage_choices.waiting_warnings(
                self.setup.layout, self.ledger, stages, has_gone_through=end.stop is None
            )
        return ()

    def _reuse(self, sources: Sequence[ReuseSource]) -> tuple[int, tuple[RunWarning, ...]]:
        """Take from other folders what they hold; return how many jobs, and what could not be taken. It blocks."""
        if not sources:
            return 0, ()
        reuser = Reuser(self.setup.layout, self.ledger, self.ledger.journal(self.feed.emit_change_of_thread), sources)
        return reuser.take(self.setup.scope, self.setup.callbacks.stop), reuser.warnings

    async def _fetch_given_up(self) -> tuple[RunEnd | None, RunOptions]:
        """Before failed jobs are paid for again, fetch what is paid; return how that ended, and what is left to do."""
        options = self.setup.options
        if not options.retry_failed or not await asyncio.to_thread(self._has_given_up):
            return None, options
        end = await self._execute(replace(options, fetch_only=True, given_up_only=True))
        return end, replace(options, pay_again=end.still_gone)

    def _has_given_up(self) -> bool:
        snapshots = jobs_in_scope(self.ledger, self.setup.scope, self.setup.callbacks.stop, stored=())
        return any(each.attempt is not None and is_given_up(each.attempt) for each in snapshots)

    def _estimate(self, options: RunOptions) -> CostEstimate:
        jobs = jobs_in_scope(self.ledger, self.setup.scope, self.setup.callbacks.stop, stored=())
        return estimate(jobs, options, self.setup.scope)

    def _confirm(self, expected: CostEstimate) -> None:
        confirm = self.setup.callbacks.confirm
        if confirm is not None and not confirm(expected):
            raise BudgetError("not confirmed, so nothing was sent")

    async def _execute(self, options: RunOptions) -> RunEnd:
        """Do one pass over the folder with options of its own, and its progress in the folder for other processes."""
        setup = self.setup
        progress = ProgressFile(setup.layout, setup.callbacks.on_progress, self.feed, SystemClock())
        concurrency = options.concurrency or setup.terms.limits.concurrency or MOST
        connections = concurrency + _SPARE_CONNECTIONS
        try:
            async with AsyncExitStack() as stack, open_callbacks(setup.terms, options) as receiver:
                api = LateApi(stack, open_api(setup.connection, setup.catalog, setup.layout, connections=connections))
                is_simulated = isinstance(setup.connection, Simulated)
                if is_simulated:  # at once: a state that is not the simulator's own is refused whatever is to be done
                    await api.begin()
                return await run_plan(
                    RunContext(
                        layout=setup.layout,
                        ledger=self.ledger,
                        claim=setup.claim,
                        api=api,
                        open_api=None if is_simulated else api.begin,
                        open_workers=None if self.workers is None else partial(self._open_workers, api, self.workers),
                        terms=setup.terms,
                        options=options,
                        scope=setup.scope,
                        idempotency_hours=setup.catalog.idempotency_hours,
                        catalog=setup.catalog,
                        image_fields=setup.catalog.image_fields,
                        reference_fields=setup.catalog.reference_fields,
                        result_lifetime_s=setup.catalog.result_lifetime_hours[0] * 3600,
                        write_manifest=self._write_down,
                        pictures=self.pages,
                        permit=self.permit,
                        callbacks=receiver,
                        on_change=self.feed.emit_change,
                        on_progress=progress.show,
                        stop=setup.callbacks.stop,
                    )
                )
        finally:
            await progress.close()

    async def _open_workers(self, api: LateApi, workers: "LateWorkers") -> tuple[WorkerPool, Reached]:
        connection = self.setup.connection
        pool = await workers.open()
        if isinstance(connection, Simulated):
            return pool, Reached(base_url=api.base_url)
        return pool, Reached(base_url=api.base_url, proxies=connection.proxies, trust=connection.trust)

    def _write_down(self) -> None:
        """Write manifest and summary, and have the page follow. It blocks for the first two."""
        self.recorder.write()
        if self.pages is not None:
            self.pages.refresh()

    def _emit_start(self) -> None:
        setup = self.setup
        self.feed.emit(RunStarted(time=SystemClock().now(), name=setup.plan.name, folder=str(setup.layout.root)))

    def _emit_estimate(self, expected: CostEstimate, reused: int) -> None:
        self.feed.emit(
            RunEstimated(
                time=SystemClock().now(),
                reused=reused,
                to_submit=expected.jobs,
                estimated_usd=expected.estimated_usd,
            )
        )


def _emit_end(feed: EventFeed, kind: EndKind, reason: str, end: RunEnd | None = None) -> None:
    feed.emit(
        RunEnded(
            time=SystemClock().now(),
            kind=kind,
            exit_status=EXIT_STATUS[kind],
            reason=reason,
            completed=end.counts.completed if end else 0,
            cost_usd=usd_from_nusd(end.cost_nusd) if end else 0.0,
        )
    )
