"""A run: makes the folder hold what the plan in its ledger describes, as far as it is let."""

import asyncio

from qwave_batch.errors import BudgetError, FolderError, StorageError
from qwave_batch.folder.leftovers import remove_leftovers
from qwave_batch.ledger.folder_identity import has_moved
from qwave_batch.ledger.journal import Journal
from qwave_batch.model.money import nusd_from_usd, usd_from_nusd
from qwave_batch.model.progress import Progress
from qwave_batch.model.record import JobStatus
from qwave_batch.model.terms import Completion
from qwave_batch.run.budget import MoneyBudget
from qwave_batch.run.context import RunContext
from qwave_batch.run.counters import RunCounters, RunEnd
from qwave_batch.run.desk import Desk
from qwave_batch.run.limits.adaptive_concurrency import AdaptiveConcurrency
from qwave_batch.run.limits.rate_limiter import RateLimiter
from qwave_batch.run.limits.sliding_window import SlidingWindow
from qwave_batch.run.limits.throttle_state import BalanceCall
from qwave_batch.run.polling.callback_inbox import CallbackInbox
from qwave_batch.run.polling.long_poll import LongPollPolicy
from qwave_batch.run.polling.task_poll_plan import PollPlanner
from qwave_batch.run.schedule.scheduler import Scheduler
from qwave_batch.run.schedule.stop_reasons import StopReason
from qwave_batch.run.schedule.wakeup import is_done_by, wait_until_either
from qwave_batch.run.work_list import JobAction, WorkList, look_at_place, make_work_list

MANIFEST_EVERY_S = 30.0
MANIFEST_REST = 20
"""For so many times what the last one took no new one is written: a large one takes a processor for seconds."""
PROGRESS_EVERY_S = 0.1
STOPPED = "stopped; run it again to go on"


async def run_plan(context: RunContext) -> RunEnd:
    """Do what is missing and return how it ended.

    Raises:
        FolderError: the folder was last used elsewhere and something is to be submitted; nothing was sent.
        BudgetError: the estimate is above what the budget leaves; nothing was sent.
        StorageError: the disk or the ledger failed; what was paid is on record. Or images can't be stored: then
            nothing was sent.
        RunStopped: told to end while it looked at the jobs; nothing was sent.
    """
    started_at = context.clock.monotonic()
    journal = await asyncio.to_thread(context.ledger.journal, context.on_change)
    await asyncio.to_thread(remove_leftovers, context.layout)
    work_list = await asyncio.to_thread(
        make_work_list, context.ledger, journal, context.layout, context.options, context.stop, context.scope
    )
    budget, elsewhere = await asyncio.to_thread(lambda: (_budget(context), _elsewhere(context)))
    desk = _desk(context, journal, work_list, budget, started_at)
    desk.elsewhere = elsewhere
    is_refused = True
    try:
        if desk.elsewhere is not None and work_list.has(JobAction.SUBMIT, JobAction.RESUBMIT):
            raise desk.elsewhere
        _check_budget(context, work_list, budget)
        if work_list.has(JobAction.SUBMIT, JobAction.RESUBMIT):
            for note in await asyncio.to_thread(look_at_place, context, work_list):
                desk.counters.warn(note)
        is_refused = False
        if not work_list.is_empty:
            await _work(desk, work_list)
    finally:
        desk.wait, desk.silent_since, desk.counters.in_flight = None, None, 0
        if not is_refused:  # else nothing has begun, and there is nothing to show
            _show(desk)
    if desk.stops.storage_error is not None and desk.stops.exit_status == desk.stops.storage_error.exit_status:
        raise desk.stops.storage_error
    return _end(desk)


async def _work(desk: Desk, work_list: WorkList) -> None:
    scheduler = Scheduler(desk, work_list.work)
    async with asyncio.TaskGroup() as group:
        helpers = [
            group.create_task(_heed_stop(desk, scheduler)),
            group.create_task(_keep_manifest(desk, scheduler)),
            group.create_task(_keep_showing(desk)),
        ]
        try:
            await _ask_balance(desk)
            await scheduler.run(group)
        except StorageError as error:  # as when the next page of the plan can't be read
            desk.stops.fail(error)
        finally:
            for helper in helpers:
                helper.cancel()


async def _ask_balance(desk: Desk) -> None:
    """Ask for the balance: that costs nothing, and tells a bad key before anything else is sent."""
    asking = asyncio.ensure_future(desk.context.api.balance())
    try:
        if not await is_done_by(desk.context.stop.wait_stopping(), asking):
            desk.stops.stop(StopReason.INTERRUPTED, STOPPED)
            return
        answer = asking.result()
    finally:
        asking.cancel()
    desk.hear_balance(answer)
    now = desk.now()
    if wait := desk.limiter.record(BalanceCall(), answer, sent_at=now, now=now).too_long:
        desk.stops.stop(StopReason.ACCOUNT, desk.why_not_wait(wait))


async def _heed_stop(desk: Desk, scheduler: Scheduler) -> None:
    """Stop the run when it is told to: what is in flight has a moment, unless told twice."""
    stop = desk.context.stop
    await stop.wait_stopping()
    desk.stops.stop(StopReason.INTERRUPTED, STOPPED)
    scheduler.notify()
    await wait_until_either(desk.context.clock.sleep(desk.context.options.grace_s), stop.wait_leaving())
    desk.stops.stop(StopReason.INTERRUPTED, "", leave=True)
    scheduler.notify()


async def _keep_manifest(desk: Desk, scheduler: Scheduler) -> None:
    took_s = 0.0
    while True:
        await desk.context.clock.sleep(max(MANIFEST_EVERY_S, MANIFEST_REST * took_s))
        began = desk.now()
        try:
            await asyncio.to_thread(desk.context.write_manifest)
        except StorageError as error:
            desk.stops.fail(error)
            scheduler.notify()
            return
        took_s = desk.now() - began


async def _keep_showing(desk: Desk) -> None:
    if desk.context.on_progress is None:
        return
    shown: Progress | None = None
    while True:
        progress = desk.progress()
        if shown is None or _is_news(progress, shown):
            desk.context.on_progress(progress)
            shown = progress
        await desk.context.clock.sleep(PROGRESS_EVERY_S)


def _is_news(new: Progress, old: Progress) -> bool:
    """Whether something happened, or a second went by."""

    def facts(progress: Progress) -> tuple[object, ...]:
        return (progress.done, progress.failed, progress.cancelled, progress.unknown, progress.in_flight, progress.note)

    return facts(new) != facts(old) or new.elapsed_s - old.elapsed_s >= 1.0


def _show(desk: Desk) -> None:
    if desk.context.on_progress is not None:
        desk.context.on_progress(desk.progress())


def _desk(context: RunContext, journal: Journal, work_list: WorkList, budget: MoneyBudget, started_at: float) -> Desk:
    completion = context.options.completion or context.terms.completion
    is_called = completion is Completion.WEBHOOK
    return Desk(
        context=context,
        journal=journal,
        budget=budget,
        counters=RunCounters(
            statuses=work_list.statuses.copy(),
            images=work_list.images,
            short=work_list.short,
            damaged=work_list.damaged,
            started_at=started_at,
        ),
        limiter=RateLimiter(
            rng=context.rng,
            max_wait_s=context.options.max_wait_s,
            window=SlidingWindow(context.terms.limits.requests_per_minute),
            concurrency=AdaptiveConcurrency.under(_ceiling(context)),
            counts_polls=context.terms.limits.count_polls,
        ),
        polls=PollPlanner(),
        prefer=LongPollPolicy(
            completion=completion,
            keeps_keys=context.idempotency_hours is not None,
            timeout_s=context.terms.timeout_s,
        ),
        hints=CallbackInbox(context.callbacks, context.clock) if is_called and context.callbacks else None,
    )


def _ceiling(context: RunContext) -> int | None:
    asked = [limit for limit in (context.terms.limits.concurrency, context.options.concurrency) if limit is not None]
    return min(asked, default=None)


def _cap_nusd(context: RunContext) -> int | None:
    caps = [usd for usd in (context.terms.max_usd, context.options.max_usd) if usd is not None]
    return nusd_from_usd(min(caps)) if caps else None


def _budget(context: RunContext) -> MoneyBudget:
    """Return what is spent and held, by the ledger. It blocks."""
    return MoneyBudget(
        cap_nusd=_cap_nusd(context), spent_nusd=context.ledger.spent_nusd(), held_nusd=context.ledger.held_nusd()
    )


def _elsewhere(context: RunContext) -> FolderError | None:
    identity = context.ledger.identity()
    if identity is None or not has_moved(identity, context.claim):
        return None
    return FolderError(
        f"this folder was last used as {identity.path} on {identity.host}, where it may still be at work; "
        "if it is not, go on with --adopt"
    )


def _check_budget(context: RunContext, work_list: WorkList, budget: MoneyBudget) -> None:
    is_free = work_list.estimate_nusd == 0  # what is made already is fetched, however little is left
    if context.options.until_budget or is_free or budget.fits(work_list.estimate_nusd):
        return
    left_nusd = max(0, budget.left_nusd or 0)
    raise BudgetError(
        f"the run is estimated at {_usd(work_list.estimate_nusd)}, and the budget leaves {_usd(left_nusd)} "
        f"({_usd(budget.spent_nusd)} spent, {_usd(budget.held_nusd)} held); nothing was sent; "
        f"raise {_name_of_cap(context)}, or go on until it is used up with --until-budget"
    )


def _name_of_cap(context: RunContext) -> str:
    """Return what a person has to change so that the cap rises."""
    of_spec, of_run = context.terms.max_usd, context.options.max_usd
    if of_run is None or (of_spec is not None and of_spec < of_run):
        return "budget.max_usd"
    return "--max-usd" if of_spec is None or of_run < of_spec else "budget.max_usd and --max-usd"


def _usd(nusd: int) -> str:
    return f"{usd_from_nusd(nusd):.6g} USD"


def _end(desk: Desk) -> RunEnd:
    counters = desk.counters
    exit_status = desk.stops.exit_status
    reason = desk.stops.reason
    if exit_status is None:
        reason = _what_is_missing(counters)
        exit_status = 1 if reason else 0
    return RunEnd(
        exit_status=exit_status,
        reason=reason,
        counts=counters.job_counts(),
        requests=counters.request_counts(),
        seconds=desk.now() - counters.started_at,
        cost_nusd=counters.cost_nusd,
        folder_cost_nusd=desk.budget.spent_nusd,
        warnings=counters.closing_words(),
    )


def _what_is_missing(counters: RunCounters) -> str:
    missing = (JobStatus.FAILED, JobStatus.UNKNOWN, JobStatus.CANCELLED, JobStatus.PENDING)
    parts = [(counters.statuses[status], status.value) for status in missing] + [
        (counters.damaged, "with damaged images")
    ]
    return ", ".join(f"{jobs:,} {what}" for jobs, what in parts if jobs)
