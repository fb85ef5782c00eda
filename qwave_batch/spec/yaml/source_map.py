"""Maps each value of a spec to its file, line and column."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from qwave_batch.model.problem import SourcePlace
from qwave_batch.spec.values.value_path import ValuePath, path_text

_NOTHING: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SourceNote:
    """A note on how a value is written in its file, if that may not be what its author means."""

    place: SourcePlace
    """Its place; for an alias, the place of the anchor."""
    spelling: str = ""
    """The spelling of a number or boolean that text would show differently: ``007``."""
    comment: str = ""
    """The comment right after an unquoted string, if it looks like a part of it: ``#FF8800``."""
    is_unread: bool = False
    """Whether null stands for a value that is missing or cannot be read."""
    is_added: bool = False
    """Whether ``--set`` added the key."""
    is_anchored: bool = False
    """Whether it has an anchor, so that aliases may repeat it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The place of one value, of its key, and of everything below it."""

    place: SourcePlace
    key: SourcePlace | None = None
    """The place of the key; None for a list item and for the whole file."""
    is_block: bool = False
    """Whether the value is a block string (``|``), whose lines are lines of the file."""
    below: Mapping[str | int, "Mark"] = field(default_factory=lambda: _NOTHING)
    note: SourceNote | None = None
    """None for most values, whose spelling is unambiguous."""

    def notes(self, path: ValuePath = ()) -> Iterator[tuple[ValuePath, SourceNote]]:
        """Yield the notes of this value and of those below it, with their paths."""
        if self.note:
            yield path, self.note
        for step, mark in self.below.items():
            yield from mark.notes((*path, step))

    def files(self) -> Iterator[str]:
        """Yield the file of this value and of each one below it."""
        yield self.place.file
        for mark in self.below.values():
            yield from mark.files()


@dataclass(frozen=True, slots=True)
class StageBlock:
    """The block of a stage, whose values are those of the spec of the stage or are laid over what stands outside."""

    position: int
    """Its place in ``stages``."""
    mark: Mark
    is_prompt: bool = False
    """Whether its own keys are those of its only prompt."""

    def path_of(self, path: ValuePath) -> ValuePath | None:
        """Return the path inside of the block to what is at ``path`` in the stage's spec; None if it has none there."""
        if self.is_prompt and path[:1] == ("prompts",):
            return path[2:]
        mark = self.mark
        for step in path:
            if step not in mark.below:
                return None
            mark = mark.below[step]
        return path


@dataclass(frozen=True, slots=True)
class SourceMap:
    """The places of a whole spec, which may come from several files, or of one of its stages."""

    root: Mark
    stage: StageBlock | None = None
    """The block of the stage whose spec or block this is; None for the spec itself."""

    def place(self, path: ValuePath) -> SourcePlace:
        """Return the place of the value at ``path``, or of the nearest value around it that is in a file."""
        return self._nearest(path).place

    def key_place(self, path: ValuePath) -> SourcePlace:
        """Return the place of the key at the end of ``path``; for a value without a key, of the value."""
        mark = self._nearest(path)
        return mark.key or mark.place

    def line_place(self, path: ValuePath, line: int) -> SourcePlace:
        """Return the place of line ``line`` (from 1) of the string at ``path``, as far as the file shows its lines."""
        mark = self._nearest(path)
        if mark.is_block:
            return SourcePlace(mark.place.file, mark.place.line + line)
        return mark.place

    def path_text(self, path: ValuePath) -> str:
        """Return the path as people write it, from the top of the file: ``matrix.seed[2]``, ``stages[1].request.n``."""
        own = self.path_in_stage(path)
        return path_text(path if self.stage is None or own is None else ("stages", self.stage.position, *own))

    def path_in_stage(self, path: ValuePath) -> ValuePath | None:
        """Return the path in the stage's block to the value at ``path``, or to where it would be.

        None for a value that stands outside of the block.
        """
        if self.stage is None:
            return None
        found = self.stage.path_of(path)
        if found is not None or self.at(path) is not None:
            return found
        return path if not path[:-1] or self.path_in_stage(path[:-1]) is not None else None

    def at(self, path: ValuePath) -> Mark | None:
        """Return the mark of the value at ``path``, or None if the file has none there."""
        mark = self.root
        for step in path:
            if step not in mark.below:
                return None
            mark = mark.below[step]
        return mark

    def files_of(self, path: ValuePath) -> frozenset[str]:
        """Return the files that the value at ``path`` and all that is in it come from."""
        return frozenset(self._nearest(path).files())

    def _nearest(self, path: ValuePath) -> Mark:
        mark = self.root
        for step in path:
            if step not in mark.below:
                return mark
            mark = mark.below[step]
        return mark
