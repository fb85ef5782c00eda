"""What a run is waiting for, in words for whoever watches it. Pure.

Times are those of a clock, and not seconds from now: some of these words stand where they are until the wait is over.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import assert_never

from qwave_batch.model.progress import WaitKind
from qwave_batch.run.limits.adaptive_concurrency import ConcurrencyLesson
from qwave_batch.run.limits.throttle_state import LongWait, WaitForCall

WORTH_A_WORD_S = 1.0
"""Shorter waits are how a run breathes."""
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A wait for the next submit."""

    reason: WaitForCall
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


def words_of_long_wait(wait: LongWait, longest_s: float, *, unix_now: float) -> str:
    """Return why a run does not wait for the end of what the API said.

    Args:
        wait: What that is.
        longest_s: How long the run waits at most.
        unix_now: Now, in Unix seconds.
    """
    match wait.kind:
        case WaitKind.QUOTA:
            what = words_of_quota(wait.window)
        case WaitKind.API_WINDOW:
            what = "the API's limit on requests is used up"
        case WaitKind.RATE_LIMIT | WaitKind.SPEC_LIMIT | WaitKind.RETRY:
            what = "the API asks for a pause"
        case _:
            assert_never(wait.kind)
    what += f" ({wait.said})" if wait.said else ""
    so_far = f" after {wait.so_far_s:,.0f} s of waiting" if wait.so_far_s >= WORTH_A_WORD_S else ""
    return (
        f"{what} until {clock_time(unix_now + wait.wait_s, unix_now)}: {wait.wait_s:,.0f} s to wait{so_far}, more than "
        f"the {longest_s:,.0f} s that this run waits at most"
    )


def words_of_lesson(lesson: ConcurrencyLesson) -> str:
    """Return what 429s have taught, for whoever writes the spec."""
    times = f"{lesson.cuts:,} time{'' if lesson.cuts == 1 else 's'}"
    who = lesson.model or "the account"
    return f"the API asked for less of {who} {times}: {lesson.limit:,} tasks at once were allowed in the end"


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
