"""The processes of a session, ended together: those that a process has started, and those that these have."""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")
_LOOK_S = 0.02


def end_session(session: int, *, wait_s: float) -> None:
    """End all processes of a session but this one and the first, and return when they have ended, or after a while.

    A system without ``/proc`` tells no session; there it does nothing.
    """
    deadline = time.monotonic() + wait_s
    while (found := _processes_of(session)) and time.monotonic() < deadline:
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_LOOK_S)


def _processes_of(session: int) -> Sequence[int]:
    """Return the ids of those that run; ones that have ended may wait for long to be asked how."""
    found = []
    with suppress(OSError):
        for folder in _PROCESSES.iterdir():
            if not folder.name.isdecimal() or int(folder.name) in {session, os.getpid()}:
                continue
            with suppress(OSError):  # it has ended
                state, _, _, its_session = (
                    (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[:4]
                )
                if int(its_session) == session and state not in {"Z", "X"}:
                    found.append(int(folder.name))
    return found
