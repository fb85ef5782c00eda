"""What the API's own stamps tell of a latency, as far as the answers agree with them. Pure."""

import math
from dataclasses import dataclass

from qwave_batch.model.task import Task

LATE_SHARE, LATE_S = 0.02, 0.02
"""An end so shortly before the question was perhaps stamped by the question itself."""
MILLISECOND_S, SECOND_S = 0.001, 1.0


@dataclass(frozen=True, slots=True)
class Stamp:
    """How long a task took by the API's own clock."""

    latency_s: float
    precision_s: float
    """How much longer or shorter it may have been."""


def read_stamp(task: Task) -> Stamp | None:
    """Return what a task in its end says of its latency; None when it does not say."""
    if task.created_at is None or task.completed_at is None:
        return None
    is_whole = task.created_at.is_integer() and task.completed_at.is_integer()
    return Stamp(task.completed_at - task.created_at, SECOND_S if is_whole else MILLISECOND_S)


def narrowed(after_s: float, by_s: float, stamp: Stamp | None) -> tuple[float, float]:
    """Return between which ages a task ended: what the answers tell, narrowed by a stamp that fits in there.

    A server may set its stamp when it is asked, which looks like an end a moment before the question. Whoever
    believed that would ask later and later.

    Args:
        after_s: The age at which it was unfinished.
        by_s: The age at which it was found to have ended.
        stamp: The API's word.
    """
    if stamp is None or not math.isfinite(stamp.latency_s):
        return after_s, by_s
    least_s, most_s = stamp.latency_s - stamp.precision_s, stamp.latency_s + stamp.precision_s
    if stamp.latency_s > by_s - max(LATE_S, LATE_SHARE * by_s) or most_s <= after_s:
        return after_s, by_s
    return max(after_s, least_s), min(by_s, most_s)
