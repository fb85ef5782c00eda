"""Finds the valid choice closest to an invalid one: by size for tiers, by shape for ratios, else by spelling."""

import math
import re
from collections.abc import Callable, Sequence

from qwave_batch.errors import nearest
from qwave_batch.model.jsontypes import Json

_LONGEST = 100
_TIER = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([a-z]{1,3})", re.ASCII)
_RATIO = re.compile(r"(\d{1,9}(?:\.\d{1,9})?):(\d{1,9}(?:\.\d{1,9})?)", re.ASCII)


def nearest_choice(value: Json, choices: Sequence[Json]) -> str | None:
    """Return the closest of the choices that are text, or None when none is close."""
    texts = [choice for choice in choices if isinstance(choice, str)]
    if isinstance(value, int | float):
        value = str(value)
    # comparing spellings takes time in proportion to the text, and an inline image has megabytes
    if not texts or not isinstance(value, str) or len(value) > _LONGEST:
        return None
    for measure in (_shape, _size):
        if found := _closest(value, texts, measure):
            return found
    return nearest(value, texts)


def _closest(value: str, texts: Sequence[str], measure: Callable[[str], float | None]) -> str | None:
    """Return the text with the nearest measure, the first of several; None when the value has no measure."""
    wanted = measure(value)
    if wanted is None:
        return None
    distances = {text: abs(found - wanted) for text in texts if (found := measure(text)) is not None}
    return min(distances, key=lambda text: distances[text], default=None)


def _shape(text: str) -> float | None:
    """Measure a ratio such as 16:9 so that 2:1 and 1:2 are equally far from 1:1."""
    if not (match := _RATIO.fullmatch(text)):
        return None
    width, height = float(match[1]), float(match[2])
    return math.log(width / height) if width and height else None


def _size(text: str) -> float | None:
    """Measure a tier such as 2K."""
    match = _TIER.fullmatch(text.casefold())
    return float(match[1]) if match else None
