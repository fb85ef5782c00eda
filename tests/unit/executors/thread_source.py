"""Workers of a pool that are threads of this process and can be ended as processes are."""

import pickle
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from qwave_batch.executors.ray_actor import RayActor, WorkerFacts, WorkResult, program_facts
from qwave_batch.executors.remote_worker import WorkerDied


class ThreadWorker:
    """A ``RemoteWorker``; an item that raises SystemExit ends it."""

    def __init__(self, number: int, at_once: int, program: str) -> None:
        self.number = number
        self._actor = RayActor()
        self._threads = ThreadPoolExecutor(at_once)
        self._program = program
        self.is_ended = False

    def call(self, method: str, *arguments: bytes) -> "Future[bytes]":
        """Call a method in a thread."""
        future: Future[bytes] = Future()

        def work() -> None:
            result = b""
            try:
                self.is_ended = self.is_ended or method == "end"
                if not self.is_ended:
                    result = self._hello() if method == "hello" else getattr(self._actor, method)(*arguments)
            except SystemExit:
                self.is_ended = True
            if self.is_ended:
                future.set_exception(WorkerDied("it was ended"))
            else:
                future.set_result(result)

        self._threads.submit(work)
        return future

    def kill(self) -> None:
        """End it after what it is at."""
        self.is_ended = True

    def _hello(self) -> bytes:
        facts = WorkerFacts(node=f"node-{self.number % 2}", host="here", pid=self.number, program=self._program)
        return pickle.dumps(WorkResult(facts))


class ThreadSource:
    """A ``WorkerSource`` that remembers what it has started."""

    def __init__(self, program: Callable[[], str] = program_facts) -> None:
        self.started: list[ThreadWorker] = []
        self._program = program

    def start_worker(self, *, at_once: int) -> ThreadWorker:
        """Start one."""
        worker = ThreadWorker(len(self.started), at_once, self._program())
        self.started.append(worker)
        return worker
