"""The money of a run: what is spent, held and left under its cap."""

from qwave_batch.run.state.budget import MoneyBudget


def test_a_budget_counts_what_is_held() -> None:
    budget = MoneyBudget(cap_nusd=10, spent_nusd=3, held_nusd=4)
    assert (budget.left_nusd, budget.fits(3), budget.fits(4)) == (3, True, False)
    assert MoneyBudget(cap_nusd=None, spent_nusd=3, held_nusd=4).fits(10**18)


def test_a_charge_is_of_the_folder_and_of_the_run() -> None:
    budget = MoneyBudget(cap_nusd=10, spent_nusd=3, held_nusd=0)
    budget.reserve(4)
    budget.release(4)
    budget.pay(2)
    assert (budget.spent_nusd, budget.run_cost_nusd, budget.left_nusd) == (5, 2, 5)
