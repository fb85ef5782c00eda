"""Numbers as people read them side by side: all with the same decimals, as many as tell them apart."""

import math
from collections.abc import Sequence

_SIGNIFICANT = 4
_MOST_DECIMALS = 9


def shown_numbers(numbers: Sequence[float]) -> tuple[str, ...]:
    """Return numbers with the decimals that give the largest of them four digits; a zero has no sign.

    If some are closer together than that shows, such as the bounds of a narrow interval, there are more.
    """
    largest = max((abs(number) for number in numbers), default=0.0)
    decimals = _SIGNIFICANT - 1 - math.floor(math.log10(largest)) if largest else 0
    decimals = min(_MOST_DECIMALS, max(0, decimals))
    apart = len({float(f"{each:.{_MOST_DECIMALS}g}") for each in numbers})  # rounding makes none differ
    while (shown := _written(numbers, decimals)) and decimals < _MOST_DECIMALS and len(set(shown)) < apart:
        decimals += 1
    return shown


def _written(numbers: Sequence[float], decimals: int) -> tuple[str, ...]:
    return tuple(f"{round(number, decimals) + 0.0:,.{decimals}f}" for number in numbers)
