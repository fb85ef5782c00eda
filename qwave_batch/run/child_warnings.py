"""Says of jobs of later stages why a run has left them to another one. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import assert_never

from qwave_batch.model.next_step import Advice, NextStep, RunWarning
from qwave_batch.run.jobs.passed_images import NotPassed
from qwave_batch.run.schedule.parent_readiness import Readiness
from qwave_batch.run.state.counters import StageReason
from qwave_batch.run.work_list import StageReadiness


def child_warnings(
    left: Counter[StageReadiness], not_passed: Counter[StageReason], folder: str
) -> Iterator[RunWarning]:
    """Yield why jobs of later stages are still pending, by stage and reason.

    Args:
        left: The jobs that the run has not begun, by their stages and the reason.
        not_passed: Those that were to be sent, and what their parents give could not be passed.
        folder: The run folder.
    """
    for (stage, readiness), jobs in left.items():
        match readiness:
            case Readiness.OUT_OF_SCOPE:
                waits = f"{_jobs(jobs, stage)} for others that are not made, and that this run leaves out"
                yield RunWarning(waits, (Advice(NextStep.RUN_PARENTS),))
            case Readiness.PARENT_OPEN:
                yield RunWarning(f"{_jobs(jobs, stage)} for others that are not made")
            case Readiness.PARENT_FAILED:
                are = "is" if jobs == 1 else "are"
                failed = f"{_count(jobs, stage)} {are} left out: others that this run leaves out have failed"
                yield RunWarning(failed, (Advice(NextStep.RETRY_PARENTS),))
            case Readiness.READY | Readiness.WAITS | Readiness.SKIPPED | Readiness.UNDECIDED:
                pass  # made, skipped, or told of where decisions are taken
            case _:
                assert_never(readiness)
    for (stage, why), jobs in not_passed.items():
        yield RunWarning(f"{_jobs(jobs, stage)} {_WHY[why]}", _steps(why, folder))


def open_children(jobs: int) -> RunWarning:
    """Return that jobs wait for others which the run has not come to, or has left to the next one."""
    return RunWarning(f"{_jobs(jobs, '')} for others that are not made yet", (Advice(NextStep.RUN_AGAIN),))


_WHY: Mapping[NotPassed, str] = {
    NotPassed.UNMADE: "for others that are not made",
    NotPassed.UNANSWERED: "for images of others, and the API does not say where those are",
    NotPassed.NO_ADDRESS: "for images of others that the API has no more, and the model takes only addresses",
    NotPassed.SECRET_ADDRESS: (
        "for images of others whose addresses hold the API key, and the model takes only addresses"
    ),
    NotPassed.NOT_FOUND: (
        "for images of tasks that the API does not know (is this the account and the host that they were made with?), "
        "and the model takes only addresses"
    ),
    NotPassed.DAMAGED: "for images of others that the API gives no address for, and whose files are damaged or gone",
    NotPassed.NO_TASK: (
        "for tasks of others that the account does not have: their images were taken from another folder"
    ),
}


def _steps(why: NotPassed, folder: str) -> tuple[Advice, ...]:
    match why:
        case NotPassed.UNMADE | NotPassed.UNANSWERED:
            return (Advice(NextStep.RUN_AGAIN),)
        case NotPassed.NO_ADDRESS | NotPassed.SECRET_ADDRESS | NotPassed.NOT_FOUND:
            return (Advice(NextStep.NAME_PUBLIC_URL),)
        case NotPassed.DAMAGED:
            return (Advice(NextStep.NAME_PUBLIC_URL), Advice(NextStep.REFETCH, folder))
        case NotPassed.NO_TASK:
            return ()
        case _:
            assert_never(why)


def _jobs(jobs: int, stage: str) -> str:
    return f"{_count(jobs, stage)} {'waits' if jobs == 1 else 'wait'}"


def _count(jobs: int, stage: str) -> str:
    return f"{jobs:,} job{'' if jobs == 1 else 's'}" + (f' of stage "{stage}"' if stage else "")
