"""How a stage stands whose jobs are chosen later: the facts that they wait for, and the step that brings each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from qwave_batch.choosing.stage_choice import AwaitedKind, WaitReason
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import Advice, NextStep, RunWarning
from qwave_batch.model.planned_stage import PlannedStage

_NAMES_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOutlook:
    """The jobs of a stage that have not begun, by what is decided of them."""

    stage: PlannedStage
    taken: int = 0
    left_out: int = 0
    waiting: Mapping[WaitReason, int] = field(default_factory=dict)
    known_scores: tuple[str, ...] = ()
    """The full names of the scores of single images that the folder has."""
    is_backwards: bool = False
    """Whether ``pick`` takes those that are the worst, as the scorer says."""

    def as_json(self) -> dict[str, Json]:
        """Return the object of ``choices`` in ``status --json``."""
        return {
            "stage": self.stage.name,
            "from_stage": self.stage.from_stage,
            "chosen": self.taken,
            "left_out": self.left_out,
            "waiting": [
                {"for": reason.score or reason.kind.value, "jobs": jobs}
                for reason, jobs in sorted(self.waiting.items())
            ],
        }

    def notes(self, folder: str) -> Iterator[RunWarning]:
        """Yield what keeps jobs of the stage from being made, with what can be done.

        Args:
            folder: The address of the folder.
        """
        stage = self.stage
        for reason, jobs in sorted(self.waiting.items()):
            wait = f'{_jobs(jobs)} of stage "{stage.name}" {"waits" if jobs == 1 else "wait"}'
            yield RunWarning(f"{wait} {self._until(reason)}", _steps(reason, folder))

    def chosen_notes(self) -> Iterator[RunWarning]:
        """Yield that jobs are chosen which the next run makes."""
        if self.taken:
            chosen = f'{_jobs(self.taken)} of stage "{self.stage.name}" {"is" if self.taken == 1 else "are"} chosen'
            yield RunWarning(f"{chosen} and not made yet", (Advice(NextStep.RUN_AGAIN),))

    def doubts(self) -> Iterator[RunWarning]:
        """Yield what a choice may not be meant to be."""
        pick = self.stage.pick
        if self.is_backwards and pick is not None:
            taken, better = ("lowest", "higher") if pick.lowest else ("highest", "lower")
            yield RunWarning(
                f'stage "{self.stage.name}" picks the {taken} {pick.by}, and its scorer says that {better} is better'
            )

    def _until(self, reason: WaitReason) -> str:
        source = f'of stage "{self.stage.from_stage}"'
        match reason.kind:
            case AwaitedKind.PARENTS:
                return f"for jobs {source} that are not made yet"
            case AwaitedKind.SCORE:
                return f"for {reason.score} {source}{self._others(reason.score)}"
            case AwaitedKind.CHECK:
                return f"for a check of the images {source} as they are now"
            case AwaitedKind.PICK:
                return f"until people decide which images {source} to keep"
            case AwaitedKind.RATING:
                return f"until people rate the images {source}"
            case other:
                assert_never(other)

    def _others(self, score: str) -> str:
        """Return the scores that the folder has, where the missing one may be misspelled."""
        if score in self.known_scores or not self.known_scores:
            return ""
        shown = ", ".join(self.known_scores[:_NAMES_SHOWN])
        return f", and the folder has {shown}{' and more' if len(self.known_scores) > _NAMES_SHOWN else ''}"


def _jobs(number: int) -> str:
    return "1 job" if number == 1 else f"{number:,} jobs"


def _steps(reason: WaitReason, folder: str) -> tuple[Advice, ...]:
    match reason.kind:
        case AwaitedKind.PARENTS:
            return ()
        case AwaitedKind.SCORE:
            return (Advice(NextStep.SCORE, folder, of=reason.score.partition(".")[0]),)
        case AwaitedKind.CHECK:
            return (Advice(NextStep.CHECK_THEN_RUN, folder),)
        case AwaitedKind.PICK | AwaitedKind.RATING:
            return (Advice(NextStep.IMPORT_PICKS, folder),)
        case other:
            assert_never(other)
