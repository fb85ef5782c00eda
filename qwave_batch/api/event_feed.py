"""From a run to those who follow it: typed events, and a small file that other processes look at."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.attempt import AttemptChange
from qwave_batch.model.clock import Clock
from qwave_batch.model.progress import OnProgress, Progress, Waiting
from qwave_batch.model.run_events import OnEvent, RunWaiting
from qwave_batch.output.live import LiveRun, remove_live, write_live
from qwave_batch.run.state.attempt_events import event_of

T = TypeVar("T")
TELL_EVERY_S = 1.0


class EventFeed:
    """Hands events to a callback, in the event loop's thread; one that raises can't stop a run that is paid for."""

    def __init__(self, on_event: OnEvent | None, clock: Clock) -> None:
        self._error: Exception | None = None
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self.emit: OnEvent = self.guarded(on_event)
        """Hands over an event."""

    def guarded(self, callback: Callable[[T], None] | None) -> Callable[[T], None]:
        """Return a callback that never raises: what the given one raises is kept, and it is not called again."""
        is_broken = False

        def hand_over(value: T) -> None:
            nonlocal is_broken
            if callback is None or is_broken:
                return
            try:
                callback(value)
            except Exception as error:  # noqa: BLE001 - it is raised once the run has ended
                is_broken = True
                self._error = self._error or error

        return hand_over

    def emit_change(self, change: AttemptChange) -> None:
        """Hand over what a change means."""
        event = event_of(change, self._clock.now())
        if event is not None:
            self.emit(event)

    def emit_change_of_thread(self, change: AttemptChange) -> None:
        """Hand over what a change means that a thread has made."""
        self._loop.call_soon_threadsafe(self.emit_change, change)

    def close(self) -> None:
        """Raise what a callback has raised first, if one has."""
        if self._error is not None:
            raise self._error


class ProgressFile:
    """Takes a run's progress: to the caller, to the folder for other processes, and its waits to the events."""

    def __init__(self, layout: RunLayout, on_progress: OnProgress | None, feed: EventFeed, clock: Clock) -> None:
        self._layout, self._feed, self._clock = layout, feed, clock
        self._on_progress = feed.guarded(on_progress)
        self._told: Waiting | None = None
        """The wait that was told last; None once it is over."""
        self._told_at = float("-inf")
        self._telling: asyncio.Future[None] | None = None

    def show(self, progress: Progress) -> None:
        """Take the newest counts."""
        self._tell_wait(progress)
        self._tell(progress)
        self._on_progress(progress)

    async def close(self) -> None:
        """Take the file away: the run is over."""
        if self._telling is not None:
            await self._telling
        await asyncio.to_thread(remove_live, self._layout)

    def _tell_wait(self, progress: Progress) -> None:
        """Hand over a wait that begins, and one that goes on when the end that was told has passed."""
        wait, told, now = progress.waiting, self._told, self._clock.now()
        if wait is None:
            self._told = None
            return
        is_told = told is not None and (wait.kind, wait.model) == (told.kind, told.model)
        if is_told and (told is None or told.until is None or told.until > now):
            return
        self._told = wait
        self._feed.emit(
            RunWaiting(
                time=now,
                note=progress.note,
                kind=wait.kind,
                model=wait.model,
                until=wait.until,
                throttles=progress.throttle.throttles,
            )
        )

    def _tell(self, progress: Progress) -> None:
        now = self._clock.monotonic()
        is_busy = self._telling is not None and not self._telling.done()
        if is_busy or now - self._told_at < TELL_EVERY_S:
            return
        self._told_at = now
        live = LiveRun(told_at=self._clock.now(), progress=progress)
        self._telling = asyncio.get_running_loop().run_in_executor(None, write_live, self._layout, live)
