"""The stages of a plan: where each one's jobs come from, and what is decided only once their parents are made."""

import json
from dataclasses import dataclass, field
from enum import StrEnum

from qwave_batch.model.jsontypes import JsonObject

RATING = "rating"
"""The name of the mean of all ratings of people, beside those of scores."""


class ChildSkip(StrEnum):
    """Why a job is skipped for the sake of its parents: the code of its error."""

    PARENT_SKIPPED = "parent_skipped"
    """The plan skips its parent."""
    PARENT_FAILED = "parent_failed"
    """Its parent has failed, or is skipped by now."""
    PARENT_SHORT = "parent_short"
    """Its parent brought fewer images than it needs."""
    NOT_PICKED = "not_picked"
    LEFT_OUT_BY_WHERE = "left_out_by_where"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentPick:
    """Takes those of the parents that compete with the highest number, or the lowest."""

    n: int
    by: str
    """The full name of a score in scores.jsonl, or ``RATING``."""
    per: tuple[str, ...] = ("prompt",)
    """Those compete that agree in all of these: ``prompt``, ``model``, ``repeat``, and axes of the parents."""
    lowest: bool = False
    """Whether it takes the lowest numbers."""

    def group_of(self, prompt_id: str, model: str, repeat: int, axes: JsonObject) -> tuple[str, ...]:
        """Return the group in which a job competes, by what it is at one place of the plan."""
        known = {"prompt": prompt_id, "model": model, "repeat": str(repeat)}
        return tuple(
            json.dumps(axes[name], sort_keys=True) if name in axes and name != "prompt" else known.get(name, "")
            for name in self.per
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStage:
    """A stage of a plan."""

    name: str
    from_stage: str | None = None
    """The stage whose jobs are the parents of its own."""
    where: str | None = None
    """The template that decides which parents have children, if it asks for scores or the like; None otherwise."""
    variables: JsonObject = field(default_factory=dict)
    """The values of those ``vars`` of the spec that it uses."""
    pick: ParentPick | None = None

    @property
    def is_decided_later(self) -> bool:
        """Whether scores, findings or picks of the parents decide which of its jobs are made."""
        return self.where is not None or self.pick is not None


def inherited_axis(name: str, stage: str) -> str:
    """Return the name of an axis of a stage's jobs as an axis of their children, such as ``draft.seed``."""
    return name if is_inherited_axis(name) else f"{stage}.{name}"


def is_inherited_axis(name: str) -> bool:
    """Whether an axis of a job is that of an ancestor; the names that specs give have no dot."""
    return "." in name
