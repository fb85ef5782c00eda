"""A live run: a bar on a terminal, a plain line every few seconds anywhere else."""

from typing import Never, Protocol, TextIO

from qwave_batch import lazy
from qwave_batch.cli.drawing.amounts import count, duration, usd
from qwave_batch.cli.drawing.stream_width import columns_of
from qwave_batch.cli.drawing.terminal import CLEAR, Terminal
from qwave_batch.cli.drawing.text import cells, wrap
from qwave_batch.cli.streams import words_may_be_lost
from qwave_batch.model.clock import Clock
from qwave_batch.model.progress import Progress, WaitKind

_BAR_EVERY_S = 0.1
_LINE_EVERY_S = 5.0
_STALE_S = 60.0
"""After so long a note of the same wait is worth another line: it has another time in it."""
_SHORTEST_BAR = 10
_KEYS = 3
"""Columns that stay free for what a terminal shows of Ctrl-C: as it is, it would break the line there."""


class ProgressView(Protocol):
    """Something that shows how a run stands."""

    def show(self, progress: Progress) -> None:
        """Take the newest counts; what is drawn, and when, is the view's business."""
        ...

    def note(self, text: str) -> None:
        """Say something beside the counts."""
        ...

    def close(self) -> None:
        """Draw the last counts and leave the cursor at the start of a line."""
        ...


def view_for(stream: TextIO, terminal: Terminal, clock: Clock) -> ProgressView:
    """Return the bar for a terminal, else plain lines."""
    return Bar(stream, terminal, clock) if terminal.is_terminal else PlainLines(stream, terminal, clock)


class Bar:
    """A tqdm bar with the run's own figures."""

    def __init__(self, stream: TextIO, terminal: Terminal, clock: Clock) -> None:
        self._stream, self._terminal, self._clock = stream, terminal, clock
        self._bar: lazy.tqdm.tqdm[Never] | None = None
        self._drawn_at = float("-inf")
        self._last: Progress | None = None
        self._said = _SaidWaits()

    def show(self, progress: Progress) -> None:
        """Redraw, at most ten times a second; a new note stands above the bar."""
        self._last = progress
        if self._said.is_news(progress, self._clock.monotonic()):
            self._said.add(progress, self._clock.monotonic())
            self.note(progress.note)
        if self._clock.monotonic() - self._drawn_at >= _BAR_EVERY_S:
            self._draw(progress)

    def note(self, text: str) -> None:
        """Say something above the bar."""
        lines = "\n".join(wrap(self._terminal.shown(text), self._terminal.width))
        with words_may_be_lost():
            lazy.tqdm.tqdm.write(f"{CLEAR}{lines}", file=self._stream)

    def close(self) -> None:
        """Draw the last counts and leave the line as it is."""
        if self._bar is not None:
            with words_may_be_lost():
                self._stream.write(CLEAR)
        if self._last is not None:
            self._draw(self._last)
        if self._bar is not None:
            with words_may_be_lost():
                self._bar.close()

    def _draw(self, progress: Progress) -> None:
        self._drawn_at = self._clock.monotonic()
        with words_may_be_lost():
            self._redraw(progress)

    def _redraw(self, progress: Progress) -> None:
        if self._bar is None:
            # tqdm's monitor is a thread that redraws stalled bars; this one is redrawn by every report of the run
            lazy.tqdm.tqdm.monitor_interval = 0
            self._bar = lazy.tqdm.tqdm(
                total=progress.jobs,
                file=self._stream,
                ascii=not self._terminal.has_unicode,
                ncols=self._terminal.width - _KEYS,
                bar_format="{bar}",
            )
        width = self._bar.ncols = (columns_of(self._stream) or self._terminal.width) - _KEYS
        left, right = bar_figures(progress, room=width - _SHORTEST_BAR)
        self._bar.total = max(1, progress.jobs)
        self._bar.n = progress.settled
        self._bar.bar_format = f"{left}|{{bar}}|{right}"
        self._bar.refresh()


class PlainLines:
    """A line of text every few seconds, for logs."""

    def __init__(self, stream: TextIO, terminal: Terminal, clock: Clock) -> None:
        self._stream, self._terminal, self._clock = stream, terminal, clock
        self._last: Progress | None = None
        self._written: Progress | None = None
        self._written_at = clock.monotonic()
        self._said = _SaidWaits()

    def show(self, progress: Progress) -> None:
        """Write a line when the last one is a few seconds old, or when the run now waits for something else."""
        self._last = progress
        now = self._clock.monotonic()
        if self._said.is_news(progress, now) or now - self._written_at >= _LINE_EVERY_S:
            self._write(progress)

    def note(self, text: str) -> None:
        """Write a line."""
        self._print(self._terminal.shown(text))

    def close(self) -> None:
        """Write the last counts, unless they stand there already."""
        if self._last is not None and self._last != self._written:
            self._write(self._last)

    def _write(self, progress: Progress) -> None:
        self._written, self._written_at = progress, self._clock.monotonic()
        self._said.add(progress, self._written_at)
        note = f" ({self._terminal.shown(progress.note)})" if progress.note else ""
        self._print(f"{sentence(progress)}{note}")

    def _print(self, line: str) -> None:
        with words_may_be_lost():
            self._stream.write(f"{line}\n")
            self._stream.flush()


def sentence(progress: Progress) -> str:
    """Return the counts in words."""
    parts = [f"{progress.done:,} of {count(progress.jobs, 'job')} done"]
    parts += undone(progress)
    parts += [f"{in_flight(progress)} in flight", f"{progress.images_per_minute:,.0f} images/min"]
    parts += [usd(progress.spent_nusd)]
    parts += [f"{duration(progress.remaining_s)} left"] if progress.remaining_s else []
    return ", ".join(parts)


def undone(progress: Progress) -> list[str]:
    """Return the jobs that the run is through with and that are not done, by how they stand."""
    counts = ((progress.failed, "failed"), (progress.cancelled, "cancelled"), (progress.unknown, "unknown"))
    return [f"{number:,} {what}" for number, what in counts if number]


def in_flight(progress: Progress) -> str:
    """Return how many tasks are alive, and of how many that may be, where that is found out as the run goes."""
    return f"{progress.in_flight:,}" if progress.allowed is None else f"{progress.in_flight:,}/{progress.allowed:,}"


def bar_figures(progress: Progress, *, room: int) -> tuple[str, str]:
    """Return what stands left and right of the bar in at most ``room`` columns: the least important goes first."""
    left = " ".join([f"{progress.done:,}/{progress.jobs:,} done", *undone(progress)])
    time_left = f"{_clock_time(progress.remaining_s)} left" if progress.remaining_s is not None else "-- left"
    right = [
        f"{in_flight(progress)} in flight",
        f"{progress.images_per_minute:,.0f} img/min",
        usd(progress.spent_nusd),
        time_left,
    ]
    while right and cells(left) + sum(cells(part) + 2 for part in right) + 2 > room:
        right.pop(min(1, len(right) - 1))
    return f"{left} ", " " + ", ".join(right)


class _SaidWaits:
    """Which waits were said, and when: one of another kind is news at once, one of another model once a minute."""

    def __init__(self) -> None:
        self._kind: WaitKind | None = None
        self._said: dict[str | None, tuple[str, float]] = {}
        """The last message of the current kind, by model: models that wait in turn would otherwise fill the screen."""

    def is_news(self, progress: Progress, now: float) -> bool:
        """Whether the run waits for something that was not said, or was said long ago with another end."""
        if not progress.note:
            return False
        kind, model = _wait_of(progress)
        if kind is not self._kind or model not in self._said:
            return True
        note, said_at = self._said[model]
        return now - said_at >= _STALE_S and progress.note != note

    def add(self, progress: Progress, now: float) -> None:
        """Note that the wait is said now."""
        if not progress.note:
            return
        kind, model = _wait_of(progress)
        if kind is not self._kind:
            self._kind, self._said = kind, {}
        self._said[model] = (progress.note, now)


def _wait_of(progress: Progress) -> tuple[WaitKind | None, str | None]:
    return (None, None) if progress.waiting is None else (progress.waiting.kind, progress.waiting.model)


def _clock_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
