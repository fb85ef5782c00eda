"""The money of each account: granted once, held while a task is alive, charged or refunded when it ends."""

import heapq
from collections import defaultdict
from collections.abc import Iterable

from qwave_batch.simulator.simulated_task import SimulatedTask


class Accounts:
    """Usage of every account, derived from the tasks, so it needs no record of its own."""

    def __init__(self, granted_quota: int, tasks: Iterable[SimulatedTask], now: float) -> None:
        self.granted_quota = granted_quota
        self._used: defaultdict[str, int] = defaultdict(int)
        self._refunds: list[tuple[float, str, str, int]] = []  # when, task, account, how much
        self._void: set[str] = set()  # cancelled tasks, already refunded
        for task in tasks:
            self._count(task, now)

    def hold(self, task: SimulatedTask) -> None:
        """Hold the price of a new task."""
        self._count(task, task.created_at)

    def charge(self, account: str, quota: int) -> None:
        """Charge what no task stands for; nothing of it outlives the process."""
        self._used[account] += quota

    def release(self, task: SimulatedTask) -> None:
        """Release the hold of a task that is being cancelled."""
        self._used[task.account] -= task.hold_quota
        if _refund(task):
            self._void.add(task.task_id)

    def used(self, account: str, now: float) -> int:
        """Return the amount an account has used: charges and holds."""
        while self._refunds and self._refunds[0][0] <= now:
            _, task_id, owner, quota = heapq.heappop(self._refunds)
            if task_id in self._void:
                self._void.remove(task_id)
            else:
                self._used[owner] -= quota
        return self._used[account]

    def available(self, account: str, now: float) -> int:
        """Return the amount that an account can still hold."""
        return self.granted_quota - self.used(account, now)

    def _count(self, task: SimulatedTask, now: float) -> None:
        self._used[task.account] += task.cost_quota(now)
        refund = _refund(task)
        if refund and task.ends_at is not None and not task.state(now).is_terminal:
            heapq.heappush(self._refunds, (task.ends_at, task.task_id, task.account, refund))


def _refund(task: SimulatedTask) -> int:
    """Refund when the task ends by itself."""
    return task.hold_quota - task.price_quota if task.ends_at is not None else 0
