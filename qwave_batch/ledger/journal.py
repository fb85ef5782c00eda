"""Every change of an attempt, each a named transition that is durable when its call returns."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from qwave_batch.ledger.attempt import (
    COLUMNS,
    Acceptance,
    Attempt,
    AttemptChange,
    Charge,
    OnChange,
    StoredFile,
    attempt_from_row,
    idempotency_key,
)
from qwave_batch.ledger.attempt_states import ENDED_UNPAID, AttemptState, IllegalTransition
from qwave_batch.ledger.group_writer import GroupWriter
from qwave_batch.ledger.reused_jobs import ReusedJob, take_over
from qwave_batch.ledger.transition import Transition
from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.task import ResultImage

_NEWEST = f"SELECT {COLUMNS} FROM attempts WHERE job_id = ? ORDER BY number DESC LIMIT 1"  # noqa: S608 - constant columns
_COUNT = "UPDATE identity SET sendings = sendings + 1"


class Journal:
    """The only place where attempts change. A call that is not an allowed transition raises and writes nothing.

    A call whose caller is cancelled may still be written: every call records a fact that holds either way.
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
        """Begin a new attempt with its own key, which may be sent once this returns.

        If a process whose records are lost may have sent that key (``Attempt.next_sent_at``), it counts as sent then.

        Args:
            job_id: The job.
            held_nusd: The most it can cost.
            sent_at: Unix seconds of the sending by the API's clock, where that is known.
            pay_again: Begin although an earlier attempt was paid for; only at a user's request.
            callback: The callback fields that are sent with the key.

        Raises:
            IllegalTransition: the last attempt is not over, or was paid.
        """

        def change(connection: sqlite3.Connection) -> Attempt:
            row = connection.execute(_NEWEST, (job_id,)).fetchone()
            last = attempt_from_row(row) if row else None
            number = last.number + 1 if last else 1
            if last and not _may_follow(last, pay_again=pay_again):
                raise IllegalTransition(job_id, number, last.state, AttemptState.SUBMITTING)
            key = idempotency_key(self._folder_id, job_id, number)
            out_since = last.next_sent_at if last else None
            first_sent_at = sent_at if out_since is None else out_since
            added = connection.execute(
                "INSERT INTO attempts (job_id, number, round, state, key, first_sent_at, held_nusd, callback, "  # noqa: S608
                f"next_sent_at) VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?) RETURNING {COLUMNS}",
                (
                    *(job_id, number, AttemptState.SUBMITTING, key, first_sent_at, held_nusd),
                    *(json.dumps(dict(callback or {})), out_since),
                ),
            )
            connection.execute(_COUNT)
            return attempt_from_row(added.fetchone())

        return self._told(None, await self._writer.write(change))

    async def intend_again(
        self, attempt: Attempt, *, held_nusd: int, sent_at: float | None, callback: JsonObject | None = None
    ) -> Attempt:
        """Begin a new round of a not submitted, unknown or lost attempt, under its old key.

        The same body is sent again, callback fields included: if the API knows the key, it would reject a different
        body
        for good. ``callback`` is for attempts of an old ledger, which stored none. The possible cost of the old round
        stays
        reserved, unless nothing was created.
        """
        is_clean = attempt.state is AttemptState.NOT_SUBMITTED
        kept = callback or {} if attempt.callback is None else attempt.callback
        return await self._send(
            attempt,
            AttemptState.SUBMITTING,
            held_nusd=held_nusd,
            doubt_nusd=attempt.doubt_nusd + (0 if is_clean else attempt.held_nusd),
            first_sent_at=sent_at,
            task_id=None,
            earlier_tasks=attempt.tasks,
            error=None,
            hold_nusd=None,
            callback=dict(kept),
        )

    async def park(
        self, attempt: Attempt, error: JobError | None = None, *, is_maybe_submitted: bool = False
    ) -> Attempt:
        """Record that nothing was created under the key; with an error the job has failed.

        With ``is_maybe_submitted`` the API's answer does not prove that: the possible cost stays reserved.
        """
        fields = {"doubt_nusd": attempt.doubt_nusd + attempt.held_nusd} if is_maybe_submitted else {}
        return await self._move(attempt, AttemptState.NOT_SUBMITTED, error=error, **fields)

    async def accept(self, attempt: Attempt, acceptance: Acceptance) -> Attempt:
        """Record the task that the API created, before anything polls it."""
        return await self._write(_accepting(attempt, acceptance))

    async def find_again(self, attempt: Attempt) -> Attempt:
        """Record that the API knows a lost task after all."""
        _check_is(attempt, AttemptState.NOT_FOUND, AttemptState.ACCEPTED)
        return await self._move(attempt, AttemptState.ACCEPTED, error=None)

    async def refuse(self, attempt: Attempt, error: JobError) -> Attempt:
        """Record a definite rejection."""
        return await self._move(attempt, AttemptState.REFUSED, error=error)

    async def doubt(self, attempt: Attempt, error: JobError) -> Attempt:
        """Record that it is unknown whether the attempt was paid for."""
        return await self._move(attempt, AttemptState.UNKNOWN, error=error)

    async def lose(self, attempt: Attempt, error: JobError) -> Attempt:
        """Record that the API does not know the task."""
        return await self._move(attempt, AttemptState.NOT_FOUND, error=error)

    async def complete(
        self,
        attempt: Attempt,
        *,
        ended_at: float,
        submitted_at: float,
        charge: Charge,
        results: Sequence[ResultImage],
        acceptance: Acceptance | None = None,
    ) -> Attempt:
        """Record a task that ended with images, before they are downloaded.

        Args:
            attempt: The accepted attempt; the intended one with an ``acceptance``.
            ended_at: Unix seconds.
            submitted_at: Unix seconds.
            charge: Its charge.
            results: Addresses of the images.
            acceptance: The API's acceptance, when it came in the same answer: both are recorded in one write.
        """
        fields = {"submitted_at": submitted_at, "results": tuple(results), "error": None}
        return await self._end(attempt, acceptance, AttemptState.COMPLETED, charge, ended_at=ended_at, **fields)

    async def fail(
        self,
        attempt: Attempt,
        *,
        ended_at: float,
        charge: Charge,
        error: JobError,
        acceptance: Acceptance | None = None,
        is_maybe_submitted: bool = False,
    ) -> Attempt:
        """Record a task that ended without images; ``acceptance`` as in ``complete``.

        With ``is_maybe_submitted`` nothing says that it was free: its possible cost stays reserved.
        """
        held_nusd = attempt.held_nusd if acceptance is None else acceptance.held_nusd
        fields = {"doubt_nusd": attempt.doubt_nusd + held_nusd} if is_maybe_submitted else {}
        return await self._end(
            attempt, acceptance, AttemptState.FAILED, charge, ended_at=ended_at, error=error, **fields
        )

    async def await_images(
        self,
        attempt: Attempt,
        error: JobError,
        *,
        ended_at: float,
        held_nusd: int,
        acceptance: Acceptance | None = None,
    ) -> Attempt:
        """Record that a task has ended but its images are not available yet; it stays accepted and reserves its cost.

        Args:
            attempt: The accepted attempt; the intended one with an ``acceptance``.
            error: Why the images are not available.
            ended_at: Unix seconds when that was first seen; the first value stays.
            held_nusd: The task's cost, if it exceeds the amount reserved.
            acceptance: As in ``complete``.
        """
        first = [] if acceptance is None else [_accepting(attempt, acceptance)]
        accepted = first[0].after if first else attempt
        waiting = Transition.within(
            accepted,
            error=error,
            ended_at=accepted.ended_at or ended_at,
            held_nusd=max(accepted.held_nusd, held_nusd),
        )
        return await self._write(*first, waiting)

    async def recover(self, attempt: Attempt, *, charge: Charge, results: Sequence[ResultImage]) -> Attempt:
        """Record that a failed task, paid for or perhaps paid for, has images after all."""
        _check_is(attempt, AttemptState.FAILED, AttemptState.COMPLETED)
        maybe_charged_nusd = (
            attempt.held_nusd if attempt.doubt_nusd >= attempt.held_nusd and not attempt.cost_nusd else 0
        )
        return await self._move(
            attempt,
            AttemptState.COMPLETED,
            cost_nusd=charge.cost_nusd,
            cost_from=charge.cost_from,
            catalog_nusd=charge.catalog_nusd,
            doubt_nusd=attempt.doubt_nusd - maybe_charged_nusd,
            results=tuple(results),
            error=None,
        )

    async def cancelled(
        self,
        attempt: Attempt,
        *,
        ended_at: float,
        charge: Charge,
        error: JobError,
        acceptance: Acceptance | None = None,
    ) -> Attempt:
        """Record a task that was cancelled; ``acceptance`` as in ``complete``."""
        return await self._end(attempt, acceptance, AttemptState.CANCELLED, charge, ended_at=ended_at, error=error)

    async def store(self, attempt: Attempt, files: Sequence[StoredFile]) -> Attempt:
        """Record that every image is in place, for the first time or again."""
        return await self._move(attempt, AttemptState.STORED, files=files, error=None)

    async def spoil(self, attempt: Attempt, files: Sequence[StoredFile], error: JobError) -> Attempt:
        """Record that a paid task's images cannot be recovered, except for ``files``."""
        return await self._move(attempt, AttemptState.UNRECOVERABLE, files=files, error=error)

    async def renew(self, attempt: Attempt, results: Sequence[ResultImage], charge: Charge | None = None) -> Attempt:
        """Record fresh addresses of a completed task's images, and its charge if that changed; tells no observer."""
        paid = (
            {}
            if charge is None
            else {"cost_nusd": charge.cost_nusd, "cost_from": charge.cost_from, "catalog_nusd": charge.catalog_nusd}
        )
        move = Transition.within(attempt, results=tuple(results), **paid)
        await self._writer.write(move.write)
        return move.after

    async def hold(self, attempt: Attempt, *, held_nusd: int) -> Attempt:
        """Record the most that an attempt can cost; its state stays and observers are not told."""
        move = Transition.within(attempt, held_nusd=held_nusd)
        await self._writer.write(move.write)
        return move.after

    async def remark(self, attempt: Attempt, error: JobError) -> Attempt:
        """Record why an attempt did not advance in this run; its state stays."""
        return await self._write(Transition.within(attempt, error=error))

    def touch(self, touched: Sequence[tuple[Attempt, Sequence[StoredFile]]]) -> None:
        """Record files found intact although their times had changed, in one transaction. It blocks."""
        rows = [
            (file.modified_ns, attempt.job_id, attempt.number, file.image.path)
            for attempt, files in touched
            for file in files
        ]

        def change(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "UPDATE images SET modified_ns = ? WHERE job_id = ? AND number = ? AND path = ?", rows
            )

        self._writer.write_now(change)

    def take(self, taken: Sequence[ReusedJob]) -> None:
        """Record jobs whose images were reused from another folder, in one transaction. It blocks.

        Raises:
            IllegalTransition: a job's last attempt may still bring something; none of the jobs is recorded.
        """

        def take(connection: sqlite3.Connection) -> list[Attempt]:
            return [take_over(connection, self._folder_id, each) for each in taken]

        for attempt, each in zip(self._writer.write_now(take), taken, strict=True):
            self._told(None, attempt, each.files)

    async def _end(
        self, attempt: Attempt, acceptance: Acceptance | None, state: AttemptState, charge: Charge, **fields: Any
    ) -> Attempt:
        """Record the end of a task, together with its acceptance when both came in one answer."""
        first = [] if acceptance is None else [_accepting(attempt, acceptance)]
        accepted = first[0].after if first else attempt
        _check_is(accepted, AttemptState.ACCEPTED, state)
        ending = Transition.to(
            state,
            accepted,
            cost_nusd=charge.cost_nusd,
            cost_from=charge.cost_from,
            catalog_nusd=charge.catalog_nusd,
            **fields,
        )
        return await self._write(*first, ending)

    async def _move(self, attempt: Attempt, state: AttemptState, **fields: Any) -> Attempt:
        return await self._write(Transition.to(state, attempt, **fields))

    async def _send(self, attempt: Attempt, state: AttemptState, **fields: Any) -> Attempt:
        return await self._write(Transition.to(state, attempt, **fields), is_sending=True)

    async def _write(self, *moves: Transition, is_sending: bool = False) -> Attempt:
        def change(connection: sqlite3.Connection) -> None:
            for move in moves:
                move.write(connection)
            if is_sending:
                connection.execute(_COUNT)

        await self._writer.write(change)
        for move in moves:
            self._told(move.before.state, move.after, move.files or ())
        return moves[-1].after

    def _told(self, before: AttemptState | None, attempt: Attempt, files: Sequence[StoredFile] = ()) -> Attempt:
        if self._on_change is not None:
            self._on_change(AttemptChange(before=before, attempt=attempt, files=tuple(files)))
        return attempt


def _may_follow(last: Attempt, *, pay_again: bool) -> bool:
    if last.state is AttemptState.UNRECOVERABLE or (last.state in ENDED_UNPAID and last.may_have_cost):
        return pay_again
    return last.state in ENDED_UNPAID


def _accepting(attempt: Attempt, acceptance: Acceptance) -> Transition:
    _check_is(attempt, AttemptState.SUBMITTING, AttemptState.ACCEPTED)
    return Transition.to(
        AttemptState.ACCEPTED,
        attempt,
        task_id=acceptance.task_id,
        submitted_at=acceptance.submitted_at,
        held_nusd=acceptance.held_nusd,
        hold_nusd=acceptance.hold_nusd,
        error=None,
    )


def _check_is(attempt: Attempt, before: AttemptState, after: AttemptState) -> None:
    """Check that an attempt is in the state where this transition begins: another state leads to the same end."""
    if attempt.state is not before:
        raise IllegalTransition(attempt.job_id, attempt.number, attempt.state, after)
