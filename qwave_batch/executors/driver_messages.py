"""The messages between this process and the one that speaks to Ray, over its standard streams.

Both ends are this program. Setups, items and results pass through as bytes that only workers and their callers read.
"""

import pickle
import struct
import threading
from dataclasses import dataclass
from typing import IO, TypeAlias

_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """The first message: the Ray to connect to, or to start."""

    address: str | None
    """One that runs; None to start one on this machine."""
    processors: int
    """How many a Ray of this machine's own has."""
    folder: str
    """A folder for such a Ray."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartWorker:
    """Start a worker, which does so many calls at once."""

    worker: int
    at_once: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWorker:
    """Have a worker call one of its methods."""

    call: int
    worker: int
    method: str
    arguments: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KillWorker:
    """End a worker at once."""

    worker: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The answer to ``Connect``."""

    processors: int
    """How many Ray has free."""
    nodes: int
    is_own: bool
    """Whether it was started for this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotConnected:
    """The other answer to ``Connect``."""

    is_missing: bool = False
    """Whether Ray is not installed here."""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """The result of a call."""

    call: int
    result: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerEnded:
    """The worker of a call has ended, or can't be reached."""

    call: int
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailed:
    """A call could not be made, which is not the worker's fault."""

    call: int
    why: str


DriverMessage: TypeAlias = (
    Connect | StartWorker | CallWorker | KillWorker | Connected | NotConnected | Returned | WorkerEnded | CallFailed
)


class MessageStream:
    """One end of the streams; several threads may send."""

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._lock = threading.Lock()

    def send(self, message: DriverMessage) -> None:
        """Send a message.

        Raises:
            OSError, ValueError: the other end is gone, or this one was closed.
        """
        data = pickle.dumps(message)
        with self._lock:
            self._outgoing.write(_LENGTH.pack(len(data)) + data)
            self._outgoing.flush()

    def receive(self) -> DriverMessage | None:
        """Return the next message; None when the other end is gone."""
        head = self._incoming.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack(head)
        data = self._incoming.read(length)
        if len(data) < length:
            return None
        message: DriverMessage = pickle.loads(data)  # noqa: S301 - the other end is this program
        return message

    def close_outgoing(self) -> None:
        """Tell the other end that no more comes."""
        with self._lock:
            self._outgoing.close()

    def close(self) -> None:
        """Receive nothing more; called where nobody receives."""
        self._incoming.close()
