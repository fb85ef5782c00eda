"""How much one rendering of a template may do, so that a runaway template is an error and not a dead machine.

Everything counts in steps of about a microsecond and in characters made, and is counted before it is done, so that no
single call into the interpreter can take more than a rendering may. Both are the same on every machine; the
processor's clock only stops a rendering whose steps take longer than anybody foresaw.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from jinja2 import Undefined

from qwave_batch.spec.template.cost_estimates import SizeExceeded, measure
from qwave_batch.spec.values.text_cells import TextCell
from qwave_batch.spec.values.text_conversion import text_of
from qwave_batch.spec.values.value_path import Path
from qwave_batch.spec.values.value_warnings import SuspiciousValue

MAX_CHARACTERS = 1_000_000  # of one text; the longest prompt a model takes is a few thousand
MAX_MADE = 20_000_000  # characters over all the steps of one rendering; an item of a list counts for some
MAX_STEPS = 100_000  # passes of loops, calls, filters and operators, and the work that they cause
MAX_CPU_S = 2
MAX_INTEGER_BITS = 4096
MAX_WIDTH = 10_000  # of padding, indents and formatted numbers
FREE_STEPS = 500  # of each rendering; what it takes beyond comes out of what the whole plan may take
MAX_STEPS_OF_PLAN = 2_000_000
FREE_CHARACTERS = 20_000  # of each rendering, as with steps
MAX_MADE_OF_PLAN = 200_000_000
ITEM = 16  # characters that an item of a list counts for: about the memory that it takes
STEPS_OF_A_FAILURE = 50_000  # that a rendering which does too much costs the plan: a few dozen of them are told
_WRITTEN_WITH_E = 1e16  # from there on numbers are written 1e+16, without a fraction
_MAX_FRACTIONS = 16  # numbers of one text
_DRAWN = 1000  # steps at a time
_SCANNED = 1000  # characters that C looks at in the time of a step
_WALKED = 400  # of them that a value in a list counts for, when lists in lists are gone through
_WORKED = 10  # characters, or items of a list, that Python goes through in the time of a step


class TemplateLimitExceeded(Exception):
    """A template that wants to make or do more than a template may."""


class RenderAllowance:
    """What the templates of a whole plan may do together, beyond what each rendering may anyway."""

    __slots__ = ("_made", "_steps", "warn")

    def __init__(self) -> None:
        self.warn: Callable[[Path, SuspiciousValue], None] = _ignore
        """Told what a template at a place does that its author may not mean."""
        self.refill()

    def refill(self) -> None:
        """Begin another pass over the same plan."""
        self._steps = MAX_STEPS_OF_PLAN
        self._made = MAX_MADE_OF_PLAN

    @property
    def is_spent(self) -> bool:
        """Whether the plan has more to do than a plan may: no rendering has to be tried any more."""
        return self._steps < 0 or self._made < 0

    def spend(self, steps: int) -> None:
        """Take steps out, whether they are there or not: a rendering has come to its own end."""
        self._steps -= steps

    def draw(self, steps: int) -> None:
        """Take steps out, or raise TemplateLimitExceeded."""
        self._steps -= steps
        if self._steps < 0:
            raise TemplateLimitExceeded(
                f"the templates together take more than {MAX_STEPS_OF_PLAN:,} steps beyond the first {FREE_STEPS} of "
                "each rendering"
            )

    def make(self, characters: int) -> None:
        """Take the characters out that one rendering made, or raise TemplateLimitExceeded."""
        if characters > FREE_CHARACTERS:
            self._made -= characters - FREE_CHARACTERS
        if self._made < 0:
            raise TemplateLimitExceeded(
                f"the templates together make more than {MAX_MADE_OF_PLAN:,} characters beyond the first "
                f"{FREE_CHARACTERS:,} of each rendering"
            )


def _ignore(_where: Path, _doubt: SuspiciousValue) -> None:
    """Doubts are for those who plan; a template that is rendered by itself has none to tell."""


class RenderBudget:
    """What one rendering may still do."""

    __slots__ = ("_allowance", "_look_at", "_started", "fractions", "made", "named", "steps")

    def __init__(self, allowance: RenderAllowance | None = None) -> None:
        self.steps = MAX_STEPS
        self.made = MAX_MADE
        self._allowance = allowance
        self._look_at = MAX_STEPS - FREE_STEPS
        self._started: float | None = None
        self.fractions: list[float] | None = None
        """Whole numbers with a fraction (1.0) that were written into the text; None for none."""
        self.named: deque[tuple[str, bool, object]] | None = None
        """Where values are followed by the names that the template has for them (see ``tracing``)."""

    def step(self, count: int = 1) -> None:
        """Count steps that are about to be taken."""
        self.steps -= count
        if self.steps < self._look_at:
            self._look()

    def scan(self, characters: int) -> None:
        """Count a step that looks at so many characters in one go."""
        self.step(1 + characters // _SCANNED)

    def work(self, characters: int) -> None:
        """Count a step that goes through so many characters or items one by one."""
        self.step(1 + characters // _WORKED)

    def make(self, characters: int) -> None:
        """Count characters that are about to be made."""
        self.made -= characters
        if self.made < 0:
            raise TemplateLimitExceeded(f"it makes more than {MAX_MADE:,} characters on the way")

    def charge(self, value: object) -> None:
        """Count what a step made."""
        self.step()
        if isinstance(value, str):
            self.make(len(value))
        elif isinstance(value, list | tuple | Mapping):
            self.make(len(value) * ITEM)
        elif isinstance(value, int):
            check_bits(value.bit_length())

    def counted(self, items: Iterable[object]) -> Iterator[object]:
        """Yield the items, each of them a step."""
        for item in items:
            self.charge(item)
            yield item

    def take(self, value: object) -> None:
        """Count a step that goes through a text, a list or a mapping once, and not into what is in it."""
        if isinstance(value, str):
            self.scan(len(value))
        elif isinstance(value, Sequence | Mapping):
            self.work(len(value))
        else:
            self.step()

    def weigh(self, value: object, times: int = 1) -> tuple[int, int]:
        """Count a step that goes through all that is in a value so many times; return its characters and items."""
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
        """Return a value as it reads inside of a text.

        Raises:
            MisusedValue: It is nothing that can be meant in a text.
        """
        if type(value) is str:
            return value
        if type(value) is TextCell:
            return str(value)
        if isinstance(value, Undefined):
            str(value)  # raises: it stands for a name that is missing
        if type(value) is float and value.is_integer() and abs(value) < _WRITTEN_WITH_E:
            self.fractions = [*(self.fractions or ()), value][-_MAX_FRACTIONS:]
        return text_of(value)

    def listed(self, items: Any) -> Any:
        """Return what may be an iterator as something that knows its length."""
        return items if isinstance(items, str | Sequence | Mapping) else list(items)

    def _look(self) -> None:
        """See whether there is more to be had."""
        if self.steps < 0:
            raise TemplateLimitExceeded(f"it takes more than {MAX_STEPS:,} steps")
        if self._allowance is not None:
            self._allowance.draw(self._look_at - self.steps + _DRAWN)
        self._look_at = self.steps - _DRAWN
        now = time.thread_time()
        if self._started is None:
            self._started = now
        elif now - self._started > MAX_CPU_S:
            raise TemplateLimitExceeded(f"it takes more than {MAX_CPU_S} seconds of the processor's time")


def check_size(size: int) -> None:
    """Raise TemplateLimitExceeded when a text or list of that size is too large."""
    if size > MAX_CHARACTERS:
        raise TemplateLimitExceeded(f"a text or list of it grows past {MAX_CHARACTERS:,} characters or items")


def check_width(width: object) -> None:
    """Raise TemplateLimitExceeded when a padding, indent or precision is too large."""
    if isinstance(width, int) and abs(width) > MAX_WIDTH:
        # a number of more digits than Python turns into text is not shown
        shown = f" of {width:,}" if width.bit_length() <= MAX_INTEGER_BITS else ""
        raise TemplateLimitExceeded(f"it pads to a width{shown}; at most {MAX_WIDTH:,} are allowed")


def check_bits(bits: int) -> None:
    """Raise TemplateLimitExceeded when a whole number of so many bits is too large."""
    if bits > MAX_INTEGER_BITS:
        raise TemplateLimitExceeded("it counts to a number with more than a thousand digits")


def concat(parts: Iterable[str]) -> str:
    """Return the parts as one text of bounded size."""
    held: Sequence[str] = parts if isinstance(parts, list | tuple) else list(parts)
    check_size(sum(map(len, held)))
    return "".join(held)
