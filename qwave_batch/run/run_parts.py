"""Builds the parts of a run from its context and its work, each with its own arguments."""

from dataclasses import dataclass

from qwave_batch.client.connection import Reached
from qwave_batch.executors.worker_pool import WorkerPool
from qwave_batch.ledger.journal import Journal
from qwave_batch.model.stop_reason import FolderMoved
from qwave_batch.model.terms import Completion
from qwave_batch.run import images
from qwave_batch.run.images.image_breaker import ImageBreaker
from qwave_batch.run.images.image_fetching import ImageFetcher
from qwave_batch.run.images.image_store import ImageStore
from qwave_batch.run.images.thread_image_store import ThreadImageStore
from qwave_batch.run.jobs.waiting_children import WaitingChildren
from qwave_batch.run.limits.adaptive_concurrency import AdaptiveConcurrency
from qwave_batch.run.limits.known_limits import KnownLimits
from qwave_batch.run.limits.rate_limiter import RateLimiter
from qwave_batch.run.limits.sliding_window import SlidingWindow
from qwave_batch.run.polling.callback_inbox import CallbackInbox
from qwave_batch.run.polling.long_poll import LongPollPolicy
from qwave_batch.run.polling.status_watchdog import StatusWatchdog
from qwave_batch.run.polling.task_poll_plan import PollPlanner
from qwave_batch.run.schedule.job_actions import JobAction
from qwave_batch.run.schedule.model_queues import ModelQueues, build_model_queues
from qwave_batch.run.schedule.scheduler import Scheduler
from qwave_batch.run.state.budget import MoneyBudget
from qwave_batch.run.state.connectivity import Connectivity
from qwave_batch.run.state.context import RunContext
from qwave_batch.run.state.counters import RunCounters
from qwave_batch.run.state.run_state import RunState
from qwave_batch.run.state.stop_reasons import StopReasons
from qwave_batch.run.tasks.ended_tasks import EndedTaskPoller
from qwave_batch.run.tasks.poll_calls import PollCalls
from qwave_batch.run.tasks.request_inputs import RequestInputs
from qwave_batch.run.tasks.settling import Settler
from qwave_batch.run.tasks.submit_failures import SubmitFailures
from qwave_batch.run.tasks.submit_refusals import SubmitRefusals
from qwave_batch.run.tasks.submitting import Submitter
from qwave_batch.run.tasks.task_polling import TaskPoller
from qwave_batch.run.tasks.worker import Worker
from qwave_batch.run.wakeup import Wakeup
from qwave_batch.run.work_list import WorkList

FEWEST_DOWNLOADS, MOST_DOWNLOADS = 4, 32
"""Downloads at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunParts:
    """A run that is ready to start."""

    state: RunState
    model_queues: ModelQueues
    watchdog: StatusWatchdog
    breaker: ImageBreaker
    wakeup: Wakeup
    scheduler: Scheduler


def assemble(  # noqa: PLR0913 - all that a run is made of
    context: RunContext,
    journal: Journal,
    work_list: WorkList,
    budget: MoneyBudget,
    *,
    remote: tuple[WorkerPool, Reached] | None = None,
    moved: FolderMoved | None,
    started_at: float,
) -> RunParts:
    """Build the parts of a run.

    Args:
        context: The inputs of the run.
        journal: Records each change of an attempt.
        work_list: The work of the run.
        budget: The folder's money.
        remote: The workers that fetch the images, and the API that they come from; None where that is done here.
        moved: Why submits are not allowed from here, if the folder was last used at another location.
        started_at: Monotonic seconds.
    """
    counters = RunCounters(
        statuses=work_list.statuses.copy(),
        images=work_list.images,
        short=work_list.short,
        damaged=work_list.damaged,
        parents_failed=work_list.parents_failed,
        started_at=started_at,
    )
    limiter = _limiter(context)
    completion = context.options.completion or context.terms.completion
    long_poll = LongPollPolicy(
        completion=completion,
        keeps_keys=context.idempotency_hours is not None,
        timeout_s=context.terms.timeout_s,
    )
    waiting = work_list.waiting
    queues = build_model_queues(work_list.work, waiting.left_by_model(), context.terms.limits, limiter, long_poll)
    model_queues = ModelQueues(queues, budget)
    stops = StopReasons()
    connectivity = Connectivity(
        clock=context.clock,
        max_offline_s=context.options.max_offline_s,
        stops=stops,
        counters=counters,
        trials=model_queues,
    )
    state = RunState(
        context=context,
        journal=journal,
        budget=budget,
        counters=counters,
        limiter=limiter,
        stops=stops,
        connectivity=connectivity,
    )
    fetches = work_list.rows(JobAction.FETCH)
    watchdog, breaker = StatusWatchdog(), ImageBreaker(earlier=len(fetches))
    wakeup = Wakeup(context.clock)
    inbox = _inbox(context, completion)
    worker = _worker(state, watchdog, breaker, wakeup, long_poll, inbox, moved, _image_store(context, remote), waiting)
    scheduler = Scheduler(state, model_queues, worker, watchdog, breaker, wakeup, fetches, waiting)
    return RunParts(
        state=state,
        model_queues=model_queues,
        watchdog=watchdog,
        breaker=breaker,
        wakeup=wakeup,
        scheduler=scheduler,
    )


def _limiter(context: RunContext) -> RateLimiter:
    limits = context.terms.limits
    return RateLimiter(
        rng=context.rng,
        max_wait_s=context.options.max_wait_s,
        known=KnownLimits(
            window=SlidingWindow(limits.requests_per_minute),
            concurrency=AdaptiveConcurrency.under(_ceiling(context)),
            counts_polls=limits.count_polls,
            infers_windows=context.infers_windows,
        ),
    )


def _worker(  # noqa: PLR0913, PLR0917 - the parts that it is built from
    state: RunState,
    watchdog: StatusWatchdog,
    breaker: ImageBreaker,
    wakeup: Wakeup,
    long_poll: LongPollPolicy,
    inbox: CallbackInbox | None,
    moved: FolderMoved | None,
    fetching: tuple[ImageStore, int],
    waiting: WaitingChildren,
) -> Worker:
    image_store, most_downloads = fetching
    calls = PollCalls(state, watchdog)
    failures = SubmitFailures(state, SubmitRefusals(state))
    ended_tasks = EndedTaskPoller(state, calls, breaker)
    inputs = RequestInputs(state, calls, waiting)
    downloads = min(max(FEWEST_DOWNLOADS, state.limiter.known.concurrency.ceiling), most_downloads)
    return Worker(
        state=state,
        breaker=breaker,
        submitter=Submitter(state, failures, watchdog, long_poll, inbox, moved, inputs),
        inputs=inputs,
        failures=failures,
        poller=TaskPoller(state, calls, watchdog, PollPlanner(), inbox),
        ended_tasks=ended_tasks,
        settler=Settler(state, breaker),
        fetcher=ImageFetcher(state, breaker, image_store, ended_tasks, downloads, wakeup.notify),
    )


def _image_store(context: RunContext, remote: tuple[WorkerPool, Reached] | None) -> tuple[ImageStore, int]:
    """Return the place where images are fetched, and how many it fetches at once."""
    layout, owner_of = context.layout, context.ledger.owner_of
    if remote is None:
        return ThreadImageStore(layout, context.api.download, owner_of, context.pictures), MOST_DOWNLOADS
    pool, reached = remote
    worker, store = images.image_worker, images.ray_image_store
    setup = worker.FetchSetup(
        folder=layout.root.resolve(),
        store=layout.store_address,
        reached=reached,
        wants_picture=context.pictures is not None,
    )
    at_once = max(MOST_DOWNLOADS, pool.size * worker.AT_ONCE)
    return store.RayImageStore(layout, pool, setup, owner_of, context.pictures), at_once


def _inbox(context: RunContext, completion: Completion) -> CallbackInbox | None:
    """Return the inbox of the API's callbacks, if they are used."""
    if completion is not Completion.WEBHOOK or context.callbacks is None:
        return None
    inbox = CallbackInbox(context.callbacks.url, context.clock)
    context.callbacks.listen(inbox.receive)
    return inbox


def _ceiling(context: RunContext) -> int | None:
    asked = [limit for limit in (context.terms.limits.concurrency, context.options.concurrency) if limit is not None]
    return min(asked, default=None)
