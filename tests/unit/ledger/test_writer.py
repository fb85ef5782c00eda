"""The thread that writes: whoever asks it is answered, whatever the disk does."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from qwave_batch.errors import StorageError
from qwave_batch.ledger.writer import GroupWriter


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
