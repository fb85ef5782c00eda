"""Every change of an attempt, each a named transition that is durable when its call returns."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from qwave_batch.ledger.attempt import (
    COLUMNS,
    Attempt,
    StoredFile,
    attempt_from_row,
    idempotency_key,
    text_of_error,
    text_of_results,
)
from qwave_batch.ledger.holding import Taken
from qwave_batch.ledger.images import replace_images
from qwave_batch.ledger.states import (
    ENDED_UNPAID,
    NEW_ROUNDS,
    AttemptState,
    IllegalTransition,
    check_transition,
)
from qwave_batch.ledger.taking import take_over
from qwave_batch.ledger.writer import GroupWriter, Write
from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.task import ResultImage

_NEWEST = f"SELECT {COLUMNS} FROM attempts WHERE job_id = ? ORDER BY number DESC LIMIT 1"  # noqa: S608 - constant columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a task's end cost, and who says so."""

    cost_nusd: int
    cost_from: Literal["api", "catalog"] | None
    catalog_nusd: int | None = None
    """The catalog's price of what came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of an attempt that is on record."""

    before: AttemptState | None
    """None for a new attempt; the present state when only something about it was noted."""
    attempt: Attempt
    files: tuple[StoredFile, ...] = ()


OnChange: TypeAlias = Callable[[Change], None]


class Journal:
    """The one place where attempts change. A call that would break the table of transitions raises and writes nothing.

    A call whose caller is cancelled may still be written: each of them is true whether its caller lives or not.
    """

    def __init__(self, writer: GroupWriter, folder_id: str, on_change: OnChange | None = None) -> None:
        self._writer = writer
        self._folder_id = folder_id
        self._on_change = on_change

    async def intend(
        self,
        job_id: str,
        *,
        held_nusd: int,
        sent_at: float | None,
        pay_again: bool = False,
        callback: JsonObject | None = None,
    ) -> Attempt:
        """Begin a new attempt with its own key. After this the key may leave.

        Args:
            job_id: The job.
            held_nusd: The most it can cost.
            sent_at: Unix seconds of the sending by the API's clock, where that is known.
            pay_again: Begin although an earlier attempt was paid: only when a person asked for it.
            callback: The callback fields that are sent with the key.

        Raises:
            IllegalTransition: the last attempt is not over, or was paid.
        """

        def change(connection: sqlite3.Connection) -> Attempt:
            row = connection.execute(_NEWEST, (job_id,)).fetchone()
            last = attempt_from_row(row) if row else None
            number = last.number + 1 if last else 1
            if last and not _may_follow(last, pay_again=pay_again):
                raise IllegalTransition(job_id, number, last.state, AttemptState.INTENDED)
            key = idempotency_key(self._folder_id, job_id, number)
            added = connection.execute(
                "INSERT INTO attempts (job_id, number, round, state, key, first_sent_at, held_nusd, callback) "  # noqa: S608
                f"VALUES (?, ?, 0, ?, ?, ?, ?, ?) RETURNING {COLUMNS}",
                (job_id, number, AttemptState.INTENDED, key, sent_at, held_nusd, json.dumps(dict(callback or {}))),
            )
            return attempt_from_row(added.fetchone())

        return self._told(None, await self._writer.write(change))

    async def intend_again(
        self, attempt: Attempt, *, held_nusd: int, sent_at: float | None, callback: JsonObject | None = None
    ) -> Attempt:
        """Begin a new round of a parked, unknown or lost attempt, under its old key.

        What the old round may have cost stays held, and its body is sent again, callback fields and all, unless it was
        parked, which means that nothing was made.
        """
        is_clean = attempt.state is AttemptState.PARKED
        kept = callback or {} if is_clean or attempt.callback is None else attempt.callback
        return await self._move(
            attempt,
            AttemptState.INTENDED,
            held_nusd=held_nusd,
            doubt_nusd=attempt.doubt_nusd + (0 if is_clean else attempt.held_nusd),
            first_sent_at=sent_at,
            task_id=None,
            earlier_tasks=attempt.tasks,
            error=None,
            hold_nusd=None,
            callback=json.dumps(dict(kept)),
        )

    async def park(self, attempt: Attempt, error: JobError | None = None) -> Attempt:
        """Record that nothing was made under the key; with an error the job has failed."""
        return await self._move(attempt, AttemptState.PARKED, error=text_of_error(error))

    async def accept(
        self, attempt: Attempt, *, task_id: str, submitted_at: float, held_nusd: int, hold_nusd: int | None = None
    ) -> Attempt:
        """Record the task that the API made, before anybody asks for it.

        Args:
            attempt: The intended attempt.
            task_id: The task's id.
            submitted_at: Unix seconds.
            held_nusd: The most it can cost.
            hold_nusd: What the API says it set aside; None when it does not say.
        """
        return await self._move(
            attempt,
            AttemptState.ACCEPTED,
            task_id=task_id,
            submitted_at=submitted_at,
            held_nusd=held_nusd,
            hold_nusd=hold_nusd,
            error=None,
        )

    async def find_again(self, attempt: Attempt) -> Attempt:
        """Record that the API knows a lost task after all."""
        return await self._move(attempt, AttemptState.ACCEPTED, error=None)

    async def refuse(self, attempt: Attempt, error: JobError) -> Attempt:
        """Record a definite refusal."""
        return await self._move(attempt, AttemptState.REFUSED, error=text_of_error(error))

    async def doubt(self, attempt: Attempt, error: JobError) -> Attempt:
        """Record that nobody can tell whether the attempt was paid."""
        return await self._move(attempt, AttemptState.UNKNOWN, error=text_of_error(error))

    async def lose(self, attempt: Attempt, error: JobError) -> Attempt:
        """Record that the API does not know the task."""
        return await self._move(attempt, AttemptState.LOST, error=text_of_error(error))

    async def complete(
        self, attempt: Attempt, *, ended_at: float, submitted_at: float, bill: Bill, results: Sequence[ResultImage]
    ) -> Attempt:
        """Record a task that ended with images, before they are fetched."""
        return await self._move(
            attempt,
            AttemptState.COMPLETED,
            ended_at=ended_at,
            submitted_at=submitted_at,
            cost_nusd=bill.cost_nusd,
            cost_from=bill.cost_from,
            catalog_nusd=bill.catalog_nusd,
            results=text_of_results(results),
            error=None,
        )

    async def fail(self, attempt: Attempt, *, ended_at: float, bill: Bill, error: JobError) -> Attempt:
        """Record a task that ended without images."""
        return await self._move(
            attempt,
            AttemptState.FAILED,
            ended_at=ended_at,
            cost_nusd=bill.cost_nusd,
            cost_from=bill.cost_from,
            catalog_nusd=bill.catalog_nusd,
            error=text_of_error(error),
        )

    async def cancelled(self, attempt: Attempt, *, ended_at: float, bill: Bill, error: JobError) -> Attempt:
        """Record a task that was cancelled."""
        return await self._move(
            attempt,
            AttemptState.CANCELLED,
            ended_at=ended_at,
            cost_nusd=bill.cost_nusd,
            cost_from=bill.cost_from,
            catalog_nusd=bill.catalog_nusd,
            error=text_of_error(error),
        )

    async def store(self, attempt: Attempt, files: Sequence[StoredFile]) -> Attempt:
        """Record that every image is in place (again)."""
        return await self._move(attempt, AttemptState.STORED, files=files, error=None)

    async def spoil(self, attempt: Attempt, files: Sequence[StoredFile], error: JobError) -> Attempt:
        """Record that a paid task's images can't be had, but for ``files``."""
        return await self._move(attempt, AttemptState.SPOILED, files=files, error=text_of_error(error))

    async def renew(self, attempt: Attempt, results: Sequence[ResultImage]) -> Attempt:
        """Record fresh addresses of a completed task's images; its state stays."""
        return await self._note(attempt, results=text_of_results(results))

    async def remark(self, attempt: Attempt, error: JobError) -> Attempt:
        """Record why an attempt has come no further in this run; its state stays."""
        return await self._note(attempt, error=text_of_error(error))

    def touch(self, attempt: Attempt, files: Sequence[StoredFile]) -> None:
        """Record files that were found whole although their times had changed. It blocks."""

        def change(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "UPDATE images SET modified_ns = ? WHERE job_id = ? AND number = ? AND path = ?",
                [(file.modified_ns, attempt.job_id, attempt.number, file.image.path) for file in files],
            )

        self._writer.write_now(change)

    def take(self, taken: Sequence[Taken]) -> None:
        """Record jobs whose images were taken from another folder, all in one transaction. It blocks.

        Raises:
            IllegalTransition: a job's last attempt may still bring something; none of them is recorded.
        """
        for attempt, each in zip(self._writer.write_now(self._taking(taken)), taken, strict=True):
            self._told(None, attempt, each.files)

    def _taking(self, taken: Sequence[Taken]) -> Write[list[Attempt]]:
        def change(connection: sqlite3.Connection) -> list[Attempt]:
            return [take_over(connection, self._folder_id, each) for each in taken]

        return change

    async def _move(
        self, attempt: Attempt, after: AttemptState, *, files: Sequence[StoredFile] | None = None, **columns: Any
    ) -> Attempt:
        check_transition(attempt.job_id, attempt.number, attempt.state, after)
        is_new_round = (attempt.state, after) in NEW_ROUNDS
        changed = {**columns, "state": after, "round": attempt.round + is_new_round}

        def change(connection: sqlite3.Connection) -> Attempt:
            moved = _update(connection, attempt, after, changed)
            if files is not None:
                replace_images(connection, attempt, files)
            if attempt.task_id is not None and moved.task_id is None:
                connection.execute(
                    "INSERT INTO earlier_tasks VALUES (?, ?, ?)", (attempt.job_id, attempt.number, attempt.task_id)
                )
            return moved

        return self._told(attempt.state, await self._writer.write(change), files or ())

    async def _note(self, attempt: Attempt, **columns: Any) -> Attempt:
        noted = await self._writer.write(lambda connection: _update(connection, attempt, attempt.state, columns))
        return self._told(attempt.state, noted)

    def _told(self, before: AttemptState | None, attempt: Attempt, files: Sequence[StoredFile] = ()) -> Attempt:
        if self._on_change is not None:
            self._on_change(Change(before=before, attempt=attempt, files=tuple(files)))
        return attempt


def _may_follow(last: Attempt, *, pay_again: bool) -> bool:
    if last.state is AttemptState.SPOILED or (last.state in ENDED_UNPAID and last.cost_nusd > 0):
        return pay_again
    return last.state in ENDED_UNPAID


def _update(
    connection: sqlite3.Connection, attempt: Attempt, after: AttemptState, columns: Mapping[str, Any]
) -> Attempt:
    """Change an attempt, but only if it still stands as it was read."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    row = connection.execute(
        f"UPDATE attempts SET {assignments} WHERE job_id = ? AND number = ? AND state = ? AND round = ? "  # noqa: S608
        f"RETURNING {COLUMNS}",  # the names are this file's own
        (*columns.values(), attempt.job_id, attempt.number, attempt.state, attempt.round),
    ).fetchone()
    if row is not None:
        return attempt_from_row(row)
    found = connection.execute(
        "SELECT state FROM attempts WHERE job_id = ? AND number = ?", (attempt.job_id, attempt.number)
    ).fetchone()
    raise IllegalTransition(attempt.job_id, attempt.number, AttemptState(found[0]) if found else None, after)
