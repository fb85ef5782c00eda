"""A run for code without an event loop of its own: a script, or a cell of a notebook, whose loop is at work already."""

import asyncio
import contextvars
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from qwave_batch.api.run_batch import run_batch
from qwave_batch.api.run_outcome import RunSummary
from qwave_batch.api.run_setup import Confirm, OnNote
from qwave_batch.client.connection import AnyConnection
from qwave_batch.model.executor import RayExecutor
from qwave_batch.model.progress import OnProgress
from qwave_batch.model.run_events import OnEvent
from qwave_batch.model.terms import Terms
from qwave_batch.plan.file.plan_file import AnyPlan
from qwave_batch.run.state.run_request import RunOptions
from qwave_batch.run.state.stop_reasons import StopSignal

T = TypeVar("T")


def run_batch_sync(  # noqa: PLR0913  # as run_batch
    source: str | Path | AnyPlan,
    *,
    connection: AnyConnection,
    out_dir: str | Path | None = None,
    store: str | None = None,
    options: RunOptions | None = None,
    terms: Terms | None = None,
    reuse: Sequence[str | Path] = (),
    executor: RayExecutor | None = None,
    on_progress: OnProgress | None = None,
    on_event: OnEvent | None = None,
    confirm: Confirm | None = None,
    on_note: OnNote | None = None,
) -> RunSummary:
    """Do the same as ``run_batch``, and return when the run has ended.

    If an event loop is running already, as in a notebook, the run has a thread with a loop of its own, and the
    callbacks are called from that thread. Ctrl-C (there: interrupting the kernel) stops it in order: calls in flight
    may finish for a while, a second one ends it at once, and then KeyboardInterrupt is raised.
    """

    def begin(stop: StopSignal) -> Coroutine[Any, Any, RunSummary]:
        return run_batch(
            source,
            connection=connection,
            out_dir=out_dir,
            store=store,
            options=options,
            terms=terms,
            reuse=reuse,
            executor=executor,
            on_progress=on_progress,
            on_event=on_event,
            stop=stop,
            confirm=confirm,
            on_note=on_note,
        )

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(begin(StopSignal()))
    return _in_a_thread(begin)


def _in_a_thread(begin: Callable[[StopSignal], Coroutine[Any, Any, T]]) -> T:
    stopping = _Stopping()

    async def work() -> T:
        stopping.listen(asyncio.get_running_loop())
        return await begin(stopping.stop)

    with ThreadPoolExecutor(1, "qwave-batch-run") as pool, _heeding_interrupts(stopping):
        result = pool.submit(contextvars.copy_context().run, lambda: asyncio.run(work())).result()
    if stopping.requests:
        raise KeyboardInterrupt
    return result


class _Stopping:
    """Carries interrupts from the main thread over to the loop of the run."""

    def __init__(self) -> None:
        self.stop = StopSignal()
        self.requests = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take in the loop, and what was asked for before it ran; called from within it."""
        self._loop = loop
        for _ in range(self.requests):
            self.stop.request()

    def request(self) -> None:
        """Ask the run to end; called from a signal handler."""
        self.requests += 1
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has just been closed
                self._loop.call_soon_threadsafe(self.stop.request)


@contextmanager
def _heeding_interrupts(stopping: _Stopping) -> Iterator[None]:
    """Let SIGINT stop the run inside the block; one that is ignored stays so, and other threads get none."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return

    def heed(_number: int, _frame: FrameType | None) -> None:
        stopping.request()

    before = signal.signal(signal.SIGINT, heed)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
