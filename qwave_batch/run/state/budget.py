"""Money: reserved before a submit, settled at its end, and never above the cap."""

from dataclasses import dataclass

from qwave_batch.errors import BudgetError
from qwave_batch.model.money import nusd_from_usd, usd_words
from qwave_batch.model.next_step import NextStep
from qwave_batch.run.state.context import RunContext


@dataclass(slots=True)
class MoneyBudget:
    """The money that a folder has spent and reserved, in nano-dollars; a cap of None means no cap."""

    cap_nusd: int | None
    spent_nusd: int
    """Spent by all runs of the folder, including this one."""
    held_nusd: int
    run_cost_nusd: int = 0
    """The charges of this run."""

    @property
    def left_nusd(self) -> int | None:
        """The money that can still be reserved; None without a cap."""
        return None if self.cap_nusd is None else self.cap_nusd - self.spent_nusd - self.held_nusd

    def fits(self, amount_nusd: int) -> bool:
        """Whether this amount can still be reserved."""
        left = self.left_nusd
        return left is None or amount_nusd <= left

    def reserve(self, amount_nusd: int) -> None:
        """Reserve money."""
        self.held_nusd += amount_nusd

    def release(self, amount_nusd: int) -> None:
        """Release reserved money."""
        self.held_nusd -= amount_nusd

    def pay(self, amount_nusd: int) -> None:
        """Record a charge."""
        self.spent_nusd += amount_nusd
        self.run_cost_nusd += amount_nusd


def read_budget(context: RunContext) -> MoneyBudget:
    """Return the budget under the lower of the caps of spec and run, with the ledger's spending. It blocks."""
    caps = [usd for usd in (context.terms.max_usd, context.options.max_usd) if usd is not None]
    return MoneyBudget(
        cap_nusd=nusd_from_usd(min(caps)) if caps else None,
        spent_nusd=context.ledger.spent_nusd(),
        held_nusd=context.ledger.held_nusd(),
    )


def check_estimate(context: RunContext, estimate_nusd: int, budget: MoneyBudget) -> None:
    """Check that the submits of a run fit into its budget, unless it was told to start anyway.

    Args:
        context: The run.
        estimate_nusd: The most that the submits can cost; 0 if nothing new is submitted.
        budget: The money of the folder.

    Raises:
        BudgetError: they do not fit.
    """
    if context.options.until_budget or estimate_nusd == 0 or budget.fits(estimate_nusd):
        return
    left_nusd = max(0, budget.left_nusd or 0)
    raise BudgetError(
        f"the run is estimated at {usd_words(estimate_nusd)}, and the budget leaves {usd_words(left_nusd)} "
        f"({usd_words(budget.spent_nusd)} spent, {usd_words(budget.held_nusd)} held); nothing was sent",
        next_steps=(_cap_to_raise(context), NextStep.UNTIL_BUDGET),
    )


def _cap_to_raise(context: RunContext) -> NextStep:
    """Return which setting raises the cap: the spec's, the run's, or both."""
    of_spec, of_run = context.terms.max_usd, context.options.max_usd
    if of_run is None or (of_spec is not None and of_spec < of_run):
        return NextStep.RAISE_BUDGET
    if of_spec is None or of_run < of_spec:
        return NextStep.RAISE_RUN_BUDGET
    return NextStep.RAISE_BOTH_BUDGETS
