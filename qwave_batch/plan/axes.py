"""The axes of a matrix with their values read: labels, request fields and template variables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.equality import same_json, same_spelled
from qwave_batch.plan.identity import random_seed
from qwave_batch.plan.vocabulary import Name
from qwave_batch.spec.document import IntegerRange, Path, RandomSeeds
from qwave_batch.spec.templates import Value

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisValue:
    """One value of an axis."""

    label: Json
    """What exclude, include and manifests call it."""
    variable: Json
    """What templates see under the axis' name."""
    fields: Mapping[str, Json] = field(default_factory=dict)
    """Request fields it sets; None leaves a field out."""
    late: Mapping[str, Value | None] = field(default_factory=dict)
    """Request fields that are templates over the whole scope, rendered a job at a time."""
    origin: Path = ()
    """Where it stands in the spec."""
    sets_by_request: bool = False
    """Whether its fields stand under its own ``request``."""

    def place_of(self, name: str) -> Path:
        """Return where a field that it sets stands in the spec."""
        if self.sets_by_request:
            return (*self.origin, "request", name)
        return (*self.origin, name) if len(self.fields) > 1 else self.origin


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedAxis:
    """An axis with all its values, lists held and ranges computed on demand."""

    name: Name
    count: int
    value: Callable[[int], AxisValue]
    """Each of the next two is a part of it, without the rest."""
    label: Callable[[int], Json]
    variable: Callable[[int], Json]
    sets: frozenset[str]
    """Every request field that any of its values sets."""
    alone: Callable[[int], Json] | None
    """The value of its one request field by position, when it sets one field only and never leaves it out."""
    is_listed: bool
    """Whether its values are held; otherwise they are computed on demand, and may be many."""
    origin: Path

    def matches(self, position: int, key: Name, wanted: Json) -> bool:
        """Whether value number ``position`` is what an exclude or include calls ``key: wanted``."""
        value = self.value(position)
        same = same_spelled if key.is_field else same_json
        if key.text == self.name.text and same(value.label, wanted):
            return True
        if key.text in value.fields:
            return same_spelled(value.fields[key.text], _own_field(key.text, wanted))
        return False


def _own_field(name: str, wanted: Json) -> Json:
    """Return the value a mapping such as ``{model: x, quality: high}`` gives to the axis' own field."""
    return wanted[name] if isinstance(wanted, Mapping) and name in wanted else wanted


def read_value(
    name: Name,
    raw: Json,
    origin: Path,
    *,
    fields: Mapping[str, Json] = _NOTHING,
    late: Mapping[str, Value | None] = _NOTHING,
) -> AxisValue:
    """Return the meaning of one rendered value of the axis ``name``.

    Args:
        name: The axis.
        raw: The value, without its own ``request``.
        origin: Where it stands in the spec.
        fields: Of its own ``request``, where it has one, what is no template.
        late: The rest of it, compiled.
    """
    if name.is_field:
        return _field_value(name.text, raw, origin)
    if not isinstance(raw, Mapping):
        return AxisValue(label=raw, variable=raw, origin=origin)
    label = raw.get("id", raw)
    return AxisValue(label=label, variable=raw, fields=fields, late=late, origin=origin, sets_by_request=True)


def _field_value(name: str, raw: Json, origin: Path) -> AxisValue:
    if isinstance(raw, Mapping) and name in raw:
        fields = {key: value for key, value in raw.items() if key != "id"}
        return AxisValue(label=raw.get("id", raw[name]), variable=raw[name], fields=fields, origin=origin)
    return AxisValue(label=raw, variable=raw, fields={name: raw}, origin=origin)


def list_axis(name: Name, values: Sequence[AxisValue], origin: Path) -> ResolvedAxis:
    """Return the axis of a written list."""
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


def computed_axis(name: Name, values: IntegerRange | RandomSeeds, origin: Path) -> ResolvedAxis:
    """Return the axis of a range or of drawn seeds; nothing is held, so a million values cost nothing."""

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
