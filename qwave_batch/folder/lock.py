"""One process works on a run folder at a time; anyone may read."""

import json
import os
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self

from qwave_batch.errors import FolderBusy, StorageError, UnsupportedSystem, UsageError
from qwave_batch.files.tree import PRIVATE_FOLDER_MODE
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import reason_of, storage_errors
from qwave_batch.folder.workspace import LOCK, PRIVATE
from qwave_batch.model.codec import LENIENT
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import NextStep

try:
    import fcntl
except ImportError:  # not POSIX; a user of this module is told before anything is written
    raise UnsupportedSystem from None

_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class LockHolder:
    """The process that works on a folder."""

    pid: int
    host: str
    since: float
    """Unix seconds."""

    def __str__(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        return f"process {self.pid} on {self.host} since {since}"

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``status --json`` shows."""
        return LENIENT.encode(self)


class FolderLock:
    """The right to work on a run folder. The system takes it back when the process ends, however it ends.

    The lock file itself stays: what holds is the lock on it, not that it is there.
    """

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock at once or say who has it.

        Raises:
            FolderBusy: another process, or another lock object of this one, has it.
            FolderError: the lock file is a link, or not a regular file.
            StorageError: the lock file can't be written.
        """
        if self._descriptor is not None:
            return
        with storage_errors(self._layout.workspace.lock, "lock"):
            self._layout.tree.make_folder(PRIVATE, mode=PRIVATE_FOLDER_MODE)
            while self._descriptor is None:
                self._descriptor = _take_own(self._layout)

    def release(self) -> None:
        """Give the lock back; without it, do nothing."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def holder_of(layout: RunLayout) -> LockHolder | None:
    """Return who works on the folder right now, or None. It writes nothing, so a read-only folder will do."""
    try:
        file = layout.tree.open(LOCK)
    except OSError:  # never locked, or not ours to look at: then not ours to wait for either
        return None
    with file:
        return _holder_by(file, layout)


def _holder_by(file: BinaryIO, layout: RunLayout) -> LockHolder | None:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read_holder(layout)
    except OSError:  # a file system without locks
        return None
    return None


def _take_own(layout: RunLayout) -> int | None:
    """Return the descriptor of the lock file, locked and signed; None when it was replaced meanwhile: try again."""
    descriptor = layout.tree.open_to_update(LOCK)
    is_taken = False
    try:
        _take(descriptor, layout)
        status, there = os.fstat(descriptor), layout.tree.look(LOCK)
        if there is None or (there.st_dev, there.st_ino) != (status.st_dev, status.st_ino):
            return None
        if status.st_nlink > 1:  # another folder's lock too, as in a snapshot of hard links: take one of our own
            layout.tree.unshare(LOCK)
            return None
        _sign(descriptor)
        is_taken = True
        return descriptor
    finally:
        if not is_taken:
            os.close(descriptor)


def _take(descriptor: int, layout: RunLayout) -> None:
    # A second try: someone who only looks (holder_of) has the lock for an instant.
    for _ in range(3):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        except OSError as error:
            raise StorageError(
                f"cannot lock {layout.workspace.lock}: {reason_of(error)}. Without a lock two runs at once "
                "could pay for the same jobs, so nothing was sent; the folder has to be on a local disk",
                next_steps=(NextStep.NAME_FOLDER,),
            ) from error
        else:
            return
    raise FolderBusy(str(layout.root), str(_read_holder(layout)))


def _sign(descriptor: int) -> None:
    holder = LockHolder(pid=os.getpid(), host=socket.gethostname(), since=time.time())
    text = json.dumps(LENIENT.encode(holder)).encode() + b"\n"
    os.pwrite(descriptor, text, 0)
    os.ftruncate(descriptor, len(text))


def _read_holder(layout: RunLayout) -> LockHolder:
    with suppress(OSError, UsageError, ValueError, OverflowError, RecursionError):
        holder = LENIENT.decode(json.loads(layout.tree.read(LOCK, most_bytes=_MOST_BYTES)), LockHolder)
        str(holder)  # a date outside the calendar is not a signature of ours
        return holder
    return LockHolder(pid=0, host="this or another machine", since=time.time())  # taken, and not signed yet
