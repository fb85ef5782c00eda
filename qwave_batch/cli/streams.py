"""The process's streams, which may be closed, full, or read by nobody: what is said is not what is done."""

import errno
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import UnsupportedOperation
from typing import TextIO

_GONE = frozenset({errno.EPIPE, errno.EIO})
"""Of a pipe without a reader, and of a terminal that was closed."""
_STANDARD = range(3)


def is_reader_gone(error: OSError) -> bool:
    """Whether a write failed because nobody reads any more; a full disk is another matter."""
    return error.errno in _GONE


def is_silent(stream: TextIO, seconds: float) -> bool:
    """Wait for something to read, and return whether nothing came in time; a stream without a file has all it gets.

    Raises OSError or ValueError when the stream was closed.
    """
    try:
        descriptor = stream.fileno()
    except UnsupportedOperation:
        return False
    return not select.select([descriptor], [], [], seconds)[0]


@contextmanager
def words_may_be_lost() -> Iterator[None]:
    """Let words to people in the block be lost, whatever keeps their stream from being written."""
    with suppress(OSError):
        yield


@contextmanager
def own_streams() -> Iterator[tuple[TextIO, TextIO]]:
    """Yield the process's stdout and stderr, both of them there, and let the interpreter leave without a complaint."""
    for descriptor in _STANDARD:
        _fill(descriptor)
    sys.stdout = sys.stdout or _text(1)
    sys.stderr = sys.stderr or _text(2)
    try:
        yield sys.stdout, sys.stderr
    finally:
        for stream in (sys.stdout, sys.stderr):
            _let_go(stream)


def _fill(descriptor: int) -> None:
    """Put something where the shell has closed a stream, so that no file of ours gets its number.

    It is open the wrong way round: who uses it is told, as with a stream that is closed.
    """
    try:
        os.fstat(descriptor)
    except OSError:
        # the lowest number that is free: those below are taken by now
        os.open(os.devnull, os.O_RDONLY if descriptor else os.O_WRONLY)


def _text(descriptor: int) -> TextIO:
    return open(descriptor, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def _let_go(stream: TextIO) -> None:
    try:
        stream.flush()
    except OSError:
        # what could not be written still waits: give the interpreter's last flush somewhere to write it to
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
