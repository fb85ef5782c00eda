"""Numbers as people read them side by side: all with the same decimals, as many as tell them apart."""

import math
from collections.abc import Iterable

_SIGNIFICANT = 4
_MOST_DECIMALS = 9


def shown_numbers(numbers: Iterable[float]) -> tuple[str, ...]:
    """Return numbers with the decimals that give the largest of them four digits; a zero has no sign.

    If some are closer together than that shows, such as the bounds of a narrow interval, there are more.
    """
    told = tuple(numbers)
    largest = max((abs(number) for number in told), default=0.0)
    decimals = _SIGNIFICANT - 1 - math.floor(math.log10(largest)) if largest else 0
    decimals = min(_MOST_DECIMALS, max(0, decimals))
    while decimals < _MOST_DECIMALS and len({f"{each:.{decimals}f}" for each in told}) < len(set(told)):
        decimals += 1
    return tuple(f"{round(number, decimals) + 0.0:,.{decimals}f}" for number in told)
