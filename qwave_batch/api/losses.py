"""What is missing of a folder's ledger, and what is made of that: nothing that may be paid is bought again unasked."""

from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.output.unrecorded_submits import submits_elsewhere, words_of_loss, words_of_young

_MARGIN_H = 2.0
"""By how much sooner than the API forgets keys they are not relied on: an image is made after its submit."""


def take_in_losses(
    layout: RunLayout, ledger: Ledger, files: int, *, idempotency_hours: float | None, now: float
) -> tuple[str, ...]:
    """Hold the jobs to be in doubt whose records may be lost, and return that in words; the plan is on record.

    Args:
        layout: The folder.
        ledger: Its ledger, claimed.
        files: How many files there are among the images.
        idempotency_hours: How long the API keeps keys; None is not at all.
        now: Unix seconds.
    """
    kept_from = now if idempotency_hours is None else now - (idempotency_hours - _MARGIN_H) * 3600
    identity = ledger.identity()
    lost_since = None if identity is None else identity.lost_since
    elsewhere = submits_elsewhere(layout, ledger, files=files, kept_from=kept_from)
    doubted = ledger.doubt(elsewhere.sent)
    told = (words_of_young(elsewhere.young),) if elsewhere.young else ()
    if lost_since is not None:
        return (f"{words_of_loss(lost_since)}; {_doubted(doubted)}", *told)
    if doubted:
        return (f"manifest.jsonl or images/ tell of submits that the ledger does not know; {_doubted(doubted)}", *told)
    return told


def _doubted(jobs: int) -> str:
    if not jobs:
        return "no job of the plan hangs on it"
    they = "1 job that may be paid is" if jobs == 1 else f"{jobs:,} jobs that may be paid are"
    return (
        f"{they} sent again with the same key while the API surely keeps it, which buys nothing twice, and `unknown` "
        "after that: only --resubmit-unknown buys those again"
    )
