"""The question whether a price is agreed to, in the same words for every command that spends money."""

from typing import TYPE_CHECKING

from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.amounts import count, usd
from qwave_batch.cli.interrupts import breakable
from qwave_batch.model.money import NUSD_PER_USD

if TYPE_CHECKING:
    from qwave_batch.runs import CostEstimate

ASK_ABOVE_NUSD = 1 * NUSD_PER_USD
"""Up to this price nobody is asked, unless a command always asks."""


def may_cost(subject: str, *, most_nusd: int, typical_nusd: int) -> str:
    """Return that something may cost so much, in nano-dollars."""
    typical = f", typically {usd(typical_nusd)}" if typical_nusd != most_nusd else ""
    return f"{subject} may cost up to {usd(most_nusd)}{typical}"


def jobs_may_cost(estimate: "CostEstimate") -> str:
    """Return what the jobs that a run is about to make may cost."""
    return may_cost(
        f"{count(estimate.jobs, 'job')} for up to {count(estimate.images, 'image')}",
        most_nusd=estimate.estimated_nusd,
        typical_nusd=estimate.typical_nusd,
    )


def is_agreed(told: str, console: Console) -> bool:
    """Ask a person whether to go on, though signals are otherwise left to a running loop."""
    with breakable():
        return console.confirm(f"{told}. Go on?")
