"""How much one rendering of a template may do, so that a runaway template is an error and not a dead machine."""

from collections.abc import Iterable, Iterator, Sequence

MAX_CHARACTERS = 1_000_000  # of one text; the longest prompt a model takes is a few thousand
MAX_MADE = 20_000_000  # characters and list items over all the steps of one rendering
MAX_STEPS = 100_000  # passes of loops, calls, filters and operators
MAX_INTEGER_BITS = 4096
MAX_WIDTH = 10_000  # of padding, indents and formatted numbers


class TooMuch(Exception):
    """A template that wants to make or do more than a template may."""


class Budget:
    """What one rendering may still do."""

    __slots__ = ("made", "steps")

    def __init__(self) -> None:
        self.steps = MAX_STEPS
        self.made = MAX_MADE

    def step(self) -> None:
        """Count one step."""
        self.steps -= 1
        if self.steps < 0:
            raise TooMuch(f"it takes more than {MAX_STEPS:,} steps")

    def charge(self, value: object) -> None:
        """Count what a step made."""
        self.step()
        if isinstance(value, str | list | tuple):
            self.made -= len(value)
            if self.made < 0:
                raise TooMuch(f"it makes more than {MAX_MADE:,} characters on the way")

    def counted(self, items: Iterable[object]) -> Iterator[object]:
        """Yield the items, each of them a step."""
        for item in items:
            self.step()
            yield item


def check_size(size: int) -> None:
    """Raise TooMuch when a text or list of that size is too large."""
    if size > MAX_CHARACTERS:
        raise TooMuch(f"a text or list of it grows past {MAX_CHARACTERS:,} characters or items")


def check_width(width: object) -> None:
    """Raise TooMuch when a padding, indent or precision is too large."""
    if isinstance(width, int) and abs(width) > MAX_WIDTH:
        raise TooMuch(f"it pads to a width of {width:,}; at most {MAX_WIDTH:,} are allowed")


def concat(parts: Iterable[str]) -> str:
    """Return the parts as one text of bounded size."""
    held: Sequence[str] = parts if isinstance(parts, list | tuple) else list(parts)
    check_size(sum(map(len, held)))
    return "".join(held)
