"""What a run is waiting for, in words for whoever watches it. Pure.

Times are those of a clock, and not seconds from now: some of these words stand where they are until the wait is over.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from qwave_batch.model.progress import WaitKind

WORTH_A_WORD_S = 1.0
"""Shorter waits are how a run breathes."""
_DAY_S = 86_400.0


WaitForSubmit: TypeAlias = Literal[
    WaitKind.QUOTA, WaitKind.RATE_LIMIT, WaitKind.API_WINDOW, WaitKind.SPEC_LIMIT, WaitKind.RETRY
]
"""What a submit waits for at an API that answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A wait for the next submit."""

    reason: WaitForSubmit
    model: str | None
    """Whose limit or trouble it is; None for the account's."""
    until: float
    """Monotonic seconds."""


def words_of_wait(wait: Wait | None, *, window: str, now: float, unix_now: float, said: str = "") -> str:
    """Return a wait in words; empty when it is not worth any.

    Args:
        wait: What is waited for, if anything.
        window: The name of the quota window that is used up, such as ``day``; empty when nobody gave it one.
        now: Monotonic seconds.
        unix_now: The same moment in Unix seconds.
        said: What the API said with its newest 429, in quotes.
    """
    if wait is None or wait.until - now <= WORTH_A_WORD_S:
        return ""
    end = clock_time(unix_now + wait.until - now, unix_now)
    whose = f" for {wait.model}" if wait.model else ""
    quoted = f" ({said})" if said else ""
    next_submit = f"{whose}: the next submit is at {end}"
    match wait.reason:
        case WaitKind.QUOTA:
            return f"{words_of_quota(window)} until {end}{quoted}"
        case WaitKind.RATE_LIMIT:
            return f"rate limit{next_submit}{quoted}"
        case WaitKind.API_WINDOW:
            return f"the API's limit on requests{next_submit}"
        case WaitKind.SPEC_LIMIT:
            return f"requests_per_minute of the spec{next_submit}"
        case WaitKind.RETRY:
            return f"trying again after an error{next_submit}"
        case _:
            assert_never(wait.reason)


def words_of_quota(window: str) -> str:
    """Return that a quota window is used up."""
    return f"the quota ({window}) is used up" if window else "the quota is used up"


def words_of_long_wait(what: str, wait_s: float, longest_s: float, *, unix_now: float, so_far_s: float = 0.0) -> str:
    """Return why a run does not wait for the end of what the API said.

    Args:
        what: What that is.
        wait_s: How long it would be from now.
        longest_s: How long the run waits at most.
        unix_now: Now, in Unix seconds.
        so_far_s: For how long it has waited for the same already.
    """
    so_far = f" after {so_far_s:,.0f} s of waiting" if so_far_s >= WORTH_A_WORD_S else ""
    return (
        f"{what} until {clock_time(unix_now + wait_s, unix_now)}: {wait_s:,.0f} s to wait{so_far}, more than the "
        f"{longest_s:,.0f} s that this run waits at most"
    )


def words_of_silence(
    reason: str, silent_s: float, patience_s: float, models: Collection[str] = ("",), *, unix_now: float
) -> str:
    """Return that the API does not answer, or a single model of those; empty while that may be nothing."""
    if silent_s <= WORTH_A_WORD_S:
        return ""
    only = only_model(models)
    who = f"{only} does not answer" if only else "the API can't be reached"
    left_s = max(0.0, patience_s - silent_s)
    return f"{who} ({reason}): trying until {clock_time(unix_now + left_s, unix_now)}"


def only_model(models: Collection[str]) -> str | None:
    """Return the single model of those that do not answer; None when it is the API as a whole."""
    return (next(iter(models)) or None) if len(models) == 1 else None


def words_of_deafness(reason: str, silent_s: float, *, unix_now: float) -> str:
    """Return that the API lives, and does not tell how tasks stand."""
    return f"since {clock_time(unix_now - silent_s, unix_now)} the API has not told how any task stands ({reason})"


def clock_time(unix_s: float, unix_now: float) -> str:
    """Return a time of day as clocks here show it, with its date when that is not within a day."""
    form = "%H:%M:%S" if abs(unix_s - unix_now) < _DAY_S else "%Y-%m-%d %H:%M"
    return time.strftime(form, time.localtime(unix_s))
