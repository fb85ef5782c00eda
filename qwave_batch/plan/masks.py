"""Which exclude or include entries each value of an axis goes with, as bits.

A combination goes with the entries that all of its values go with: an ``and`` of small integers, whatever
the number of entries.
"""

from collections.abc import Sequence

from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.axes import ResolvedAxis
from qwave_batch.plan.vocabulary import Name

HELD_VALUES = 65_536  # longer axes, which are ranges, compute their masks again and again


class Masks:
    """A bit for each entry, set where an axis value goes with it."""

    def __init__(
        self, axis: ResolvedAxis, entries: Sequence[Sequence[tuple[Name, Json]]], *, silence_agrees: bool
    ) -> None:
        """Read what each entry asks of ``axis``.

        Args:
            axis: The axis.
            entries: For each entry, the keys that belong to this axis, with the values they ask for.
            silence_agrees: Whether a value that does not set a key goes with an entry that names it: so for
                include, which adds the key then, and not for exclude.
        """
        self._axis = axis
        self._entries = entries
        self._silence_agrees = silence_agrees
        self._every = (1 << len(entries)) - 1
        self._held: dict[int, int] = {}
        self.asks_nothing = not any(entries)
        """Whether no entry names this axis, so that every value has the same mask."""

    def __getitem__(self, position: int) -> int:
        if self.asks_nothing:
            return self._every
        mask = self._held.get(position)
        if mask is None:
            mask = sum(1 << number for number, asked in enumerate(self._entries) if self._agrees(position, asked))
            if len(self._held) < HELD_VALUES:
                self._held[position] = mask
        return mask

    def positions(self) -> range:
        """Return positions that show every mask there is: one where all are the same."""
        return range(1 if self.asks_nothing else self._axis.count)

    def _agrees(self, position: int, asked: Sequence[tuple[Name, Json]]) -> bool:
        return all(self._goes(position, key, wanted) for key, wanted in asked)

    def _goes(self, position: int, key: Name, wanted: Json) -> bool:
        if self._silence_agrees and key.text != self._axis.name.text:
            return key.text not in self._axis.value(position).fields or self._axis.matches(position, key, wanted)
        return self._axis.matches(position, key, wanted)
