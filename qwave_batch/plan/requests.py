"""Puts the request of one job together: the spec's fields, the prompt's, the axes', the includes'."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.axes import ResolvedAxis
from qwave_batch.plan.combinations import Combination
from qwave_batch.plan.prompts import CompiledPrompt
from qwave_batch.plan.rendering import Memo, memo
from qwave_batch.spec.document import Path
from qwave_batch.spec.templates import Value


@dataclass(slots=True)
class RequestBuilder:
    """Builds the requests of one prompt, cell by cell; weakest setter first, so that stronger ones win.

    A setter that is None has a mistake, noted already; its field comes out ``UNKNOWN``.
    """

    base: Mapping[str, Value | None]
    """The spec's own ``request``."""
    prompt: CompiledPrompt
    axes: Sequence[ResolvedAxis]

    _names: list[str] = field(init=False)
    _memos: dict[int, Memo] = field(init=False)
    _text: Memo = field(init=False)

    def __post_init__(self) -> None:
        self._names = [axis.name.text for axis in self.axes]
        self._memos = {}
        self._text = memo(self.prompt.text, self._names)

    def build(self, combination: Combination, scope: Mapping[str, Json], repeat: int) -> dict[str, Json]:
        """Return the request of a cell, as rendered; a field that comes out null is left out.

        Raises:
            TemplateFault: A template fails on this cell.
        """
        slots = combination.slots
        fields: dict[str, Json] = {}
        for name, value in self._templates(combination):
            fields[name] = self._memo(value).render(scope, slots, repeat)
        for chosen in combination.values:
            if chosen:
                fields.update(chosen.fields)
        fields["prompt"] = text_of(self._text.render(scope, slots, repeat))
        return {name: value for name, value in fields.items() if value is not None}

    def forget(self) -> None:
        """Drop what was rendered for the last row of a table."""
        self._text.forget()
        for held in self._memos.values():
            held.forget()

    def origin(self, name: str, combination: Combination) -> Path:
        """Return the place in the spec that set a field of a cell, or the prompt where none did."""
        for added, _, entry in reversed(list(combination.additions())):
            if added == name:
                return (*entry.origin, name)
        for chosen in combination.values:
            if chosen and name in chosen.late:
                return (*chosen.origin, "request", name)
            if chosen and name in chosen.fields:
                return (*chosen.origin, name) if len(chosen.fields) > 1 else chosen.origin
        if name in self.prompt.request:
            return (*self.prompt.origin, "request", name)
        if name in self.base:
            return ("request", name)
        return (*self.prompt.origin, "text") if name == "prompt" else self.prompt.origin

    def _templates(self, combination: Combination) -> Iterator[tuple[str, Value | None]]:
        yield from self.base.items()
        yield from self.prompt.request.items()
        for chosen in combination.values:
            if chosen:
                yield from chosen.late.items()
        for name, value, _ in combination.additions():
            yield name, value

    def _memo(self, value: Value | None) -> Memo:
        held = self._memos.get(id(value))
        if held is None:
            held = self._memos[id(value)] = memo(value, self._names)
        return held


def text_of(value: Json) -> Json:
    """Return a rendered prompt text as a string; what has no plain text form stays, for the catalog to refuse."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value
