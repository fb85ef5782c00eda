"""Chooses a few of many jobs: the same ones on every machine, and as many of each model as there are to be had."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Generic, TypeVar

from qwave_batch.model.job_identity import sample_hash

Item = TypeVar("Item")


@dataclass(slots=True)
class SpreadSample(Generic[Item]):
    """Takes in jobs one by one, and holds at most ``most`` of each model.

    Those with the smallest hashes of seed and job id are kept, as in a spec's samples: a larger sample holds a smaller
    one.
    """

    most: int
    seed: int = 0
    _by_model: dict[str, list[tuple[int, str, Item]]] = field(default_factory=dict)
    """Heaps whose first entry is the next to go: hashes are negated."""

    def add(self, job_id: str, model: str, item: Item) -> None:
        """Take in a job."""
        kept = self._by_model.setdefault(model, [])
        order = -int.from_bytes(sample_hash(self.seed, job_id), "big")
        if len(kept) < self.most:
            heapq.heappush(kept, (order, job_id, item))
        elif order > kept[0][0]:
            heapq.heapreplace(kept, (order, job_id, item))

    def all_of(self, model: str) -> list[Item]:
        """Return what is kept of one model, the smallest hash first."""
        return [item for _, _, item in sorted(self._by_model.get(model, ()), key=lambda each: -each[0])]

    def spread(self) -> Iterator[Item]:
        """Yield at most ``most`` jobs: one of each model in turn, as long as it has some."""
        left = self.most
        for row in zip_longest(*map(self.all_of, self._by_model)):
            for item in row:
                if item is not None and left > 0:
                    left -= 1
                    yield item
