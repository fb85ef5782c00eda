"""The language that requests faults, and the conditions under which a fault applies.

    drop_before=0.05,poll.http500=0.1,truncated_image=1#1,http429=@3..5:2

An entry is ``NAME=WHEN``; a bare ``NAME`` is always. ``WHEN`` is any of, in this order: a chance (``0.05`` or ``5%``);
``@3``, ``@2+5``, ``@4..6``, ``@9..`` the requests of that place counted from 1 as they arrive; ``#1`` the same counted
for each request body, task or file on its own; ``:30`` seconds, for faults that last. ``PLACE.NAME`` narrows a fault to
``submit`` (before the task is accepted), ``accepted`` (the answer after that), ``poll``, ``cancel``, ``download``,
``info`` (models and balance), ``chat`` (before a chat is completed) or ``chatted`` (the answer after that).
"""

import re
from dataclasses import dataclass

from qwave_batch.errors import UnknownName, UsageError
from qwave_batch.simulator.faults import ALIASES, KINDS, FaultKind, FaultName, FaultPlace
from qwave_batch.simulator.latency import fraction

_OF_A_MODEL = frozenset(
    {
        FaultName.PRICE_NOT_CONFIGURED, FaultName.MODEL_DENIED, FaultName.MODEL_NOT_FOUND, FaultName.SEED_IGNORED,
        FaultName.SEED_LOOSE, FaultName.STAMPED_FILE, FaultName.SIGNED_URL, FaultName.SHORT_LIVED,
    }
)  # fmt: skip
"""Faults that apply to a model always or never."""


_OF_A_KEY = frozenset({FaultName.TASK_LOST, FaultName.PROMPT_DENIED, FaultName.ASSET_NOT_FOUND})
"""Faults that apply to a task or request always or never."""


_END_OF_NAME = re.compile(r"[\s=@#:]")


_SPANS = r"\d+(?:\.\.\d*)?(?:\+\d+(?:\.\.\d*)?)*"


_WHEN = re.compile(
    rf"(?:(?P<chance>\d*\.?\d+)(?P<percent>%)?)?(?:@(?P<arrivals>{_SPANS}))?(?:\#(?P<tries>{_SPANS}))?"
    r"(?::(?P<seconds>\d*\.?\d+))?"
)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole numbers from ``first`` to ``last``, both included; without ``last`` the range is unbounded."""

    first: int
    last: int | None

    def __contains__(self, number: int) -> bool:
        return self.first <= number and (self.last is None or number <= self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One opportunity for a fault to apply."""

    place: FaultPlace
    key: str
    """The subject of the request: the hash of its body, a task, a file."""
    attempt: int = 1
    """The number of requests with this key at this place so far, this one included."""
    arrival: int = 1
    """The number of requests at this place so far, this one included."""
    model: str = ""
    """The requested model, if the request names one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A requested fault."""

    name: FaultName
    places: frozenset[FaultPlace]
    chance: float = 1.0
    arrivals: tuple[Span, ...] = ()
    """Arrivals to which it may apply; empty means all."""
    attempts: tuple[Span, ...] = ()
    """Attempts of one key to which it may apply; empty means all."""
    seconds: float = 0.0

    def strikes(self, seed: int, moment: Arrival) -> bool:
        """Return whether the fault applies at this moment."""
        if self.arrivals and not any(moment.arrival in span for span in self.arrivals):
            return False
        if self.attempts and not any(moment.attempt in span for span in self.attempts):
            return False
        if self.chance >= 1.0:
            return True
        key, attempt = moment.key, moment.attempt
        if self.name in _OF_A_MODEL:
            key, attempt = moment.model, 1
        elif self.name in _OF_A_KEY:
            attempt = 1
        return fraction(seed, self.name, moment.place, key, attempt) < self.chance


def parse_faults(text: str) -> tuple[Fault, ...]:
    """Return the faults that ``text`` requests; UsageError names the invalid entry and the nearest name."""
    return tuple(_parse_entry(entry.strip()) for entry in text.split(",") if entry.strip())


def _parse_entry(entry: str) -> Fault:
    written = _END_OF_NAME.split(entry, maxsplit=1)[0]
    when = entry[len(written) :].strip().removeprefix("=")
    head, dot, tail = ALIASES.get(written, written).rpartition(".")
    if tail not in KINDS:
        raise UnknownName("fault", written, [*KINDS, *ALIASES], hint="docs/simulator.md lists them all")
    name = FaultName(tail)
    kind = KINDS[name]
    match = _WHEN.fullmatch(when.strip())
    if match is None or (match["seconds"] and not kind.seconds):
        raise UsageError(_bad_when(entry, kind))
    chance = float(match["chance"] or 1) / (100 if match["percent"] else 1)
    if not 0 <= chance <= 1:
        raise UsageError(f'fault "{entry}": a chance is between 0 and 1')
    return Fault(
        name=name,
        places=_places(entry, head, kind) if dot else kind.usual,
        chance=chance,
        arrivals=_spans(match["arrivals"]),
        attempts=_spans(match["tries"]),
        seconds=float(match["seconds"] or kind.seconds),
    )


def _places(entry: str, written: str, kind: FaultKind) -> frozenset[FaultPlace]:
    possible = sorted(place.value for place in kind.possible)
    if written not in possible:
        raise UsageError(f'fault "{entry}" cannot strike at "{written}"; possible: {", ".join(possible)}')
    return frozenset({FaultPlace(written)})


def _spans(text: str | None) -> tuple[Span, ...]:
    if not text:
        return ()
    spans = []
    for part in text.split("+"):
        first, dots, last = part.partition("..")
        spans.append(Span(int(first), (int(last) if last else None) if dots else int(first)))
    return tuple(spans)


def _bad_when(entry: str, kind: FaultKind) -> str:
    lasting = f", :{kind.seconds:g} seconds" if kind.seconds else "; it does not last, so it takes no :SECONDS"
    return f'fault "{entry}" does not say when: a chance (0.05 or 5%), @3 or @4..6 arrivals, #1 tries of each{lasting}'
