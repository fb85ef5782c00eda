"""The only thread that writes: waiting changes go into one transaction and are answered after its commit."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from qwave_batch.errors import StorageError
from qwave_batch.files.sqlite_files import DamagedDatabase
from qwave_batch.ledger.database import storage_border

T = TypeVar("T")
Write: TypeAlias = Callable[[sqlite3.Connection], T]
"""A change of the ledger inside a transaction; if it raises, none of it is written."""

_Outcome: TypeAlias = tuple[Any, BaseException | None]


class _Item:
    __slots__ = ("answer", "change", "loop")

    def __init__(
        self,
        change: Write[Any],
        loop: asyncio.AbstractEventLoop | None,
        answer: "asyncio.Future[Any] | Future[Any]",
    ) -> None:
        self.change, self.loop, self.answer = change, loop, answer


class GroupWriter:
    """Group commit: one disk sync for all writes that arrived during the previous one."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        after_commit: Callable[[sqlite3.Connection], None] | None = None,
    ) -> None:
        """Start the writer thread.

        Args:
            connection: The ledger's; only this writer uses it from now on.
            path: The ledger's path, for error messages.
            after_commit: Called after each commit, before the waiting callers are answered; it must not write.
        """
        self._connection = connection
        self._path = path
        self._after_commit = after_commit
        self._waiting: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)
        self._is_closed = False
        self._gate = threading.Lock()
        """Held for the check and the put together: nothing is queued behind the end mark, where it would never be
        answered."""
        self._thread.start()

    async def write(self, change: Write[T]) -> T:
        """Return the result of ``change`` once it is durable."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._put(_Item(change, loop, answer))
        return await answer

    def write_now(self, change: Write[T]) -> T:
        """Like ``write``, blocking the calling thread."""
        answer: Future[T] = Future()
        self._put(_Item(change, None, answer))
        return answer.result()

    def close(self) -> None:
        """Write the waiting changes, then close the connection; closing twice, or from several threads, is fine."""
        with self._gate:
            self._is_closed = True
        self._waiting.put(None)  # each time, so that a close that was interrupted here can be made good by another
        self._thread.join()

    def _put(self, item: _Item) -> None:
        with self._gate:
            if self._is_closed:
                raise StorageError(f"the ledger {self._path} is closed")
            self._waiting.put(item)

    def _work(self) -> None:
        is_open = True
        while is_open:
            items: list[_Item] = []
            item = self._waiting.get()
            while item is not None:
                items.append(item)
                try:
                    item = self._waiting.get_nowait()
                except queue.Empty:
                    break
            else:
                is_open = False
            if items:
                _answer_all(items, self._outcomes(items))
        self._connection.close()

    def _outcomes(self, items: list[_Item]) -> list[_Outcome]:
        try:
            with storage_border(self._path):
                return self._commit(items)
        except BaseException as error:  # noqa: BLE001 - every waiting writer learns of it, and the thread lives on
            return [(None, error) for _ in items]

    def _commit(self, items: list[_Item]) -> list[_Outcome]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            if len(items) == 1:
                outcomes: list[_Outcome] = [(items[0].change(connection), None)]
            else:
                outcomes = [_apply(connection, item.change) for item in items]
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.rollback()  # when this fails, BEGIN does from then on: nothing half done is ever committed
            raise
        if self._after_commit is not None:
            self._after_commit(connection)
        return outcomes


def _apply(connection: sqlite3.Connection, change: Write[Any]) -> _Outcome:
    connection.execute("SAVEPOINT item")
    try:
        result = change(connection)
    except (sqlite3.Error, DamagedDatabase):
        raise
    except BaseException as error:  # noqa: BLE001 - it belongs to the writer that asked, and not to its neighbours
        connection.execute("ROLLBACK TO item")
        connection.execute("RELEASE item")
        return None, error
    connection.execute("RELEASE item")
    return result, None


def _answer_all(items: list[_Item], outcomes: list[_Outcome]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Item, _Outcome]]] = {}
    for item, outcome in zip(items, outcomes, strict=True):
        if item.loop is None:
            _resolve(item, outcome)
        else:
            by_loop.setdefault(item.loop, []).append((item, outcome))
    for loop, answered in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve_many, answered)
        except RuntimeError:  # the loop is gone, and the waiting task with it
            continue


def _resolve_many(answered: list[tuple[_Item, _Outcome]]) -> None:
    for item, outcome in answered:
        _resolve(item, outcome)


def _resolve(item: _Item, outcome: _Outcome) -> None:
    result, error = outcome
    if item.answer.done():  # the waiting task was cancelled; the write stands
        return
    if error is None:
        item.answer.set_result(result)
    else:
        item.answer.set_exception(error)
