"""How many tokens a request takes of one kind, by the rules of a catalog: the least, the typical and the most."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from qwave_batch.catalog.field_table import FieldTable, Triple
from qwave_batch.catalog.request_fields import count_at, inputs_at, value_at
from qwave_batch.model.jsontypes import Json, JsonObject

MILLI = 1000
"""Tokens are counted in thousandths, since a byte of text takes a part of one."""
_GRID_PIXELS = 32
_AREA = 1024
_BYTE = "byte"

_Units: TypeAlias = Callable[[JsonObject, Sequence[str], int], int]
"""How often the tokens of a rule are taken: by the request, the rule's fields and the number of images."""


def _bytes(request: JsonObject, of: Sequence[str], _images: int) -> int:
    texts = (value_at(request, name) for name in of)
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts if isinstance(text, str))


def _entries(request: JsonObject, of: Sequence[str], _images: int) -> int:
    """Count the images in lists, and single ones."""
    return sum(inputs_at(request, name) for name in of)


def _area(request: JsonObject, of: Sequence[str], images: int) -> int:
    """Return the area of all images in units of 1,024 pixels, their sides rounded down to the grid."""
    width, height = (count_at(request, name, 0) // _GRID_PIXELS * _GRID_PIXELS for name in of)
    return -(-width * height // _AREA) * images


EACH: Mapping[str, _Units] = {
    "request": lambda _request, _of, _images: 1,
    "image": lambda _request, _of, images: images,
    "entry": _entries,
    _BYTE: _bytes,
    "area": _area,
}
"""The units that the tokens of a rule are for: the request, each image that comes, each input image, each byte of a
text, and each 1,024 pixels of images whose width and height are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRule:
    """One rule for the tokens of a kind."""

    each: str
    of: tuple[str, ...]
    """The fields that hold what is counted."""
    tokens: FieldTable
    """Thousandths of a token for each."""
    floor: Triple
    """At least so many thousandths of a token altogether."""
    when: Mapping[str, Json] = field(default_factory=dict)
    """Fields and values of the requests that the rule applies to; empty for all."""
    has: tuple[str, ...] = ()
    """Fields that a request must have for the rule to apply."""

    @classmethod
    def from_json(cls, rule: Mapping[str, Any], known: Mapping[str, JsonObject]) -> "TokenRule":
        """Parse a rule from catalog.yaml."""
        return cls(
            each=rule["each"],
            of=tuple(rule.get("of", ())),
            tokens=FieldTable.from_json(rule["tokens"], known, _milli),
            floor=FieldTable.from_json(rule.get("floor", 0), known, _milli).extent,
            when=rule.get("when", {}),
            has=tuple(rule.get("has", ())),
        )

    def applies(self, request: JsonObject) -> bool:
        """Return whether the rule applies to the request."""
        return request.keys() >= set(self.has) and all(request.get(name) == value for name, value in self.when.items())

    def count(self, request: JsonObject, images: int) -> Triple:
        """Return the thousandths of a token that the request takes when it returns so many images."""
        units = EACH[self.each](request, self.of, images)
        least, typical, most = self.tokens.of(request)
        return (
            max(units * least, self.floor[0]),
            max(units * typical, self.floor[1]),
            max(units * most, self.floor[2]),
        )

    @property
    def fields(self) -> frozenset[str]:
        """The request fields whose value it reads; of a text whose bytes it counts it reads none."""
        read = (*self.tokens.fields, *self.when, *self.has, *(() if self.each == _BYTE else self.of))
        return frozenset(name.split(".")[0] for name in read)

    @property
    def sized_fields(self) -> frozenset[str]:
        """The texts whose bytes it counts."""
        return frozenset(self.of) if self.each == _BYTE else frozenset()


def counted_tokens(rules: Sequence[TokenRule], request: JsonObject, images: int) -> Triple:
    """Return the thousandths of a token by the first rule that applies; none without one."""
    rule = next((rule for rule in rules if rule.applies(request)), None)
    return rule.count(request, images) if rule else (0, 0, 0)


def _milli(tokens: Any) -> int:
    counted = Decimal(str(tokens)) * MILLI
    if counted != int(counted):
        raise ValueError(f"{tokens} tokens are not counted in thousandths of a token")
    return int(counted)
