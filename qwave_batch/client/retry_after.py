"""How long a server asks to wait, and how many calls it still allows; read from headers, without a clock."""

import re
from collections.abc import Mapping

from qwave_batch.client.answers import RateHint
from qwave_batch.client.instants import http_date, instant

MAX_WAIT_S = 32 * 86_400.0
"""A month's quota window is the longest wait that makes sense; what is longer is taken for this, which no run waits."""

_EPOCH_FROM = 1e9  # a reset this large is a moment, not a number of seconds: it would be 31 years
_NUMBER = re.compile(r"\d{1,15}(\.\d{1,9})?", re.ASCII)
_PARAMETER = re.compile(r"([A-Za-z-]{1,32})\s*=\s*\"?(\d{1,15}(?:\.\d{1,9})?)", re.ASCII)
_OLD_NAMES = ("limit", "remaining", "reset")


def served_at(headers: Mapping[str, str]) -> float | None:
    """Return the server's own ``Date`` in Unix seconds, or None."""
    date = headers.get("date")
    return None if date is None else http_date(date)


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that ``Retry-After`` asks to wait, or None when it is missing or makes no sense.

    A date is held against the server's own ``Date``, and against ``now`` only when there is none: the two clocks
    may differ. A date that is past means no wait.
    """
    text = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(text):
        return bounded_wait(float(text))
    until = http_date(text) if text else None
    return None if until is None else wait_until(until, headers, now)


def wait_until(until: float, headers: Mapping[str, str], now: float) -> float:
    """Return the seconds from the answer to a moment by the server's clock, at least 0 and at most ``MAX_WAIT_S``."""
    return bounded_wait(_until(until, headers, now))


def _until(moment: float, headers: Mapping[str, str], now: float) -> float:
    reference = served_at(headers)
    return max(0.0, moment - (now if reference is None else reference))


def bounded_wait(wait_s: float) -> float:
    """Return the wait, at least 0 and at most ``MAX_WAIT_S``."""
    return min(max(0.0, wait_s), MAX_WAIT_S)


def _reset_s(wait_s: float) -> float | None:
    """Return the time to a reset that a header only hints at, or None when it is longer than anything it could mean."""
    return wait_s if 0 <= wait_s <= MAX_WAIT_S else None


def rate_hint(headers: Mapping[str, str], now: float) -> RateHint | None:
    """Return what the standard and the customary rate limit headers say, or None when there are none."""
    if "ratelimit" in headers:
        hint = _from_draft(headers["ratelimit"], headers.get("ratelimit-policy", ""))
    elif "ratelimit-remaining" in headers or "ratelimit-limit" in headers:
        hint = _from_three("ratelimit", headers, now)
    elif "x-ratelimit-remaining" in headers or "x-ratelimit-limit" in headers or "x-ratelimit-reset" in headers:
        hint = _from_three("x-ratelimit", headers, now)
    else:
        return None
    return None if hint == RateHint() else hint


def _from_three(prefix: str, headers: Mapping[str, str], now: float) -> RateHint:
    """Read ``-Limit``, ``-Remaining`` and ``-Reset``, the reset being seconds from now or a moment."""
    reset = _leading_number(headers.get(f"{prefix}-reset", ""))
    if reset is not None and reset >= _EPOCH_FROM:
        moment = instant(reset)
        reset_s = None if moment is None else _reset_s(_until(moment, headers, now))
    else:
        reset_s = None if reset is None else _reset_s(reset)
    return RateHint(
        limit=_whole(_leading_number(headers.get(f"{prefix}-limit", ""))),
        remaining=_whole(_leading_number(headers.get(f"{prefix}-remaining", ""))),
        reset_s=reset_s,
    )


def _from_draft(text: str, policy_text: str) -> RateHint:
    """Read the IETF draft's ``RateLimit`` in both its forms; of several policies the one with least left."""
    items = [dict(_parameters(item)) for item in text.split(",")]
    merged = {name: value for item in items for name, value in item.items() if name in _OLD_NAMES}
    policies = [_policy(item) for item in policy_text.split(",")] if policy_text else []
    if merged:
        policy = policies[0] if policies else {}
        limit, remaining, reset = (merged.get(name) for name in _OLD_NAMES)
        return _hint(limit if limit is not None else policy.get("q"), remaining, reset)
    told = [(item["r"], place) for place, item in enumerate(items) if "r" in item]
    if not told:
        return RateHint()
    remaining, place = min(told)
    policy = policies[place] if len(policies) == len(items) else {}
    return _hint(policy.get("q"), remaining, items[place].get("t"))


def _policy(item: str) -> dict[str, float]:
    """Read one item of ``RateLimit-Policy``: ``"name";q=100;w=60``, or the older ``100;w=60``."""
    policy = dict(_parameters(item))
    quota = _leading_number(item)
    if quota is not None:
        policy.setdefault("q", quota)
    return policy


def _parameters(item: str) -> list[tuple[str, float]]:
    return [(name.lower(), float(value)) for name, value in _PARAMETER.findall(item)]


def _hint(limit: float | None, remaining: float | None, reset: float | None) -> RateHint:
    return RateHint(
        limit=_whole(limit),
        remaining=_whole(remaining),
        reset_s=None if reset is None else _reset_s(reset),
    )


def _leading_number(text: str) -> float | None:
    match = _NUMBER.match(text.strip())
    return float(match[0]) if match else None


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
