"""How much work a value makes: its size with all that is in it, and what a search through a text may take."""

from collections.abc import ItemsView, KeysView, Mapping, ValuesView

_MANY_BITS = 60  # larger integers can share a hash, which makes a mapping of them slow


_SMALL = frozenset({int, float, bool, type(None)})
_FULL = (list, tuple, Mapping, ItemsView, KeysView, ValuesView)

_SHORT = 2500  # characters; in a shorter text every position is tried
_SHORT_WANTED = 100


class SizeExceeded(Exception):
    """A value is larger than the limit."""


def measure(value: object, most: int, *, item: int = 1) -> tuple[int, int]:
    """Return the number of characters and items in a value, including all values inside it.

    Args:
        value: Any value, lists in lists included.
        most: The limit for its characters plus ``item`` for each of its items.
        item: The weight of an item.

    Raises:
        SizeExceeded: It is larger than the limit.
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
    """Return the number of very large integers in a value that was measured before."""
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


def forward(text: int, wanted: int) -> int:
    """Return the cost of a search from the front (``in``, ``find``, ``count``, ``split``, ``replace``), by lengths."""
    if wanted > text:
        return 1
    return text * min(wanted, _SHORT if text < _SHORT else _SHORT_WANTED)


def backward(text: int, wanted: int) -> int:
    """Return the cost of a search from the end (``rfind``, ``rsplit``) or of ``strip``, by lengths."""
    return text * max(wanted, 1)
