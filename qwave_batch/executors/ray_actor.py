"""A worker as Ray runs it: a process that opens each piece of work once and does its items."""

import hashlib
import os
import pickle
import platform
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from qwave_batch import lazy
from qwave_batch.executors.workers import Work

_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFacts:
    """Facts of a worker that has started."""

    node: str
    """Ray's name of its machine."""
    host: str
    pid: int
    program: str
    """Python and this program, as ``program_facts`` has them."""


@dataclass(frozen=True, slots=True)
class WorkResult:
    """A result, as workers send it."""

    value: Any


@dataclass(frozen=True, slots=True)
class WorkError:
    """An error of the work, as workers send it; Ray neither sees nor logs it."""

    error: BaseException


class RayActor:
    """A worker. Every answer is the pickle of a ``WorkResult`` or a ``WorkError``."""

    def __init__(self) -> None:
        self._opened: dict[bytes, Callable[[Any], Any]] = {}
        self._lock = threading.Lock()

    def hello(self) -> bytes:
        """Return the worker's facts."""

        def facts() -> WorkerFacts:
            node = lazy.ray.get_runtime_context().get_node_id()
            return WorkerFacts(node=node, host=platform.node(), pid=os.getpid(), program=program_facts())

        return _answer(facts)

    def open(self, key: bytes, work: bytes) -> bytes:
        """Open a piece of work, once, whose items ``do`` does from now on."""

        def opened() -> None:
            with self._lock:
                if key not in self._opened:
                    told: Work[Any, Any, Any] = pickle.loads(work)  # noqa: S301 - from the process that started this one
                    self._opened[key] = told.open(told.setup)

        return _answer(opened)

    def end(self) -> None:
        """End the process at once, whatever its other threads are at."""
        os._exit(0)

    def do(self, key: bytes, item: bytes) -> bytes:
        """Do an item of an open piece of work."""
        return _answer(lambda: self._opened[key](pickle.loads(item)))  # noqa: S301 - as above


@cache
def program_facts() -> str:
    """Return which Python runs which code of this program; workers must have the same as the one they serve."""
    digest = hashlib.sha256()
    for file in sorted(_PACKAGE.rglob("*.py")):
        digest.update(f"{file.relative_to(_PACKAGE).as_posix()}\0".encode())
        digest.update(file.read_bytes())
    major, minor, _ = platform.python_version_tuple()
    try:
        version = lazy.metadata.version("qwave-batch")
    except lazy.metadata.PackageNotFoundError:
        version = "from a checkout"
    return f"qwave-batch {version} ({digest.hexdigest()[:12]}) on Python {major}.{minor}"


def read_work_answer(data: bytes) -> Any:
    """Return the result that a worker sent, or raise its error."""
    answer: WorkResult | WorkError = pickle.loads(data)  # noqa: S301 - from a worker that was started by this program
    if isinstance(answer, WorkError):
        raise answer.error
    return answer.value


def _answer(work: Callable[[], Any]) -> bytes:
    try:
        return pickle.dumps(WorkResult(work()))
    except Exception as error:  # noqa: BLE001 - it is raised where the work was asked for
        return pickle.dumps(WorkError(_portable(error)))


def _portable(error: Exception) -> Exception:
    """Return an error that comes back from its pickle; one that does not is told in words."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - of foreign classes anything may be raised
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
