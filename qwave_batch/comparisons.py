"""A plan compared with a run folder, with another plan, or with its own past in git."""

from qwave_batch.api.compare_plan import PlanComparison, compare_plan
from qwave_batch.plan.comparison import Change, Comparison

__all__ = [
    "Change",
    "Comparison",
    "PlanComparison",
    "compare_plan",
]
