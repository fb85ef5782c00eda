"""One process works on a run folder at a time; anyone may read."""

import fcntl
import json
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from qwave_batch.errors import FolderBusy
from qwave_batch.folder.disk import storage_errors
from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.jsontypes import Json


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
        return {"pid": self.pid, "host": self.host, "since": self.since}


class FolderLock:
    """The right to work on a run folder. The system takes it back when the process ends, however it ends.

    The lock file itself stays: what holds is the lock on it, not that it is there.
    """

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._descriptor: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self) -> None:
        """Take the lock at once or say who has it.

        Raises:
            FolderBusy: another process, or another lock object of this one, has it.
            StorageError: the lock file can't be written.
        """
        if self._descriptor is not None:
            return
        path = self._layout.lock
        with storage_errors(path, "lock"):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                _take(descriptor, self._layout)
                _sign(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
        self._descriptor = descriptor

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
        descriptor = os.open(layout.lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # never locked, or not ours to look at: then not ours to wait for either
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read_holder(layout.lock)
    except OSError:  # a file system without locks
        return None
    else:
        return None
    finally:
        os.close(descriptor)


def _take(descriptor: int, layout: RunLayout) -> None:
    # A second try: someone who only looks (holder_of) has the lock for an instant.
    for _ in range(3):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return
    raise FolderBusy(str(layout.root), str(_read_holder(layout.lock)))


def _sign(descriptor: int) -> None:
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
    text = json.dumps(holder).encode() + b"\n"
    os.pwrite(descriptor, text, 0)
    os.ftruncate(descriptor, len(text))


def _read_holder(path: Path) -> LockHolder:
    try:
        facts = json.loads(path.read_bytes())
        return LockHolder(pid=int(facts["pid"]), host=str(facts["host"]), since=float(facts["since"]))
    except (OSError, ValueError, KeyError, TypeError):  # between taking the lock and signing it
        return LockHolder(pid=0, host="this or another machine", since=time.time())
