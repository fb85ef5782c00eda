"""Which signs of the API's limits a run heeds, beside its 429s and the waits that they ask for."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSignals:
    """All of them, unless a benchmark wants to know what one is worth."""

    countdowns: bool = True
    """Whether 429s whose waits count down to a minute's end tell of a window that nobody announced."""
    headers: bool = True
    """Whether rate limit headers tell how many calls are left."""
    scope: Literal["compared", "account", "model"] = "compared"
    """Whether headers are compared to find out whose they are; else they are the account's."""
