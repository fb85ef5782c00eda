"""A run: makes the folder hold what the plan in its ledger describes, as far as it is let."""

from qwave_batch.run.context import RunContext
from qwave_batch.run.ends import RunEnd


async def run_plan(context: RunContext) -> RunEnd:
    """Do what is missing and return how it ended.

    Raises:
        FolderError: the folder was last used elsewhere and something is to be submitted; nothing was sent.
        BudgetError: the estimate is above what the budget leaves; nothing was sent.
        StorageError: the disk or the ledger failed; what was paid is on record.
    """
    raise NotImplementedError
