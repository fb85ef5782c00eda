"""A pool of Ray's workers: each item goes to one of them, and to another when that one dies.

A worker that dies is replaced here and not by Ray, so that every item is known to be done, to be done again, or to
have ended the workers that took it. Several items may be in a worker at once; when it dies, each of them is done again
alone in a worker, so that only the item that ends it is blamed.
"""

import pickle
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, wait
from typing import Any

from qwave_batch.errors import WorkerKilled, WorkersGone, WorkersUnusable
from qwave_batch.executors.pool_members import OpenedWork, PoolItem, PoolMember
from qwave_batch.executors.ray_actor import WorkerFacts, program_facts, read_work_answer
from qwave_batch.executors.remote_worker import RemoteWorker, WorkerDied, WorkerSource
from qwave_batch.executors.workers import MOST_DEATHS, Work

START_S = 60.0
"""How long no worker at all may be there, at the start and later."""
END_S = 5.0
"""How long workers may take to end of their own, and then to be ended."""
_JOIN_S = 10.0
"""How long the others may take once the first is there."""
_MOST_FALSE_STARTS = 5
"""So many workers, one after the other, that end before they have begun, are not worth another try."""


class WorkerPool:
    """Workers that take items from any thread."""

    def __init__(self, source: WorkerSource, count: int, *, at_once: int = 1) -> None:
        """Start workers.

        Args:
            source: The place where they are started.
            count: How many.
            at_once: How many items each of them does at once.
        """
        self._source = source
        self._at_once = at_once
        self._queue: deque[PoolItem] = deque()
        self._members: set[PoolMember] = set()
        self._lock = threading.RLock()
        """Held for every step; futures may call back in the middle of one."""
        self._changed = threading.Condition(self._lock)
        self._keys = 0
        self._false_starts = 0
        self._end: Exception | None = None
        """Why nothing more can be done."""
        self._ending: list[tuple[RemoteWorker, Future[bytes]]] = []
        """Workers that were told to end; a future that is done tells that one has."""
        self._lonely: threading.Timer | None = None
        with self._lock:
            for _ in range(count):
                self._start_one()

    @property
    def size(self) -> int:
        """How many there are, with those that are about to come."""
        return len(self._members)

    @property
    def ready(self) -> Sequence[WorkerFacts]:
        """Those that are there."""
        with self._lock:
            return [member.facts for member in self._members if member.facts is not None]

    def wait_until_ready(self) -> None:
        """Return when one worker is there and the others have had a while to come.

        Raises:
            WorkersUnusable: none came, or they are not of this program.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._end is not None or self.ready, START_S)
            self._changed.wait_for(lambda: self._end is not None or len(self.ready) == len(self._members), _JOIN_S)
            if self._end is not None:
                raise WorkersUnusable(str(self._end)) from self._end
            if not self.ready:
                raise WorkersUnusable(f"no worker has started for {START_S:g} s: has the Ray a processor free?")

    def opening(self, work: Work[Any, Any, Any]) -> OpenedWork:
        """Return a piece of work, ready to be handed to workers."""
        with self._lock:
            self._keys += 1
            return OpenedWork(str(self._keys).encode(), pickle.dumps(work))

    def submit(self, work: OpenedWork, item: object, number: int = 0) -> "Future[Any]":
        """Return the future of an item's result.

        It raises what the work raises, WorkerKilled with ``number`` if the item ends its workers, or WorkersGone. An
        item whose future is cancelled is not begun; one that was begun comes to its end.
        """
        asked = PoolItem(number, work.key, work.work, pickle.dumps(item), Future())
        with self._lock:
            if self._end is not None:
                asked.answer.set_exception(self._end)
            else:
                self._queue.append(asked)
                self._hand_out()
        return asked.answer

    def on_each_node(self, work: OpenedWork, item: object) -> "Sequence[tuple[WorkerFacts, Future[Any]]]":
        """Return the futures of an item that one worker of each machine does; it blocks while there are none.

        Raises:
            WorkersGone: none will come.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._end is not None or self.ready)
            if self._end is not None:
                raise self._end
            by_node = {member.facts.node: member for member in self._members if member.facts is not None}
            asked = []
            for member in by_node.values():
                one = PoolItem(0, work.key, work.work, pickle.dumps(item), Future())
                self._give(member, one)
                if member.facts is not None:
                    asked.append((member.facts, one.answer))
        return asked

    def close(self, why: Exception) -> None:
        """End all workers, and return when their processes have ended; what they are at raises ``why``.

        Nothing is written by any of them later. Only one that hangs may still be there; Ray ends it within seconds.
        """
        self._stop(why)
        with self._lock:
            ending = {ended: worker for worker, ended in self._ending}
        for ended in wait(ending, END_S).not_done:
            ending[ended].kill()
        wait(ending, END_S)

    def _stop(self, why: Exception) -> None:
        """Tell all workers to end."""
        with self._changed:
            if self._end is None:
                self._end = why
            members, self._members = self._members, set()
            waiting = [*self._queue, *(item for member in members for item in member.items)]
            self._queue.clear()
            self._stop_waiting()
            self._changed.notify_all()
            for member in members:
                self._dismiss(member)
        for item in waiting:
            item.fail(why)

    def _dismiss(self, member: PoolMember) -> None:
        """Tell a worker to end; one that has not begun can't be told."""
        member.is_lost = True
        if member.facts is None:
            member.worker.kill()
        ended = member.hello if member.facts is None else member.worker.call("end")
        self._ending.append((member.worker, ended))

    def _start_one(self) -> None:
        worker = self._source.start_worker(at_once=self._at_once)
        member = PoolMember(worker, worker.call("hello"))
        self._members.add(member)
        self._mind_loneliness()
        member.hello.add_done_callback(lambda said: self._greet(member, said))

    def _greet(self, member: PoolMember, said: "Future[bytes]") -> None:
        error = said.exception()
        with self._changed:
            if member.is_lost or self._end is not None:
                return None
            if isinstance(error, WorkerDied):
                self._false_starts += 1
                if self._false_starts >= _MOST_FALSE_STARTS:
                    return self._give_up(WorkersGone(f"workers end before they have begun: {error}"))
                return self._replace(member)
            if error is not None:
                return self._give_up(error)
            facts: WorkerFacts = read_work_answer(said.result())
            if facts.program != program_facts():
                return self._give_up(
                    WorkersGone(
                        f"the workers on {facts.host} have {facts.program}, and this is {program_facts()}; "
                        "install the same on both"
                    )
                )
            self._false_starts = 0
            member.facts = facts
            self._mind_loneliness()
            self._changed.notify_all()
            self._hand_out()
        return None

    def _hand_out(self) -> None:
        """Give items to workers that have room."""
        while self._queue:
            item = self._queue[0]
            if item.answer.cancelled():
                self._queue.popleft()
                continue
            member = self._member_for(item)
            if member is None:
                return
            self._queue.popleft()
            self._give(member, item)

    def _member_for(self, item: PoolItem) -> PoolMember | None:
        free = [member for member in self._members if member.has_room(item, self._at_once)]
        return min(free, key=lambda member: len(member.items), default=None)

    def _give(self, member: PoolMember, item: PoolItem) -> None:
        member.items.add(item)
        opened = member.opened.get(item.key)
        if opened is None:
            opened = member.opened[item.key] = member.worker.call("open", item.key, item.work)
        opened.add_done_callback(lambda done: self._do(member, item, done))

    def _do(self, member: PoolMember, item: PoolItem, opened: "Future[bytes]") -> None:
        try:
            read_work_answer(opened.result())
        except WorkerDied as died:
            self._lose(member, item, died)
        except Exception as error:  # noqa: BLE001 - it is raised where the work was asked for
            self._settle(member, item, error=error)
        else:
            call = member.worker.call("do", item.key, item.item)
            call.add_done_callback(lambda done: self._finish(member, item, done))

    def _finish(self, member: PoolMember, item: PoolItem, done: "Future[bytes]") -> None:
        try:
            result = read_work_answer(done.result())
        except WorkerDied as died:
            self._lose(member, item, died)
        except Exception as error:  # noqa: BLE001 - as above
            self._settle(member, item, error=error)
        else:
            self._settle(member, item, result=result)

    def _settle(
        self, member: PoolMember, item: PoolItem, *, result: object = None, error: Exception | None = None
    ) -> None:
        with self._lock:
            member.items.discard(item)
            if isinstance(error, WorkersGone) and self._end is None:
                self._give_up(error)
            self._hand_out()
        if error is not None:
            item.fail(error)
        elif item.answer.set_running_or_notify_cancel():
            item.answer.set_result(result)

    def _lose(self, member: PoolMember, item: PoolItem, died: WorkerDied) -> None:
        """Have another worker do an item whose worker has died."""
        killed: WorkerKilled | None = None
        with self._lock:
            was_alone = len(member.items) == 1 and not member.is_lost
            member.items.discard(item)
            if self._end is not None:
                return
            item.deaths += was_alone
            item.is_alone = True
            if item.deaths >= MOST_DEATHS:
                killed = WorkerKilled(item.number, item.deaths, str(died))
            else:
                self._queue.appendleft(item)
            if not member.is_lost:
                self._replace(member)
            self._hand_out()
        if killed is not None:
            item.fail(killed)

    def _replace(self, member: PoolMember) -> None:
        self._dismiss(member)  # Ray may only have lost sight of it
        self._members.discard(member)
        member.worker.kill()  # one that could only not be reached would keep its processor
        self._start_one()

    def _give_up(self, why: BaseException) -> None:
        self._stop(why if isinstance(why, Exception) else WorkersGone(str(why)))

    def _mind_loneliness(self) -> None:
        """Give up after a while in which no worker is there."""
        if self.ready:
            self._stop_waiting()
        elif self._lonely is None:
            self._lonely = threading.Timer(START_S, self._give_up_if_alone)
            self._lonely.daemon = True
            self._lonely.start()

    def _give_up_if_alone(self) -> None:
        with self._lock:
            if self._end is None and not self.ready:
                self._give_up(WorkersGone(f"no worker has started for {START_S:g} s"))

    def _stop_waiting(self) -> None:
        if self._lonely is not None:
            self._lonely.cancel()
            self._lonely = None
