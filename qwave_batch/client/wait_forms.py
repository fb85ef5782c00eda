"""How long a server asks to wait, in whatever form it says so: a number, a duration or a moment. Pure.

    2    1.5    250ms    6m0s    1h2m    PT6M    1800000002    1800000002000.5
    2026-11-28T23:00:00Z    Sat, 28 Nov 2026 23:00:00 GMT

What can't be read whole is not read at all: the beginning of ``6m0s`` is 6 s, and that of a date is a year.
"""

import re

from qwave_batch.client.instants import http_date, iso_moment
from qwave_batch.model.jsontypes import Json

LONGEST_S = 32 * 86_400.0
"""A month's quota window is the longest wait that makes sense."""

_MOMENT_FROM = 1e9  # as a wait it would be 31 years, as a moment it is 2001
_MILLISECONDS_FROM = 1e12
_MICROSECONDS_FROM = 1e15
_NONSENSE_FROM = 1e17
_LONGEST_TEXT = 200
_NUMBER = re.compile(r"\d{1,17}(?:\.\d{1,18})?", re.ASCII)
_AMOUNT = r"\d{1,9}(?:\.\d{1,9})?"
_PART = rf"({_AMOUNT}) ?([a-zµμ]+)"
_PARTS = re.compile(_PART, re.IGNORECASE)
_DURATION = re.compile(rf"{_PART}(?: ?{_PART})*", re.IGNORECASE)
_ISO_DURATION = re.compile(
    rf"P(?:(?P<w>{_AMOUNT})W)?(?:(?P<d>{_AMOUNT})D)?(?:T(?:(?P<h>{_AMOUNT})H)?(?:(?P<m>{_AMOUNT})M)?(?:(?P<s>{_AMOUNT})S)?)?",
    re.ASCII | re.IGNORECASE,
)
_SECONDS = {"w": 604_800.0, "d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
"""By unit, the longest first: the order in which the parts of a duration stand."""
_SPELLINGS = {
    "w": "w week weeks",
    "d": "d day days",
    "h": "h hr hrs hour hours",
    "m": "m min mins minute minutes",
    "s": "s sec secs second seconds",
    "ms": "ms msec msecs millisecond milliseconds",
    "us": "us µs μs usec usecs microsecond microseconds",
    "ns": "ns nsec nsecs nanosecond nanoseconds",
}
_UNITS = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings.split()}
_RANK = {unit: rank for rank, unit in enumerate(_SECONDS)}
_HAS_TIME = re.compile(r"[T ]\d\d", re.ASCII)
"""A date alone is a whole day, and no moment."""
_OF_A_POLICY = re.compile(r'(?<=\d)(?:\s?;\s?[a-z]+=(?:"[^"]*"|[\w.-]+))+\s?$', re.ASCII | re.IGNORECASE)
"""What the older draft adds to a number, as in ``1, 1;w=60``."""
_QUOTES = "\"'"
_BETWEEN = re.compile(r"(?<!mon)(?<!tue)(?<!wed)(?<!thu)(?<!fri)(?<!sat)(?<!sun)(?<!day), ", re.IGNORECASE)
"""The commas between the values of a header that came several times, and not those of dates."""


def read_wait(value: Json, now: float) -> float | None:
    """Return the seconds from ``now`` that a value says, at least 0; None for what makes no sense.

    Of several values in one text the longest wait counts.

    Args:
        value: A number or a text.
        now: The present in Unix seconds, by the clock of whoever said it.
    """
    if isinstance(value, str):
        return _of_text(value, now) if len(value) <= _LONGEST_TEXT else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _of_number(value, now)


def _of_text(text: str, now: float) -> float | None:
    whole = _of_one(text, now)
    if whole is not None:
        return whole
    parts = _BETWEEN.split(text)
    waits = [_of_one(part, now) for part in parts] if len(parts) > 1 else []
    return None if not waits or None in waits else max(wait for wait in waits if wait is not None)


def _of_one(text: str, now: float) -> float | None:
    plain = " ".join(_OF_A_POLICY.sub("", text).strip().strip(_QUOTES).split())
    if not plain:
        return None
    if _NUMBER.fullmatch(plain):
        return _of_number(float(plain), now)
    duration_s = _of_duration(plain)
    if duration_s is not None:
        return duration_s
    moment = http_date(plain)
    if moment is None and _HAS_TIME.search(plain.upper()):
        moment = iso_moment(plain.upper())
    return None if moment is None else max(0.0, moment - now)


def _of_number(number: float, now: float) -> float | None:
    if not 0 <= number < _NONSENSE_FROM:  # so worded, it is true of NaN too
        return None
    if number < _MOMENT_FROM:
        return float(number) if number <= LONGEST_S else None
    per_second = 1e6 if number >= _MICROSECONDS_FROM else 1e3 if number >= _MILLISECONDS_FROM else 1.0
    return max(0.0, number / per_second - now)


def _of_duration(text: str) -> float | None:
    """Return the seconds of a duration with units, or of an ISO one; a month or a year is of no certain length."""
    if _DURATION.fullmatch(text):
        return _of_parts([(float(amount), unit.lower()) for amount, unit in _PARTS.findall(text)])
    found = _ISO_DURATION.fullmatch(text.replace(",", "."))
    parts = {unit: amount for unit, amount in found.groupdict().items() if amount is not None} if found else {}
    if not parts:
        return None
    return sum(float(amount) * _SECONDS[unit] for unit, amount in parts.items())


def _of_parts(parts: list[tuple[float, str]]) -> float | None:
    """Return the sum of amounts with their units, which stand once each, the longest first."""
    units = [_UNITS.get(spelling) for _, spelling in parts]
    known = [unit for unit in units if unit is not None]
    ranks = [_RANK[unit] for unit in known]
    if len(known) < len(units) or ranks != sorted(set(ranks)):
        return None
    return sum(amount * _SECONDS[unit] for (amount, _), unit in zip(parts, known, strict=True))
