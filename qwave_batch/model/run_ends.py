"""How a run ends: the kinds of ends, and the exit status of each."""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class EndKind(StrEnum):
    """How a run ended, the gravest first; see "How a run ends" in docs/run-folder.md."""

    INTERRUPTED = "interrupted"
    """Stopped by Ctrl-C, a signal or the caller."""
    REFUSED = "refused"
    """The spec, the request or the folder is not right; nothing was sent."""
    MOVED = "moved"
    """The folder was last used at another place, where a run may be at work."""
    STORAGE = "storage"
    """The disk or the ledger failed, or the folder is in use."""
    WORKERS = "workers"
    """Workers elsewhere, which did the work on images, went away."""
    ACCOUNT = "account"
    """Key, balance, quota window or rate limit."""
    BUDGET = "budget"
    OFFLINE = "offline"
    """The API does not answer, or does not tell how tasks stand."""
    NO_IMAGES = "no_images"
    """No image can be fetched, or no result can be read."""
    FAIL_FAST = "fail_fast"
    """A job failed, and the run was asked to stop then."""
    DENIED = "denied"
    """The key may not use a model."""
    INCOMPLETE = "incomplete"
    """The run went through; some job failed, is unknown, cancelled or still to do."""
    COMPLETE = "complete"


EXIT_STATUS: Mapping[EndKind, int] = {
    EndKind.INTERRUPTED: 130,
    EndKind.REFUSED: 2,
    EndKind.MOVED: 2,
    EndKind.STORAGE: 4,
    EndKind.WORKERS: 4,
    EndKind.ACCOUNT: 3,
    EndKind.BUDGET: 3,
    EndKind.OFFLINE: 1,
    EndKind.NO_IMAGES: 1,
    EndKind.FAIL_FAST: 1,
    EndKind.DENIED: 1,
    EndKind.INCOMPLETE: 1,
    EndKind.COMPLETE: 0,
}
"""The exit status of each kind of end; the only place that says so."""

_GRAVITY = {kind: place for place, kind in enumerate(EndKind)}


def gravest(kinds: Iterable[EndKind]) -> EndKind:
    """Return the gravest of some kinds.

    Raises:
        ValueError: there are none.
    """
    return min(kinds, key=_GRAVITY.__getitem__)
