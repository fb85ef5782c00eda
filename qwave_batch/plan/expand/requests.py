"""Puts the request of one job together: the spec's fields, the prompt's, the axes', the includes'."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.cache.rendered_texts import Memo, Names, Scope, memo
from qwave_batch.plan.expand.combinations import Combination, ResolvedMatrix
from qwave_batch.plan.expand.prompts import ROW_NAMES, CompiledPrompt
from qwave_batch.spec.document import Path
from qwave_batch.spec.recovery import UNKNOWN
from qwave_batch.spec.template.templates import Value
from qwave_batch.spec.values import text_conversion as texts


@dataclass(slots=True)
class RequestBuilder:
    """Builds the requests of one prompt, cell by cell; weakest setter first, so that stronger ones win.

    A setter that is None has a mistake, noted already; its field comes out ``UNKNOWN``.
    """

    base: Mapping[str, Value | None]
    """The spec's own ``request``."""
    prompt: CompiledPrompt
    matrix: ResolvedMatrix
    names: Names = field(init=False)
    text: Memo = field(init=False)
    _memos: dict[int, Memo] = field(init=False)

    def __post_init__(self) -> None:
        self.names = Names(
            axes=[axis.name.text for axis in self.matrix.axes],
            added={name for entry in self.matrix.includes for name in entry.variables},
            case={*self.prompt.variables, *ROW_NAMES, "prompt"} if self.prompt.table else set(),
        )
        self.text = memo(self.prompt.text, self.names)
        self._memos = {}

    def build(self, combination: Combination, scope: Scope, repeat: int) -> dict[str, Json]:
        """Return the request of a cell, as rendered; a field that comes out null is left out.

        Raises:
            TemplateFault: A template fails on this cell.
        """
        slots = combination.slots
        fields: dict[str, Json] = {}
        for name, value in self._templates(combination):
            fields[name] = self.memo(value).render(slots, repeat, scope)
        for chosen in combination.values:
            if chosen:
                fields.update(chosen.fields)
        fields["prompt"] = text_of(self.text.render(slots, repeat, scope))
        return {name: value for name, value in fields.items() if value is not None}

    def next_case(self) -> None:
        """Drop what was rendered for the last row of a table."""
        self.text.next_case()
        for held in self._memos.values():
            held.next_case()

    def origin(self, name: str, combination: Combination) -> Path:
        """Return the place in the spec that set a field of a cell, or the prompt where none did."""
        for added, _, entry in reversed(list(combination.additions())):
            if added == name:
                return (*entry.origin, name)
        for chosen in combination.values:
            if chosen and (name in chosen.late or name in chosen.fields):
                return chosen.place_of(name)
        if name in self.prompt.request:
            return (*self.prompt.origin, "request", name)
        if name in self.base:
            return ("request", name)
        return self.prompt.text_origin if name == "prompt" else self.prompt.origin

    def memo(self, value: Value | None) -> Memo:
        """Return the memo of one of the templates of requests."""
        held = self._memos.get(id(value))
        if held is None:
            held = self._memos[id(value)] = memo(value, self.names)
        return held

    def _templates(self, combination: Combination) -> Iterator[tuple[str, Value | None]]:
        yield from self.base.items()
        yield from self.prompt.request.items()
        for chosen in combination.values:
            if chosen:
                yield from chosen.late.items()
        for name, value, _ in combination.additions():
            yield name, value


def text_of(value: Json) -> Json:
    """Return a rendered prompt text as a string; null leaves the field out, as in every other field."""
    return value if value is None or value is UNKNOWN or isinstance(value, str) else texts.text_of(value)
