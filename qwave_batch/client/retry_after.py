"""Reads from headers how long a server asks to wait and how many calls it still allows; without a clock."""

import re
from collections.abc import Mapping

from qwave_batch.client.answers import RateHint
from qwave_batch.client.instants import http_date, iso_moment
from qwave_batch.model.jsontypes import Json

LONGEST_S = 32 * 86_400.0
"""A month's quota window is the longest sensible wait."""

_MOMENT_FROM = 1e9  # as a wait it would be 31 years, as a date it is 2001
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
"""By unit, the longest first: the order of the parts of a duration."""
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
"""A date alone is a whole day and not a moment."""
_OF_A_POLICY = re.compile(r'(?<=\d)(?:\s?;\s?[a-z]+=(?:"[^"]*"|[\w.-]+))+\s?$', re.ASCII | re.IGNORECASE)
"""The suffix that the older draft adds to a number, as in ``1, 1;w=60``."""
_QUOTES = "\"'"
_BETWEEN = re.compile(r"(?<!mon)(?<!tue)(?<!wed)(?<!thu)(?<!fri)(?<!sat)(?<!sun)(?<!day), ", re.IGNORECASE)
"""The commas between the values of a repeated header, but not those inside dates."""


def read_wait(value: Json, now: float) -> float | None:
    """Return the seconds to wait from ``now``, at least 0; None for a value that makes no sense.

    If a text holds several values, the longest wait counts.

    Args:
        value: A number or a text.
        now: The current time in Unix seconds, by the server's clock.
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
    if not 0 <= number < _NONSENSE_FROM:  # written like this, it is also true of NaN
        return None
    if number < _MOMENT_FROM:
        return float(number) if number <= LONGEST_S else None
    per_second = 1e6 if number >= _MICROSECONDS_FROM else 1e3 if number >= _MILLISECONDS_FROM else 1.0
    return max(0.0, number / per_second - now)


def _of_duration(text: str) -> float | None:
    """Return the seconds of a duration with units, or of an ISO one; months and years have no fixed length."""
    if _DURATION.fullmatch(text):
        return _of_parts([(float(amount), unit.lower()) for amount, unit in _PARTS.findall(text)])
    found = _ISO_DURATION.fullmatch(text.replace(",", "."))
    parts = {unit: amount for unit, amount in found.groupdict().items() if amount is not None} if found else {}
    if not parts:
        return None
    return sum(float(amount) * _SECONDS[unit] for unit, amount in parts.items())


def _of_parts(parts: list[tuple[float, str]]) -> float | None:
    """Return the sum of amounts with their units; each unit appears once, the longest first."""
    units = [_UNITS.get(spelling) for _, spelling in parts]
    known = [unit for unit in units if unit is not None]
    ranks = [_RANK[unit] for unit in known]
    if len(known) < len(units) or ranks != sorted(set(ranks)):
        return None
    return sum(amount * _SECONDS[unit] for (amount, _), unit in zip(parts, known, strict=True))


MAX_WAIT_S = LONGEST_S
"""The cap of a wait; no run waits longer than a month."""

_PLAIN_NUMBER = re.compile(r"\d{1,15}(\.\d{1,9})?", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)
"""A number with grouped digits, or several numbers: ambiguous."""
_CUT_NUMBER = re.compile(r"=\s*\d{1,3},\d{3}(?![\w=])", re.ASCII)
_ITEM = re.compile(r'(?:[^",]|"[^"]*")+')
"""One of several items, separated by commas outside quotes."""
_PARAMETER = re.compile(r'([A-Za-z-]{1,32})\s*=\s*("[^"]{0,64}"|[^\s;,"]{1,64})', re.ASCII)
_OLD_NAMES = ("limit", "remaining", "reset")
_FAMILIES = ("ratelimit", "x-ratelimit", "x-rate-limit")
_OF_REQUESTS = ("", "-requests")
"""The allowed suffixes of a name; others count tokens and the like, which do not apply to image tasks."""
_DRAFT = "ratelimit"
_RATE_HEADERS = frozenset(
    {_DRAFT, *(f"{family}-{name}{suffix}" for family in _FAMILIES for name in _OLD_NAMES for suffix in _OF_REQUESTS)}
)
"""All headers that state a limit; most answers have none of them."""


def served_at(headers: Mapping[str, str]) -> float | None:
    """Return the server's own ``Date`` in Unix seconds, or None."""
    date = headers.get("date")
    return None if date is None else http_date(date)


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that ``Retry-After`` asks to wait, or None when it is missing or cannot be parsed.

    A date is compared with the server's own ``Date``, and with ``now`` only when there is none: the two clocks may
    differ. A past date means no wait.
    """
    wait_s = read_wait(headers.get("retry-after"), _reference(headers, now))
    return None if wait_s is None else bounded_wait(wait_s)


def unread_retry_after(headers: Mapping[str, str], now: float) -> str:
    """Return a ``Retry-After`` that cannot be parsed, as it was written; empty when there is none such."""
    text = headers.get("retry-after", "").strip()
    return text if text and retry_after_s(headers, now) is None else ""


def told_wait_s(value: Json, headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that a value in an answer's body asks to wait, or None when it makes no sense."""
    wait_s = read_wait(value, _reference(headers, now))
    return None if wait_s is None else bounded_wait(wait_s)


def _reference(headers: Mapping[str, str], now: float) -> float:
    date = served_at(headers)
    return now if date is None else date


def bounded_wait(wait_s: float) -> float:
    """Return the wait, at least 0 and at most ``MAX_WAIT_S``."""
    return min(max(0.0, wait_s), MAX_WAIT_S)


def rate_hint(headers: Mapping[str, str], now: float) -> RateHint | None:
    """Return the limits stated by the standard and the usual rate limit headers, or None when there are none.

    If there are several, the smallest remainder and the latest reset count.
    """
    if headers.keys().isdisjoint(_RATE_HEADERS):
        return None
    reference = _reference(headers, now)
    hints = [_from_three(f"{family}-", suffix, headers, reference) for family in _FAMILIES for suffix in _OF_REQUESTS]
    if _DRAFT in headers:
        hints.insert(0, _from_draft(headers[_DRAFT], headers.get("ratelimit-policy", ""), reference))
    hint = RateHint(
        limit=next((each.limit for each in hints if each.limit is not None), None),
        remaining=min((each.remaining for each in hints if each.remaining is not None), default=None),
        reset_s=max((each.reset_s for each in hints if each.reset_s is not None), default=None),
    )
    return None if hint == RateHint() else hint


def _from_three(prefix: str, suffix: str, headers: Mapping[str, str], now: float) -> RateHint:
    """Read ``-Limit``, ``-Remaining`` and ``-Reset``."""
    limit, remaining, reset = (headers.get(f"{prefix}{name}{suffix}", "") for name in _OLD_NAMES)
    return _hint(next(iter(_numbers(limit)), None), min(_numbers(remaining), default=None), reset, now)


def _from_draft(text: str, policy_text: str, now: float) -> RateHint:
    """Read the IETF draft's ``RateLimit`` in both its forms; of several policies the one with least left."""
    if _CUT_NUMBER.search(text):
        return RateHint()
    items = [_parameters(item) for item in _ITEM.findall(text)]
    merged = {name: value for item in items for name, value in item.items() if name in _OLD_NAMES}
    policies = [_policy(item) for item in _ITEM.findall(policy_text)]
    if merged:
        policy = policies[0] if policies else {}
        limit, remaining, reset = (merged.get(name) for name in _OLD_NAMES)
        quota = policy.get("q") if limit is None else _number(limit)
        return _hint(quota, _number(remaining or ""), reset, now)
    numbers = [(_number(item.get("r", "")), place) for place, item in enumerate(items)]
    told = [(number, place) for number, place in numbers if number is not None]
    if not told:
        return RateHint()
    least, place = min(told)
    policy = policies[place] if len(policies) == len(items) else {}
    return _hint(policy.get("q"), least, items[place].get("t"), now)


def _policy(item: str) -> dict[str, float]:
    """Read one item of ``RateLimit-Policy``: ``"name";q=100;w=60``, or the older ``100;w=60``."""
    numbers = {name: _number(value) for name, value in _parameters(item).items()}
    policy = {name: number for name, number in numbers.items() if number is not None}
    quota = _number(item.split(";", maxsplit=1)[0])
    if quota is not None:
        policy.setdefault("q", quota)
    return policy


def _parameters(item: str) -> dict[str, str]:
    return {name.lower(): value.strip('"') for name, value in _PARAMETER.findall(item)}


def _hint(limit: float | None, remaining: float | None, reset: str | None, now: float) -> RateHint:
    reset_s = read_wait(reset, now)
    return RateHint(
        limit=_whole(limit),
        remaining=_whole(remaining),
        # a wait longer than any plausible one is ignored
        reset_s=None if reset_s is None or reset_s > MAX_WAIT_S else reset_s,
    )


def _number(text: str) -> float | None:
    """Return a number that fills all of a text; ``0.5k`` is rejected."""
    plain = text.strip().strip('"')
    return float(plain) if _PLAIN_NUMBER.fullmatch(plain) else None


def _numbers(text: str) -> list[float]:
    """Return the numbers of a header that may be repeated, as in ``100, 100;w=60``; empty if any cannot be read."""
    if _GROUPED.fullmatch(text.strip()):
        return []
    found = [_number(item.split(";")[0]) for item in text.split(",")]
    numbers = [number for number in found if number is not None]
    return numbers if len(numbers) == len(found) else []


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
