"""Requests per minute, as the server counts them: a sliding window of 60 seconds."""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

WINDOW_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """Rate limits of an account; None means unlimited."""

    requests_per_minute: int | None = None
    models: Mapping[str, int] = field(default_factory=dict)
    """Submits per minute of single models, in addition to the account's limit."""
    count_polls: bool = False
    """Whether polls count against the account's limit too."""
    send_headers: bool = False
    """Whether answers carry ``RateLimit``, ``RateLimit-Policy`` and ``X-RateLimit-*``."""


class CountedWindow:
    """Admits at most ``limit`` requests in any 60 seconds; a rejected one does not count."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._admitted_at: deque[float] = deque()

    def wait_s(self, now: float) -> float:
        """Return the seconds until a request is admitted; 0 if one is admitted now."""
        self._forget(now)
        if len(self._admitted_at) < self.limit:
            return 0.0
        return self._admitted_at[-self.limit] + WINDOW_S - now if self.limit else WINDOW_S

    def admit(self, now: float) -> None:
        """Count a request."""
        self._admitted_at.append(now)

    def remaining(self, now: float) -> int:
        """Return how many requests would be admitted now."""
        self._forget(now)
        return max(0, self.limit - len(self._admitted_at))

    def reset_s(self, now: float) -> float:
        """Return the seconds until the oldest request leaves the window."""
        self._forget(now)
        return self._admitted_at[0] + WINDOW_S - now if self._admitted_at else 0.0

    def _forget(self, now: float) -> None:
        while self._admitted_at and self._admitted_at[0] + WINDOW_S <= now:
            self._admitted_at.popleft()


class CountedLimit:
    """The limits of one account."""

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits
        rpm = limits.requests_per_minute
        self.account = CountedWindow(rpm) if rpm is not None else None
        self._models = {model: CountedWindow(rpm) for model, rpm in limits.models.items()}

    def enter_submit(self, model: str, now: float) -> float:
        """Count a submit and return 0, or return the seconds until one would be admitted."""
        return self._enter([window for window in (self.account, self._models.get(model)) if window], now)

    def enter_poll(self, now: float) -> float:
        """Count a poll, if polls count, and return 0, or return the seconds until one would be admitted."""
        return self._enter([self.account] if self.account and self._limits.count_polls else [], now)

    def headers(self, now: float) -> dict[str, str]:
        """Return the rate limit headers, if the limits enable them."""
        window = self.account
        if window is None or not self._limits.send_headers:
            return {}
        left, reset_s = window.remaining(now), math.ceil(window.reset_s(now))
        return {
            "RateLimit-Policy": f'"default";q={window.limit};w={WINDOW_S:.0f}',
            "RateLimit": f'"default";r={left};t={reset_s}',
            "X-RateLimit-Limit": str(window.limit),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str(reset_s),
        }

    @staticmethod
    def _enter(windows: list[CountedWindow], now: float) -> float:
        wait_s = max((window.wait_s(now) for window in windows), default=0.0)
        if wait_s <= 0:
            for window in windows:
                window.admit(now)
        return max(0.0, wait_s)


class SimulatedLimits:
    """The limits of every account."""

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits
        self._gates: dict[str, CountedLimit] = {}

    def of(self, account: str) -> CountedLimit:
        """Return the limits of an account."""
        if account not in self._gates:
            self._gates[account] = CountedLimit(self._limits)
        return self._gates[account]
