"""Renders a template once for all the cells that look the same to it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Protocol

from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.expand.scope import is_unknown, weight_of
from qwave_batch.spec.recovery import UNKNOWN
from qwave_batch.spec.template.templates import TemplateFault, Value

HELD_TEXTS = 4096  # per template; one that names a long axis is not worth holding
HELD_CHARACTERS = 5_000_000
SHORT = 1000  # characters; so many of HELD_TEXTS are few


class Scope(Protocol):
    """The names that templates see in a cell."""

    def some(self, names: Iterable[str]) -> Mapping[str, Json]:
        """Return those of the names that there are, with their values."""
        ...

    def all(self) -> Mapping[str, Json]:
        """Return all names with their values."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the names that templates use stand for, in one prompt of a spec."""

    axes: Sequence[str]
    """The names of the axes, in order: the slots of a combination. The slot after the last is the includes'."""
    added: Collection[str]
    """Variables that includes add."""
    case: Collection[str]
    """Names that change from row to row of the prompt's table."""

    def slots(self, value: Value) -> tuple[int, ...]:
        """Return the slots that a template depends on."""
        slots = [number for number, name in enumerate(self.axes) if name in value.names]
        return (*slots, len(self.axes)) if value.names.intersection(self.added) else tuple(slots)

    def follows_case(self, value: Value) -> bool:
        """Whether a template can come out differently from row to row."""
        return not value.names.isdisjoint(self.case)


def picker(slots: Sequence[int]) -> Callable[[tuple[int, ...]], Any]:
    """Return what picks the given slots out of a combination, as something to look up by."""
    return itemgetter(*slots) if slots else lambda _: None


@dataclass(slots=True)
class Memo:
    """What a template rendered to, by the positions of the axes it names.

    Keys are positions and never values, since ``1``, ``1.0`` and ``true`` are equal to a dict.
    """

    value: Value | None
    """None for a template with a mistake: it renders to ``UNKNOWN``."""
    pick: Callable[[tuple[int, ...]], Any]
    names_repeat: bool
    follows_case: bool
    _held: dict[Any, Json] = field(default_factory=dict)
    _size: int = 0
    """The characters of what is held and not short."""

    def render(self, slots: tuple[int, ...], repeat: int, scope: Scope) -> Json:
        """Return the rendered value; ``scope`` is only asked when no cell like this one was seen before.

        Raises:
            TemplateFault: The template fails on this cell.
        """
        key = (self.pick(slots), repeat) if self.names_repeat else self.pick(slots)
        if key in self._held:
            return self._held[key]
        seen = render_in(self.value, scope)
        if type(seen) is not str or len(seen) > SHORT:
            self._size += weight_of(seen, HELD_CHARACTERS) or HELD_CHARACTERS
        if len(self._held) >= HELD_TEXTS or self._size >= HELD_CHARACTERS:
            self._held.clear()
            self._size = 0
        self._held[key] = seen
        return seen

    def next_case(self) -> None:
        """Drop what was held if the next row may change it."""
        if self.follows_case:
            self._held.clear()
            self._size = 0


def render_in(value: Value | None, scope: Scope) -> Json:
    """Return a value rendered in a cell, or ``UNKNOWN``.

    Raises:
        TemplateFault: It fails there; the fault knows all names at hand.
    """
    if value is None:
        return UNKNOWN  # type: ignore[no-any-return]  # it stands for any JSON value
    names = scope.some(value.names)
    if is_unknown(value, names):
        return UNKNOWN  # type: ignore[no-any-return]
    try:
        return value.render(names)
    except TemplateFault as fault:
        if not fault.is_of_a_name:
            raise
        return value.render(scope.all())


def memo(value: Value | None, names: Names) -> Memo:
    """Return the memo of a template."""
    if value is None or value.is_constant:
        return Memo(value, picker(()), names_repeat=False, follows_case=False)
    return Memo(
        value,
        picker(names.slots(value)),
        names_repeat="repeat" in value.names,
        follows_case=names.follows_case(value),
    )
