"""A run as a person follows it: its progress on the terminal, and Ctrl-C."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.progress_view import ProgressView, view_for
from qwave_batch.cli.interrupts import on_interrupt
from qwave_batch.model.clock import SystemClock

if TYPE_CHECKING:
    from qwave_batch.runs import StopSignal


@contextmanager
def following_run(console: Console) -> "Iterator[tuple[ProgressView, StopSignal]]":
    """Yield a view of a run and the signal that stops it: the first Ctrl-C ends it well, the second at once."""
    stop = qb.runs.StopSignal()
    view = view_for(console.stderr, console.err, SystemClock())

    def interrupt() -> None:
        is_first = not stop.is_stopping
        stop.request()
        if is_first:
            view.note("stopping: what is in flight may finish; Ctrl-C again leaves at once, and nothing is lost")

    try:
        with on_interrupt(interrupt):
            yield view, stop
    finally:
        view.close()
