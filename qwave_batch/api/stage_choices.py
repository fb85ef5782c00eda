"""Takes the decisions on the jobs of stages that scores, checks and picks decide, and looks what they wait for."""

from collections.abc import Sequence

from qwave_batch.choosing.folder_choice import FolderChoice, choose_jobs
from qwave_batch.choosing.stage_outlook import StageOutlook
from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.next_step import RunWarning
from qwave_batch.model.planned_stage import PlannedStage
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.run.schedule.job_actions import JobAction, action_for
from qwave_batch.run.state.run_request import RunOptions


def take_decisions(
    layout: RunLayout, ledger: Ledger, stages: Sequence[PlannedStage], options: RunOptions
) -> tuple[RunWarning, ...]:
    """Decide anew which jobs are made, put that on record, and return what is worth a warning. It blocks.

    Args:
        layout: The folder.
        ledger: Its ledger, open to write, with the plan in it.
        stages: The stages of the plan.
        options: Those of the run: they say which failed jobs it tries again.

    Raises:
        UsageError, BrokenVotes, FolderError, StorageError: as ``choose_jobs``; nothing was changed.
    """
    choice = _choice(layout, ledger, stages, options)
    ledger.replace_decisions(choice.decisions)
    return tuple(note for outlook in choice.outlooks for note in outlook.doubts())


def waiting_warnings(
    layout: RunLayout, ledger: Ledger, stages: Sequence[PlannedStage], *, has_gone_through: bool
) -> tuple[RunWarning, ...]:
    """Return what keeps jobs of stages that are decided later from being made at this moment; raises as above.

    Args:
        layout: The folder.
        ledger: Its ledger.
        stages: The stages of the plan.
        has_gone_through: Whether nothing stopped the run, so that what is chosen and not made was chosen only now.
    """
    notes: list[RunWarning] = []
    for outlook in _choice(layout, ledger, stages, RunOptions()).outlooks:
        notes += outlook.notes(layout.address)
        notes += outlook.chosen_notes() if has_gone_through else ()
    return tuple(notes)


def stage_outlooks(
    layout: RunLayout, ledger: Ledger | None, stages: Sequence[PlannedStage]
) -> tuple[StageOutlook, ...]:
    """Return how those of the stages of a folder stand that are decided later; raises as above."""
    return () if ledger is None else _choice(layout, ledger, stages, RunOptions()).outlooks


def _choice(layout: RunLayout, ledger: Ledger, stages: Sequence[PlannedStage], options: RunOptions) -> FolderChoice:
    if not any(stage.is_decided_later for stage in stages):
        return FolderChoice()
    return choose_jobs(
        FolderReader(layout, ledger),
        ledger.snapshots(),
        stages,
        lambda snapshot: action_for(snapshot, options) is JobAction.NOTHING,
    )
