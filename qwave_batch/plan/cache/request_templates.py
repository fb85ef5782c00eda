"""What cells have in common that differ in their holes only: worked out once, however many cells there are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from qwave_batch.catalog.independence import Accepts
from qwave_batch.catalog.model import Model
from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.cache.free_fields import FreeField
from qwave_batch.plan.cache.rendered_texts import picker
from qwave_batch.plan.expand.assembly import Assembled, Fits
from qwave_batch.plan.expand.prompts import ROW_NAMES
from qwave_batch.plan.expand.request_identity import canonical
from qwave_batch.plan.expand.requests import RequestBuilder

HELD_SHAPES = 65_536
HELD_BYTES = 50_000_000
FIRST_FIELDS = ("model", "action", "prompt")  # what tells a request, for those who read it


@dataclass(slots=True, kw_only=True)
class RequestTemplate:
    """A request with holes in it, judged, priced and written down but for what goes into them."""

    model: Model
    checks: Sequence[Accepts | None]
    """For each hole, whether a value is one that the judgement holds for; None where the model takes no such field."""
    filled: Sequence[tuple[int, str]]
    """The holes that are sent, by number and name, in the order of their names."""
    prompt_hole: int | None
    """The hole that the prompt goes into, where it is one that is sent."""
    pieces: Sequence[bytes]
    """The canonical JSON of repeat and request, cut where the holes are."""
    body: dict[str, Json]
    """The request of the cell that it was made from, without callback fields."""
    callback: dict[str, Json]
    dropped: tuple[str, ...]
    error: JobError | None
    """Why these cells are skipped, or None."""
    action: str
    """The action that the API will take: the one asked for, else the model's default."""
    takes_seed: bool
    estimated_nusd: int
    max_images: int

    def written(self, fragments: Sequence[bytes]) -> bytes:
        """Return the canonical JSON of a cell, whose hash is the job's id; ``fragments`` are those of its holes."""
        whole = self.pieces[0]
        for (hole, _), piece in zip(self.filled, self.pieces[1:], strict=True):
            whole += fragments[hole] + piece
        return whole

    def request(self, values: Sequence[Json]) -> dict[str, Json]:
        """Return the request of a cell whose holes have these values."""
        request = self.body.copy()
        for hole, name in self.filled:
            request[name] = values[hole]
        return request


def shape_of(
    made: Assembled, holes: Sequence[FreeField], repeat: int, callback_fields: frozenset[str]
) -> RequestTemplate:
    """Return the shape of a cell that was put together whole."""
    judgement, model = made.judgement, made.model
    is_fit = isinstance(judgement, Fits)
    sent = judgement.request if isinstance(judgement, Fits) else made.request
    names = (name for name in (*FIRST_FIELDS, *sent) if name in sent and name not in callback_fields)
    body = {name: sent[name] for name in names}
    filled, pieces = _cut(body, holes, repeat)
    return RequestTemplate(
        model=model,
        checks=[hole.checks.get(model.name) for hole in holes],
        filled=filled,
        prompt_hole=next((number for number, name in filled if name == "prompt"), None),
        pieces=pieces,
        body=body,
        callback={name: sent[name] for name in sent.keys() - body.keys()} if is_fit else {},
        dropped=judgement.dropped if isinstance(judgement, Fits) else (),
        error=None if isinstance(judgement, Fits) else judgement.as_error(),
        action=str(sent.get("action", model.actions[0])),
        takes_seed=model.takes_seed,
        estimated_nusd=model.estimate_nusd(sent) if is_fit else 0,
        max_images=model.max_images(sent) if is_fit else 1,
    )


def _cut(body: dict[str, Json], holes: Sequence[FreeField], repeat: int) -> tuple[list[tuple[int, str]], list[bytes]]:
    """Return the holes that a request has, and its canonical JSON without them."""
    numbers = {hole.name: number for number, hole in enumerate(holes)}
    filled: list[tuple[int, str]] = []
    pieces = [b'{"repeat":%d,"request":{' % repeat]
    for position, name in enumerate(sorted(body)):
        pieces[-1] += b"," * bool(position) + canonical(name) + b":"
        if name in numbers:
            filled.append((numbers[name], name))
            pieces.append(b"")
        else:
            pieces[-1] += canonical(body[name])
    pieces[-1] += b"}}"
    return filled, pieces


@dataclass(slots=True)
class Shapes:
    """The shapes of one prompt, found by the slots that anything but the holes depends on."""

    pick: Callable[[tuple[int, ...]], Any]
    follows_case: bool
    follows_prompt: bool
    """Whether another prompt, alike in all but its text, could have other shapes."""
    _held: dict[Any, RequestTemplate] = field(default_factory=dict)
    _size: int = 0
    """The bytes of their requests that are held."""

    def get(self, slots: tuple[int, ...], repeat: int) -> RequestTemplate | None:
        """Return the shape of a cell, if one like it was seen before."""
        return self._held.get((self.pick(slots), repeat))

    def keep(self, slots: tuple[int, ...], repeat: int, shape: RequestTemplate) -> None:
        """Hold a shape for later cells."""
        size = sum(map(len, shape.pieces))
        self._size += size
        if len(self._held) >= HELD_SHAPES or self._size > HELD_BYTES:
            self._held.clear()
            self._size = size
        self._held[self.pick(slots), repeat] = shape

    def next_case(self) -> None:
        """Drop what was held if the next row may change it."""
        if self.follows_case:
            self._held.clear()
            self._size = 0


def shapes_of(builder: RequestBuilder, holes: Sequence[FreeField]) -> Shapes:
    """Return an empty collection of shapes for a prompt, keyed by what its fields depend on."""
    apart = {hole.name for hole in holes}
    axes, includes = builder.matrix.axes, builder.matrix.includes
    templates = [value for name, value in (*builder.base.items(), *builder.prompt.request.items()) if name not in apart]
    slots = {number for number, axis in enumerate(axes) if not axis.sets <= apart}
    for axis in axes:
        for position in range(axis.count if axis.is_listed else 0):
            templates += axis.value(position).late.values()
    for entry in includes:
        slots.add(len(axes))
        templates += entry.fields.values()
    used = [value for value in templates if value]
    for value in used:
        slots.update(builder.names.slots(value))
    prompt = builder.prompt
    own_names = {*prompt.variables, *ROW_NAMES, "prompt"}
    return Shapes(
        picker(sorted(slots)),
        follows_case=any(builder.names.follows_case(value) for value in used),
        follows_prompt=(
            bool(prompt.request)
            or "prompt" not in apart
            or any(not own_names.isdisjoint(value.names) for value in used)
        ),
    )
