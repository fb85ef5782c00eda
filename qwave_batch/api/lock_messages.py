"""Words for all that is not as it was locked."""

from collections.abc import Iterator, Sequence
from itertools import islice

from qwave_batch.model.job import Job
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.plan.planner import Plan
from qwave_batch.reproducing.lock_check import JobsDifference, LockDifference, LockedPart
from qwave_batch.reproducing.spec_lock import SpecLock

_LONGEST_NAME = 100
_DIGITS = 12
_NAMED = 5
"""Jobs of each kind that are named."""
_MOST_NAMED = 20
"""Differences of other kinds."""
_JOBS = "jobs"


def lock_problems(
    found: Sequence[LockDifference], jobs: JobsDifference | None, lock: SpecLock, plan: Plan, place: SourcePlace
) -> list[Problem]:
    """Return the problems of a plan that is not as it was locked; none for one that is.

    Args:
        found: All that differs but for the jobs.
        jobs: The jobs that differ; None where none does.
        lock: The lock.
        plan: The plan.
        place: The lock's file.
    """
    problems = [
        Problem(message=_message(each, plan), path=each.name or each.part.value, place=place)
        for each in found[:_MOST_NAMED]
    ]
    if len(found) > _MOST_NAMED:
        problems.append(Problem(message=f"{len(found) - _MOST_NAMED:,} more differences", place=place))
    if jobs is not None:
        problems += (Problem(message=text, path=_JOBS, place=place) for text in _job_messages(jobs, lock, plan))
    return [*problems, _closing(plan, jobs, place)] if problems else []


def job_name(job: Job) -> str:
    """Return what people know a job by: model, prompt, values on the other axes, and its text as far as it goes."""
    labels = [
        str(label) for axis, label in job.axes.items() if axis != "model" and isinstance(label, str | int | float)
    ]
    place = " ".join([job.model, job.prompt_id, *labels, *([f"repeat {job.repeat}"] if job.repeat else [])])
    text = f"{place}: {' '.join(job.prompt.split())}" if job.prompt else place
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"


def version_notes(lock: SpecLock, now: SpecLock) -> tuple[str, ...]:
    """Return what is worth a note about the programs that a lock of the same jobs was written with."""
    changed = [
        f"{name} {then or '-'} (now {now.versions.get(name) or '-'})"
        for name, then in lock.versions.items()
        if then != now.versions.get(name)
    ]
    return (f"locked with {', '.join(changed)}; all jobs are the same",) if changed else ()


def _message(found: LockDifference, plan: Plan) -> str:
    before, after = found.before, found.after
    match found.part:
        case LockedPart.SPEC:
            return f"{plan.spec.file} is another one than was locked{_digits(before, after)}"
        case LockedPart.OVERRIDES:
            return f"locked with {_changes(before)}, and planned now with {_changes(after)}"
        case LockedPart.CATALOG:
            return f"locked with catalog {before}, and now it is {after}: models, rules or prices have changed"
        case LockedPart.OVERLAY:
            return f"the overlay of the catalog is another one than was locked{_digits(before, after)}"
        case LockedPart.FILES | LockedPart.IMAGES:
            return _file_message(found, "file" if found.part is LockedPart.FILES else "image")


def _file_message(found: LockDifference, what: str) -> str:
    before, after = found.before, found.after
    if not found.name:
        return f"locked with {before} {what}s, and the {after} of now are not the same"
    if after is None:
        return f"this {what} was read when it was locked, and is not read now"
    if before is None:
        return f"this {what} is read now, and was not when it was locked"
    return f"this {what} has changed since it was locked{_digits(before, after)}"


def _digits(before: str | None, after: str | None) -> str:
    return f" (sha256 {(before or 'none')[:_DIGITS]} then, {(after or 'none')[:_DIGITS]} now)"


def _changes(overrides: str | None) -> str:
    return "no change from the command line" if overrides is None else f"the changes {overrides}"


def _job_messages(found: JobsDifference, lock: SpecLock, plan: Plan) -> Iterator[str]:
    models = ", ".join(f"{model} {change:+,}" for model, change in found.by_model.items())
    by_model = f"; by model: {models}" if models else ""
    if not found.is_whole:
        yield (
            f"locked with {lock.jobs.count:,} jobs, and the {plan.figures.jobs:,} of now differ in too many to name "
            f"them{by_model}"
        )
        return
    if found.added:
        added = (entry for entry in plan.outlines() if entry.is_made and entry.number in found.added)
        yield _jobs("added", len(found.added), [job_name(entry.job()) for entry in islice(added, _NAMED)])
    if found.removed:
        listed = lock.jobs.listed or {}
        ids = [f"{number:016x}" for number in sorted(found.removed)[:_NAMED]]
        yield _jobs("removed", len(found.removed), [listed.get(job_id, job_id) for job_id in ids]) + by_model


def _jobs(what: str, count: int, names: Sequence[str]) -> str:
    more = f" and {count - len(names):,} more" if count > len(names) else ""
    return f"{count:,} {'job' if count == 1 else 'jobs'} {what}: {'; '.join(names)}{more}"


def _closing(plan: Plan, jobs: JobsDifference | None, place: SourcePlace) -> Problem:
    same = f"the {plan.figures.jobs:,} jobs are the same, but " if jobs is None else ""
    return Problem(
        message=f"{same}{plan.name} is not as it was locked, so nothing was sent",
        place=place,
        next_step=Advice(NextStep.LOCK, plan.spec.file),
    )
