"""Droughts: spans in which an API serves no image, and what was bought in vain in them, by the API's own books."""

import random
from collections.abc import Iterable
from enum import Enum, auto
from typing import Any

from qwave_batch.simulator import Simulator
from qwave_batch.simulator.api_calls import Caller, Submission
from qwave_batch.simulator.faults import FaultName
from qwave_batch.simulator.replies import Reply, Trickling, Whole

SLOTS = (2, 3, 4, 6)
"""Few, so that a folder's jobs are more than they are."""
CAUSES = (
    FaultName.REFUSED_FILE,
    FaultName.NOT_THERE_YET,
    FaultName.EXPIRED_URL,
    FaultName.HTTP503,
    FaultName.DROP,
    FaultName.HTML,
    FaultName.EMPTY,
    FaultName.TRUNCATED_IMAGE,
)


class Deed(Enum):
    """Counts of API activity."""

    SOLD = auto()
    """It made a task."""
    SERVED = auto()
    """It answered a request for a file with the whole file, or with the way to it."""
    FAILED = auto()
    """It answered a request for a file with anything else."""


class WatchedSimulator(Simulator):
    """A simulator that notes what it sold and served, in order."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.deeds: list[Deed] = []
        self._known: set[str] = set()

    def submit(self, caller: Caller, raw: bytes, idempotency_key: str | None) -> Submission:
        """Record a new task; one that is found by its key does not count."""
        submission = super().submit(caller, raw, idempotency_key)
        if submission.task is not None and submission.task.task_id not in self._known:
            self._known.add(submission.task.task_id)
            self.deeds.append(Deed.SOLD)
        return submission

    def answer_file(self, caller: Caller, task_id: str, number: int, reply: Reply) -> Reply:
        """Note whether the file is served."""
        answer = super().answer_file(caller, task_id, number, reply)
        is_whole = answer.body == reply.body and isinstance(answer.manner, Whole | Trickling)
        is_served = (reply.status == answer.status == 200 and is_whole) or answer.status == 307
        self.deeds.append(Deed.SERVED if is_served else Deed.FAILED)
        return answer


def bought_in_vain(deeds: Iterable[Deed], slots: int) -> int:
    """Return how many tasks were bought in droughts, beyond as many as there are slots in each.

    A drought begins with a request for a file that fails, and ends with the next one that is served, whatever
    processes came and went in between. Tasks that were made before it are not counted: nobody could know.
    """
    beyond = bought = 0
    is_dry = False
    for deed in deeds:
        match deed:
            case Deed.SERVED:
                is_dry, bought = False, 0
            case Deed.FAILED:
                is_dry = True
            case Deed.SOLD if is_dry:
                bought += 1
                beyond += bought > slots
            case Deed.SOLD:
                pass
    return beyond


def droughts(rng: random.Random) -> str:
    """Return faults that let no image come for a while, once or twice."""
    first = rng.randint(1, 8)
    second = first + rng.randint(30, 60)
    return ",".join(
        f"download.{rng.choice(CAUSES)}=@{start}..{start + rng.randint(8, 25)}"
        for start in (first, second)[: rng.randint(1, 2)]
    )
