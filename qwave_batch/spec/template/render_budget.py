"""Limits of rendering, so that a runaway template is an error and does not exhaust the machine.

Work is counted in steps of about a microsecond and in characters created. It is charged before it is done, so that no
single call into the interpreter exceeds the limit. Both are the same on every machine; CPU time only stops a rendering
whose steps take unexpectedly long.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from jinja2 import Undefined

from qwave_batch.spec.template.cost_estimates import SizeExceeded, measure
from qwave_batch.spec.values.text_cells import TextCell
from qwave_batch.spec.values.text_conversion import to_text
from qwave_batch.spec.values.value_path import ValuePath
from qwave_batch.spec.values.value_warnings import SuspiciousValue

MAX_CHARACTERS = 1_000_000  # of one text; the longest prompt a model takes is a few thousand
MAX_MADE = 20_000_000  # characters over all steps of one rendering; an item of a list counts as ITEM of them
MAX_STEPS = 100_000  # loop iterations, calls, filters and operators, and the work that they cause
MAX_CPU_S = 2
MAX_INTEGER_BITS = 4096
MAX_WIDTH = 10_000  # of padding, indents and formatted numbers
FREE_STEPS = 500  # of each rendering; further steps count against the limit of the plan
MAX_STEPS_OF_PLAN = 2_000_000
FREE_CHARACTERS = 20_000  # of each rendering, as with steps
MAX_MADE_OF_PLAN = 200_000_000
ITEM = 16  # characters that an item of a list counts as: about its memory
STEPS_OF_A_FAILURE = 50_000  # that a rendering over its limit costs the plan: a few dozen of them are reported
_WRITTEN_WITH_E = 1e16  # larger numbers are written as 1e+16, without a fraction
_MAX_FRACTIONS = 16  # numbers of one text
_DRAWN = 1000  # steps at a time
_SCANNED = 1000  # characters that C code scans in the time of a step
_WALKED = 400  # characters that each value counts as when nested lists are traversed
_WORKED = 10  # characters or list items that Python code processes in the time of a step


class TemplateLimitExceeded(Exception):
    """A template exceeds a limit."""


class RenderAllowance:
    """Shared limits of all templates of a plan, for work beyond what each rendering has free."""

    __slots__ = ("_made", "_steps", "warn")

    def __init__(self) -> None:
        self.warn: Callable[[ValuePath, SuspiciousValue], None] = _ignore
        """Called with the path of a template and a suspicious use of a value in it."""
        self.refill()

    def refill(self) -> None:
        """Reset the limits for another pass over the plan."""
        self._steps = MAX_STEPS_OF_PLAN
        self._made = MAX_MADE_OF_PLAN

    @property
    def is_spent(self) -> bool:
        """Whether the limits are exceeded, so that further renderings need not be tried."""
        return self._steps < 0 or self._made < 0

    def spend(self, steps: int) -> None:
        """Take steps, even beyond the limit: the rendering has already failed."""
        self._steps -= steps

    def draw(self, steps: int) -> None:
        """Take steps, or raise TemplateLimitExceeded."""
        self._steps -= steps
        if self._steps < 0:
            raise TemplateLimitExceeded(
                f"the templates together take more than {MAX_STEPS_OF_PLAN:,} steps beyond the first {FREE_STEPS} of "
                "each rendering"
            )

    def make(self, characters: int) -> None:
        """Take the characters that one rendering created, or raise TemplateLimitExceeded."""
        if characters > FREE_CHARACTERS:
            self._made -= characters - FREE_CHARACTERS
        if self._made < 0:
            raise TemplateLimitExceeded(
                f"the templates together create more than {MAX_MADE_OF_PLAN:,} characters beyond the first "
                f"{FREE_CHARACTERS:,} of each rendering"
            )


def _ignore(_where: ValuePath, _doubt: SuspiciousValue) -> None:
    """Ignore a warning: only plans report them."""


class RenderBudget:
    """The steps and characters that one rendering has left."""

    __slots__ = ("_allowance", "_next_check", "_started", "fractions", "made", "named", "steps")

    def __init__(self, allowance: RenderAllowance | None = None) -> None:
        self.steps = MAX_STEPS
        self.made = MAX_MADE
        self._allowance = allowance
        self._next_check = MAX_STEPS - FREE_STEPS
        self._started: float | None = None
        self.fractions: list[float] | None = None
        """Floats with a whole value (1.0) that were written into text; None for none."""
        self.named: deque[tuple[str, bool, object]] | None = None
        """The expressions for values, if they are recorded (see ``tracing``)."""

    def step(self, count: int = 1) -> None:
        """Charge for steps before they are taken."""
        self.steps -= count
        if self.steps < self._next_check:
            self._check_limits()

    def scan(self, characters: int) -> None:
        """Charge for a step in which C code scans so many characters."""
        self.step(1 + characters // _SCANNED)

    def work(self, characters: int) -> None:
        """Charge for a step in which Python code processes so many characters or items."""
        self.step(1 + characters // _WORKED)

    def make(self, characters: int) -> None:
        """Charge for characters before they are created."""
        self.made -= characters
        if self.made < 0:
            raise TemplateLimitExceeded(f"it creates more than {MAX_MADE:,} characters along the way")

    def charge(self, value: object) -> None:
        """Charge for the result of a step."""
        self.step()
        if isinstance(value, str):
            self.make(len(value))
        elif isinstance(value, list | tuple | Mapping):
            self.make(len(value) * ITEM)
        elif isinstance(value, int):
            check_bits(value.bit_length())

    def counted(self, items: Iterable[object]) -> Iterator[object]:
        """Yield the items, and charge a step for each."""
        for item in items:
            self.charge(item)
            yield item

    def take(self, value: object) -> None:
        """Charge for a step that goes through a string, list or mapping once, without nested values."""
        if isinstance(value, str):
            self.scan(len(value))
        elif isinstance(value, Sequence | Mapping):
            self.work(len(value))
        else:
            self.step()

    def weigh(self, value: object, times: int = 1) -> tuple[int, int]:
        """Charge for traversing a value and all values in it, so many times; return its characters and items."""
        if isinstance(value, str):
            self.scan(len(value) * times)
            return len(value), 0
        most = self.steps * _SCANNED // times
        try:
            characters, items = measure(value, most, item=_WALKED)
        except SizeExceeded:
            raise TemplateLimitExceeded(f"it takes more than {MAX_STEPS:,} steps") from None
        self.scan((characters + items * _WALKED) * times)
        return characters, items

    def text(self, value: object) -> str:
        """Return a value as text.

        Raises:
            MisusedValue: The value makes no sense in text.
        """
        if type(value) is str:
            return value
        if type(value) is TextCell:
            return str(value)
        if isinstance(value, Undefined):
            str(value)  # raises: it stands for a missing name
        if type(value) is float and value.is_integer() and abs(value) < _WRITTEN_WITH_E:
            self.fractions = [*(self.fractions or ()), value][-_MAX_FRACTIONS:]
        return to_text(value)

    def listed(self, items: Any) -> Any:
        """Return an iterable as a value with a length."""
        return items if isinstance(items, str | Sequence | Mapping) else list(items)

    def _check_limits(self) -> None:
        """Check the limits, and draw the next steps from the plan's."""
        if self.steps < 0:
            raise TemplateLimitExceeded(f"it takes more than {MAX_STEPS:,} steps")
        if self._allowance is not None:
            self._allowance.draw(self._next_check - self.steps + _DRAWN)
        self._next_check = self.steps - _DRAWN
        now = time.thread_time()
        if self._started is None:
            self._started = now
        elif now - self._started > MAX_CPU_S:
            raise TemplateLimitExceeded(f"it takes more than {MAX_CPU_S} seconds of CPU time")


def check_length(size: int) -> None:
    """Raise TemplateLimitExceeded for a string or list of too many characters or items."""
    if size > MAX_CHARACTERS:
        raise TemplateLimitExceeded(f"a string or list in it grows past {MAX_CHARACTERS:,} characters or items")


def check_width(width: object) -> None:
    """Raise TemplateLimitExceeded if a padding, indent or precision is too large."""
    if isinstance(width, int) and abs(width) > MAX_WIDTH:
        # Python refuses to write numbers of too many digits
        shown = f" of {width:,}" if width.bit_length() <= MAX_INTEGER_BITS else ""
        raise TemplateLimitExceeded(f"it pads to a width{shown}; at most {MAX_WIDTH:,} are allowed")


def check_bits(bits: int) -> None:
    """Raise TemplateLimitExceeded for an integer of too many bits."""
    if bits > MAX_INTEGER_BITS:
        raise TemplateLimitExceeded("it computes a number with more than a thousand digits")


def concat(parts: Iterable[str]) -> str:
    """Return the parts joined, after a check of the size."""
    held: Sequence[str] = parts if isinstance(parts, list | tuple) else list(parts)
    check_length(sum(map(len, held)))
    return "".join(held)
