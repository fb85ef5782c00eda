"""Makes every entry a job of its own, equal requests too: each counts as the next repeat of its request."""

from dataclasses import dataclass, field

from qwave_batch.model.job_identity import job_id, number_of
from qwave_batch.plan.expand.entries import ExpandedEntry


@dataclass(slots=True)
class KeptDuplicates:
    """The jobs of one pass over all entries, by number.

    The repeat that an entry gets depends only on the entries before it with the same request, so other prompts may be
    put in, taken out and moved.
    """

    _taken: set[int] = field(default_factory=set)
    _next: dict[int, int] = field(default_factory=dict)
    """By the first job of a request that several entries have: the repeat to try next."""

    def set_apart(self, entry: ExpandedEntry) -> None:
        """Give an entry the first free repeat of its request, if an earlier entry has taken its own."""
        if entry.number in self._taken:
            request = entry.request()
            first = number_of(job_id(request, 0))
            repeat = self._next.get(first, 1)
            while (number := number_of(job_id(request, repeat))) in self._taken:
                repeat += 1
            self._next[first] = repeat + 1
            entry.number, entry.kept_as = number, repeat
        self._taken.add(entry.number)
