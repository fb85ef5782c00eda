"""Checks the links of a manifest's lines: that what a job is made from stands before it, and was there for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from qwave_batch.model.parent_links import ParentLink, parent_links_in
from qwave_batch.model.record import JobStatus
from qwave_batch.output.manifest_line import ManifestLine


@dataclass(frozen=True, slots=True)
class ManifestFault:
    """Something that is wrong with a line, as a phrase."""

    message: str
    is_error: bool = True
    """Whether it fails the check; else it is a warning."""


class _Parent(NamedTuple):
    """The facts about a line that links to it ask for. Lines that are alike share one."""

    stage: str
    status: JobStatus
    images: int
    is_begun: bool


class LinkChecker:
    """Reads the lines of a manifest in its order and remembers of those of stages what links ask for."""

    def __init__(self) -> None:
        self._parents: dict[str, _Parent] = {}
        self._alike: dict[_Parent, _Parent] = {}
        self._awaited: dict[str, list[int]] = {}
        """Lines of children by the id of a parent that no line before them has."""

    def check(self, number: int, line: ManifestLine) -> Iterator[ManifestFault]:
        """Yield the faults of a line's links; a parent that has no line at all is told by ``missing``."""
        for child in self._awaited.pop(line.job_id, ()):
            yield ManifestFault(f"its child on line {child} stands before it: parents come first")
        for link in line.parents:
            parent = self._parents.get(link.job_id)
            if link.job_id == line.job_id:
                yield ManifestFault("parents: the job is its own parent")
            elif parent is None:
                self._awaited.setdefault(link.job_id, []).append(number)
            else:
                yield from _faults_of(line, link, parent)
        yield from self._differing(line)
        if line.stage:
            told = _Parent(line.stage, line.status, len(line.images), line.attempts > 0)
            self._parents[line.job_id] = self._alike.setdefault(told, told)

    def missing(self) -> Iterator[tuple[int, ManifestFault]]:
        """Yield a fault for each parent without a line, with the line of its child, once all lines were read."""
        for parent, children in self._awaited.items():
            yield from ((number, ManifestFault(f"its parent {parent} has no sound line")) for number in children)

    def _differing(self, line: ManifestLine) -> Iterator[ManifestFault]:
        """Yield the differences between the links of a line and the references in its request.

        A text that looks like a reference and names no job of the manifest is a text. The own parent, which stands
        first, is listed even where the request refers to nothing of it.
        """
        if not line.stage and not line.parents:
            return
        found = dict(parent_links_in(line.request))
        for text, link in found.items():
            if link not in line.parents and link.job_id in self._parents:
                yield ManifestFault(f"its request refers to {text}, which parents does not list")
        named = {link.job_id for link in found.values()}
        for position, link in enumerate(line.parents):
            is_unused = position == 0 and link.image is None and link.job_id not in named
            if link not in found.values() and not is_unused:
                of = "the task" if link.image is None else f"image {link.image}"
                yield ManifestFault(f"parents lists {of} of job {link.job_id}, and its request does not refer to it")


def _faults_of(line: ManifestLine, link: ParentLink, parent: _Parent) -> Iterator[ManifestFault]:
    if parent.stage == line.stage:
        yield ManifestFault(f"its parent {link.job_id} is of the same stage, {line.stage}")
    if parent.status is JobStatus.COMPLETED:
        if link.image is not None and link.image > parent.images and line.status is not JobStatus.SKIPPED:
            yield ManifestFault(f"its parent {link.job_id} has no image {link.image}, only {parent.images}")
    elif line.status is JobStatus.COMPLETED:
        if parent.is_begun:
            message = f"its parent {link.job_id} is {parent.status.value} now: what it was made from is not here"
            yield ManifestFault(message, is_error=False)
        else:
            yield ManifestFault(f"it is completed, and its parent {link.job_id} was never made")
