"""The process that speaks to Ray: it has actors do what this program asks for over its standard streams.

Ray ends the process that it is used in when the head of its cluster goes away, puts handlers in place of signals,
writes to the streams, and hands the environment on. So it gets a process, a session and an environment of its own; see
``ray_cluster``, which starts it. It ends, with a Ray that it has started and the folder of that, when its input does.
"""

import os
import shutil
import signal
import socket
import sys
import threading
from contextlib import suppress
from typing import Any

from qwave_batch import lazy
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
from qwave_batch.executors.ray_actor import RayActor

_OBJECT_STORE_BYTES = 200 << 20
"""Results pass through it; more goes to the disk."""
_LONGEST_REASON = 300
_REACH_S = 5.0
_LOSSES = ("RayActorError", "WorkerCrashedError", "NodeDiedError", "OutOfMemoryError", "ObjectLostError")
"""Names of Ray's errors for a worker that has ended: of its own, with its machine, by Ray where memory was short, or
with a result that was not fetched yet."""
_SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""A frame of HTTP/2: its length, its kind, and no more."""
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _SETTINGS
_LEAVE_S = 8.0
"""How long Ray may take to end in order."""
_END_S = 5.0
"""How long its processes may take to end once they are killed."""
_ENDING = "end"
"""The method that ends a worker, and a thread of its own for it: the others may be at work."""


class RayDriver:
    """Does what messages ask for."""

    def __init__(self, stream: MessageStream) -> None:
        self._stream = stream
        self._actors: dict[int, Any] = {}
        self._is_ending = False

    def connect(self, asked: Connect) -> Connected:
        """Connect to a Ray, or start one.

        Raises:
            ModuleNotFoundError: Ray is not installed.
            Exception: anything that Ray raises.
        """
        ray = lazy.ray
        common: dict[str, Any] = {"log_to_driver": False, "configure_logging": False, "namespace": None}
        if asked.address is not None:
            _reach(asked.address)
            ray.init(address=asked.address, **common)
            free = int(ray.available_resources().get("CPU", 0))
        else:
            free = asked.processors
            ray.init(
                address="local",
                num_cpus=free,
                include_dashboard=False,
                object_store_memory=_OBJECT_STORE_BYTES,
                _temp_dir=asked.folder,
                **common,
            )
        nodes = sum(bool(node["Alive"]) for node in ray.nodes())
        return Connected(processors=free, nodes=nodes, is_own=asked.address is None)

    def serve(self) -> None:
        """Do what comes until the input ends."""
        while (message := self._stream.receive()) is not None:
            match message:
                case StartWorker():
                    self._actors[message.worker] = _actor(message.at_once)
                case CallWorker():
                    self._call(message)
                case KillWorker():
                    actor = self._actors.pop(message.worker, None)
                    if actor is not None:
                        lazy.ray.kill(actor)
                case _:
                    raise AssertionError(message)

    def end(self, folder: str) -> None:
        """Leave Ray; one that was started ends, and its folder goes."""
        self._is_ending = True
        too_long = threading.Timer(_LEAVE_S, _end_at_once, [folder])
        too_long.daemon = True
        too_long.start()
        if "ray" in sys.modules:
            lazy.ray.shutdown()
        too_long.cancel()
        _clear(folder)

    def _call(self, asked: CallWorker) -> None:
        actor = self._actors.get(asked.worker)
        if actor is None:
            self._tell(WorkerEnded(call=asked.call, how="it was told to end"))
            return
        try:
            method = getattr(actor, asked.method)
            if asked.method == _ENDING:
                method = method.options(concurrency_group=_ENDING)
            future = method.remote(*asked.arguments).future()
        except Exception as error:  # noqa: BLE001 - whatever Ray raises, the caller is told
            self._tell(CallFailed(call=asked.call, why=_reason(error)))
            return
        future.add_done_callback(lambda done: self._tell(call_outcome(asked.call, done)))

    def _tell(self, message: DriverMessage) -> None:
        if not self._is_ending:
            with suppress(OSError, ValueError):  # nobody listens any more
                self._stream.send(message)


def _actor(at_once: int) -> Any:
    """Return a new actor, whose process Ray starts when it has a processor free."""
    options: dict[str, Any] = {"num_cpus": 1, "max_restarts": 0, "max_task_retries": 0, "max_concurrency": at_once}
    options["concurrency_groups"] = {_ENDING: 1}
    return lazy.ray.remote(**options)(RayActor).remote()


def call_outcome(call: int, done: Any) -> DriverMessage:
    """Return what a call came to: a result, or whose fault it is that there is none."""
    error: BaseException | None = done.exception()
    if error is None:
        return Returned(call=call, result=done.result())
    losses: tuple[type[BaseException], ...] = tuple(getattr(lazy.ray.exceptions, name) for name in _LOSSES)
    if isinstance(error, losses):
        return WorkerEnded(call=call, how=_reason(error))
    return CallFailed(call=call, why=_reason(error))


def _reach(address: str) -> None:
    """Raise OSError for an address at which no Ray answers, which Ray itself would try for long.

    The head of a Ray speaks HTTP/2, in which each side begins with its settings.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():  # "auto" is looked up by Ray on this machine
        return
    with socket.create_connection((host.strip("[]"), int(port)), timeout=_REACH_S) as connection:
        if os.environ.get("RAY_USE_TLS", "0") != "0":
            return
        connection.sendall(_GREETING)
        try:
            answer = connection.recv(len(_SETTINGS))
        except TimeoutError:
            raise TimeoutError(f"it takes connections, and has not answered for {_REACH_S:g} s") from None
        if answer[3:4] != _SETTINGS[3:4]:
            raise ConnectionError("something answers there that is not a Ray")


def _reason(error: BaseException) -> str:
    """Return the words of an error on one line; none of Ray's hold what its callers sent."""
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    words = " ".join(words.split()) or type(error).__name__
    return words if len(words) <= _LONGEST_REASON else f"{words[: _LONGEST_REASON - 1]}…"


def drive() -> None:
    """Serve what comes in on the standard input; nothing but messages leaves on the standard output."""
    stream = MessageStream(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # of Ray's own processes, too
        os.dup2(silence, descriptor)
    asked = stream.receive()
    if not isinstance(asked, Connect):
        return
    driver = RayDriver(stream)
    try:
        _drive(driver, stream, asked)
    finally:
        driver.end(asked.folder)


def _drive(driver: RayDriver, stream: MessageStream, asked: Connect) -> None:
    try:
        connected = driver.connect(asked)
    except ModuleNotFoundError as error:
        stream.send(NotConnected(is_missing=error.name == "ray", why=str(error)))
        return
    except Exception as error:  # noqa: BLE001 - whatever Ray raises, it can't be used
        stream.send(NotConnected(why=_reason(error)))
        return
    stream.send(connected)
    driver.serve()


def _end_at_once(folder: str) -> None:
    _clear(folder)
    os.killpg(0, signal.SIGKILL)  # of a session of its own


def _clear(folder: str) -> None:
    """End what is left of a Ray, and remove its folder; the process that would do so may have been killed."""
    end_session(os.getpid(), wait_s=_END_S)
    shutil.rmtree(folder, ignore_errors=True)
