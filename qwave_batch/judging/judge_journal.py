"""The judge's journal in a run folder: which questions were sent, under which key, and what was answered and paid.

A row is an attempt to have one question answered. Before it is sent, the intent is durable; an answer is durable before
it counts. ``sends`` counts how often it was sent and may have been paid: a definite refusal takes one back.
"""

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from types import TracebackType
from typing import Any, Self

from qwave_batch import lazy
from qwave_batch.client.chat_answers import ChatReply
from qwave_batch.errors import FolderBusy, StorageError
from qwave_batch.files.sqlite_files import (
    DamagedDatabase,
    check_version,
    open_schema,
    prepare_database,
)
from qwave_batch.files.tree import PRIVATE_FOLDER_MODE
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.workspace import JUDGE, PRIVATE
from qwave_batch.model.codec import LEFT_OUT, Codec

_FORM = 1
_TABLES = """
CREATE TABLE journal (id TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE asked (
  call TEXT NOT NULL, attempt INTEGER NOT NULL, sends INTEGER NOT NULL, most_nusd INTEGER NOT NULL,
  cost_nusd INTEGER, reply TEXT, PRIMARY KEY (call, attempt)
) WITHOUT ROWID;
"""
_REPLY = Codec({ChatReply: {"rate": LEFT_OUT, "served_at": LEFT_OUT}})


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedCall:
    """The newest attempt at a question."""

    call: str
    attempt: int
    """From 1."""
    reply: ChatReply | None
    """None where no answer has come."""
    cost_nusd: int
    """Of all attempts at this question so far."""


@dataclass(frozen=True, slots=True)
class JudgeMoney:
    """The money of all questions of a folder, in nano-dollars."""

    spent_nusd: int
    """Of the answers."""
    unsure_nusd: int
    """The most that questions cost which were sent without an answer: perhaps nothing."""


class JudgeJournal:
    """The journal of one folder, which one process holds at a time; its calls block, and threads may share it."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._lock = threading.Lock()
        self._id = ""
        self._opened: lazy.sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        """Open it, and create it where there is none.

        Raises:
            FolderBusy: another process holds it.
            FolderError, StorageError: it is not a journal of ours, or the disk fails.
        """
        tree = self._layout.tree
        with self._border():
            tree.make_folder(PRIVATE, mode=PRIVATE_FOLDER_MODE)
            prepare_database(tree, JUDGE, _fill)
            connection = lazy.sqlite3.connect(
                self._layout.root / JUDGE, isolation_level=None, check_same_thread=False, timeout=0.2
            )
            try:
                self._id = _prepared(connection)
            except BaseException:
                connection.close()
                raise
        self._opened = connection
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def key_of(self, call: str, attempt: int) -> str:
        """Return the idempotency key of an attempt: the same in every process, and unique to this folder."""
        digest = sha256(f"{self._id}:{call}:{attempt}".encode()).hexdigest()
        return f"qwave-judge-{call[:16]}-{attempt}-{digest[:24]}"

    def newest(self, call: str) -> AskedCall | None:
        """Return the newest attempt at a question; None where it was never sent."""
        rows = self._do("SELECT attempt, reply, cost_nusd FROM asked WHERE call = ? ORDER BY attempt", call)
        if not rows:
            return None
        attempt, reply, _ = rows[-1]
        return AskedCall(
            call=call, attempt=attempt, reply=self._reply(reply), cost_nusd=sum(cost or 0 for _, _, cost in rows)
        )

    def intend(self, call: str, attempt: int, most_nusd: int) -> None:
        """Record durably that an attempt is about to be sent, perhaps again."""
        self._do(
            "INSERT INTO asked VALUES (?, ?, 1, ?, NULL, NULL) ON CONFLICT (call, attempt) "
            "DO UPDATE SET sends = sends + 1, most_nusd = max(most_nusd, excluded.most_nusd)",
            call,
            attempt,
            most_nusd,
        )

    def take_back(self, call: str, attempt: int, *, is_final: bool = False) -> None:
        """Record that the newest sending cannot have been paid; after a final refusal the next one has another key."""
        self._do("UPDATE asked SET sends = sends - 1 WHERE call = ? AND attempt = ?", call, attempt)
        if is_final:
            self._do("INSERT OR IGNORE INTO asked VALUES (?, ?, 0, 0, NULL, NULL)", call, attempt + 1)

    def answer(self, call: str, attempt: int, reply: ChatReply, cost_nusd: int) -> None:
        """Record an answer and its cost, durably."""
        text = json.dumps(_REPLY.encode(reply), ensure_ascii=False, separators=(",", ":"))
        self._do(
            "UPDATE asked SET reply = ?, cost_nusd = ? WHERE call = ? AND attempt = ?", text, cost_nusd, call, attempt
        )

    def money(self) -> JudgeMoney:
        """Return what the questions of this folder have cost so far."""
        ((spent, unsure),) = self._do(
            "SELECT coalesce(sum(cost_nusd), 0), coalesce(sum(most_nusd * (sends - (reply IS NOT NULL))), 0) FROM asked"
        )
        return JudgeMoney(spent_nusd=spent, unsure_nusd=unsure)

    def _do(self, statement: str, *values: object) -> list[Any]:
        if self._opened is None:
            raise RuntimeError("the journal is not open")
        with self._border(), self._lock:
            return self._opened.execute(statement, values).fetchall()

    def _reply(self, text: str | None) -> ChatReply | None:
        if text is None:
            return None
        try:
            return _REPLY.decode(json.loads(text), ChatReply)
        except ValueError as error:
            raise StorageError(f"{self._path}, which knows what was answered, holds an answer not of ours") from error

    @property
    def _path(self) -> str:
        return str(self._layout.root / JUDGE)

    @contextmanager
    def _border(self) -> Iterator[None]:
        """Translate SQLite's errors into ours."""
        try:
            yield
        except lazy.sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in {lazy.sqlite3.SQLITE_BUSY, lazy.sqlite3.SQLITE_LOCKED}:
                raise FolderBusy(str(self._layout.root), "another process that judges its images") from None
            raise StorageError(f"{self._path}, which knows what was answered, failed: {error}") from error
        except (lazy.sqlite3.Error, DamagedDatabase, UnicodeDecodeError) as error:
            raise StorageError(
                f"{self._path}, which knows what was answered, is damaged: {error}. Put a copy back; without it, "
                "what was answered is asked, and paid, again"
            ) from None
        except OSError as error:
            raise StorageError(f"{self._path} failed: {error.strerror or error}") from error


def _prepared(connection: "lazy.sqlite3.Connection") -> str:
    """Check a file that may come from anywhere, hold it for this process, and return the journal's id."""
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # before the first read, so that it holds from then on
    open_schema(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("COMMIT")
    check_version(connection, _TABLES, _FORM)
    if connection.execute(f"SELECT 1 FROM asked WHERE ({_IS_SOUND}) IS NOT TRUE LIMIT 1").fetchone() is not None:  # noqa: S608 - our own words
        raise DamagedDatabase("it holds a question that this program has not written")
    ids = connection.execute("SELECT id FROM journal").fetchall()
    if len(ids) != 1 or not isinstance(ids[0][0], str):
        raise DamagedDatabase("it has no id")
    return str(ids[0][0])


_MOST_NUSD = 10**15
_IS_SOUND = (
    "typeof(call) = 'text' AND typeof(attempt) = 'integer' AND attempt BETWEEN 1 AND 1000000 "
    "AND typeof(sends) = 'integer' AND sends BETWEEN 0 AND 1000000 "
    f"AND typeof(most_nusd) = 'integer' AND most_nusd BETWEEN 0 AND {_MOST_NUSD} "
    f"AND (cost_nusd IS NULL OR (typeof(cost_nusd) = 'integer' AND cost_nusd BETWEEN 0 AND {_MOST_NUSD})) "
    "AND typeof(reply) IN ('text', 'null') AND (reply IS NULL) = (cost_nusd IS NULL)"
)


def _fill(connection: "lazy.sqlite3.Connection") -> None:
    connection.executescript(_TABLES)
    connection.execute("INSERT INTO journal VALUES (?)", (secrets.token_hex(16),))
    connection.execute(f"PRAGMA user_version = {_FORM}")
