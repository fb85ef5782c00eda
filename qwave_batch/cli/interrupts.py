"""Ctrl-C, SIGTERM and a closed terminal: the first ends a command in order, the second for sure."""

import _thread
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from qwave_batch import lazy

INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells count it."""

_LEAVE = 2
"""So many signals ask a program to end whatever it is doing."""
_PATIENCE_S = 1.3
"""How long the orderly way out may take then. It may be held up by threads that are at work in a library."""
_LAST_WORDS_S = 0.2


class Interrupt(KeyboardInterrupt):
    """One of the signals came.

    Not KeyboardInterrupt itself: where that passes through ``exec``, which modules are loaded with, Python ends the
    process by SIGINT in the end, whatever became of it.
    """


def break_on_signals() -> None:
    """Have each SIGINT, SIGTERM or SIGHUP raise ``Interrupt`` in the main thread, from now on.

    The second of them ends the process within two seconds, even while a thread decodes, waits for a lock or blocks in
    a library. Nothing is lost by that: the ledger and the folder survive a ``kill -9`` at any point.
    """
    heard = _heard()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    # the number of each signal is written as it comes, though the main thread may not get to its handler for long
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    _thread.start_new_thread(_leave_on_the_second, (reader, heard))
    for number in heard:
        signal.signal(number, _break)


@contextmanager
def on_interrupt(act: Callable[[], None]) -> Iterator[None]:
    """Call ``act`` in the running loop for each of the signals inside the block.

    Outside the main thread, where Python hands out no signals, nothing changes.
    """
    if lazy.threading.current_thread() is not lazy.threading.main_thread():
        yield
        return
    loop = lazy.asyncio.get_running_loop()

    def tell(_number: int, _frame: FrameType | None) -> None:
        with suppress(RuntimeError):  # the loop has just been closed
            loop.call_soon_threadsafe(act)

    # not by the loop's own way, which takes the place of the file that the signals are written to
    before = {number: signal.signal(number, tell) for number in _heard()}
    for number in before:
        signal.siginterrupt(number, False)  # calls that other threads are in go on, as with the loop's own way
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def breakable() -> Iterator[None]:
    """Let the signals raise ``Interrupt`` inside the block again: while a person is asked, the loop stands still."""
    if lazy.threading.current_thread() is not lazy.threading.main_thread():
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
    ignorable = [signal.Signals[name] for name in ("SIGINT", "SIGHUP") if hasattr(signal, name)]
    return (*(number for number in ignorable if signal.getsignal(number) is not signal.SIG_IGN), signal.SIGTERM)


def _break(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Interrupt


def _leave_on_the_second(reader: int, heard: tuple[signal.Signals, ...]) -> None:
    """Wait for the second of the signals, then end the process if it has not ended by itself soon after."""
    count = 0
    while count < _LEAVE:
        count += os.read(reader, 1)[0] in heard
    time.sleep(_PATIENCE_S)
    _thread.start_new_thread(_say_last_words, ())  # the streams may be held by the thread that hangs
    time.sleep(_LAST_WORDS_S)
    os._exit(INTERRUPTED)


def _say_last_words() -> None:
    with suppress(Exception):
        sys.stdout.flush()
    with suppress(Exception):
        sys.stderr.write("stopped\n")
        sys.stderr.flush()
