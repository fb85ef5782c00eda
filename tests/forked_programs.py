"""``python -m qwave_batch`` for tests that start it often: forked from a process that has everything loaded.

Streams, folder, environment and signals are as in a process that was started; what a start itself does (the look for
modules, a signal meanwhile, the encoding of streams) is not there to be tested: that takes ``subprocess``.
"""

import marshal
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any, TextIO

import tests.shell_command
from qwave_batch.__main__ import entry
from tests.fork_server import context

STREAMS = range(3)
_ONE_AT_A_TIME = threading.Lock()
"""Each start looks which processes have ended, and an end can be read once."""


class Stream:
    """A file that the process is to have, by its number here."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _number_here, (DupFd(self._number),)


def fork(argv: Sequence[str], *, cwd: Any, environ: Mapping[str, str], streams: Sequence[int | None],
         leads: bool = False) -> ForkServerProcess:  # fmt: skip
    """Start the program with these as its stdin, stdout and stderr; None is a stream that is closed."""
    passed = [None if number is None else Stream(number) for number in streams]
    process = context().Process(target=_be, args=(list(argv), os.fspath(cwd), dict(environ), passed, leads))
    with _ONE_AT_A_TIME:
        process.start()
    return process


def status_of(process: ForkServerProcess) -> int | None:
    """Return how the program ended, if it did: minus the signal that killed it."""
    with _ONE_AT_A_TIME:
        return process.exitcode


class ForkedProgram(subprocess.Popen[str]):
    """The program with the arguments and options of ``Popen``, which are those of the class it is."""

    _process: ForkServerProcess

    def _execute_child(self, *asked: Any) -> None:
        args, cwd, env, leads = asked[0], asked[5], asked[6], asked[21]
        ends = asked[10:16]
        streams = [
            given if given >= 0 else usual for given, usual in zip((ends[0], ends[3], ends[5]), STREAMS, strict=True)
        ]
        try:
            environ = os.environ if env is None else env
            self._process = fork(
                [*map(str, args)], cwd=cwd or Path.cwd(), environ=environ, streams=streams, leads=leads
            )
        finally:
            getattr(self, "_close_pipe_fds")(*ends)  # noqa: B009 - the class does so for its own children
        assert self._process.pid is not None
        self.pid = self._process.pid
        self._child_created = True

    def _internal_poll(self, *_: Any, **__: Any) -> int | None:
        if self.returncode is None:
            self.returncode = status_of(self._process)
        return self.returncode

    def _try_wait(self, flags: int) -> tuple[int, int]:
        wait([self._process.sentinel], 0 if flags else None)
        ended = status_of(self._process)
        return (0, 0) if ended is None else (self.pid, ended << 8 if ended >= 0 else -ended)


@contextmanager
def forking_command(folder: Path) -> Iterator[Path]:
    """Yield a program to be started from shells that has the forked one do what it is asked for."""
    with socket.socket(socket.AF_UNIX) as listening:
        address = folder / "fork"
        listening.bind(str(address))
        listening.listen()
        program = folder / "qwave-batch"
        words = (sys.executable, "-I", "-S", tests.shell_command.__file__, address)
        program.write_text(f'#!/bin/sh\nexec {" ".join(map(str, words))} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        thread = threading.Thread(target=_serve, args=(listening,), daemon=True)
        thread.start()
        try:
            yield program
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listening: socket.socket) -> None:
    while True:
        try:
            line, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(line,), daemon=True).start()


def _answer(line: socket.socket) -> None:
    with line:
        data, files, _, _ = socket.recv_fds(line, 1, len(STREAMS))
        while more := line.recv(65_536):
            data += more
        argv, cwd, environ, numbers = marshal.loads(data)
        here = dict(zip(numbers, files, strict=True))
        try:
            process = fork(argv, cwd=cwd, environ=environ, streams=[here.get(number) for number in STREAMS])
        finally:
            for number in files:
                os.close(number)
        wait([process.sentinel])
        status = status_of(process)
        assert status is not None
        line.sendall(b"%d" % (status if status >= 0 else 128 - status))


def _number_here(passed: Any) -> int:
    return int(passed.detach())


def _be(argv: list[str], cwd: str, environ: dict[str, str], streams: list[int | None], leads: bool) -> None:  # noqa: FBT001
    """Run in the process that is forked."""
    if leads:
        os.setsid()
    for number, given in zip(STREAMS, streams, strict=True):
        if given is None:
            os.close(number)
        else:
            os.dup2(given, number)
            os.close(given)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["qwave-batch", *argv]
    is_direct = "PYTHONUNBUFFERED" in environ
    vars(sys).update(
        stdin=_opened(0, streams), stdout=_opened(1, streams, is_direct=is_direct), stderr=_opened(2, streams)
    )
    sys.exit(entry())


def _opened(number: int, streams: list[int | None], *, is_direct: bool = False) -> TextIO | None:
    """Return the stream as an interpreter opens it as it starts."""
    if streams[number] is None:
        return None
    errors = "backslashreplace" if number == STREAMS[-1] else "strict"
    return TextIOWrapper(
        os.fdopen(number, "wb" if number else "rb", closefd=False),
        encoding="utf-8",
        errors=errors,
        line_buffering=number == STREAMS[-1] or os.isatty(number),
        write_through=is_direct,
    )
