"""The differences between a lock and the plan of now. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from qwave_batch.model.job_identity import number_of
from qwave_batch.reproducing.id_sketch import IdDifference, IdSketch
from qwave_batch.reproducing.spec_lock import LockedFiles, LockedJobs, SpecLock


class LockedPart(StrEnum):
    """A part of a lock that can differ."""

    SPEC = "spec"
    OVERRIDES = "set"
    FILES = "files"
    IMAGES = "images"
    CATALOG = "catalog"
    OVERLAY = "overlay"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockDifference:
    """One thing that is not as it was locked."""

    part: LockedPart
    name: str = ""
    """The file, where one differs."""
    before: str | None = None
    """As it was locked; None where it was not there."""
    after: str | None = None
    """As it is now; None where it is not there any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsDifference:
    """Jobs that a plan has and the lock does not, and the other way round."""

    added: frozenset[int]
    removed: frozenset[int]
    is_whole: bool
    """Whether these are all; more than a sketch can tell may differ."""
    by_model: Mapping[str, int]
    """By model, how many jobs more there are now; models with as many as before are left out."""


def differences(lock: SpecLock, now: SpecLock) -> list[LockDifference]:
    """Return what differs, but for the jobs and the versions."""
    found = []
    pairs = (
        (LockedPart.SPEC, lock.spec.sha256, now.spec.sha256),
        (LockedPart.OVERRIDES, _set_words(lock), _set_words(now)),
        (LockedPart.CATALOG, _catalog_words(lock), _catalog_words(now)),
        (LockedPart.OVERLAY, lock.catalog.overlay, now.catalog.overlay),
    )
    for part, before, after in pairs:
        if before != after:
            found.append(LockDifference(part=part, before=before, after=after))
    found += _files(LockedPart.FILES, lock.files, now.files)
    return found + _files(LockedPart.IMAGES, lock.images, now.images)


def jobs_difference(lock: LockedJobs, now: LockedJobs, ids: frozenset[int]) -> JobsDifference | None:
    """Return how the jobs differ; None where they are the same.

    Args:
        lock: The jobs as they were locked.
        now: The jobs of the plan.
        ids: The ids of the plan's jobs as numbers.
    """
    if lock.sha256 == now.sha256:
        return None
    models = dict.fromkeys([*lock.by_model, *now.by_model])
    changes = {model: now.by_model.get(model, 0) - lock.by_model.get(model, 0) for model in models}
    found = _ids_difference(lock, ids)
    return JobsDifference(
        added=found.added,
        removed=found.removed,
        is_whole=found.is_whole,
        by_model={model: change for model, change in changes.items() if change},
    )


def _ids_difference(lock: LockedJobs, ids: frozenset[int]) -> IdDifference:
    if lock.sketch is not None:
        return IdSketch.from_lines(lock.sketch).difference(IdSketch.of(ids))
    known = frozenset(map(number_of, lock.listed or ()))
    return IdDifference(ids - known, known - ids, is_whole=True)


def _files(part: LockedPart, before: LockedFiles, after: LockedFiles) -> list[LockDifference]:
    if before.sha256 == after.sha256:
        return []
    if before.listed is None or after.listed is None:
        return [LockDifference(part=part, before=f"{before.count:,}", after=f"{after.count:,}")]
    return [
        LockDifference(part=part, name=name, before=before.listed.get(name), after=after.listed.get(name))
        for name in sorted({*before.listed, *after.listed})
        if before.listed.get(name) != after.listed.get(name)
    ]


def _set_words(lock: SpecLock) -> str | None:
    return "  ".join(lock.spec.overrides) or None


def _catalog_words(lock: SpecLock) -> str:
    return f"{lock.catalog.date} {lock.catalog.sha256[:12]}"
