"""Renders a template once for all the cells in which its result is the same."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.expand.axes import IMAGES_PER_REQUEST
from qwave_batch.plan.expand.cells import CellScope
from qwave_batch.plan.expand.combinations import ResolvedMatrix
from qwave_batch.plan.expand.parent_jobs import PARENT
from qwave_batch.plan.expand.prompt_cases import PromptCase
from qwave_batch.plan.expand.prompts import ROW_NAMES, CompiledPrompt
from qwave_batch.plan.expand.requests import render_in
from qwave_batch.plan.expand.scope import size_of_value
from qwave_batch.spec.template.templates import TemplateValue

HELD_TEXTS = 4096  # per template; one that uses a long axis is not worth caching
HELD_CHARACTERS = 5_000_000
SHORT = 1000  # characters; few of HELD_TEXTS are longer
_OF_REQUESTS = frozenset({"repeat", IMAGES_PER_REQUEST})
"""Names that may differ between the requests of one combination."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateNames:
    """Tells which slots each name in the templates of one prompt depends on."""

    axes: Sequence[str]
    """The names of the axes, in slot order. The slot after the last belongs to the includes."""
    added: Collection[str]
    """Variables that includes add."""
    case: Collection[str]
    """Names that change from row to row of the prompt's table, or from parent to parent."""

    @classmethod
    def of(cls, prompt: CompiledPrompt, matrix: ResolvedMatrix) -> "TemplateNames":
        """Return the names of one prompt."""
        return cls(
            axes=[axis.name.text for axis in matrix.axes],
            added={name for entry in matrix.includes for name in entry.variables},
            case={*prompt.variables, *ROW_NAMES, PARENT, "prompt"} if prompt.table or prompt.of_parents else set(),
        )

    def slots(self, value: TemplateValue) -> tuple[int, ...]:
        """Return the slots that a template depends on."""
        slots = [number for number, name in enumerate(self.axes) if name in value.names]
        return (*slots, len(self.axes)) if value.names.intersection(self.added) else tuple(slots)

    def follows_case(self, value: TemplateValue) -> bool:
        """Whether a template can render differently from row to row."""
        return not value.names.isdisjoint(self.case)


def picker(slots: Sequence[int]) -> Callable[[tuple[int, ...]], Any]:
    """Return a function that picks the given slots out of a combination, as a key to look up by."""
    return itemgetter(*slots) if slots else lambda _: None


@dataclass(slots=True)
class RenderedTemplate:
    """The cached results of one template, by the positions of the axes that it names.

    Keys are positions and never values, since ``1``, ``1.0`` and ``true`` are equal to a dict.
    """

    value: TemplateValue | None
    """None for a template with a mistake, which renders to ``UNKNOWN``."""
    pick: Callable[[tuple[int, ...]], Any]
    names_repeat: bool
    """Whether it names the repeat, or how many images a request makes."""
    follows_case: bool
    is_of_case: bool = False
    """Whether it renders differently from row to row, and to the same in all cells of a row: then the last is kept."""
    _held: dict[Any, Json] = field(default_factory=dict)
    _size: int = 0
    """The characters of the cached long values."""
    _case: PromptCase | None = None
    _of_case: Json = None
    """The value in the cells of that row."""

    @classmethod
    def of(cls, value: TemplateValue | None, names: TemplateNames) -> "RenderedTemplate":
        """Return an empty cache for a template."""
        if value is None or value.is_constant:
            return cls(value, picker(()), names_repeat=False, follows_case=False)
        slots, follows_case = names.slots(value), names.follows_case(value)
        names_repeat = not value.names.isdisjoint(_OF_REQUESTS)
        is_of_case = follows_case and not slots and not names_repeat
        return cls(value, picker(slots), names_repeat=names_repeat, follows_case=follows_case, is_of_case=is_of_case)

    def render(self, scope: CellScope) -> Json:
        """Return the rendered value; names are only looked up if no similar cell was rendered before.

        Raises:
            TemplateFault: The template fails on this cell.
        """
        cell = scope.cell
        if self.is_of_case:
            if cell.case is not self._case:
                self._of_case = render_in(self.value, scope)
                self._case = cell.case
            return self._of_case
        key = self.pick(cell.slots)
        if self.names_repeat:
            key = (key, cell.repeat, cell.images_per_request)
        if key in self._held:
            return self._held[key]
        rendered = render_in(self.value, scope)
        if type(rendered) is not str or len(rendered) > SHORT:
            self._size += size_of_value(rendered, HELD_CHARACTERS) or HELD_CHARACTERS
        if len(self._held) >= HELD_TEXTS or self._size >= HELD_CHARACTERS:
            self._held.clear()
            self._size = 0
        self._held[key] = rendered
        return rendered

    def next_case(self) -> None:
        """Drop the cached values, since the next row may change them."""
        self._held.clear()
        self._size = 0


@dataclass(slots=True)
class RenderedTemplates:
    """The caches of all templates of one prompt's requests."""

    names: TemplateNames
    _held: dict[int, RenderedTemplate] = field(default_factory=dict)
    """By the template's ``id``: the prompt and the matrix keep the templates alive while this is used."""
    _following: list[RenderedTemplate] = field(default_factory=list)
    """Those whose cached values the next row may change."""

    def render(self, value: TemplateValue | None, scope: CellScope) -> Json:
        """Return a template rendered in a cell.

        Raises:
            TemplateFault: The template fails on this cell.
        """
        return self.of(value).render(scope)

    def of(self, value: TemplateValue | None) -> RenderedTemplate:
        """Return the cache of one template."""
        held = self._held.get(id(value))
        if held is None:
            held = self._held[id(value)] = RenderedTemplate.of(value, self.names)
            if held.follows_case and not held.is_of_case:
                self._following.append(held)
        return held

    def next_case(self) -> None:
        """Drop the cached values that the next row may change."""
        for held in self._following:
            held.next_case()
