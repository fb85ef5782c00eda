"""The parts of a request that cells share if they differ only in their free fields: computed once for all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from qwave_batch.catalog.independent_fields import Accepts
from qwave_batch.model.cost_range import CostRange
from qwave_batch.model.job_identity import canonical
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.cache.free_fields import FreeField
from qwave_batch.plan.cache.rendered_texts import TemplateNames, picker
from qwave_batch.plan.expand.cells import MatrixCell
from qwave_batch.plan.expand.entries import RequestVerdict
from qwave_batch.plan.expand.parent_jobs import PARENT
from qwave_batch.plan.expand.prompts import ROW_NAMES
from qwave_batch.plan.expand.requests import RequestBuilder

HELD_TEMPLATES = 65_536
HELD_BYTES = 50_000_000


@dataclass(slots=True, kw_only=True)
class RequestTemplate:
    """A request that is checked, priced and written as JSON except for its free fields."""

    verdict: RequestVerdict
    is_shared: bool
    """Whether it serves similar cells too: no rule of its model reads a free field."""
    checks: Sequence[tuple[int, Accepts]]
    """Whether the verdict holds for a value, by number of the free field, for those that the model takes."""
    filled: Sequence[tuple[int, str, bytes]]
    """The free fields that are sent, by number and name, in the order of their names; each with the JSON behind it."""
    without_text: CostRange | None
    """The cost without the part that depends on the size of a free field; None if no part does."""
    prompt_number: int | None
    """The number of the free field that is the prompt, if it is sent."""
    begin: bytes
    """The canonical JSON of repeat and request, up to the first of the free fields."""
    body: dict[str, Json]
    """The request of the cell that it was built from, without callback fields."""
    images_per_request: int | None
    """With ``images``, how many of them the request makes; None for one that is skipped."""

    @classmethod
    def of(
        cls, request: dict[str, Json], verdict: RequestVerdict, free_fields: Sequence[FreeField], cell: MatrixCell
    ) -> "RequestTemplate":
        """Return the template of a request that was built and checked as a whole."""
        begin, filled = _cut(request, free_fields, cell.repeat)
        model, price = verdict.model.name, verdict.model.price
        is_sized = verdict.error is None and not price.sized_fields.isdisjoint(name for _, name, _ in filled)
        return cls(
            verdict=verdict,
            is_shared=not any(model in free.tied for free in free_fields),
            checks=[(number, free.checks[model]) for number, free in enumerate(free_fields) if model in free.checks],
            filled=filled,
            without_text=verdict.estimate - price.sized_cost(request) if is_sized else None,
            prompt_number=next((number for number, name, _ in filled if name == "prompt"), None),
            begin=begin,
            body=request,
            images_per_request=cell.images_per_request,
        )

    def accepts(self, values: Sequence[Json]) -> bool:
        """Whether the verdict holds for a cell whose free fields have these values."""
        for number, accepts in self.checks:  # noqa: SIM110 - all() takes twice as long, and this is done for every cell
            if not accepts(values[number]):
                return False
        return True

    def canonical_json(self, values: Sequence[Json], fragment: Callable[[Json], bytes]) -> bytes:
        """Return the canonical JSON whose hash is the job's id.

        Args:
            values: The values of the cell's free fields.
            fragment: Returns the canonical JSON of a value.
        """
        whole = self.begin
        for number, _, behind in self.filled:
            whole += fragment(values[number]) + behind
        return whole

    @property
    def size(self) -> int:
        """The bytes that it takes, about."""
        return len(self.begin) + sum(len(behind) for _, _, behind in self.filled)

    def request(self, values: Sequence[Json]) -> dict[str, Json]:
        """Return the request of a cell whose free fields have these values."""
        request = self.body.copy()
        for number, name, _ in self.filled:
            request[name] = values[number]
        return request

    def prompt(self, values: Sequence[Json]) -> Json:
        """Return the prompt of a cell whose free fields have these values; None when it has none."""
        return self.body.get("prompt") if self.prompt_number is None else values[self.prompt_number]


def _cut(
    body: dict[str, Json], free_fields: Sequence[FreeField], repeat: int
) -> tuple[bytes, list[tuple[int, str, bytes]]]:
    """Return the canonical JSON of a request up to its first free field, and those that it has with the JSON behind."""
    numbers = {free.name: number for number, free in enumerate(free_fields)}
    sent: list[tuple[int, str]] = []
    pieces = [b'{"repeat":%d,"request":{' % repeat]
    for position, name in enumerate(sorted(body, key=_sort_key)):
        pieces[-1] += b"," * bool(position) + canonical(name) + b":"
        if name in numbers:
            sent.append((numbers[name], name))
            pieces.append(b"")
        else:
            pieces[-1] += canonical(body[name])
    pieces[-1] += b"}}"
    return pieces[0], [(*each, behind) for each, behind in zip(sent, pieces[1:], strict=True)]


def _sort_key(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")  # RFC 8785 sorts by UTF-16 code units


@dataclass(slots=True)
class RequestTemplateCache:
    """The request templates of one prompt, by the slots that its other fields depend on."""

    pick: Callable[[tuple[int, ...]], Any]
    follows_case: bool
    follows_prompt: bool
    """Whether another prompt that differs only in its text could have other templates."""
    _held: dict[Any, RequestTemplate] = field(default_factory=dict)
    _size: int = 0
    """The bytes of the cached requests."""

    def get(self, slots: tuple[int, ...], repeat: int) -> RequestTemplate | None:
        """Return the template of a cell, if a similar cell was seen before."""
        return self._held.get((self.pick(slots), repeat))

    def keep(self, slots: tuple[int, ...], repeat: int, template: RequestTemplate) -> None:
        """Keep a template for later cells."""
        self._size += template.size
        if len(self._held) >= HELD_TEMPLATES or self._size > HELD_BYTES:
            self._held.clear()
            self._size = template.size
        self._held[self.pick(slots), repeat] = template

    def next_case(self) -> None:
        """Drop the cached templates if the next row may change them."""
        if self.follows_case:
            self._held.clear()
            self._size = 0


def template_cache_of(
    builder: RequestBuilder, free_fields: Sequence[FreeField], names: TemplateNames
) -> RequestTemplateCache:
    """Return an empty cache for a prompt, keyed by the slots that its other fields depend on."""
    apart = {free.name for free in free_fields}
    axes, includes = builder.matrix.axes, builder.matrix.includes
    templates = [value for name, value in (*builder.base.items(), *builder.prompt.request.items()) if name not in apart]
    if "prompt" not in apart:
        templates.append(builder.prompt.text)
    slots = {number for number, axis in enumerate(axes) if not axis.sets <= apart}
    for axis in axes:
        for position in range(axis.count if axis.is_listed else 0):
            templates += axis.value(position).late.values()
    for entry in includes:
        slots.add(len(axes))
        templates += entry.fields.values()
    used = [value for value in templates if value]
    for value in used:
        slots.update(names.slots(value))
    prompt = builder.prompt
    own_names = {*prompt.variables, *ROW_NAMES, PARENT, "prompt"}
    return RequestTemplateCache(
        picker(sorted(slots)),
        follows_case=any(names.follows_case(value) for value in used),
        follows_prompt=(
            bool(prompt.request)
            or "prompt" not in apart
            or any(not own_names.isdisjoint(value.names) for value in used)
        ),
    )
