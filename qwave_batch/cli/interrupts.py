"""Ctrl-C, SIGTERM and a closed terminal: they end a command in order, and are handed to a loop that is running."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from qwave_batch.later import later

if TYPE_CHECKING:
    import asyncio
    import threading
else:
    asyncio = later("asyncio")
    threading = later("threading")


class Interrupt(KeyboardInterrupt):
    """One of the signals came.

    Not KeyboardInterrupt itself: where that passes through ``exec``, which modules are loaded with, Python ends the
    process by SIGINT in the end, whatever became of it.
    """


def break_on_signals() -> None:
    """Have each SIGINT, SIGTERM or SIGHUP raise ``Interrupt`` in the main thread, from now on."""
    for number in _heard():
        signal.signal(number, _break)


@contextmanager
def on_interrupt(act: Callable[[], None]) -> Iterator[None]:
    """Call ``act`` in the running loop for each of the signals inside the block.

    Outside the main thread, where Python hands out no signals, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _heard()}
    for number in before:
        loop.add_signal_handler(number, act)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


@contextmanager
def breakable() -> Iterator[None]:
    """Let the signals raise ``Interrupt`` inside the block again: while a person is asked, the loop stands still."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _break) for number in _heard()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _heard() -> tuple[signal.Signals, ...]:
    """Return the signals that end a command; what is ignored stays so: ``nohup`` and background jobs ask for that."""
    ignorable = (signal.SIGINT, signal.SIGHUP)
    return (*(number for number in ignorable if signal.getsignal(number) is not signal.SIG_IGN), signal.SIGTERM)


def _break(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Interrupt
