"""Where each value of a spec stands in its file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from qwave_batch.model.problem import SourcePlace
from qwave_batch.spec.values.value_path import Path, path_text

_NOTHING: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SourceNote:
    """How a value stands in its file, where that may not say what its author means."""

    place: SourcePlace
    """Where it is written; that of an alias is where its anchor is."""
    spelling: str = ""
    """How a number, true or false is spelled that a text would show in another spelling: ``007``."""
    comment: str = ""
    """The comment right behind an unquoted text, if it reads like a part of it: ``#FF8800``."""
    is_unread: bool = False
    """Whether null stands for what can't be read, or for nothing that is written."""
    is_added: bool = False
    """Whether ``--set`` gave a key that was not there before."""
    is_anchored: bool = False
    """Whether aliases may stand for it elsewhere."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The place of one value, of its key, and of everything below it."""

    place: SourcePlace
    key: SourcePlace | None = None
    """Where the key stands; None for a list item and for the whole file."""
    is_block: bool = False
    """Whether the value is a block text (``|``), whose lines are the file's lines."""
    below: Mapping[str | int, "Mark"] = field(default_factory=lambda: _NOTHING)
    note: SourceNote | None = None
    """None for most values, which stand there as they are meant."""

    def notes(self, path: Path = ()) -> Iterator[tuple[Path, SourceNote]]:
        """Yield each value, this one and those below, that does not stand there like most, with its path."""
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
class SourceMap:
    """The places of a whole spec, which may come from several files."""

    root: Mark

    def place(self, path: Path) -> SourcePlace:
        """Return where the value at ``path`` stands, or the nearest value around it that is written down."""
        return self._nearest(path).place

    def key_place(self, path: Path) -> SourcePlace:
        """Return where the key at the end of ``path`` stands; a value without a key answers with its own place."""
        mark = self._nearest(path)
        return mark.key or mark.place

    def line_place(self, path: Path, line: int) -> SourcePlace:
        """Return where line ``line`` (from 1) of the text at ``path`` stands, as far as the file shows it."""
        mark = self._nearest(path)
        if mark.is_block:
            return SourcePlace(mark.place.file, mark.place.line + line)
        return mark.place

    def path_text(self, path: Path) -> str:
        """Return the path as people write it: ``matrix.seed[2]``."""
        return path_text(path)

    def at(self, path: Path) -> Mark | None:
        """Return the mark of the value at ``path``, or None where nothing is written."""
        mark = self.root
        for step in path:
            if step not in mark.below:
                return None
            mark = mark.below[step]
        return mark

    def files_of(self, path: Path) -> frozenset[str]:
        """Return the files that the value at ``path`` and all that is in it come from."""
        return frozenset(self._nearest(path).files())

    def _nearest(self, path: Path) -> Mark:
        mark = self.root
        for step in path:
            if step not in mark.below:
                return mark
            mark = mark.below[step]
        return mark
