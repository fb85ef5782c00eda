"""The ratio and the size that a request asks for, and whether an image has them.

Models deliver sizes of a grid of their own (multiples of 16 to 64 pixels), and mean different things by a tier: 2k may
be a square of 2048 pixels or of 1536, 4k an area of 8 million pixels. So a finding needs more than that:

- a side may be off by half a step of the widest grid, so that either may be rounded to it, or one of them down;
- the side of a tier's square must lie between the image's sides, each taken for up to ``_TIER_FACTOR`` times longer or
  shorter: images of less than half or more than twice the pixels are found, whether a tier is read as the long side,
  the short one or the area.

A request that says neither, or says ``auto``, expects nothing. So does one that begins with another picture: many
models take the size of that one, whatever else is asked for.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.parent_links import parent_link

_GRID_SLACK = 32
"""Pixels: half of 64."""
_TIER_FACTOR = 1.45
"""4k of a square is 2880 pixels where 8.3 million are the most, 1.42 times less; 1k and 1.5k are 1.5 apart."""
_RATIO = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)\s*[:x]\s*(\d{1,5}(?:\.\d{1,3})?)")
_TIER = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)\s*(k|mp|sq)", re.IGNORECASE)
_SIDE_OF_1K = 1024
_INPUT = re.compile(r"(sha256:|https?://)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSize:
    """The facts that are known of the size of a request's images."""

    ratio: tuple[float, float] | None = None
    """Width to height."""
    side: float | None = None
    """Pixels along the side of a square of the tier."""

    def fits(self, width: int, height: int, *, at_scale: bool = True) -> bool:
        """Whether an image is of such a size; with ``at_scale`` false only its ratio counts."""
        return self._has_ratio(width, height) and not (at_scale and not self._has_scale(width, height))

    def _has_ratio(self, width: int, height: int) -> bool:
        if self.ratio is None:
            return True
        wide, high = self.ratio
        return (height - _GRID_SLACK) * wide <= (width + _GRID_SLACK) * high and (width - _GRID_SLACK) * high <= (
            height + _GRID_SLACK
        ) * wide

    def _has_scale(self, width: int, height: int) -> bool:
        return self.side is None or (
            min(width, height) / _TIER_FACTOR <= self.side <= max(width, height) * _TIER_FACTOR
        )


NOTHING_EXPECTED = ExpectedSize()


def expected_size(request: JsonObject) -> ExpectedSize:
    """Return what a manifest line's request asks for."""
    if has_sources(request):
        return NOTHING_EXPECTED
    match request.get("width"), request.get("height"):
        case int(width), int(height) if width > 0 and height > 0:
            return ExpectedSize(ratio=(width, height), side=math.sqrt(width * height))
        case _:
            return ExpectedSize(ratio=_ratio(request.get("aspect_ratio")), side=_side(request.get("resolution")))


def has_sources(request: JsonObject) -> bool:
    """Whether a request begins with other pictures: input images, masks, style images, or those of an earlier job."""
    return bool(request.get("ref_task_id")) or any(
        _INPUT.match(text) or parent_link(text)
        for name, value in request.items()
        if name != "prompt"
        for text in _texts(value)
    )


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _ratio(value: Json) -> tuple[float, float] | None:
    found = _RATIO.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    wide, high = float(found[1]), float(found[2])
    return (wide, high) if wide and high else None


def _side(value: Json) -> float | None:
    found = _TIER.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or not float(found[1]):
        return None
    number = float(found[1])
    match found[2].lower():
        case "k":
            return number * _SIDE_OF_1K
        case "mp":
            return math.sqrt(number) * _SIDE_OF_1K
        case _:
            return number
