"""Matches the jobs of two folders, and tells what has changed between them.

Jobs with the same id are the same request. A job whose id is not in the other folder belongs to the jobs that stand in
its place there: the same stage, prompt, model, axes and repeat. A prompt is the same if id and text are; where no such
place is left, if its id is, and then if its text is.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from qwave_batch.model.axis_labels import axis_label, model_label
from qwave_batch.model.jsontypes import Json
from qwave_batch.output.manifest_line import ManifestLine


class ChangeKind(StrEnum):
    """How a job differs from the one of an earlier folder."""

    SAME = "same"
    """The same request, with the same end and the same images."""
    CHANGED = "changed"
    """It stands in the same place, but the request, its end or an image is another."""
    NEW = "new"
    """Nothing stands in its place in the earlier folder."""
    GONE = "gone"
    """A job of the earlier folder in whose place nothing stands in the later one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedPlace:
    """A place of a job in the plan; a folded job has several."""

    prompt_id: str
    prompt: str
    setting: Hashable
    """Model, axes, repeat and stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedJob:
    """A job as it is told apart from those of another folder."""

    job_id: str
    status: str
    images: tuple[str, ...]
    """Hashes."""
    places: tuple[MatchedPlace, ...]


def matched_job(line: ManifestLine) -> MatchedJob:
    """Return what a job is told apart by from those of another folder."""
    own = _place(line, line.prompt_id, line.axes)
    also = (_place(line, each.prompt_id, each.axes) for each in line.also)
    return MatchedJob(
        job_id=line.job_id,
        status=line.status.value,
        images=tuple(image.sha256 for image in line.images),
        places=(own, *also),
    )


def _place(line: ManifestLine, prompt_id: str, axes: Mapping[str, Json]) -> MatchedPlace:
    texts = tuple(sorted((name, axis_label(value)) for name, value in axes.items() if name != "model"))
    setting = (model_label(axes, line.model), texts, line.repeat, line.stage)
    return MatchedPlace(prompt_id=prompt_id, prompt=line.prompt, setting=setting)


@dataclass(frozen=True, slots=True)
class JobChange:
    """A job beside the one of the earlier folder, both by their number in their folder."""

    kind: ChangeKind
    before: int | None
    after: int | None


_Place = Callable[[MatchedPlace], Hashable]
_PLACES: tuple[_Place, ...] = (
    lambda place: (place.prompt_id, place.prompt, place.setting),
    lambda place: (place.prompt_id, place.setting),
    lambda place: (place.prompt, place.setting),
)


def match_folders(earlier: Sequence[MatchedJob], later: Sequence[MatchedJob]) -> list[JobChange]:
    """Return what became of every job of both folders, in the order of the later one, and then those that are gone.

    A job is in several changes if it folded with others in one folder and no longer does in the other.
    """
    pairs = _same_ids(earlier, later)
    by_id = _Paired.of(pairs)
    for place_of in _PLACES:
        paired = _Paired.of(pairs)
        pairs |= _same_places(_by_place(earlier, place_of), _by_place(later, place_of), paired, by_id)
    paired = _Paired.of(pairs)
    befores: dict[int, list[int]] = {}
    for before, after in sorted(pairs):
        befores.setdefault(after, []).append(before)
    changes: list[JobChange] = []
    for after, job in enumerate(later):
        if after in befores:
            changes += [JobChange(_kind(earlier[before], job), before, after) for before in befores[after]]
        else:
            changes.append(JobChange(ChangeKind.NEW, None, after))
    gone = (before for before in range(len(earlier)) if before not in paired.earlier)
    return changes + [JobChange(ChangeKind.GONE, before, None) for before in gone]


@dataclass(frozen=True, slots=True)
class _Paired:
    """The jobs of both folders that have a match."""

    earlier: frozenset[int]
    later: frozenset[int]

    @staticmethod
    def of(pairs: Iterable[tuple[int, int]]) -> "_Paired":
        found = list(pairs)
        return _Paired(frozenset(before for before, _ in found), frozenset(after for _, after in found))


def _same_ids(earlier: Sequence[MatchedJob], later: Sequence[MatchedJob]) -> set[tuple[int, int]]:
    numbers = {job.job_id: number for number, job in enumerate(earlier)}
    return {(numbers[job.job_id], number) for number, job in enumerate(later) if job.job_id in numbers}


def _by_place(jobs: Sequence[MatchedJob], place_of: _Place) -> Mapping[Hashable, Sequence[int]]:
    found: dict[Hashable, list[int]] = {}
    for number, job in enumerate(jobs):
        for place in dict.fromkeys(map(place_of, job.places)):
            found.setdefault(place, []).append(number)
    return found


def _same_places(
    earlier: Mapping[Hashable, Sequence[int]],
    later: Mapping[Hashable, Sequence[int]],
    paired: _Paired,
    by_id: _Paired,
) -> set[tuple[int, int]]:
    """Return the jobs that stand in one place where at least one of them has no match yet.

    A job that has its own id in the other folder takes one without a match only if nothing else stands in the place.
    """
    found: set[tuple[int, int]] = set()
    for place in earlier.keys() & later.keys():
        free_before = [number for number in earlier[place] if number not in paired.earlier]
        free_after = [number for number in later[place] if number not in paired.later]
        before = free_before or [number for number in earlier[place] if number in by_id.earlier][:1]
        after = free_after or [number for number in later[place] if number in by_id.later][:1]
        if (free_before or free_after) and before and after:
            last = (before[-1], after[-1])
            found |= {
                (last[0] if one is None else one, last[1] if other is None else other)
                for one, other in zip_longest(before, after)
            }
    return found


def _kind(before: MatchedJob, after: MatchedJob) -> ChangeKind:
    same = before.job_id == after.job_id and before.status == after.status and before.images == after.images
    return ChangeKind.SAME if same else ChangeKind.CHANGED
