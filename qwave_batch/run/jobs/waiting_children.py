"""The jobs of a run that wait for others, their parents: kept as numbers, freed once all of them are stored. Pure."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from qwave_batch.model.record import JobStatus

# The facts about a child, a byte each; plain numbers, since a member of an enum takes ten times as long.
_RESUBMIT = 1
"""Its key may be out."""
_BEGUN = 2
"""It has an attempt, so that its status is its own."""
_FAILED = 4
"""By that status it has failed."""
_WAS_SKIPPED = 8
"""A parent had failed before the run, which tries it again."""
_LEFT = 16
"""A parent is left to the next run, and so is the child."""
_DONE = 32
"""It is released, or given up."""


class ParentEnd(Enum):
    """The fate of a parent in this run, other than that it is stored."""

    LOST = auto()
    """It has failed or is skipped."""
    LEFT = auto()
    """It is left to the next run."""


@dataclass(frozen=True, slots=True)
class FreedChild:
    """A job whose parents are all stored."""

    row: int
    model: str
    is_resubmit: bool


@dataclass(slots=True)
class ChildrenChange:
    """The consequences of the end of a parent for its descendants."""

    freed: list[FreedChild] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    """The models of those that are not made in this run any more."""
    skipped: int = 0
    """How many of them are skipped; the others are left to the next run, or keep a status of their own."""


@dataclass(slots=True)
class WaitingChildren:
    """The children by their parents, as numbers: some 45 bytes for each, however large its request is."""

    models: list[str] = field(default_factory=list)
    """The models of all children."""
    _numbers: dict[str, int] = field(default_factory=dict)
    """The places of the models in that list."""
    _rows: "array[int]" = field(default_factory=lambda: array("q"))
    _model_of: "array[int]" = field(default_factory=lambda: array("L"))
    _awaited: "array[int]" = field(default_factory=lambda: array("H"))
    """How many parents each one still waits for."""
    _flags: bytearray = field(default_factory=bytearray)
    _first_link: "array[int]" = field(default_factory=lambda: array("q"))
    """By the row of a parent, one more than the newest of its links; 0 without any."""
    _next_link: "array[int]" = field(default_factory=lambda: array("q"))
    """By link, as above, the one before it of the same parent."""
    _child: "array[int]" = field(default_factory=lambda: array("q"))
    _image: "array[int]" = field(default_factory=lambda: array("H"))
    """By link, the highest number of an image that the child needs; 0 without any."""
    not_begun: "array[int]" = field(default_factory=lambda: array("q"))
    """The rows of children that the run does not begin, but whose parents it may lose or bring back."""
    skipped_before: int = 0
    """How many of those were skipped before the run."""

    def __len__(self) -> int:
        """Return how many children were added."""
        return len(self._rows)

    def add(
        self,
        row: int,
        model: str,
        parents: Iterable[tuple[int, int]],
        *,
        status: JobStatus,
        has_begun: bool,
        is_resubmit: bool,
    ) -> None:
        """Add a job that waits.

        Args:
            row: Its row.
            model: Its model.
            parents: The rows of the parents that it waits for, each with the highest number of an image it needs.
            status: Its status before the run.
            has_begun: Whether it has an attempt.
            is_resubmit: Whether its key may be out.
        """
        child = len(self._rows)
        flags = (
            _RESUBMIT * is_resubmit
            | _BEGUN * has_begun
            | _FAILED * (has_begun and status is JobStatus.FAILED)
            | _WAS_SKIPPED * (status is JobStatus.SKIPPED)
        )
        links = list(parents)
        self._rows.append(row)
        if model not in self._numbers:
            self._numbers[model] = len(self.models)
            self.models.append(model)
        self._model_of.append(self._numbers[model])
        self._awaited.append(len(links))
        self._flags.append(flags)
        for parent, image in links:
            if parent >= len(self._first_link):
                self._first_link.extend([0] * (parent + 1 - len(self._first_link)))
            self._child.append(child)
            self._image.append(image)
            self._next_link.append(self._first_link[parent])
            self._first_link[parent] = len(self._child)

    def leave(self, row: int, status: JobStatus) -> None:
        """Add a job that the run does not begin: pending, or skipped for what became of its parents."""
        self.not_begun.append(row)
        self.skipped_before += status is JobStatus.SKIPPED

    def has_children(self, row: int) -> bool:
        """Whether any job waits, or waited, for this one."""
        return row < len(self._first_link) and self._first_link[row] > 0

    def left_by_model(self) -> dict[str, int]:
        """Return how many of each model still wait for a parent that is made in this run."""
        left = dict.fromkeys(self.models, 0)
        for child, flags in enumerate(self._flags):
            if not flags & (_DONE | _LEFT):
                left[self._model(child)] += 1
        return left

    def store(self, row: int, images: int) -> ChildrenChange:
        """Record that a parent is stored with so many images, and return what follows."""
        change = ChildrenChange()
        for child, needed in self._children_of(row):
            if self._flags[child] & _DONE:
                continue
            if needed > images:
                self._end(child, ParentEnd.LOST, change)
                continue
            self._awaited[child] -= 1
            if not self._awaited[child] and not self._flags[child] & _LEFT:
                self._flags[child] |= _DONE
                is_resubmit = bool(self._flags[child] & _RESUBMIT)
                change.freed.append(FreedChild(self._rows[child], self._model(child), is_resubmit))
        change.freed.reverse()  # links are met newest first, and the plan goes the other way
        return change

    def end(self, row: int, end: ParentEnd) -> ChildrenChange:
        """Record that a parent is not stored in this run, and return what follows for all its descendants."""
        change = ChildrenChange()
        for child, _ in self._children_of(row):
            self._end(child, end, change)
        return change

    def open_rows(self) -> tuple[int, list[int]]:
        """Return how many children wait for the next run, and the rows of those that were skipped before this one.

        Of the latter nobody has said yet what they are now.
        """
        waiting = [child for child, flags in enumerate(self._flags) if not flags & _DONE]
        return len(waiting), [self._rows[child] for child in waiting if self._flags[child] & _WAS_SKIPPED]

    def _end(self, child: int, end: ParentEnd, change: ChildrenChange) -> None:
        """Give a child up, and with it those that wait for it."""
        ends = [(child, end)]
        while ends:
            child, end = ends.pop()
            flags = self._flags[child]
            is_known = flags & _DONE or (end is ParentEnd.LEFT and flags & _LEFT)
            if is_known:
                continue
            if not flags & _LEFT:
                change.given_up.append(self._model(child))
            is_skipped = end is ParentEnd.LOST and not flags & _BEGUN
            change.skipped += is_skipped
            self._flags[child] |= _DONE if end is ParentEnd.LOST else _LEFT
            own = ParentEnd.LOST if is_skipped or flags & _FAILED else ParentEnd.LEFT
            ends.extend((each, own) for each, _ in self._children_of(self._rows[child]))

    def _children_of(self, row: int) -> Iterator[tuple[int, int]]:
        link = self._first_link[row] if row < len(self._first_link) else 0
        while link:
            yield self._child[link - 1], self._image[link - 1]
            link = self._next_link[link - 1]

    def _model(self, child: int) -> str:
        return self.models[self._model_of[child]]
