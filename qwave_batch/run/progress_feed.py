"""Reports the progress of a run to its observers: at most ten times a second, and at its end."""

from dataclasses import replace

from qwave_batch.model.progress import Progress
from qwave_batch.run.images.image_breaker import GIVES_UP_S
from qwave_batch.run.progress_report import ImageHold, RunMoment, StatusGap, report_progress
from qwave_batch.run.run_parts import RunParts

EVERY_S = 0.1
STILL_EVERY_S = 1.0
"""How often progress is reported when nothing has happened."""


class ProgressFeed:
    """Calls ``on_progress`` of a run, if set."""

    def __init__(self, parts: RunParts) -> None:
        self._parts = parts
        self._on_progress = parts.state.context.on_progress

    async def keep_showing(self) -> None:
        """Report every change, and once per second; it never returns while there is an observer."""
        shown: Progress | None = None
        while self._on_progress is not None:
            progress = report_progress(self._moment())
            if shown is None or _has_changed(progress, shown):
                self._on_progress(progress)
                shown = progress
            await self._parts.state.context.clock.sleep(EVERY_S)

    def show_end(self) -> None:
        """Report the state at the end of the run: nothing is in flight, and nothing is waited for."""
        if self._on_progress is None:
            return
        moment = self._moment()
        counted = replace(moment.counted, in_flight=0)
        self._on_progress(report_progress(replace(moment, counted=counted, submit_wait=None, unanswered=None)))

    def _moment(self) -> RunMoment:
        parts, run = self._parts, self._parts.state
        now, unix_now = run.now(), run.context.clock.now()
        queues, watchdog, breaker = parts.model_queues, parts.watchdog, parts.breaker
        is_image_held = breaker.held_since is not None and not run.stops.is_on
        return RunMoment(
            now=now,
            unix_now=unix_now,
            counted=run.counters.progress(now, in_flight=queues.alive, spent_nusd=run.budget.run_cost_nusd),
            left=queues.left(run.limiter, now, pending=run.counters.pending, is_stopped=run.stops.is_on),
            history=run.counters.history,
            throttle=run.limiter.state(now, unix_now),
            max_offline_s=run.context.options.max_offline_s,
            allowed=run.limiter.known.allowed,
            unanswered=run.connectivity.unanswered,
            status_gap=(
                StatusGap(why=watchdog.why, lasted_s=watchdog.stale_s(now)) if watchdog.is_stale(now) else None
            ),
            image_hold=(
                ImageHold(
                    why=breaker.why,
                    left_s=max(0.0, (breaker.held_since or now) + GIVES_UP_S - now),
                    jobs=breaker.waiting,
                )
                if is_image_held
                else None
            ),
            submit_wait=parts.scheduler.submit_wait,
        )


def _has_changed(new: Progress, old: Progress) -> bool:
    """Whether something happened, or a second went by."""

    def facts(progress: Progress) -> tuple[object, ...]:
        return (progress.done, progress.failed, progress.cancelled, progress.unknown, progress.in_flight, progress.note)

    return facts(new) != facts(old) or new.elapsed_s - old.elapsed_s >= STILL_EVERY_S
