"""A server that lets so many requests through in any minute, and the way of a send through a window of ours."""

import math
from collections import deque

from qwave_batch.client.answers import RateHint
from qwave_batch.run.limits.sliding_window import Window


def send(window: Window, now: float) -> None:
    window.reserve()
    window.spend(now)


class SlidingServer:
    """Lets so many through in any minute and says in whole seconds how long to wait."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken: deque[float] = deque()

    def wait_s(self, now: float) -> float:
        """Take a request and return 0, or how long to wait."""
        while self.taken and self.taken[0] + 60.0 <= now:
            self.taken.popleft()
        if len(self.taken) < self.limit:
            self.taken.append(now)
            return 0.0
        return max(1.0, math.ceil(self.taken[0] + 60.0 - now))

    def hint(self, now: float) -> RateHint:
        while self.taken and self.taken[0] + 60.0 <= now:
            self.taken.popleft()
        reset_s = math.ceil(self.taken[0] + 60.0 - now) if self.taken else 0.0
        return RateHint(limit=self.limit, remaining=self.limit - len(self.taken), reset_s=reset_s)
