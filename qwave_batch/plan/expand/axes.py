"""The axes of a matrix with resolved values: labels, request fields and template variables."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_changes import FieldChange
from qwave_batch.catalog.image_fields import is_list
from qwave_batch.errors import nearest
from qwave_batch.model.job_identity import random_seed
from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.document import IntegerRange, RandomSeeds, ValuePath
from qwave_batch.spec.template.templates import TemplateValue

FIELD_PREFIX = "request."
VARIABLE_PREFIX = "vars."
BUILT_IN = frozenset({"prompt", "repeat", "row", "row_number", "vars", "request", "job_id"})
"""Names that the planner defines for templates; a spec cannot set them."""
IMAGES_PER_REQUEST = "images_per_request"
"""Another one, in specs with ``images`` only: older specs may have a variable of that name."""


@dataclass(frozen=True, slots=True)
class AxisName:
    """A parsed name of an axis or of an include's key."""

    text: str
    """The bare name, as templates and manifests use it."""
    is_field: bool
    """Whether it sets the request field of that name; otherwise it is a variable."""
    is_explicit: bool
    """Whether the author wrote which of the two is meant."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The request fields of a catalog, which decide the meaning of bare names."""

    fields: frozenset[str]
    partial: frozenset[str]
    """Fields that only some of the models take."""
    lists: frozenset[str] = frozenset()
    """Fields that are lists."""
    former: Mapping[str, FieldChange] = field(default_factory=dict)
    """Fields of an older catalog that no model takes any more, with what to do about them."""

    def read(self, written: str) -> AxisName:
        """Return the meaning of a written name."""
        if written.startswith(FIELD_PREFIX):
            return AxisName(written.removeprefix(FIELD_PREFIX), is_field=True, is_explicit=True)
        if written.startswith(VARIABLE_PREFIX):
            return AxisName(written.removeprefix(VARIABLE_PREFIX), is_field=False, is_explicit=True)
        return AxisName(written, is_field=written in self.fields, is_explicit=False)

    def guess(self, name: str, more: Iterable[str] = ()) -> str | None:
        """Return the field, or one of ``more``, that a misspelled name was probably meant to be."""
        return nearest(name, (*more, *sorted(self.fields)))


def vocabulary_of(catalog: Catalog) -> Vocabulary:
    """Return the vocabulary of a catalog: every field of any of its models, callback fields included."""
    fields = catalog.fields | catalog.callback_fields
    partial = frozenset(name for name in fields if any(name not in model.fields for model in catalog.models.values()))
    former = {name: change for name, change in catalog.changes.fields.items() if name not in fields}
    lists = frozenset(name for model in catalog.models.values() for name in model.fields if is_list(model, name))
    return Vocabulary(fields, partial, former=former, lists=lists)


def same_json(left: Json, right: Json) -> bool:
    """Whether two JSON values are equal as JSON: ``1`` and ``1.0`` are, ``1`` and ``true`` are not."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_json(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(same_json, left, right))
    return left == right


def same_spelled(left: Json, right: Json) -> bool:
    """Whether two values of a request field are equal after normalising their spelling: ``2K`` and ``2k`` are."""
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return same_json(left, right)


_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisValue:
    """One value of an axis."""

    label: Json
    """The label by which exclude, include and manifests refer to it."""
    variable: Json
    """The value that templates see under the axis' name."""
    fields: Mapping[str, Json] = field(default_factory=dict)
    """Request fields that it sets; None leaves a field out."""
    late: Mapping[str, TemplateValue | None] = field(default_factory=dict)
    """Request fields that are templates over the whole scope, rendered for each job."""
    origin: ValuePath = ()
    """Its path in the spec."""
    sets_by_request: bool = False
    """Whether its fields are under its own ``request``."""

    def place_of(self, name: str) -> ValuePath:
        """Return the path in the spec of a field that it sets."""
        if self.sets_by_request:
            return (*self.origin, "request", name)
        return (*self.origin, name) if len(self.fields) > 1 else self.origin


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedAxis:
    """An axis with all its values; lists are held in memory and ranges computed on demand."""

    name: AxisName
    count: int
    value: Callable[[int], AxisValue]
    """Returns a value by its position. The next two return only a part of it."""
    label: Callable[[int], Json]
    variable: Callable[[int], Json]
    sets: frozenset[str]
    """Every request field that any of its values sets."""
    alone: Callable[[int], Json] | None
    """The value of its only request field by position, if it sets exactly one field and never leaves it out."""
    is_listed: bool
    """Whether its values are held in memory; otherwise they are computed on demand, and may be many."""
    origin: ValuePath

    def matches(self, position: int, key: AxisName, wanted: Json) -> bool:
        """Whether value number ``position`` matches the ``key: wanted`` of an exclude or include."""
        value = self.value(position)
        same = same_spelled if key.is_field else same_json
        if key.text == self.name.text and same(value.label, wanted):
            return True
        if key.text in value.fields:
            return same_spelled(value.fields[key.text], _own_field(key.text, wanted))
        return False


def _own_field(name: str, wanted: Json) -> Json:
    """Return the value that a mapping such as ``{model: x, quality: high}`` gives to the axis' own field."""
    return wanted[name] if isinstance(wanted, Mapping) and name in wanted else wanted


def read_value(
    name: AxisName,
    raw: Json,
    origin: ValuePath,
    *,
    fields: Mapping[str, Json] = _NOTHING,
    late: Mapping[str, TemplateValue | None] = _NOTHING,
) -> AxisValue:
    """Return the meaning of one rendered value of the axis ``name``.

    Args:
        name: The axis.
        raw: The value, without its own ``request``.
        origin: Its path in the spec.
        fields: The constant fields of its own ``request``.
        late: The compiled fields of its own ``request`` that are templates.
    """
    if name.is_field:
        return _field_value(name.text, raw, origin)
    if not isinstance(raw, Mapping):
        return AxisValue(label=raw, variable=raw, origin=origin)
    label = raw.get("id", raw)
    return AxisValue(label=label, variable=raw, fields=fields, late=late, origin=origin, sets_by_request=True)


def _field_value(name: str, raw: Json, origin: ValuePath) -> AxisValue:
    if isinstance(raw, Mapping) and name in raw:
        fields = {key: value for key, value in raw.items() if key != "id"}
        return AxisValue(label=raw.get("id", raw[name]), variable=raw[name], fields=fields, origin=origin)
    return AxisValue(label=raw, variable=raw, fields={name: raw}, origin=origin)


def list_axis(name: AxisName, values: Sequence[AxisValue], origin: ValuePath) -> ResolvedAxis:
    """Return the axis of a literal list."""
    sets = frozenset(key for value in values for key in (*value.fields, *value.late))
    alone: list[Json] = [value.fields[name.text] for value in values if value.fields.keys() == {name.text}]
    is_alone = len(alone) == len(values) and sets == {name.text} and None not in alone
    return ResolvedAxis(
        name=name,
        count=len(values),
        value=values.__getitem__,
        label=[value.label for value in values].__getitem__,
        variable=[value.variable for value in values].__getitem__,
        sets=sets,
        alone=alone.__getitem__ if is_alone else None,
        is_listed=True,
        origin=origin,
    )


def computed_axis(name: AxisName, values: IntegerRange | RandomSeeds, origin: ValuePath) -> ResolvedAxis:
    """Return the axis of a range or of drawn seeds; values are computed on demand and need no memory."""

    def number(position: int) -> int:
        if isinstance(values, IntegerRange):
            return values.start + values.step * position
        return random_seed(values.seed, position)

    def value(position: int) -> AxisValue:
        return read_value(name, number(position), origin)

    sets = frozenset({name.text}) if name.is_field else frozenset[str]()
    return ResolvedAxis(
        name=name,
        count=values.count,
        value=value,
        label=number,
        variable=number,
        sets=sets,
        alone=number if name.is_field else None,
        is_listed=False,
        origin=origin,
    )


HELD_VALUES = 65_536  # longer axes, which are ranges, recompute their masks


class Masks:
    """A bit mask for each axis value, with a bit set for each entry that the value matches."""

    def __init__(
        self, axis: ResolvedAxis, entries: Sequence[Sequence[tuple[AxisName, Json]]], *, silence_agrees: bool
    ) -> None:
        """Compute which entries match the values of ``axis``.

        Args:
            axis: The axis.
            entries: For each entry, the keys that belong to this axis, with the wanted values.
            silence_agrees: Whether a value that does not set a key matches an entry that names it: true for include,
                which then adds the key, and false for exclude.
        """
        self._axis = axis
        self._entries = entries
        self._silence_agrees = silence_agrees
        self._every = (1 << len(entries)) - 1
        self._held: dict[int, int] = {}
        self.asks_nothing = not any(entries)
        """Whether no entry names this axis, so that every value has the same mask."""

    def __getitem__(self, position: int) -> int:
        if self.asks_nothing:
            return self._every
        mask = self._held.get(position)
        if mask is None:
            mask = sum(1 << number for number, asked in enumerate(self._entries) if self._agrees(position, asked))
            if len(self._held) < HELD_VALUES:
                self._held[position] = mask
        return mask

    def positions(self) -> range:
        """Return positions that cover every distinct mask: a single one if all are the same."""
        return range(1 if self.asks_nothing else self._axis.count)

    def _agrees(self, position: int, asked: Sequence[tuple[AxisName, Json]]) -> bool:
        return all(self._goes(position, key, wanted) for key, wanted in asked)

    def _goes(self, position: int, key: AxisName, wanted: Json) -> bool:
        if self._silence_agrees and key.text != self._axis.name.text:
            return key.text not in self._axis.value(position).fields or self._axis.matches(position, key, wanted)
        return self._axis.matches(position, key, wanted)
