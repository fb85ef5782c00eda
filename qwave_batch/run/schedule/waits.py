"""What a run waits for, as those who watch it are told. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from qwave_batch.model.progress import WORTH_A_WORD_S, Waiting, WaitKind
from qwave_batch.run.limits.throttle_state import WaitForCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A wait for the next submit."""

    reason: WaitForCall
    model: str | None
    """Whose limit or trouble it is; None for the account's."""
    until: float
    """Monotonic seconds."""


def wait_for_submit(wait: Wait | None, *, window: str, said: str, now: float, unix_now: float) -> Waiting | None:
    """Return a wait for the next submit; None when it is not worth a word.

    Args:
        wait: What is waited for, if anything.
        window: The name of the quota window that is used up, such as ``day``; empty when the API gave none.
        said: What the API said with its newest 429, in quotes.
        now: Monotonic seconds.
        unix_now: The same moment in Unix seconds.
    """
    if wait is None or wait.until - now <= WORTH_A_WORD_S:
        return None
    return Waiting(
        kind=wait.reason,
        model=wait.model,
        until=unix_now + wait.until - now,
        seen_at=unix_now,
        window=window if wait.reason is WaitKind.QUOTA else "",
        said=said if wait.reason in {WaitKind.QUOTA, WaitKind.RATE_LIMIT} else "",
    )


def wait_for_answer(
    why: str, silent_s: float, longest_s: float, models: Collection[str], *, unix_now: float
) -> Waiting | None:
    """Return the wait for an API that does not answer; None while that may be nothing.

    Args:
        why: What became of the last call.
        silent_s: For how long no call was answered.
        longest_s: After how long the run gives up.
        models: Whose submits were not answered; an empty name stands for calls that concern the API as a whole.
        unix_now: Now, in Unix seconds.
    """
    if silent_s <= WORTH_A_WORD_S:
        return None
    return Waiting(
        kind=WaitKind.UNREACHABLE,
        model=_only_model(models),
        until=unix_now + max(0.0, longest_s - silent_s),
        seen_at=unix_now,
        why=why,
    )


def _only_model(models: Collection[str]) -> str | None:
    """Return the single model of those that do not answer; None when it is the API as a whole."""
    return (next(iter(models)) or None) if len(models) == 1 else None
