"""Errors that keep a push from its end, beside a wrong request: the account, the network, the Hub's own refusal."""

from qwave_batch.errors import AccountError, QwaveError
from qwave_batch.model.next_step import NextStep
from qwave_batch.model.run_ends import EXIT_STATUS, EndKind


class HubDenied(AccountError):
    """There is no token, or the token may not do this."""


class HubThrottled(AccountError):
    """The Hub asks for a longer wait than a push spends waiting."""

    def __init__(self, wait_s: float | None) -> None:
        """Take the wait that the Hub told, if it told one."""
        self.wait_s = wait_s
        told = "and does not tell for how long" if wait_s is None else f"for {_duration(wait_s)}"
        super().__init__(
            f"the Hub asks to send nothing more (HTTP 429), {told}; what is committed stays",
            next_steps=[NextStep.RUN_LATER],
        )


class HubUnavailable(QwaveError):
    """The Hub does not answer, or answers that it cannot work now."""

    kind = EndKind.OFFLINE
    exit_status = EXIT_STATUS[kind]


class HubRefused(QwaveError):
    """The Hub refuses what a push sends, for a reason of its own."""


class CommitUnclear(Exception):
    """A commit was sent, and nobody knows whether it was made."""

    def __init__(self, why: HubUnavailable) -> None:
        self.why = why
        super().__init__(str(why))


class HeadMoved(Exception):
    """Somebody else has committed meanwhile."""


def _duration(seconds: float) -> str:
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:,.0f} s"
    return f"{seconds / 60:,.0f} min"
