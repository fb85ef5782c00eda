"""Notes on a plan, said beside the results of a command: its warnings, and a few of its jobs."""

from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.problems import draw_problems
from qwave_batch.cli.drawing.samples import draw_samples

if TYPE_CHECKING:
    from qwave_batch.plans import AnyPlan

SAMPLES = 3


def say_warnings(plan: "AnyPlan", console: Console) -> None:
    """Say what deserves a look in a plan that is valid."""
    if isinstance(plan, qb.plans.Plan):
        console.say(*draw_problems(plan.warnings, console.err))


def say_samples(plan: "AnyPlan", console: Console) -> None:
    """Show a few jobs as they would be sent, among what is said and not among results."""
    console.say(*draw_samples(plan.samples(SAMPLES), console.err)[:-1])
