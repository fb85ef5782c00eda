"""Withdrawing what a folder still has queued at the API."""

import asyncio
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.api.folder_session import folder_session
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.client.connection import AnyConnection, connection_of
from qwave_batch.errors import AccountError
from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.clock import SystemClock
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import InUsd, usd_from_nusd
from qwave_batch.model.next_step import RunWarning
from qwave_batch.run.state.stop_reasons import StopSignal
from qwave_batch.run.tasks.cancellation import Cancelling, CancelOutcome, LeftAlone, NotSaid, Withdrawn

STOPPED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelReport:
    """The result of ``cancel``, task by task."""

    folder: Path
    outcomes: tuple[CancelOutcome, ...]
    """One for each open task, in plan order."""
    maybe_submitted: int
    """Submits that got no definite answer: without a task's id nothing can be withdrawn; the next run clears it up."""
    is_stopped: bool = False
    """Whether it was told to end before all was asked."""
    refused: str = ""
    """Why the API refused the account; the tasks after that were not asked for."""
    warnings: tuple[RunWarning, ...] = ()
    """Names the catalog, where it need not be the one that the folder was made with."""
    refunded_usd = InUsd()

    def __repr__(self) -> str:
        """Return a summary on one line."""
        told = (
            f"{len(self.withdrawn):,} withdrawn, {len(self.left_alone):,} left alone, {len(self.not_said):,} not said"
        )
        return f"CancelReport({self.folder}: {told})"

    @property
    def withdrawn(self) -> tuple[Withdrawn, ...]:
        """The tasks that are cancelled."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Withdrawn))

    @property
    def left_alone(self) -> tuple[LeftAlone, ...]:
        """The tasks that were begun already; the next run collects them."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, LeftAlone))

    @property
    def not_said(self) -> tuple[NotSaid, ...]:
        """The tasks that the API said nothing of."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, NotSaid))

    @property
    def refunded_nusd(self) -> int:
        """The money that the API gives back, as far as it said how much it had set aside."""
        return sum(outcome.refunded_nusd or 0 for outcome in self.withdrawn)

    @property
    def exit_status(self) -> int:
        """0 when no task is queued any more; 1 when some may be; 3 when the account was refused; 130 when stopped."""
        if self.is_stopped:
            return STOPPED
        if self.refused:
            return AccountError.exit_status
        return 1 if self.not_said or self.maybe_submitted else 0

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``cancel --json`` prints."""
        return {
            "folder": str(self.folder),
            "cancelled": len(self.withdrawn),
            "left_alone": len(self.left_alone),
            "not_said": len(self.not_said),
            "in_doubt": self.maybe_submitted,
            "refunded_usd": usd_from_nusd(self.refunded_nusd),
            "exit": self.exit_status,
            "reason": self.refused or None,
            "tasks": [_task_as_json(outcome) for outcome in self.outcomes],
        }


async def cancel_tasks(
    folder: str | Path,
    *,
    connection: AnyConnection,
    catalogs: CatalogSource = SHIPPED,
    stop: StopSignal | None = None,
) -> CancelReport:
    """Cancel the tasks of a folder that are still queued at the API; tasks that have started are left alone.

    Each open task is polled. Cancelled tasks are recorded as cancelled, with the cost that the API states; a plain run
    submits their jobs again. Nothing is submitted.

    Args:
        folder: A run folder that no other process works on.
        connection: The API that it was made with.
        catalogs: The catalogs to look in for the one that it was made with.
        stop: Lets another task end it early; what was cancelled by then is on record.

    Raises:
        FolderError: it is not a run folder, or belongs to another API or key.
        StorageError: a run is at work (``FolderBusy``), or the disk failed.
    """
    stop = stop or StopSignal()
    async with folder_session(folder, connection_of(connection, os.environ), catalogs, stop) as session:
        open_attempts, maybe_submitted = await asyncio.to_thread(_open_attempts, session.ledger)
        cancelling = Cancelling(
            api=session.api,
            journal=await asyncio.to_thread(session.ledger.journal),
            clock=SystemClock(),
            rng=random.Random(),  # noqa: S311 - it spreads waits
            stop=stop,
        )
        outcomes = await cancelling.cancel(open_attempts)
    return CancelReport(
        folder=session.layout.root,
        outcomes=tuple(outcomes),
        maybe_submitted=maybe_submitted,
        is_stopped=stop.is_stopping,
        refused=cancelling.refused,
        warnings=session.warnings,
    )


def _open_attempts(ledger: Ledger) -> tuple[Sequence[Attempt], int]:
    """Return the tasks on record that are not known to be over, and how many submits may have made one."""
    found: list[Attempt] = []
    maybe_submitted = 0
    for snapshot in ledger.snapshots():
        if snapshot.attempt is not None:
            maybe_submitted += snapshot.attempt.state is AttemptState.SUBMITTING
            if snapshot.attempt.state is AttemptState.ACCEPTED:
                found.append(snapshot.attempt)
    return found, maybe_submitted


def _task_as_json(outcome: CancelOutcome) -> dict[str, Json]:
    whose: dict[str, Json] = {"job_id": outcome.job_id, "task_id": outcome.task_id}
    match outcome:
        case Withdrawn():
            return {**whose, "outcome": "cancelled", "cost_usd": usd_from_nusd(outcome.cost_nusd), "reason": None}
        case LeftAlone():
            return {**whose, "outcome": "left_alone", "cost_usd": None, "reason": f"it is {outcome.state.value}"}
        case NotSaid():
            return {**whose, "outcome": "not_said", "cost_usd": None, "reason": outcome.reason}
