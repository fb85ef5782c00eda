"""What looking for a text in another one costs at worst, in characters looked at.

Python looks forward in a time that grows with both texts added, but for short ones, and backward in one that grows
with their product.
"""

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
