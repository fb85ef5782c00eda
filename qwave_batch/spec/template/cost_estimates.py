"""How much work a value makes: its size with all that is in it, and what a search through a text may take."""

from collections.abc import ItemsView, KeysView, Mapping, ValuesView

_MANY_BITS = 60  # Python keeps whole numbers above it at few places of a mapping, so that all may meet at one


_SMALL = frozenset({int, float, bool, type(None)})
_FULL = (list, tuple, Mapping, ItemsView, KeysView, ValuesView)


class SizeExceeded(Exception):
    """There is more in a value than was asked for."""


def measure(value: object, most: int, *, item: int = 1) -> tuple[int, int]:
    """Return the characters and the items in a value, its own and those of all that is in it.

    Args:
        value: Any value, lists in lists included.
        most: How much may be in it: its characters, and ``item`` for each of its items.
        item: What an item weighs.

    Raises:
        SizeExceeded: There is more in it.
    """
    characters = items = 0
    waiting: list[object] = [value]
    while waiting:
        held = waiting.pop()
        kind = type(held)
        if kind in _SMALL:
            continue
        if isinstance(held, str):
            characters += len(held)
        elif isinstance(held, range):
            items += len(held)
        elif kind is list or isinstance(held, _FULL):
            items += len(held)  # type: ignore[arg-type]  # a list, or one of _FULL
            if characters + items * item <= most:
                waiting.extend(held)  # type: ignore[arg-type]  # as above
                waiting.extend(held.values() if isinstance(held, Mapping) else ())
        if characters + items * item > most:
            raise SizeExceeded
    return characters, items


def large_integers(value: object) -> int:
    """Return how many very large whole numbers there are in a value that was measured before."""
    count = 0
    waiting: list[object] = [value]
    while waiting:
        held = waiting.pop()
        match held:
            case int():
                count += held.bit_length() > _MANY_BITS
            case list() | tuple():
                waiting.extend(held)
            case range():
                count += len(held) if held and max(abs(held[0]), abs(held[-1])).bit_length() > _MANY_BITS else 0
            case _:
                pass
    return count


_SHORT = 2500  # below it every place of a text is tried
_SHORT_WANTED = 100


def forward(text: int, wanted: int) -> int:
    """Return the cost of looking from the front (``in``, ``find``, ``count``, ``split``, ``replace``), by lengths."""
    if wanted > text:
        return 1
    return text * min(wanted, _SHORT if text < _SHORT else _SHORT_WANTED)


def backward(text: int, wanted: int) -> int:
    """Return the cost of looking from the end (``rfind``, ``rsplit``), or of taking characters off (``strip``)."""
    return text * max(wanted, 1)
