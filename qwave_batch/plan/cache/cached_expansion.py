"""Expands cells from the request template of an earlier similar cell: the same entries as the plain expansion, faster.

The property test in tests/properties/test_plan.py checks that both give the same jobs, ids and problems.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from qwave_batch.model.cost_range import CostRange
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.cache.free_fields import (
    FreeField,
    JsonFragmentCache,
    free_fields_of,
    is_text_apart,
    parent_fields_of,
    with_text,
)
from qwave_batch.plan.cache.rendered_texts import RenderedTemplates, TemplateNames
from qwave_batch.plan.cache.request_templates import RequestTemplate, RequestTemplateCache, template_cache_of
from qwave_batch.plan.expand.cells import CellScope, MatrixCell
from qwave_batch.plan.expand.entries import ExpandCell, ExpandedEntry, PromptExpander, judged
from qwave_batch.plan.expand.prompt_cases import PromptCase
from qwave_batch.plan.expand.prompts import CompiledPrompt
from qwave_batch.plan.expand.request_assembly import RequestAssembler
from qwave_batch.plan.expand.requests import RequestBuilder
from qwave_batch.spec.recovery import UNKNOWN


def expand_with_cache(assembler: RequestAssembler) -> PromptExpander:
    """Begin a pass in which similar cells are built and checked once."""
    return _CachedPass(assembler).of_prompt


@dataclass(slots=True)
class CachedEntry(ExpandedEntry):
    """An entry that shares its request with others, except for the free fields."""

    template: RequestTemplate
    values: tuple[Json, ...]
    """The values of the free fields."""

    def request(self) -> dict[str, Json]:
        """Return the request that identifies the job."""
        return self.template.request(self.values)

    def prompt(self) -> Json:
        """Return the prompt of the request; None when it has none."""
        return self.template.prompt(self.values)

    def estimate(self) -> CostRange:
        """Return the cost to expect; where the size of a text decides, of this entry's own text."""
        template = self.template
        if template.without_text is None or self.verdict is not template.verdict:
            return self.verdict.estimate
        return template.without_text + template.verdict.model.price.sized_cost(self.request())

    @property
    def has_own_estimate(self) -> bool:
        """Whether the size of its text decides."""
        return self.template.without_text is not None

    def shared(self) -> object | None:
        """Return the template of the request; None for an entry that is judged otherwise, for its parent."""
        return self.template if self.verdict is self.template.verdict else None

    def own_fields(self) -> dict[str, Json]:
        """Return the free fields that are sent."""
        return {name: self.values[number] for number, name, _ in self.template.filled}


@dataclass(slots=True)
class _CachedPass:
    """One pass over all prompts, with the caches that they share."""

    assembler: RequestAssembler
    _fragments: JsonFragmentCache = field(default_factory=JsonFragmentCache)
    _shared: tuple[Sequence[FreeField], RequestTemplateCache] | None = None
    """Shared by prompts that have a text and nothing else of their own."""

    def of_prompt(self, prompt: CompiledPrompt) -> ExpandCell:
        """Return the expansion of a prompt."""
        matrix, catalog = self.assembler.matrix, self.assembler.catalog
        rendered = RenderedTemplates(TemplateNames.of(prompt, matrix))
        builder = self.assembler.builder(prompt, rendered.render)
        text = rendered.of(prompt.text)
        is_text_alone = is_text_apart(text) and not (
            prompt.request or prompt.variables or prompt.table or prompt.of_parents
        )
        if self._shared and is_text_alone:
            free_fields, templates = with_text(self._shared[0], text), self._shared[1]
        else:
            free_fields = free_fields_of(text, matrix, catalog)
            if prompt.of_parents:
                free_fields += parent_fields_of(builder, rendered.of, catalog)
                free_fields.sort(key=attrgetter("name"))
            templates = template_cache_of(builder, free_fields, rendered.names)
            if is_text_alone and not templates.follows_prompt:
                self._shared = free_fields, templates
        return _CachedPrompt(self.assembler, builder, rendered, free_fields, templates, self._fragments).entry


@dataclass(slots=True)
class _CachedPrompt:
    """The cells of one prompt."""

    assembler: RequestAssembler
    builder: RequestBuilder
    rendered: RenderedTemplates
    free_fields: list[FreeField]
    templates: RequestTemplateCache
    fragments: JsonFragmentCache
    _case: PromptCase | None = None

    def entry(self, cell: MatrixCell) -> ExpandedEntry | None:
        """Return the entry of a cell, or None if it makes no job, which is reported.

        Raises:
            TemplateFault: A template fails on this cell.
            ValueError: A value has no canonical form.
        """
        if cell.case is not self._case:
            self._case = cell.case
            self.rendered.next_case()
            self.templates.next_case()
        scope = CellScope(cell, self.assembler.matrix)
        # an include that is a combination of its own has negative slots, which are not positions
        template = self.templates.get(cell.slots, cell.repeat) if cell.slots[-1] >= 0 else None
        if template and cell.images_per_request in {None, template.images_per_request}:
            values = tuple([free.fetch(scope) for free in self.free_fields])
            if template.accepts(values):
                try:
                    entry = self._filled(cell, template, values)
                except ValueError:
                    if not any(value is UNKNOWN for value in values):
                        raise
                else:
                    cell.images_per_request = template.images_per_request
                    return entry
        return self._built(cell, scope)

    def _built(self, cell: MatrixCell, scope: CellScope) -> ExpandedEntry | None:
        """Build and check the whole request; its template serves similar cells, unless a free field is at fault."""
        made = self.assembler.assemble(self.builder, scope)
        if made is None:
            return None
        cell.images_per_request = made.images_per_request
        request, verdict = judged(made, self.assembler.catalog.callback_fields)
        template = RequestTemplate.of(request, verdict, self.free_fields, cell)
        values = tuple(request.get(free.name) for free in self.free_fields)
        is_spelled_alike = not cell.case.parent or values == tuple(self._fetched(scope, request))
        if cell.slots[-1] >= 0 and template.is_shared and template.accepts(values) and is_spelled_alike:
            self.templates.keep(cell.slots, cell.repeat, template)
        return self._filled(cell, template, values)

    def _fetched(self, scope: CellScope, request: Mapping[str, Json]) -> Iterator[Json]:
        """Yield what a later cell would take for the free fields that a request has."""
        for free in self.free_fields:
            yield free.fetch(scope) if free.name in request else None

    def _filled(self, cell: MatrixCell, template: RequestTemplate, values: tuple[Json, ...]) -> ExpandedEntry:
        identity = template.canonical_json(values, self.fragments.of)
        number = int.from_bytes(hashlib.sha256(identity).digest()[:8], "big")
        return CachedEntry(number, cell, template.verdict, template, values)
