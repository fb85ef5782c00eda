"""One measure of a comparison: the difference over all prompts, and group by group."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from qwave_batch.gating.measures import Measure
from qwave_batch.gating.paired_difference import PairedDifference
from qwave_batch.model.jsontypes import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedScore:
    """Two sides compared in one measure."""

    measure: Measure
    whole: PairedDifference | None
    """None where no prompt has a number on both sides."""
    groups: Mapping[str, PairedDifference] = field(default_factory=dict)
    """By the name of the group; without those that have no number."""

    def as_json(self) -> dict[str, Json]:
        """Return its object of ``compare-scores --json``."""
        better = self.measure.better
        return {
            "score": self.measure.name,
            "better": None if better is None else better.value,
            "unit": self.measure.unit,
            "whole": None if self.whole is None else _difference_as_json(self.whole),
            "groups": {name: _difference_as_json(each) for name, each in self.groups.items()},
        }


def _difference_as_json(found: PairedDifference) -> dict[str, Json]:
    return {
        "prompts": found.prompts,
        "left_out": found.left_out,
        "missing_a": found.missing_a,
        "missing_b": found.missing_b,
        "a": found.a,
        "b": found.b,
        "difference": found.difference,
        "low": None if found.interval is None else found.interval.low,
        "high": None if found.interval is None else found.interval.high,
        "wins": found.wins,
        "ties": found.ties,
        "losses": found.losses,
        "superiority": found.superiority,
        "b_is": found.b_is.value,
    }
