"""A bar for work on many images: on a terminal a tqdm bar, anywhere else a plain line every few seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Never, TextIO

from qwave_batch import lazy
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.stream_width import columns_of
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import cut_to_width
from qwave_batch.cli.streams import words_may_be_lost
from qwave_batch.model.clock import Clock, SystemClock
from qwave_batch.model.work_progress import OnWork, WorkProgress

_PATIENCE_S = 1.0
"""Work that is done sooner shows no bar."""
_BAR_EVERY_S = 0.1
_LINE_EVERY_S = 5.0
_KEYS = 3
"""Columns that stay free for what a terminal shows of Ctrl-C."""


@contextmanager
def work_bar(console: Console, doing: str, *, unit: str = "image", clock: Clock | None = None) -> Iterator[OnWork]:
    """Show how far the block has come, on stderr, once it takes longer than a second; the line is gone at its end.

    Args:
        console: The command's streams.
        doing: The work in a word or two, such as ``exporting``.
        unit: The thing that is counted, in the singular.
        clock: The time; the system's without it.

    Yields:
        The callback to hand to the work; it may be called often, and from one thread.
    """
    bar = _WorkBar(console.stderr, console.err, clock or SystemClock(), doing, unit)
    try:
        yield bar.show
    finally:
        bar.close()


class _WorkBar:
    def __init__(self, stream: TextIO, terminal: Terminal, clock: Clock, doing: str, unit: str) -> None:
        self._stream, self._terminal, self._clock = stream, terminal, clock
        self._doing, self._unit = doing, unit
        self._began_at = clock.monotonic()
        every = _BAR_EVERY_S if terminal.is_terminal else _LINE_EVERY_S
        self._next_at = self._began_at + max(_PATIENCE_S, every)
        self._every_s = every
        self._bar: lazy.tqdm.tqdm[Never] | None = None

    def show(self, progress: WorkProgress) -> None:
        now = self._clock.monotonic()
        if now < self._next_at:
            return
        self._next_at = now + self._every_s
        with words_may_be_lost():
            if self._terminal.is_terminal:
                self._draw(progress, now)
            else:
                self._stream.write(f"{self._sentence(progress, now)}\n")
                self._stream.flush()

    def close(self) -> None:
        if self._bar is not None:
            with words_may_be_lost():
                self._bar.close()

    def _draw(self, progress: WorkProgress, now: float) -> None:
        if self._bar is None:
            # tqdm's monitor is a thread that redraws stalled bars; this one is redrawn by every report of the work
            lazy.tqdm.tqdm.monitor_interval = 0
            self._bar = lazy.tqdm.tqdm(
                total=None, file=self._stream, ascii=not self._terminal.has_unicode, leave=False, bar_format="{bar}"
            )
        width = self._bar.ncols = max(20, (columns_of(self._stream) or self._terminal.width) - _KEYS)
        self._bar.total = max(1, progress.total or progress.done or 1)
        self._bar.n = progress.done if progress.total is not None else 0
        words = cut_to_width(self._terminal.shown(self._sentence(progress, now)), width - 10, mark=self._terminal.mark)
        words = words.replace("{", "{{").replace("}", "}}")
        self._bar.bar_format = f"{words} |{{bar}}|" if progress.total is not None else words
        self._bar.refresh()

    def _sentence(self, progress: WorkProgress, now: float) -> str:
        of = f" of {progress.total:,}" if progress.total is not None else ""
        plural = "" if (progress.total or progress.done) == 1 else "s"
        per_second = progress.done / max(now - self._began_at, 1e-9)
        return f"{progress.doing or self._doing}: {progress.done:,}{of} {self._unit}{plural}, {per_second:,.0f}/s"
