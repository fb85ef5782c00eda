"""Ctrl-C, SIGTERM and a closed terminal, handed to a running event loop instead of breaking into it."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import TYPE_CHECKING

from qwave_batch.later import later

if TYPE_CHECKING:
    import asyncio
else:
    asyncio = later("asyncio")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def on_interrupt(act: Callable[[], None]) -> Iterator[None]:
    """Call ``act`` in the running loop for each SIGINT, SIGTERM or SIGHUP inside the block.

    A SIGHUP that is ignored stays so: that is what ``nohup`` asks for. Outside the main thread, where Python hands out
    no signals, nothing changes.
    """
    if current_thread() is not main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    is_hangup_heard = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    heard = (*_SIGNALS, signal.SIGHUP) if is_hangup_heard else _SIGNALS
    for number in heard:
        loop.add_signal_handler(number, act)
    try:
        yield
    finally:
        for number in heard:
            loop.remove_signal_handler(number)


@contextmanager
def breakable() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt inside the block again: while a person is asked, the loop stands still."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
