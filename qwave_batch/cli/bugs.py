"""A failure that nobody foresaw, told as what it is: a bug of ours."""

from qwave_batch import lazy
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.text import bounded, safe


def bug_sentence(error: Exception, console: Console) -> str:
    """Return what is said of a bug; where it is asked for, the way to it is shown on stderr."""
    if console.environ.get("QWAVE_BATCH_DEBUG"):
        console.say(*map(safe, "".join(lazy.traceback.format_exception(error)).splitlines()))
    return (
        f"this is a bug in qwave-batch, please report it: {bounded(f'{type(error).__name__}: {error}')} "
        "(with QWAVE_BATCH_DEBUG=1 it shows where, and nothing is lost by running again)"
    )
