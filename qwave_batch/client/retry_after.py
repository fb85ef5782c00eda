"""How long a server asks to wait, and how many calls it still allows; read from headers, without a clock."""

import re
from collections.abc import Mapping

from qwave_batch.client.answers import RateHint
from qwave_batch.client.instants import http_date
from qwave_batch.client.wait_forms import LONGEST_S, read_wait
from qwave_batch.model.jsontypes import Json

MAX_WAIT_S = LONGEST_S
"""A longer wait than a month is taken for this, which no run waits."""

_NUMBER = re.compile(r"\d{1,15}(\.\d{1,9})?", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)
"""A number as people write it, or several: nobody can tell."""
_CUT_NUMBER = re.compile(r"=\s*\d{1,3},\d{3}(?![\w=])", re.ASCII)
_ITEM = re.compile(r'(?:[^",]|"[^"]*")+')
"""One of several, with a comma between them that is not in quotes."""
_PARAMETER = re.compile(r'([A-Za-z-]{1,32})\s*=\s*("[^"]{0,64}"|[^\s;,"]{1,64})', re.ASCII)
_OLD_NAMES = ("limit", "remaining", "reset")
_FAMILIES = ("ratelimit", "x-ratelimit", "x-rate-limit")
_OF_REQUESTS = ("", "-requests")
"""What stands behind a name; other suffixes are of tokens and the like, which no task of ours counts in."""


def served_at(headers: Mapping[str, str]) -> float | None:
    """Return the server's own ``Date`` in Unix seconds, or None."""
    date = headers.get("date")
    return None if date is None else http_date(date)


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that ``Retry-After`` asks to wait, or None when it is missing or makes no sense.

    A date is held against the server's own ``Date``, and against ``now`` only when there is none: the two clocks
    may differ. A date that is past means no wait.
    """
    wait_s = read_wait(headers.get("retry-after"), _reference(headers, now))
    return None if wait_s is None else bounded_wait(wait_s)


def unread_retry_after(headers: Mapping[str, str], now: float) -> str:
    """Return a ``Retry-After`` that makes no sense, as it was written; empty when there is none such."""
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
    """Return what the standard and the customary rate limit headers say, or None when there are none.

    Where several are there, the least that is left and the latest reset count.
    """
    reference = _reference(headers, now)
    hints = [_from_three(f"{family}-", suffix, headers, reference) for family in _FAMILIES for suffix in _OF_REQUESTS]
    if "ratelimit" in headers:
        hints.insert(0, _from_draft(headers["ratelimit"], headers.get("ratelimit-policy", ""), reference))
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
        # what is longer than anything it could mean is no hint at all
        reset_s=None if reset_s is None or reset_s > MAX_WAIT_S else reset_s,
    )


def _number(text: str) -> float | None:
    """Return a number that is all of a text; the beginning of ``0.5k`` is another."""
    plain = text.strip().strip('"')
    return float(plain) if _NUMBER.fullmatch(plain) else None


def _numbers(text: str) -> list[float]:
    """Return the numbers of a header that came once or several times, as in ``100, 100;w=60``; empty if one is none."""
    if _GROUPED.fullmatch(text.strip()):
        return []
    found = [_number(item.split(";")[0]) for item in text.split(",")]
    numbers = [number for number in found if number is not None]
    return numbers if len(numbers) == len(found) else []


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
