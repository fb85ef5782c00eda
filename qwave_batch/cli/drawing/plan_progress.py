"""How far planning has come, for those who wait in front of a terminal."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, TextIO

from qwave_batch.cli.drawing.amounts import count, usd
from qwave_batch.cli.drawing.terminal import CLEAR, Terminal
from qwave_batch.cli.drawing.text import cut_to_width

if TYPE_CHECKING:
    from qwave_batch.plans import Figures

_PATIENCE_S = 1.0
_EVERY_S = 0.2


@contextmanager
def counting(
    stream: TextIO, terminal: Terminal, *, doing: str = "reading the spec", patience_s: float = _PATIENCE_S
) -> Iterator[Callable[["Figures"], None]]:
    """Show how far the block has come on one line of a terminal, once it takes longer than ``patience_s``.

    Yields the watch to hand to a planner; until it has counted something the line says what is going on. It is
    gone when the block ends; elsewhere than on a terminal nothing is written.
    """
    watched: list[Figures] = []
    if not terminal.is_terminal:
        yield watched.append
        return
    ended = threading.Event()
    ticker = threading.Thread(target=_tick, args=(stream, terminal, partial(_words, watched, doing), ended, patience_s))
    ticker.start()
    try:
        yield watched.append
    finally:
        ended.set()
        ticker.join()


def _tick(
    stream: TextIO, terminal: Terminal, words: Callable[[], str], ended: threading.Event, patience_s: float
) -> None:
    if ended.wait(patience_s):
        return
    with suppress(OSError, ValueError):  # the terminal is gone; planning goes on
        while not ended.wait(_EVERY_S):
            line = cut_to_width(terminal.shown(words()), terminal.width - 1, mark=terminal.mark)
            stream.write(f"{CLEAR}{terminal.paint(line, 'dim')}")
            stream.flush()
        stream.write(CLEAR)
        stream.flush()


def _words(watched: list["Figures"], doing: str) -> str:
    return progress_words(watched[-1]) if watched else doing


def progress_words(figures: "Figures") -> str:
    """Return the counts so far; they may grow while they are read."""
    models = list(figures.by_model.values())
    parts = [f"planning: {count(sum(each.jobs for each in models), 'job')}"]
    parts += [f"{figures.folded:,} folded"] if figures.folded else []
    parts += [f"{figures.skipped:,} left out"] if figures.skipped else []
    return ", ".join([*parts, f"{usd(sum(each.estimated_nusd for each in models))} so far"])
