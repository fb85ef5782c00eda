"""The fields that differ between cells of one request template, such as text and seed; each is checked by itself."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.independent_fields import Accepts, independent_fields
from qwave_batch.model.job_identity import canonical
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.cache.rendered_texts import SHORT, RenderedTemplate
from qwave_batch.plan.expand.axes import IMAGES_PER_REQUEST, ResolvedAxis
from qwave_batch.plan.expand.cells import CellScope
from qwave_batch.plan.expand.combinations import ResolvedMatrix
from qwave_batch.plan.expand.parent_jobs import PARENT
from qwave_batch.plan.expand.requests import RequestBuilder, prompt_text
from qwave_batch.spec.template.templates import TemplateValue

Fetch: TypeAlias = Callable[[CellScope], Json]
"""Gets the value of a field in a cell."""

HELD_CHARACTERS = 10_000_000
_FIRST_IMAGE = re.compile(rf"\{{\{{\s*{PARENT}(?:\.{PARENT})*\.image\s*\}}\}}")


@dataclass(slots=True, kw_only=True)
class FreeField:
    """A field of one prompt on whose value no rule and no price of most models depends."""

    name: str
    fetch: Fetch
    checks: Mapping[str, Accepts]
    """By model: whether the model accepts a value, with the same result as the catalog."""
    tied: frozenset[str]
    """The models with rules or prices that read it."""


def free_fields_of(text: RenderedTemplate, matrix: ResolvedMatrix, catalog: Catalog) -> list[FreeField]:
    """Return the fields that no rule of some models reads and that only one place sets; ``text`` is the prompt's."""
    checks = {model.name: independent_fields(model) for model in catalog.models.values()}
    found = []
    for name, fetch in _candidates(text, matrix):
        # a file is replaced by its bytes, and a task may be that of a parent: the whole request is needed for both
        if name in catalog.image_fields | catalog.task_fields:
            continue
        taking = {model: accepts[name] for model, accepts in checks.items() if name in accepts}
        tied = frozenset(model.name for model in catalog.models.values() if name in model.fields) - taking.keys()
        if taking or not tied:
            found.append(FreeField(name=name, fetch=fetch, checks=taking, tied=tied))
    return sorted(found, key=lambda free: free.name)


def parent_fields_of(
    builder: RequestBuilder, rendered: Callable[[TemplateValue], RenderedTemplate], catalog: Catalog
) -> list[FreeField]:
    """Return the fields that hold nothing but the first image of parents, whichever those are.

    As many references stand in them in every cell, so a verdict on one cell holds for all.
    """
    elsewhere = {name for axis in builder.matrix.axes for name in axis.sets}
    elsewhere |= {name for entry in builder.matrix.includes for name in entry.fields}
    written = {**builder.base, **builder.prompt.request}
    return [
        FreeField(name=name, fetch=rendered(value).render, checks={}, tied=frozenset())
        for name, value in written.items()
        if value and name in catalog.image_fields - elsewhere and _is_of_parents(value)
    ]


def _is_of_parents(value: TemplateValue) -> bool:
    """Whether each text in a value is one expression that gives the first image of a parent or ancestor."""
    texts = value.raw if isinstance(value.raw, list | tuple) else [value.raw]
    return bool(texts) and all(isinstance(text, str) and _FIRST_IMAGE.fullmatch(text) for text in texts)


def is_text_apart(text: RenderedTemplate) -> bool:
    """Whether a prompt's text does not name the images per request: they depend on the whole request."""
    return text.value is None or IMAGES_PER_REQUEST not in text.value.names


def with_text(free_fields: Sequence[FreeField], text: RenderedTemplate) -> list[FreeField]:
    """Return the same free fields for another prompt that differs only in its text."""
    return [replace(free, fetch=_text(text)) if free.name == "prompt" else free for free in free_fields]


def _text(text: RenderedTemplate) -> Fetch:
    def fetch(scope: CellScope) -> Json:
        rendered = text.render(scope)
        return rendered if type(rendered) is str else prompt_text(rendered)

    return fetch


def _candidates(text: RenderedTemplate, matrix: ResolvedMatrix) -> list[tuple[str, Fetch]]:
    found: list[tuple[str, Fetch]] = [("prompt", _text(text))] if is_text_apart(text) else []
    added = {name for entry in matrix.includes for name in entry.fields}
    late = {
        name
        for axis in matrix.axes
        for position in range(axis.count if axis.is_listed else 0)
        for name in axis.value(position).late
    }
    for number, axis in enumerate(matrix.axes):
        # 1.0 is sent as 1, for which the whole request is needed
        if axis.alone and not axis.sets & (added | late) and not _has_fractions(axis):
            found.append((axis.name.text, _from_slot(axis.alone, number)))
    return found


def _has_fractions(axis: ResolvedAxis) -> bool:
    if axis.alone is None or not axis.is_listed:
        return False
    return any(isinstance(axis.alone(position), float) for position in range(axis.count))


def _from_slot(value_at: Callable[[int], Json], number: int) -> Fetch:
    return lambda scope: value_at(scope.cell.slots[number])


@dataclass(slots=True)
class JsonFragmentCache:
    """The canonical JSON of values; that of long texts is kept, since a short one is made as fast as it is found."""

    _held: dict[str, bytes] = field(default_factory=dict)
    _size: int = 0
    """The characters of the texts that are kept."""

    def of(self, value: Json) -> bytes:
        """Return the canonical JSON of a value.

        Raises:
            ValueError: It has none.
        """
        return self._of_long(value) if isinstance(value, str) and len(value) > SHORT else canonical(value)

    def _of_long(self, text: str) -> bytes:
        fragment = self._held.get(text)
        if fragment is None:
            self._size += len(text)
            if self._size > HELD_CHARACTERS:
                self._held.clear()
                self._size = len(text)
            fragment = self._held[text] = canonical(text)
        return fragment
