"""Whether a plan fits what its budget leaves, before anything is sent."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from qwave_batch import api
from qwave_batch.api.run_place import RUNS
from qwave_batch.errors import FolderError, StorageError
from qwave_batch.folder.layout import is_run_folder
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import InUsd, nusd_from_usd, usd_from_nusd
from qwave_batch.plan.comparison import PriceOf, catalog_price_of, compare
from qwave_batch.plan.file.plan_file import AnyPlan

if TYPE_CHECKING:
    from qwave_batch.api.account_queries import LiveModelList
    from qwave_batch.api.compare_plan import PlanComparison


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetOutlook:
    """A budget, what its folder has used of it, and what the plan wants. In nano-dollars."""

    max_nusd: int
    spent_nusd: int = 0
    held_nusd: int = 0
    """The most that may still come of what is in flight or unknown."""
    wanted_nusd: int
    """The most that the jobs still to be made should cost."""
    folder: Path | None = None
    """The run folder that the money was spent in; None when there is none yet."""
    max_usd = InUsd()
    spent_usd = InUsd()
    held_usd = InUsd()
    wanted_usd = InUsd()
    left_usd = InUsd()

    @property
    def left_nusd(self) -> int:
        """The money that may still be spent."""
        return max(0, self.max_nusd - self.spent_nusd - self.held_nusd)

    @property
    def is_over(self) -> bool:
        """Whether the plan wants more than is left: a run would send nothing, exit status 3."""
        return self.wanted_nusd > self.left_nusd

    def as_json(self) -> dict[str, Json]:
        """Return the amounts in USD."""
        return {
            "max_usd": usd_from_nusd(self.max_nusd),
            "spent_usd": usd_from_nusd(self.spent_nusd),
            "held_usd": usd_from_nusd(self.held_nusd),
            "left_usd": usd_from_nusd(self.left_nusd),
            "wanted_usd": usd_from_nusd(self.wanted_nusd),
            "is_over": self.is_over,
            "folder": str(self.folder) if self.folder else None,
        }


def budget_outlook(
    plan: AnyPlan,
    *,
    estimated_usd: float | None = None,
    found: "PlanComparison | None" = None,
    prices: "LiveModelList | None" = None,
    folder: Path | None = None,
) -> BudgetOutlook | None:
    """Return how a plan stands to its budget; None when it has none.

    The money is that of the run folder it was compared with, else of the one that it would be run in
    if that has a run of this spec.

    Args:
        plan: The plan.
        estimated_usd: The total cost by these prices; None means the catalog's.
        found: The comparison.
        prices: The account's prices to count with; None is the catalog's.
        folder: The run folder; None for the one that the plan would be run in.
    """
    if plan.terms.max_usd is None:
        return None
    whole = plan.figures.most_nusd if estimated_usd is None else nusd_from_usd(estimated_usd)
    outlook = BudgetOutlook(max_nusd=nusd_from_usd(plan.terms.max_usd), wanted_nusd=whole)
    if found is not None and found.kind == "folder":
        spent, held = api.folder_jobs.FolderJobs.of(Path(found.against), plan.catalog_used).money()
        wanted = found.comparison.total.to_make.nusd
        return replace(outlook, folder=Path(found.against), spent_nusd=spent, held_nusd=held, wanted_nusd=wanted)
    if found is not None and found.reuse:
        outlook = replace(outlook, wanted_nusd=whole - found.comparison.total.reused.nusd)
    place = folder or plan.output_folder or RUNS / plan.name
    with suppress(FolderError, StorageError):  # the user did not ask about this folder, so it must not fail the plan
        if is_run_folder(place):
            held_there = api.folder_jobs.FolderJobs.of(place, plan.catalog_used)
            identity = held_there.identity()
            if identity is not None and identity.spec_name == plan.name:
                price_of = prices.estimate_nusd if prices else catalog_price_of
                return _of_folder(outlook, plan, held_there, price_of)
    return outlook


def _of_folder(
    outlook: BudgetOutlook, plan: AnyPlan, held_there: "api.folder_jobs.FolderJobs", price_of: PriceOf
) -> BudgetOutlook:
    spent, held = held_there.money()
    first = replace(outlook, folder=held_there.layout.root, spent_nusd=spent, held_nusd=held)
    if not first.is_over:
        return first
    # only now does it matter how much of the plan is made already, which takes another look at every job
    left = compare(plan.outlines(), held_there.jobs, price_of=price_of).total.to_make.nusd
    return replace(first, wanted_nusd=min(left, outlook.wanted_nusd))
