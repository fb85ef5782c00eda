"""Builds the request of one cell from the fields of the spec, the prompt, the axes and the includes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.expand.cells import CellScope
from qwave_batch.plan.expand.combinations import Combination, ResolvedMatrix
from qwave_batch.plan.expand.prompts import CompiledPrompt
from qwave_batch.plan.expand.scope import is_unknown
from qwave_batch.spec.document import ValuePath
from qwave_batch.spec.recovery import UNKNOWN
from qwave_batch.spec.template.templates import TemplateFault, TemplateValue
from qwave_batch.spec.values import text_conversion as texts

Render: TypeAlias = Callable[[TemplateValue | None, CellScope], Json]
"""Renders a template in a cell: ``render_in``, or a faster function with the same result."""


def render_in(value: TemplateValue | None, scope: CellScope) -> Json:
    """Return a value rendered in a cell; ``UNKNOWN`` if a mistake that is reported elsewhere prevents it.

    Raises:
        TemplateFault: It fails there; the fault knows all names that are defined.
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


@dataclass(frozen=True, slots=True)
class RequestBuilder:
    """Builds the requests of one prompt, cell by cell; the weakest setter comes first, so that stronger ones win.

    A setter with a mistake is given as None; the mistake is already reported, and its field becomes ``UNKNOWN``.
    """

    base: Mapping[str, TemplateValue | None]
    """The spec's own ``request``."""
    prompt: CompiledPrompt
    matrix: ResolvedMatrix
    render: Render = render_in

    def build(self, combination: Combination, scope: CellScope) -> dict[str, Json]:
        """Return the request of a cell, as rendered; a field that renders to null is left out.

        Raises:
            TemplateFault: A template fails on this cell.
        """
        fields = {name: self.render(value, scope) for name, value in self._templates(combination)}
        for chosen in combination.values:
            if chosen:
                fields.update(chosen.fields)
        fields["prompt"] = prompt_text(self.render(self.prompt.text, scope))
        return {name: value for name, value in fields.items() if value is not None}

    def origin(self, name: str, combination: Combination) -> ValuePath:
        """Return the path in the spec that set a field of a cell, or the prompt if none did."""
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

    def _templates(self, combination: Combination) -> Iterator[tuple[str, TemplateValue | None]]:
        yield from self.base.items()
        yield from self.prompt.request.items()
        for chosen in combination.values:
            if chosen:
                yield from chosen.late.items()
        for name, value, _ in combination.additions():
            yield name, value


def prompt_text(value: Json) -> Json:
    """Return a rendered prompt text as a string; null leaves the field out, as in every other field."""
    return value if value is None or value is UNKNOWN or isinstance(value, str) else texts.to_text(value)
