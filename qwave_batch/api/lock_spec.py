"""Locks a spec: writes down what it comes to, and holds a later plan to that."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from qwave_batch.api.lock_messages import job_name, lock_problems, version_notes
from qwave_batch.catalog.fingerprint import catalog_fingerprint
from qwave_batch.errors import SpecError, UsageError
from qwave_batch.files.regular_files import NotRegular, open_regular, read_regular, system_reason
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import sha256_of, storage_errors, write_atomic
from qwave_batch.model.input_references import PREFIX
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.problem import SourcePlace
from qwave_batch.output.versions import PROGRAM, version_of, versions
from qwave_batch.plan.file.plan_file import AnyPlan
from qwave_batch.plan.planner import Plan
from qwave_batch.reproducing.lock_check import differences, jobs_difference
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
_TEMPLATES = "jinja2"


def lock_file_of(spec: str | Path) -> Path:
    """Return where the lock of a spec lies by default: beside it, ``tea.lock.json`` for ``tea.yaml``."""
    return Path(spec).with_name(f"{Path(spec).stem}{LOCK_ENDING}")


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
    problems = lock_problems(differences(lock, now), jobs, lock, of_spec, SourcePlace(str(path)))
    if problems:
        raise SpecError(problems)
    return version_notes(lock, now)


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
                names[entry.number] = job_name(entry.job())
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
