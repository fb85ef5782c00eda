"""Renders a template once for all the cells that look the same to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.scope import UNKNOWN, is_unknown
from qwave_batch.spec.templates import Value

HELD_TEXTS = 4096  # per template and prompt; a template that names a long axis is not worth holding


@dataclass(slots=True)
class Memo:
    """What a template rendered to, by the positions of the axes it names.

    Keys are positions and never values, since ``1``, ``1.0`` and ``true`` are equal to a dict.
    """

    value: Value | None
    """None for a template with a mistake: it renders to ``UNKNOWN``."""
    slots: tuple[int, ...]
    """The numbers of the slots of a combination that the template depends on."""
    names_repeat: bool
    _held: dict[tuple[int, ...], Json] = field(default_factory=dict)

    def render(self, scope: Mapping[str, Json], positions: tuple[int, ...], repeat: int) -> Json:
        """Return the rendered value; ``scope`` is only read when the same cell was not seen before.

        Raises:
            TemplateFault: The template fails on this cell.
        """
        key = tuple(positions[slot] for slot in self.slots)
        if self.names_repeat:
            key = (*key, repeat)
        if key in self._held:
            return self._held[key]
        if len(self._held) >= HELD_TEXTS:
            self._held.clear()
        value = self.value
        seen = UNKNOWN if value is None or is_unknown(value, scope) else value.render(scope)
        self._held[key] = seen
        return seen

    def forget(self) -> None:
        """Drop what was held; called when the prompt changes."""
        self._held.clear()


def memo(value: Value | None, axis_names: Sequence[str]) -> Memo:
    """Return the memo of a template over axes in that order.

    A template that is not constant depends on the last slot too, the includes': they may add any name.
    """
    if value is None or value.is_constant:
        return Memo(value, (), names_repeat=False)
    slots = [number for number, name in enumerate(axis_names) if name in value.names]
    return Memo(value, (*slots, len(axis_names)), "repeat" in value.names)
