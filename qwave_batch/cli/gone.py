"""Readers that are gone: the end of a pipe that was closed, or a terminal that was."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

_GONE = frozenset({errno.EPIPE, errno.EIO})
"""Of a pipe without a reader, and of a terminal that was closed."""


def is_reader_gone(error: OSError) -> bool:
    """Whether a write failed because nobody reads any more; a full disk is another matter."""
    return error.errno in _GONE


@contextmanager
def readers_may_go() -> Iterator[None]:
    """Let what is written in the block go nowhere when nobody reads it any more."""
    try:
        yield
    except OSError as error:
        if not is_reader_gone(error):
            raise
