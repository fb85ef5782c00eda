"""The limits that a run met, and how long its submits waited for them: for its summary. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.progress import WORTH_A_WORD_S, WaitKind


@dataclass(slots=True)
class LimitCounts:
    """Calls that were answered with 429, and the time in which the next submit had room and had to wait."""

    submits: Counter[str] = field(default_factory=Counter)
    """429s on submits, by model."""
    polls: int = 0
    downloads: int = 0
    waited_s: dict[WaitKind, float] = field(default_factory=dict)

    def count_wait(self, kind: WaitKind, seconds: float) -> None:
        """Count the time that a submit was held back."""
        self.waited_s[kind] = self.waited_s.get(kind, 0.0) + seconds

    def as_json(self) -> dict[str, Json]:
        """Return the ``limits`` object of summary.json; waits of less than a second in all are how a run breathes."""
        waited = {kind.value: round(seconds, 3) for kind, seconds in self.waited_s.items() if seconds > WORTH_A_WORD_S}
        return {
            "throttled_submits": dict(self.submits),
            "throttled_polls": self.polls,
            "throttled_downloads": self.downloads,
            "waited_seconds": waited,
        }

    def __add__(self, other: "LimitCounts") -> "LimitCounts":
        """Return the sum of both."""
        total = LimitCounts(
            submits=self.submits + other.submits,
            polls=self.polls + other.polls,
            downloads=self.downloads + other.downloads,
            waited_s=dict(self.waited_s),
        )
        for kind, seconds in other.waited_s.items():
            total.count_wait(kind, seconds)
        return total
