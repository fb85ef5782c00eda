"""Locks a spec: writes down what it comes to, and holds a later plan to that."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from qwave_batch.catalog.fingerprint import catalog_fingerprint
from qwave_batch.errors import SpecError, UsageError
from qwave_batch.files.regular_files import NotRegular, open_regular, read_regular, system_reason
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import sha256_of, storage_errors, write_atomic
from qwave_batch.model.input_references import PREFIX
from qwave_batch.model.job import Job
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.output.versions import PROGRAM, version_of, versions
from qwave_batch.plan.file.plan_file import AnyPlan
from qwave_batch.plan.planner import Plan
from qwave_batch.reproducing.lock_check import (
    JobsDifference,
    LockDifference,
    LockedPart,
    differences,
    jobs_difference,
)
from qwave_batch.reproducing.spec_lock import (
    LOCK_ENDING,
    MOST_LISTED,
    BadLock,
    LockedCatalog,
    LockedFiles,
    LockedJobs,
    LockedSpec,
    SpecLock,
    read_lock_text,
)

_MOST_BYTES = 1 << 24
_LABEL_CHARACTERS = 100
_NAMED: Final = 5
"""Jobs of each kind that are named."""
_DIGITS = 12
_MOST_NAMED = 20
"""Differences."""
_TEMPLATES = "jinja2"


def lock_file_of(spec: str | Path) -> Path:
    """Return where the lock of a spec lies by default: beside it, ``tea.lock.json`` for ``tea.yaml``."""
    return Path(spec).with_suffix("").with_suffix(LOCK_ENDING) if Path(spec).suffix else Path(f"{spec}{LOCK_ENDING}")


def lock_of(plan: AnyPlan) -> SpecLock:
    """Return the lock of a plan, which reads its tables once more.

    Raises:
        UsageError: it is a plan from a file, which is run as it stands; or a file is gone.
    """
    return _lock_of(_of_spec(plan))[0]


def write_lock(plan: AnyPlan, file: str | Path | None = None) -> tuple[Path, SpecLock]:
    """Write the lock of a plan, all of it or nothing, and return where it lies and what it holds.

    Args:
        plan: The plan of a spec.
        file: The lock's file, whose name ends in ``.lock.json``; None is the one beside the spec.

    Raises:
        UsageError: as ``lock_of``; or the file has another name.
        StorageError: the disk refuses.
    """
    of_spec = _of_spec(plan)
    path = lock_file_of(of_spec.spec.file) if file is None else Path(file)
    if not path.name.endswith(LOCK_ENDING):  # a slip of the keyboard would overwrite a spec
        raise UsageError(f'a lock\'s file ends in {LOCK_ENDING}, and "{path}" does not')
    lock = lock_of(plan)
    with storage_errors(path):
        write_atomic(Tree(path.parent), path.name, lock.text().encode("utf-8", "backslashreplace"))
    return path, lock


def check_lock(plan: AnyPlan, file: str | Path | None = None) -> tuple[str, ...]:
    """Return notes on a plan that is as it was locked; the programs' versions may differ, and are no more than that.

    Args:
        plan: The plan of a spec.
        file: The lock's file; None is the one beside the spec.

    Raises:
        SpecError: the plan differs from the lock; all that differs is named.
        UsageError: there is no lock, or it is not as it was written; or it is a plan from a file.
    """
    of_spec = _of_spec(plan)
    path = lock_file_of(of_spec.spec.file) if file is None else Path(file)
    lock = _read(path, of_spec)
    now, ids = _lock_of(of_spec)
    jobs = jobs_difference(lock.jobs, now.jobs, ids)
    place = SourcePlace(str(path))
    problems = [_problem(found, of_spec, place) for found in differences(lock, now)]
    if jobs is not None:
        problems += _job_problems(jobs, lock, of_spec, place)
    if problems:
        raise SpecError([*problems[:_MOST_NAMED], *_more(problems, place), _closing(of_spec, jobs, place)])
    return tuple(_version_notes(lock, now))


def _of_spec(plan: AnyPlan) -> Plan:
    if not isinstance(plan, Plan):
        raise UsageError("a plan in a file is run as it stands, so there is nothing to lock it to; name the spec")
    return plan


def _lock_of(plan: Plan) -> tuple[SpecLock, frozenset[int]]:
    spec, catalog = plan.spec, plan.catalog_used
    ids: set[int] = set()
    names: dict[int, str] = {}
    is_listed = plan.figures.jobs <= MOST_LISTED
    for entry in plan.outlines():
        if entry.is_made:
            ids.add(entry.number)
            if is_listed:
                names[entry.number] = _name(entry.job())
    lock = SpecLock(
        spec=LockedSpec(
            name=spec.name,
            file=Path(spec.file).name,
            sha256=hashlib.sha256(spec.source).hexdigest(),
            overrides=spec.overrides,
        ),
        files=LockedFiles.of({name: _sha256(name, file) for name, file in spec.files_read.items()}),
        images=LockedFiles.of(dict(_images(plan))),
        catalog=LockedCatalog(
            date=catalog.date,
            sha256=catalog_fingerprint(catalog),
            overlay=None if catalog.overlay is None else catalog.overlay.sha256,
        ),
        jobs=LockedJobs.of(
            ids,
            names,
            {model: figures.jobs for model, figures in plan.figures.by_model.items()},
            plan.figures.images,
        ),
        versions=_versions(),
    )
    return lock, frozenset(ids)


def _versions() -> dict[str, str | None]:
    """Return the versions that may decide which jobs a spec comes to."""
    python = versions()["python"]
    return {
        PROGRAM: version_of(PROGRAM),
        "python": None if python is None else ".".join(python.split(".")[:2]),
        _TEMPLATES: version_of(_TEMPLATES),
    }


def _images(plan: Plan) -> Iterator[tuple[str, str]]:
    for image in plan.inputs.values():
        name = Path(os.path.relpath(image.path, plan.spec.root)).as_posix()
        yield name, image.reference.removeprefix(PREFIX)


def _sha256(name: str, file: Path) -> str:
    try:
        with open_regular(file) as opened:
            return sha256_of(opened)
    except (OSError, NotRegular) as error:
        reason = error.reason if isinstance(error, NotRegular) else system_reason(error)
        raise UsageError(f"{name}, which the spec reads, can't be read any more: {reason}") from error


def _name(job: Job) -> str:
    labels = [
        str(label) for axis, label in job.axes.items() if axis != "model" and isinstance(label, str | int | float)
    ]
    place = " ".join([job.model, job.prompt_id, *labels, *([f"repeat {job.repeat}"] if job.repeat else [])])
    text = f"{place}: {' '.join(job.prompt.split())}" if job.prompt else place
    return text if len(text) <= _LABEL_CHARACTERS else f"{text[: _LABEL_CHARACTERS - 1]}…"


def _read(path: Path, plan: Plan) -> SpecLock:
    again = (Advice(NextStep.LOCK, plan.spec.file),)
    try:
        with open_regular(path) as file:
            return read_lock_text(read_regular(file, shown_as=str(path), most_bytes=_MOST_BYTES).decode())
    except FileNotFoundError:
        raise UsageError(f"there is no lock {path}; nothing was sent", next_steps=again) from None
    except NotRegular as error:
        raise UsageError(f"the lock {path} {error.reason}; nothing was sent") from None
    except OSError as error:
        raise UsageError(f"the lock {path} can't be read: {system_reason(error)}; nothing was sent") from error
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not a lock: it is not UTF-8; nothing was sent", next_steps=again) from None
    except BadLock as error:
        raise UsageError(f"{path} {error}; nothing was sent", next_steps=again) from error


def _problem(found: LockDifference, plan: Plan, place: SourcePlace) -> Problem:
    return Problem(message=_message(found, plan), path=found.name or found.part.value, place=place)


def _message(found: LockDifference, plan: Plan) -> str:
    before, after = found.before, found.after
    match found.part:
        case LockedPart.SPEC:
            return f"{plan.spec.file} is another one than was locked{_digits(before, after)}"
        case LockedPart.OVERRIDES:
            return f"locked with {_changes(before)}, and now there is {_changes(after)}"
        case LockedPart.CATALOG:
            return f"locked with catalog {before}, and now it is {after}: models, rules or prices have changed"
        case LockedPart.OVERLAY:
            return f"the overlay of the catalog is another one than was locked{_digits(before, after)}"
        case LockedPart.JOBS:
            raise AssertionError("jobs have problems of their own")
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


def _job_problems(found: JobsDifference, lock: SpecLock, plan: Plan, place: SourcePlace) -> Iterator[Problem]:
    models = ", ".join(f"{model} {change:+,}" for model, change in found.by_model.items())
    by_model = f"; by model: {models}" if models else ""
    if not found.is_whole:
        yield Problem(
            message=f"locked with {lock.jobs.count:,} jobs, and the {plan.figures.jobs:,} of now differ in too many to "
            f"name them{by_model}",
            path=LockedPart.JOBS.value,
            place=place,
        )
        return
    if found.added:
        names = [_name(entry.job()) for entry in plan.outlines() if entry.is_made and entry.number in found.added]
        yield Problem(message=_jobs("added", len(found.added), names), path=LockedPart.JOBS.value, place=place)
    if found.removed:
        listed = lock.jobs.listed or {}
        ids = [f"{number:016x}" for number in sorted(found.removed)]
        names = [listed.get(job_id, job_id) for job_id in ids]
        message = _jobs("removed", len(ids), names) + by_model
        yield Problem(message=message, path=LockedPart.JOBS.value, place=place)


def _jobs(what: str, count: int, names: list[str]) -> str:
    more = f" and {count - _NAMED:,} more" if count > _NAMED else ""
    return f"{count:,} {'job' if count == 1 else 'jobs'} {what}: {'; '.join(names[:_NAMED])}{more}"


def _more(problems: list[Problem], place: SourcePlace) -> list[Problem]:
    left = len(problems) - _MOST_NAMED
    return [Problem(message=f"{left:,} more differences", place=place)] if left > 0 else []


def _closing(plan: Plan, jobs: JobsDifference | None, place: SourcePlace) -> Problem:
    same = f"the {plan.figures.jobs:,} jobs are the same, but " if jobs is None else ""
    return Problem(
        message=f"{same}{plan.name} is not as it was locked, so nothing was sent",
        place=place,
        next_step=Advice(NextStep.LOCK, plan.spec.file),
    )


def _version_notes(lock: SpecLock, now: SpecLock) -> Iterator[str]:
    changed = [
        f"{name} {then or '-'} (now {now.versions.get(name) or '-'})"
        for name, then in lock.versions.items()
        if then != now.versions.get(name)
    ]
    if changed:
        yield f"locked with {', '.join(changed)}; all jobs are the same"
