"""A lock: what a spec came to, in a file to be committed. Its text is the same wherever and whenever it is written.

It is JSON with a line for each file and job, so that a diff shows what has changed. ``seal`` is a hash of the rest, by
which an edit or a half-finished merge shows. Up to ``MOST_LISTED`` jobs are listed; of more there is a sketch
(``id_sketch.py``) and the number by model, so that a million jobs take a file of some 20 KB.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from qwave_batch.model.codec import Codec, DecodeError, Key
from qwave_batch.model.jsontypes import Json
from qwave_batch.reproducing.id_sketch import IdSketch

VERSION: Final = 1
LOCK_ENDING: Final = ".lock.json"
MOST_LISTED: Final = 1_000
"""Jobs, and files."""
_SEAL = "seal"
_JOB_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedSpec:
    """The spec that was locked."""

    name: str
    file: str
    """The name of its file, without a folder."""
    sha256: str
    """The hash of the file."""
    overrides: tuple[str, ...] = ()
    """The changes of the command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedCatalog:
    """The catalog with its overlay, by what they mean: texts in them do not count."""

    date: str
    sha256: str
    overlay: str | None = None
    """The hash of the overlay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedFiles:
    """Files by their names from the spec's folder: each with its hash, or a hash of all where they are many."""

    count: int
    sha256: str
    listed: Mapping[str, str] | None

    @classmethod
    def of(cls, files: Mapping[str, str]) -> "LockedFiles":
        """Return files with their hashes."""
        ordered = dict(sorted(files.items()))
        whole = hashlib.sha256(json.dumps(ordered, separators=(",", ":")).encode()).hexdigest()
        return cls(count=len(ordered), sha256=whole, listed=ordered if len(ordered) <= MOST_LISTED else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedJobs:
    """The jobs to be made; skipped ones are not among them."""

    count: int
    images: int
    by_model: Mapping[str, int]
    sha256: str
    """The hash of all ids in order."""
    listed: Mapping[str, str] | None
    """Each id with the model and the prompt; None for many."""
    sketch: tuple[str, ...] | None

    @classmethod
    def of(cls, ids: Iterable[int], names: Mapping[int, str], by_model: Mapping[str, int], images: int) -> "LockedJobs":
        """Return the jobs with these ids.

        Args:
            ids: Their ids as numbers.
            names: Their names for people; not read for more than ``MOST_LISTED``.
            by_model: How many there are of each model.
            images: The images that they bring at most.
        """
        ordered = sorted(ids)
        digest = hashlib.sha256()
        for each in ordered:
            digest.update(each.to_bytes(8, "big"))
        is_listed = len(ordered) <= MOST_LISTED
        return cls(
            count=len(ordered),
            images=images,
            by_model=dict(sorted(by_model.items())),
            sha256=digest.hexdigest(),
            listed={f"{each:016x}": names[each] for each in ordered} if is_listed else None,
            sketch=None if is_listed else tuple(IdSketch.of(ordered).lines()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecLock:
    """All that a lock holds."""

    lock: int = VERSION
    spec: LockedSpec
    files: LockedFiles
    """The files that it extends, tables, and files of its overlay."""
    images: LockedFiles
    """The image files that requests name."""
    catalog: LockedCatalog
    jobs: LockedJobs
    versions: Mapping[str, str | None] = field(default_factory=dict)
    """The programs that it was written with."""

    def text(self) -> str:
        """Return the text of the file."""
        value = _CODEC.encode(self)
        return json.dumps({**value, _SEAL: _seal(value)}, ensure_ascii=False, indent=1) + "\n"


_CODEC = Codec({LockedSpec: {"overrides": Key(name="set")}}, exact=True)


class BadLock(ValueError):
    """A text that is not a lock, with the reason, which continues the file's name."""


def read_lock_text(text: str) -> SpecLock:
    """Return the lock in a text.

    Raises:
        BadLock: it is not one, or is not as it was written.
    """
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise BadLock(f"is not JSON{', but a merge that was not finished' if _is_merge(text) else ''}") from None
    if not isinstance(value, dict) or "lock" not in value:
        raise BadLock("is not a lock")
    if value["lock"] != VERSION or isinstance(value["lock"], bool):
        raise BadLock(f"is a lock of version {str(value['lock'])[:20]}, and this program reads version {VERSION}")
    rest: dict[str, Json] = {key: item for key, item in value.items() if key != _SEAL}
    if value.get(_SEAL) != _seal(rest):
        raise BadLock("was edited since it was written")
    try:
        lock = _CODEC.decode(rest, SpecLock)
        _check_ids(lock.jobs)
    except (DecodeError, ValueError) as error:
        raise BadLock(f"is not a lock of this program: {error}") from None
    return lock


def _check_ids(jobs: LockedJobs) -> None:
    """Raise ValueError for a value that no program has written: anybody can seal one."""
    if (jobs.listed is None) is (jobs.sketch is None):
        raise ValueError("jobs are either listed, or in a sketch")
    if jobs.sketch is not None:
        IdSketch.from_lines(jobs.sketch)
    strange = next((job_id for job_id in jobs.listed or () if not _JOB_ID.fullmatch(job_id)), None)
    if strange is not None:
        raise ValueError(f"{strange[:20]!r} is not the id of a job")


def _seal(value: Mapping[str, Json]) -> str:
    whole = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def _is_merge(text: str) -> bool:
    marks: Sequence[str] = ("<<<<<<<", "=======", ">>>>>>>")
    return any(line.startswith(tuple(marks)) for line in text.splitlines())
