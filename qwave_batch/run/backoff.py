"""How long to wait before another try, when the server does not say. Pure."""

import random

BASE_S = 0.5
LONGEST_S = 30.0


def backoff_s(tries: int, rng: random.Random) -> float:
    """Return seconds to wait after ``tries`` failures (from 1): doubling, with full jitter against herds."""
    return rng.uniform(0.0, min(LONGEST_S, BASE_S * 2 ** min(tries, 16)))
