"""The writer thread answers every caller, whatever the disk does."""

import asyncio
import queue
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.errors import StorageError
from qwave_batch.ledger.group_writer import GroupWriter


class BadDisk(sqlite3.Connection):
    """A connection that can be told to fail, its way back too."""

    is_broken = False

    def rollback(self) -> None:
        if self.is_broken:
            raise sqlite3.OperationalError("disk I/O error")
        super().rollback()


@pytest.fixture
def connection(tmp_path: Path) -> BadDisk:
    connection = sqlite3.connect(
        tmp_path / "ledger.sqlite", factory=BadDisk, isolation_level=None, check_same_thread=False
    )
    connection.execute("CREATE TABLE notes (text)")
    return connection


@pytest.fixture
def writer(connection: BadDisk) -> Iterator[GroupWriter]:
    writer = GroupWriter(connection, Path("ledger.sqlite"))
    yield writer
    writer.close()


def note(connection: sqlite3.Connection) -> int:
    connection.execute("INSERT INTO notes VALUES ('x')")
    return 1


def fail(connection: sqlite3.Connection) -> int:
    note(connection)
    raise sqlite3.OperationalError("disk I/O error")


def test_a_disk_that_fails_on_the_way_back_too_is_told_to_all_and_the_thread_lives_on(
    connection: BadDisk, writer: GroupWriter
) -> None:
    async def all_at_once() -> list[object]:
        connection.is_broken = True
        writes = [writer.write(fail), *(writer.write(note) for _ in range(5))]
        return list(await asyncio.wait_for(asyncio.gather(*writes, return_exceptions=True), 10))

    assert any(isinstance(outcome, StorageError) for outcome in asyncio.run(all_at_once()))
    with pytest.raises(StorageError):
        writer.write_now(note)


def test_what_fails_is_taken_back_and_the_next_write_succeeds(connection: BadDisk, writer: GroupWriter) -> None:
    with pytest.raises(StorageError):
        writer.write_now(fail)
    assert writer.write_now(note) == 1
    assert writer.write_now(lambda found: found.execute("SELECT COUNT(*) FROM notes").fetchone()) == (1,)
    assert not connection.in_transaction


class SlowPut:
    """The way to the thread, with a moment between the check whether it is open and the put."""

    def __init__(self, way: Any, meanwhile: Callable[[], None]) -> None:
        self._way, self._meanwhile = way, meanwhile

    def put(self, item: object) -> None:
        if item is not None:
            self._meanwhile()
        self._way.put(item)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._way, name)


def test_a_writer_that_is_closed_between_check_and_put_answers_whoever_waits(writer: GroupWriter) -> None:
    closing: list[threading.Thread] = []

    def close_meanwhile() -> None:
        closing.append(threading.Thread(target=writer.close))
        closing[0].start()
        closing[0].join(0.2)  # all the time it could need; while the put is under way it has to wait

    writer._waiting = SlowPut(writer._waiting, close_meanwhile)  # type: ignore[assignment]
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(writer.write_now, note)
        try:
            assert answer.result(10) == 1
        except BaseException:
            _free(writer)  # not otherwise: it would take the mark that ends the thread, too
            raise
    closing[0].join(10)
    assert not closing[0].is_alive()


def test_every_writer_is_answered_whenever_it_is_closed(tmp_path: Path) -> None:
    """Each of them wrote, or is told that it is closed; and what was written is there."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for attempt in range(20):
            assert _written_around_a_close(tmp_path / f"{attempt}.sqlite") is not None
    finally:
        sys.setswitchinterval(interval)


def _written_around_a_close(file: Path) -> int:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("CREATE TABLE notes (text)")
    writer = GroupWriter(connection, file)
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(writer.write_now, note) for _ in range(40)]
        closings = [pool.submit(writer.close) for _ in range(2)]
        outcomes = [answer.exception(10) for answer in answers]
        for closing in closings:
            closing.result(10)
    assert all(outcome is None or "is closed" in str(outcome) for outcome in outcomes)
    with sqlite3.connect(file) as check:
        (written,) = check.execute("SELECT COUNT(*) FROM notes").fetchone()
    check.close()
    assert written == outcomes.count(None)
    return int(written)


def _free(writer: GroupWriter) -> None:
    """Answer what was left in the queue, so that a test that fails ends."""
    while True:
        try:
            item = writer._waiting.get_nowait()
        except queue.Empty:
            return
        if item is not None and isinstance(item.answer, Future):
            item.answer.cancel()
