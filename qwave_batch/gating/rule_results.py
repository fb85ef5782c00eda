"""The outcome of each rule of a gate, and of the gate."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import Advice


class RuleOutcome(StrEnum):
    """The outcome of a rule."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"
    """The interval decides neither way: the rule says whether that passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """The outcome of a rule, for one group where it has groups."""

    rule: str
    number: int
    """The rule's place in the file, from 1."""
    group: str | None
    """The group, such as a tag; None for a rule without groups."""
    outcome: RuleOutcome
    is_passed: bool
    reason: str
    """A sentence with the numbers."""
    value: float | None = None
    """The number that is held to the rule; of a comparison the difference."""
    low: float | None = None
    high: float | None = None
    prompts: int | None = None
    missing: int | None = None
    """Numbers that ought to be there and are not."""
    next_steps: tuple[Advice, ...] = ()
    """Actions that would let it be decided."""
    seconds: float = 0.0
    """The time that the decision took."""

    @property
    def title(self) -> str:
        """The name of the rule, with its group."""
        return self.rule if self.group is None else f"{self.rule}: {self.group}"

    def as_json(self) -> dict[str, Json]:
        """Return its object of ``gate --json``."""
        return {
            "rule": self.rule,
            "number": self.number,
            "group": self.group,
            "outcome": self.outcome.value,
            "passed": self.is_passed,
            "reason": self.reason,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "prompts": self.prompts,
            "missing": self.missing,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """The outcome of a gate."""

    gate: str
    folder: str
    results: Sequence[RuleResult]

    @property
    def is_passed(self) -> bool:
        """Whether every rule is passed."""
        return all(each.is_passed for each in self.results)

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``gate --json`` prints."""
        return {
            "gate": self.gate,
            "folder": self.folder,
            "passed": self.is_passed,
            "results": [each.as_json() for each in self.results],
        }
