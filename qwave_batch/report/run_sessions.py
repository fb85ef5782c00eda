"""When the images of a folder were made: its sessions of work, and the images a minute in each. Pure.

Jobs come in plan order and not in order of time, so images are counted by bins of time. The bins get wider when there
are many, so that memory does not grow with the folder.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

MOST_BINS = 4_096
GAP_S = 600.0
"""A time without an image after which work counts as begun anew: ten minutes."""
_SHOWN = 120
"""The most counts of a session."""
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400)
"""Widths of a session's counts that people read easily."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSession:
    """A time in which images came without a long gap; instants are Unix seconds."""

    started_at: float
    """When the first task of its images was submitted, or the end of the session before, if that was later."""
    ended_at: float
    images: int
    bin_seconds: int
    counts: tuple[int, ...]
    """Images by time, from the start on."""

    @property
    def images_per_minute(self) -> float:
        """The images of the session over its time; a session shorter than a second counts as a second."""
        return self.images * 60 / max(1.0, self.ended_at - self.started_at)


@dataclass(slots=True)
class _TimeBin:
    images: int
    first_submit: float
    first_end: float
    last_end: float

    def join(self, other: "_TimeBin") -> None:
        self.images += other.images
        self.first_submit = min(self.first_submit, other.first_submit)
        self.first_end = min(self.first_end, other.first_end)
        self.last_end = max(self.last_end, other.last_end)


@dataclass(slots=True)
class ImageTimes:
    """Takes the end of each task with its images, in any order."""

    width_s: int = 1
    """Of a bin; it doubles whenever there are too many bins."""
    _bins: dict[int, _TimeBin] = field(default_factory=dict)

    def add(self, submitted_at: float, completed_at: float, images: int) -> None:
        """Count the images of a task; instants are Unix seconds.

        One that took longer than a gap, perhaps because no run asked for it, counts as begun a gap before its end.
        """
        begun_at = min(completed_at, max(submitted_at, completed_at - GAP_S))
        self._join(int(completed_at // self.width_s), _TimeBin(images, begun_at, completed_at, completed_at))
        while len(self._bins) > MOST_BINS:
            old, self._bins = self._bins, {}
            self.width_s *= 2
            for place, found in old.items():
                self._join(place // 2, found)

    def _join(self, place: int, found: _TimeBin) -> None:
        there = self._bins.get(place)
        if there is None:
            self._bins[place] = found
        else:
            there.join(found)

    def sessions(self) -> list[WorkSession]:
        """Return the sessions in order of time."""
        found: list[WorkSession] = []
        ended_at = float("-inf")
        for bins in self._groups():
            last = max(one.last_end for one in bins)
            first = min(one.first_submit for one in bins)
            found.append(_session(bins, max(first, ended_at), last))
            ended_at = last
        return found

    def _groups(self) -> Iterator[list[_TimeBin]]:
        group: list[_TimeBin] = []
        for place in sorted(self._bins):
            found = self._bins[place]
            if group and found.first_end - group[-1].last_end > GAP_S:
                yield group
                group = []
            group.append(found)
        if group:
            yield group


def _session(bins: Sequence[_TimeBin], started_at: float, ended_at: float) -> WorkSession:
    """Return a session; the images of a bin count at the middle of its own ends."""
    lasts_s = ended_at - started_at
    step = next((step for step in _STEPS_S if lasts_s / step < _SHOWN), int(lasts_s // _SHOWN) + 1)
    counts = [0] * (int(lasts_s // step) + 1)
    for found in bins:
        middle = (found.first_end + found.last_end) / 2
        counts[min(len(counts) - 1, max(0, int((middle - started_at) // step)))] += found.images
    return WorkSession(
        started_at=started_at,
        ended_at=ended_at,
        images=sum(counts),
        bin_seconds=step,
        counts=tuple(counts),
    )
