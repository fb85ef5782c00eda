"""A Ray that is connected to, or started, by a process of its own: workers are started there, and called.

Everything is asked for by messages and answered by futures. If the process ends, of its own or by Ray, every future
raises WorkersGone, and nothing else here is touched by it.
"""

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import count

from qwave_batch.errors import MissingExtra, WorkersGone, WorkersUnusable
from qwave_batch.executors.driver_messages import (
    CallFailed,
    CallWorker,
    Connect,
    Connected,
    DriverMessage,
    KillWorker,
    MessageStream,
    NotConnected,
    Returned,
    StartWorker,
    WorkerEnded,
)
from qwave_batch.executors.process_session import end_session
from qwave_batch.executors.ray_environment import ray_environment
from qwave_batch.executors.remote_worker import WorkerDied
from qwave_batch.folder.inspection_processes import cores
from qwave_batch.model.executor import MOST_WORKERS, RayExecutor
from qwave_batch.model.next_step import NextStep

_START_S = 120.0
"""How long a Ray of this machine's own may take to start; it takes ten seconds on a busy one."""
_CONNECT_S = 60.0
"""How long it may take to connect to one that runs and answers, on a busy machine; the rest is found out in five."""
_END_S = 10.0
"""How long the process may take to end in order, and with it a Ray that it has started."""
_KILL_S = 5.0
"""How long processes may take to end once they are killed."""
_MOST_A_PROCESSOR = 8
"""Workers of a Ray of this machine's own: each is a process of 150 MB, and begins at once."""
_DRIVE = "from qwave_batch.executors.ray_driver import drive; drive()"
_CLIENT = "ray://"
_OWN = "local"
"""The address that means to Ray: start one."""


@dataclass(frozen=True, slots=True)
class RayWorker:
    """A worker that was started."""

    number: int
    _cluster: "RayCluster"

    def call(self, method: str, *arguments: bytes) -> "Future[bytes]":
        """Have it call one of the methods of ``RayActor``; the future raises WorkerDied or WorkersGone."""
        return self._cluster.call(self.number, method, arguments)

    def kill(self) -> None:
        """End its process at once; calls that it is in raise WorkerDied."""
        self._cluster.kill(self.number)


class _HeldMessages(threading.local):
    """Those that a thread is about to send."""

    messages: list[DriverMessage] | None = None


class RayCluster:
    """A Ray, by way of the process that speaks to it; its calls come from any thread."""

    def __init__(self, stream: MessageStream, connected: Connected) -> None:
        self.facts = connected
        self._stream = stream
        self._numbers = count()
        self._waiting: dict[int, Future[bytes]] = {}
        self._lock = threading.Lock()
        self._is_gone = False
        self._held = _HeldMessages()
        self._unsent: queue.SimpleQueue[Sequence[DriverMessage]] = queue.SimpleQueue()
        """Calls come from the event loop and under the locks of others, so they never wait for the pipe."""
        for work, name in ((self._listen, "ray-answers"), (self._pass_on, "ray-calls")):
            threading.Thread(target=work, name=name, daemon=True).start()

    @property
    def is_gone(self) -> bool:
        """Whether nothing more can come."""
        return self._is_gone

    def start_worker(self, *, at_once: int = 1) -> RayWorker:
        """Start a worker that does so many calls at once; its process comes when Ray has a processor free."""
        number = next(self._numbers)
        self._send(StartWorker(worker=number, at_once=at_once))
        return RayWorker(number, self)

    def call(self, worker: int, method: str, arguments: tuple[bytes, ...]) -> "Future[bytes]":
        """Call a method of a worker; see ``RayWorker.call``."""
        number = next(self._numbers)
        future: Future[bytes] = Future()
        with self._lock:
            if self._is_gone:
                future.set_exception(_gone())
                return future
            self._waiting[number] = future
        self._send(CallWorker(call=number, worker=worker, method=method, arguments=arguments))
        return future

    def kill(self, worker: int) -> None:
        """End a worker; see ``RayWorker.kill``."""
        self._send(KillWorker(worker=worker))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send what this thread asks for in the block at its end, as one message."""
        if self._held.messages is not None:  # within such a block
            yield
            return
        held = self._held.messages = []
        try:
            yield
        finally:
            self._held.messages = None
            if held:
                self._unsent.put(held)

    def close(self) -> None:
        """Send what is left to be sent, and have the process end; this does not wait for it."""
        self._unsent.put(())

    def _send(self, message: DriverMessage) -> None:
        if self._held.messages is not None:
            self._held.messages.append(message)
        else:
            self._unsent.put((message,))

    def _pass_on(self) -> None:
        with suppress(OSError, ValueError):  # the process has ended, as the listener is about to tell
            while messages := self._unsent.get():
                self._stream.send(*messages)
            self._stream.close_outgoing()

    def _listen(self) -> None:
        with suppress(OSError, ValueError):
            while messages := self._stream.receive():
                with self.together():
                    for message in messages:
                        self._take(message)
        with self._lock:
            self._is_gone = True
            waiting, self._waiting = self._waiting, {}
        self._unsent.put(())
        for future in waiting.values():
            _settle(future, error=_gone())
        self._stream.close()

    def _take(self, message: DriverMessage) -> None:
        if not isinstance(message, Returned | WorkerEnded | CallFailed):
            return
        with self._lock:
            future = self._waiting.pop(message.call, None)
        if future is None:
            return
        match message:
            case Returned():
                _settle(future, result=message.result)
            case WorkerEnded():
                _settle(future, error=WorkerDied(message.how))
            case CallFailed():
                _settle(future, error=WorkersGone(f"Ray can't do its work: {message.why}"))


def _settle(future: "Future[bytes]", *, result: bytes = b"", error: Exception | None = None) -> None:
    if not future.set_running_or_notify_cancel():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


def _gone() -> WorkersGone:
    return WorkersGone("Ray has gone away", next_steps=(NextStep.RUN_AGAIN, NextStep.RUN_WITHOUT_WORKERS))


@contextmanager
def open_ray(
    executor: RayExecutor, *, environ: Mapping[str, str] = os.environ, uses_store: bool = False
) -> Iterator[RayCluster]:
    """Yield the Ray that was asked for; one that was started for this ends with the block.

    Args:
        executor: Which Ray.
        environ: The environment; what may hold a key of an API is not handed on to Ray.
        uses_store: Whether workers need what the environment holds for object stores.

    Raises:
        MissingExtra: Ray is not installed.
        WorkersUnusable: it can't be reached or started, or takes no such number of workers.
    """
    address = executor.address or environ.get("RAY_ADDRESS") or None
    address = None if address == _OWN else address
    if address is not None and address.startswith(_CLIENT):
        raise WorkersUnusable(
            f"{address} is an address for Ray's client, which can't carry images; start this on a machine of the "
            'cluster, and name the cluster "auto"'
        )
    _check_number(executor.workers, is_own=address is None)
    # not the usual folder for temporary files, whose name may be too long for the sockets in it
    with tempfile.TemporaryDirectory(prefix="qwave-ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-P", "-c", _DRIVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,  # Ray adds it to the path of its workers
            env=ray_environment(environ, is_own=address is None, uses_store=uses_store),
            start_new_session=True,  # signals of the terminal are for this process alone
        )
        try:
            with _connected(process, executor, address, folder) as cluster:
                yield cluster
        finally:
            _end(process)


def _check_number(workers: int | None, *, is_own: bool) -> None:
    if workers is None:
        return
    if type(workers) is not int or not 1 <= workers <= MOST_WORKERS:
        raise WorkersUnusable(f"workers: {workers!r} is not a whole number from 1 to {MOST_WORKERS:,}")
    most = _MOST_A_PROCESSOR * cores()
    if is_own and workers > most:
        raise WorkersUnusable(
            f"{workers:,} workers are too many for this machine: ask for at most {most}, or name a Ray of more machines"
        )


@contextmanager
def _connected(
    process: "subprocess.Popen[bytes]", executor: RayExecutor, address: str | None, folder: str
) -> Iterator[RayCluster]:
    if process.stdin is None or process.stdout is None:
        raise AssertionError
    stream = MessageStream(process.stdout, process.stdin)
    processors = executor.workers or cores()
    limit = _START_S if address is None else _CONNECT_S
    deadline = threading.Timer(limit, process.kill)
    deadline.start()
    try:
        with suppress(OSError):
            stream.send(Connect(address=address, processors=processors, folder=folder))
        answer = next(iter(stream.receive()), None)
    except BaseException:
        process.kill()
        raise
    finally:
        deadline.cancel()
    if isinstance(answer, Connected):
        with closing(RayCluster(stream, answer)) as cluster:
            yield cluster
        return
    process.stdout.close()
    if isinstance(answer, NotConnected) and answer.is_missing:
        raise MissingExtra("the ray executor", "Ray", "ray")
    place = "a Ray on this machine can't be started" if address is None else f"the Ray at {address} can't be used"
    why = answer.why if isinstance(answer, NotConnected) else f"it has not answered within {limit:g} s"
    raise WorkersUnusable(f"{place}: {why}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process, which was told so, and a Ray that it has started: in order if there is time, else for sure."""
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_S)
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # its own session: what it has started, too
        end_session(process.pid, wait_s=_KILL_S)
        process.wait()
        with suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()  # not before: who writes to a process that stands still holds its lock
