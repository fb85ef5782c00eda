"""Counts for the jobs of a plan which model takes, drops or rejects which value of which axis. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.planned_stage import ChildSkip, is_inherited_axis
from qwave_batch.plan.expand.axes import AxisName, vocabulary_of
from qwave_batch.plan.expand.parent_references import with_stand_ins
from qwave_batch.plan.plan_summary import PlanEntrySummary
from qwave_batch.spec.document import Spec

MOST_VALUES = 40
"""An axis with more values than that, such as a range of seeds, is shown as one value."""
HELD_VERDICTS = 4096


class Support(StrEnum):
    """A model's support of a value."""

    TAKES = "takes"
    DROPS = "drops"
    """It does not take the field; ``unsupported: drop`` leaves it out."""
    REFUSES = "refuses"
    SOMETIMES = "sometimes"
    """It depends on the values of the other axes."""
    ABSENT = "absent"
    """The plan never requests this."""


@dataclass(slots=True)
class SupportCount:
    """How often a value was requested of a model, and how often it was taken, dropped or rejected."""

    takes: int = 0
    drops: int = 0
    refuses: int = 0

    @property
    def support(self) -> Support:
        """The resulting support."""
        asked = [
            support
            for support, times in (
                (Support.TAKES, self.takes),
                (Support.DROPS, self.drops),
                (Support.REFUSES, self.refuses),
            )
            if times
        ]
        return asked[0] if len(asked) == 1 else Support.SOMETIMES if asked else Support.ABSENT


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a job: the fields that were dropped, and those for which it was rejected."""

    model: str
    dropped: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()


@dataclass(slots=True)
class AxisSupport:
    """One axis with the support of each of its values by each model."""

    name: str
    fields: frozenset[str]
    """The request fields that its values set."""
    values: dict[str, Json] = field(default_factory=dict)
    """The labels by their text, in the order of the plan."""
    has_more: bool = False
    """Whether it has more than ``MOST_VALUES`` values, which are then shown as one, under an empty text."""
    _cells: dict[tuple[str, str], SupportCount] = field(default_factory=dict)

    def support(self, model: str, text: str) -> Support:
        """Return a model's support of a value."""
        cell = self._cells.get((model, text))
        return cell.support if cell else Support.ABSENT

    def count(self, label: Json, verdict: Verdict) -> None:
        """Count an entry that has a value of this axis."""
        text = label_text(label)
        if text not in self.values:
            if len(self.values) >= MOST_VALUES:
                self.has_more, text = True, ""
            else:
                self.values[text] = label
        cell = self._cells.setdefault((verdict.model, text), SupportCount())
        cell.refuses += bool(self.fields & verdict.refused)
        cell.drops += bool(self.fields & verdict.dropped and not self.fields & verdict.refused)
        cell.takes += not self.fields & (verdict.dropped | verdict.refused)

    def settle(self) -> None:
        """Merge the values of a long axis into one."""
        if not self.has_more:
            return
        together: dict[tuple[str, str], SupportCount] = {}
        for (model, _), cell in self._cells.items():
            whole = together.setdefault((model, ""), SupportCount())
            whole.takes += cell.takes
            whole.drops += cell.drops
            whole.refuses += cell.refuses
        self._cells, self.values = together, {"": None}


@dataclass(slots=True)
class ModelEntries:
    """The entries of a model."""

    asked: int = 0
    refused: int = 0
    elsewhere: int = 0
    """Rejected entries not caused by any axis, but by the spec's or a prompt's own request."""


@dataclass(slots=True)
class SupportMatrix:
    """The matrix as a whole."""

    models: dict[str, ModelEntries] = field(default_factory=dict)
    axes: list[AxisSupport] = field(default_factory=list)

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return f"SupportMatrix({len(self.models):,} models, {len(self.axes):,} axes)"

    def count(self, labels: Mapping[str, Json], verdict: Verdict) -> None:
        """Count an entry of the plan by its label on each axis."""
        entries = self.models.setdefault(verdict.model, ModelEntries())
        entries.asked += 1
        if verdict.refused:
            entries.refused += 1
            blamed = {name for axis in self.axes if axis.name in labels for name in axis.fields}
            entries.elsewhere += not verdict.refused & blamed
        for axis in self.axes:
            if axis.name in labels:
                axis.count(labels[axis.name], verdict)

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``plan --matrix --json`` prints under ``matrix``."""
        return {
            "models": {
                name: {"entries": each.asked, "refused": each.refused, "refused_elsewhere": each.elsewhere}
                for name, each in self.models.items()
            },
            "axes": [
                {
                    "axis": axis.name,
                    "fields": sorted(axis.fields),
                    "has_more": axis.has_more,
                    "values": [
                        {"value": label, "models": {name: axis.support(name, text).value for name in self.models}}
                        for text, label in axis.values.items()
                    ],
                }
                for axis in self.axes
            ],
        }


def axes_that_set_fields(spec: Spec, catalog: Catalog) -> dict[str, frozenset[str]]:
    """Return the axes that can matter to a model, each with the request fields that its values set.

    Those of a stage are named as in ``draft.aspect_ratio``.
    """
    if spec.stages:
        return {
            _of_stage(stage.name, name): fields
            for stage in spec.stages
            for name, fields in axes_that_set_fields(stage.spec, catalog).items()
        }
    vocabulary = vocabulary_of(catalog)
    found: dict[str, frozenset[str]] = {}
    for axis in spec.matrix.axes:
        name = vocabulary.read(axis.name)
        values = axis.values if isinstance(axis.values, tuple) else ()
        fields = frozenset().union(*(_fields_of(value, name) for value in values), {name.text} if name.is_field else ())
        if fields and name.text != "model":
            found[name.text] = fields
    return found


def _of_stage(stage: str, axis: str) -> str:
    return f"{stage}.{axis}" if stage else axis


def _own_labels(entry: PlanEntrySummary) -> dict[str, Json]:
    """Return the labels of an entry on the axes of its own stage; those of its ancestors are judged there."""
    return {
        _of_stage(entry.stage, name): label for name, label in entry.labels().items() if not is_inherited_axis(name)
    }


def _fields_of(value: Json, name: AxisName) -> frozenset[str]:
    """Return the request fields that a value sets besides the axis' own."""
    if not isinstance(value, Mapping):
        return frozenset()
    if name.is_field:
        return frozenset(value) - {"id"} if name.text in value else frozenset()
    late = value.get("request")
    return frozenset(late) if isinstance(late, Mapping) else frozenset()


def support_of(
    entries: Iterable[PlanEntrySummary], catalog: Catalog, axes: Mapping[str, frozenset[str]]
) -> SupportMatrix:
    """Return the support of the values of a plan's axes by its models.

    Args:
        entries: The plan, made with ``unsupported: drop``, so that dropped fields and rejected values differ.
        catalog: The catalog.
        axes: The axes to show, each with the request fields that it sets.
    """
    matrix = SupportMatrix(axes=[AxisSupport(name, fields) for name, fields in axes.items()])
    judge = _Judge(catalog)
    for entry in entries:
        if entry.error is None or entry.error.code != ChildSkip.PARENT_SKIPPED:  # which says nothing of its own values
            matrix.count(_own_labels(entry), judge.verdict(entry))
    for axis in matrix.axes:
        axis.settle()
    matrix.axes = [axis for axis in matrix.axes if axis.values]
    return matrix


class _Judge:
    """Finds all violations of a skipped job; equal verdicts share one object, however many jobs have them."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._content = catalog.content_fields
        self._known: dict[Verdict, Verdict] = {}
        self._held: dict[str, Verdict] = {}

    def verdict(self, entry: PlanEntrySummary) -> Verdict:
        if entry.error is None:
            return self._one(Verdict(entry.model, frozenset(entry.dropped)))
        job = entry.job()
        asked = json.dumps({name: job.request[name] for name in job.request if name != "prompt"}, sort_keys=True)
        key = f"{entry.error.message}\n{asked}"
        held = self._held.get(key)
        if held is None:
            if len(self._held) >= HELD_VERDICTS:
                self._held.clear()
            held = self._held[key] = self._one(self._judged(job))
        return held

    def _judged(self, job: Job) -> Verdict:
        model = self._catalog.model(job.model)
        dropped, refused = set[str](), set[str]()
        asked = with_stand_ins(job.request, self._catalog.reference_fields)
        for found in model.violations(model.normalise(asked)):
            is_foreign = found.kind == "unknown_field" and found.field not in self._content
            (dropped if is_foreign else refused).add(found.field)
        if job.skip is not None and not refused:  # not for a value, but for the number of its images
            refused.add(job.skip.field or "")
        return Verdict(job.model, frozenset(dropped), frozenset(refused))

    def _one(self, verdict: Verdict) -> Verdict:
        return self._known.setdefault(verdict, verdict)


def label_text(label: Json) -> str:
    """Return a label in readable form."""
    return label if isinstance(label, str) else json.dumps(label, ensure_ascii=False, separators=(",", ":"))
