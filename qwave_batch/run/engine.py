"""A run: executes the plan in the folder's ledger until the folder is complete or a limit stops it."""

import asyncio

from qwave_batch.errors import FolderError, StorageError
from qwave_batch.folder.traces import remove_leftovers
from qwave_batch.ledger.folder_identity import has_moved
from qwave_batch.model.run_ends import EndKind
from qwave_batch.model.stop_reason import FolderMoved, Interrupted, StorageFailed
from qwave_batch.run.child_warnings import child_warnings, open_children
from qwave_batch.run.limits.admission import BalanceCall
from qwave_batch.run.progress_feed import ProgressFeed
from qwave_batch.run.run_parts import RunParts, assemble
from qwave_batch.run.state.budget import check_estimate, read_budget
from qwave_batch.run.state.context import RunContext, SubmitPermit
from qwave_batch.run.state.run_end import RunEnd
from qwave_batch.run.state.run_state import RunState
from qwave_batch.run.wakeup import Wakeup, is_done_by, wait_until_either
from qwave_batch.run.work_list import WorkList, check_storage, make_work_list

MANIFEST_EVERY_S = 30.0
MANIFEST_REST = 20
"""The pause after writing a manifest, as a multiple of the time it took: a large one takes seconds."""


async def run_plan(context: RunContext) -> RunEnd:
    """Do the remaining work and return how the run ended.

    Raises:
        FolderError: the folder was last used elsewhere and something is to be submitted; nothing was sent.
        BudgetError: the estimate is above what the budget leaves; nothing was sent.
        WorkersUnusable: the workers that are to fetch the images can't; nothing was sent.
        StorageError: the disk or the ledger failed; paid tasks are on record. Or images cannot be stored: then
            nothing was sent.
        RunStopped: told to end while it selected the jobs; nothing was sent.
    """
    started_at = context.clock.monotonic()
    journal = await asyncio.to_thread(context.ledger.journal, context.on_change)
    await asyncio.to_thread(remove_leftovers, context.layout)
    work_list = await asyncio.to_thread(
        make_work_list, context.ledger, journal, context.layout, context.options, context.stop, context.scope
    )
    budget, moved = await asyncio.to_thread(lambda: (read_budget(context), _moved(context)))
    submits = work_list.has_submits
    if moved is not None and submits:
        raise FolderError(str(moved), next_steps=moved.next_steps)
    check_estimate(context, work_list.estimate_nusd, budget)
    notes = await asyncio.to_thread(check_storage, context, work_list) if submits else []
    if context.open_api is not None and not work_list.is_empty:
        await context.open_api()
    remote = None if context.open_workers is None or work_list.is_empty else await context.open_workers()

    parts = assemble(context, journal, work_list, budget, remote=remote, moved=moved, started_at=started_at)
    run, progress = parts.state, ProgressFeed(parts)
    for note in notes:
        run.counters.warn(note)
    try:
        if not work_list.is_empty:
            await _work(parts, progress)
        _say_what_waits(run, work_list)
    finally:
        progress.show_end()
    if run.stops.storage_error is not None and isinstance(run.stops.gravest, StorageFailed):
        raise run.stops.storage_error
    return _end(run)


async def _work(parts: RunParts, progress: ProgressFeed) -> None:
    run = parts.state
    async with asyncio.TaskGroup() as group:
        helpers = [
            group.create_task(_obey_stop(run, parts.wakeup)),
            group.create_task(_keep_manifest(run, parts.wakeup)),
            group.create_task(progress.keep_showing()),
        ]
        if run.context.permit is not None:
            helpers.append(group.create_task(_watch(run.context.permit, run, parts.wakeup)))
        try:
            await _check_balance(run)
            await parts.scheduler.run(group)
        except StorageError as error:  # e.g. when the next page of the plan cannot be read
            run.stops.fail(error)
        finally:
            for helper in helpers:
                helper.cancel()


def _say_what_waits(run: RunState, work_list: WorkList) -> None:
    folder, counters = str(run.context.layout.root), run.counters
    for warning in child_warnings(work_list.left, counters.not_passed, folder):
        counters.add_warning(warning)
    jobs, _ = work_list.waiting.open_rows()
    if jobs and not run.stops.is_on:  # else the reason to stop says it
        counters.add_warning(open_children(jobs))


async def _check_balance(run: RunState) -> None:
    """Ask for the balance: that is free, and reveals an invalid key before anything else is sent."""
    calling = asyncio.ensure_future(run.context.api.balance())
    try:
        if not await is_done_by(run.context.stop.wait_stopping(), calling):
            run.stops.stop(Interrupted())
            return
        answer = calling.result()
    finally:
        calling.cancel()
    run.connectivity.record_balance(answer)
    now = run.now()
    if wait := run.limiter.record(BalanceCall(), answer, sent_at=now, now=now).too_long:
        run.stops.stop(run.too_long(wait))


async def _obey_stop(run: RunState, wakeup: Wakeup) -> None:
    """Stop the run when requested: calls in flight may finish for a while, unless requested twice."""
    stop = run.context.stop
    await stop.wait_stopping()
    run.stops.stop(Interrupted())
    wakeup.notify()
    await wait_until_either(run.context.clock.sleep(run.context.options.grace_s), stop.wait_leaving())
    run.stops.stop(Interrupted(), leave=True)
    wakeup.notify()


async def _keep_manifest(run: RunState, wakeup: Wakeup) -> None:
    """Write the manifest from time to time, for observers of a running run."""
    took_s = 0.0
    while True:
        await run.context.clock.sleep(max(MANIFEST_EVERY_S, MANIFEST_REST * took_s))
        began = run.now()
        try:
            await asyncio.to_thread(run.context.write_manifest)
        except StorageError as error:
            run.stops.fail(error)
            wakeup.notify()
            return
        took_s = run.now() - began


async def _watch(permit: SubmitPermit, run: RunState, wakeup: Wakeup) -> None:
    """End the run once its folder is another run's."""
    run.stops.fail(await permit.wait_lost())
    wakeup.notify()


def _moved(context: RunContext) -> FolderMoved | None:
    """Return where the folder was last used, if that is another location. It blocks."""
    identity = context.ledger.identity()
    if identity is None or not has_moved(identity, context.claim):
        return None
    return FolderMoved(path=identity.path, host=identity.host)


def _end(run: RunState) -> RunEnd:
    counters, stop = run.counters, run.stops.gravest
    counts = counters.job_counts()
    through = EndKind.INCOMPLETE if counts.missing_message else EndKind.COMPLETE
    return RunEnd(
        kind=through if stop is None else stop.kind,
        stop=stop,
        counts=counts,
        requests=counters.request_counts(),
        limits=counters.limits,
        seconds=run.now() - counters.started_at,
        cost_nusd=run.budget.run_cost_nusd,
        folder_cost_nusd=run.budget.spent_nusd,
        warnings=counters.closing_warnings(),
        still_gone=frozenset(counters.still_gone),
    )
