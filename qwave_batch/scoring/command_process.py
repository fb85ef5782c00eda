"""A command that answers lines with lines: started in a process group of its own, fed and read without deadlock.

Its stdin and stdout are written and read by one loop, so that neither side waits for the other while a pipe is full.
stderr goes to a file of which the end is shown when the command fails.
"""

import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

MOST_LINE_BYTES = 1 << 20
_PIECE_BYTES = 1 << 16
_PATIENCE_S = 1.0
"""How long a command may take to end when it is told to."""
_SHOWN_BYTES = 2_000
_GUARD = 'read -r _ || kill -s KILL -- "-$1"'
"""A shell's words: wait for a line, and end a process group if the other end of the pipe goes away without one."""


class CommandEnded(Exception):
    """The command has ended, or closed its output; it says why, as far as that is known."""


class AnswerLate(Exception):
    """No line came in time."""


class LineTooLong(Exception):
    """A line has no end within ``MOST_LINE_BYTES``."""


class CommandProcess:
    """A running command."""

    def __init__(self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> None:
        """Start it.

        Raises:
            OSError: the system does not start it.
        """
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed by ``close``
        try:
            self._process = subprocess.Popen(  # noqa: S603  # the user's own file names it
                list(command),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
                start_new_session=True,  # a group of its own: Ctrl-C on the terminal reaches it through ``close`` only
            )
        except BaseException:
            self._errors.close()
            raise
        given, told = self._process.stdin, self._process.stdout
        if given is None or told is None:
            raise OSError("no pipes")
        self._in, self._out = given.fileno(), told.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        self.guard = _guard_of(self._process)
        """The process that ends it if this one is killed."""
        self._unsent, self._unread = bytearray(), bytearray()

    def send(self, lines: bytes) -> None:
        """Take in lines; they are written while answers are waited for."""
        self._unsent += lines

    def next_line(self, timeout_s: float) -> bytes:
        """Return the next line that it writes, without its end.

        Raises:
            CommandEnded: it ends before it writes one.
            AnswerLate: none came in time.
            LineTooLong: what it writes has no line end.
        """
        deadline = time.monotonic() + timeout_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            while (end := self._unread.find(b"\n")) < 0:
                if len(self._unread) > MOST_LINE_BYTES:
                    raise LineTooLong
                self._watch_input(selector)
                ready = selector.select(max(0.0, deadline - time.monotonic()))
                if not ready:
                    raise AnswerLate
                for key, _ in ready:
                    if key.fd == self._out:
                        self._read()
                    else:
                        self._write(selector)
        line = bytes(self._unread[:end])
        del self._unread[: end + 1]
        if len(line) > MOST_LINE_BYTES:
            raise LineTooLong
        return line

    def close(self) -> None:
        """End it and all that it has started, at once if it is told twice or takes long."""
        with suppress(OSError):
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        try:
            self._signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_PATIENCE_S)
        finally:
            self._signal(signal.SIGKILL)  # also to those of its group that outlive it
            self._process.wait()
            if self.guard is not None:
                self.guard.communicate(b"\n")
            self._errors.close()

    def last_words(self) -> str:
        """Return how it has ended and the end of what it wrote to stderr, on one line."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE_S)
        status = self._process.returncode
        ended = (
            "it is still running"
            if status is None
            else (f"it was killed by signal {-status}" if status < 0 else f"it ended with exit status {status}")
        )
        size_bytes = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size_bytes - _SHOWN_BYTES))
        said = " ".join(self._errors.read().decode("utf-8", "replace").split())
        return f"{ended}; on stderr: {said}" if said else ended

    def _watch_input(self, selector: selectors.BaseSelector) -> None:
        is_watched = self._in in selector.get_map()
        if self._unsent and not is_watched:
            selector.register(self._in, selectors.EVENT_WRITE)
        elif not self._unsent and is_watched:
            selector.unregister(self._in)

    def _read(self) -> None:
        try:
            piece = os.read(self._out, _PIECE_BYTES)
        except BlockingIOError:
            return
        if not piece:
            raise CommandEnded(self.last_words())
        self._unread += piece

    def _write(self, selector: selectors.BaseSelector) -> None:
        try:
            written = os.write(self._in, self._unsent[:_PIECE_BYTES])
        except BlockingIOError:
            return
        except BrokenPipeError:  # it reads no more; what it still says is heard
            self._unsent.clear()
            selector.unregister(self._in)
            return
        del self._unsent[:written]

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _guard_of(process: "subprocess.Popen[bytes]") -> "subprocess.Popen[bytes] | None":
    """Start what ends a command when this process is killed, as workers are; None where there is no shell.

    A command that computes reads no input for long, so the end of its input does not end it.
    """
    with suppress(OSError):
        return subprocess.Popen(  # noqa: S603  # our own words
            ["/bin/sh", "-c", _GUARD, "sh", str(process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            start_new_session=True,
        )
    return None
