"""A ``where`` that asks what is known only once the parents are made: scores, findings, picks and ratings.

It sees the same ``parent`` as any other ``where`` of a stage, and four names more. A fact that nobody has given yet is
missing: the question waits for it, whatever the template does with it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.planned_stage import PlannedStage
from qwave_batch.plan.expand.parent_jobs import PARENT
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.template.templates import TemplateFault, TemplateValue, compile_value
from qwave_batch.spec.values.value_path import ValuePath

WHERE: ValuePath = ("where",)
_SCORES = "scores"
LATER_NAMES = frozenset({_SCORES, "findings", "pick", "rating"})
"""The fields of ``parent`` that are known later."""
_STEPS_OF_A_SCORE = 2
_TRIED_NUMBER = 0.4876
"""Stands for a score that is not known yet: no template compares with it on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterFacts:
    """The facts about a job that become known after it was made."""

    scores: Mapping[str, float]
    """By full name, such as ``ocr.cer``."""
    unscorable: frozenset[str] = frozenset()
    """The full names of scores that the job will never have, since its scorer can't give them."""
    findings: tuple[str, ...] | None = None
    """The kinds of what ``check`` found; None before it looked."""
    pick: str | None = None
    """``keep`` or ``reject``; None before people have decided."""
    rating: float | None = None
    """The mean of all ratings; None without one."""


@dataclass(frozen=True, slots=True)
class MissingFact:
    """A fact that the answer depends on, and that is not known."""

    name: str
    """``findings``, ``pick``, ``rating``, or the full name of a score."""
    is_never_known: bool = False
    """Whether nobody will ever know it: the scorer can't give it."""


@dataclass(frozen=True, slots=True)
class WhereAnswer:
    """The answer for a parent, with the facts that it was given by."""

    is_met: bool
    facts: Mapping[str, Json] = field(default_factory=dict)
    """By the names of ``MissingFact``."""


def is_decided_later(where: TemplateValue) -> bool:
    """Whether a ``where`` can be decided only once the parents are made and looked at."""
    return any(_is_later(way) for way in where.attributes)


def _is_later(way: ValuePath) -> bool:
    return way[0] == PARENT and next((step for step in way if step != PARENT), None) in LATER_NAMES


def _asked_scores(where: TemplateValue) -> Iterator[tuple[str, str | None]]:
    """Yield each use of ``parent.scores`` as it is written, with the full name of the score; None for another use."""
    for way in sorted(way for way in where.attributes if _is_later(way) and _SCORES in way):
        steps = ".".join(map(str, way[way.index(_SCORES) + 1 :])).split(".")
        name = ".".join(steps) if len(steps) == _STEPS_OF_A_SCORE else None
        yield ".".join(map(str, way)), name


def deciding_facts(stage: PlannedStage) -> frozenset[str]:
    """Return the names of the facts about parents that a stage is decided by; none for one that is decided now.

    Raises:
        TemplateFault: its ``where`` does not parse.
    """
    of_where = frozenset[str]() if stage.where is None else LaterWhere.of(stage.where, {}).facts
    return of_where if stage.pick is None else of_where | {stage.pick.by}


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterWhere:
    """A ``where`` that is decided later, with the values of the variables that it uses."""

    template: TemplateValue
    variables: Mapping[str, Json] = field(default_factory=dict)

    @classmethod
    def of(cls, source: str, variables: Mapping[str, Json]) -> "LaterWhere":
        """Return the ``where`` of a planned stage.

        Raises:
            TemplateFault: it does not parse.
        """
        return cls(template=compile_value(source.strip(), WHERE), variables=variables)

    @property
    def scores(self) -> frozenset[str]:
        """The full names of the scores that it asks for."""
        return frozenset(name for _, name in _asked_scores(self.template) if name is not None)

    @property
    def facts(self) -> frozenset[str]:
        """The names of the facts that it asks for, as in ``MissingFact``."""
        asked = (next(step for step in way if step != PARENT) for way in self.template.attributes if _is_later(way))
        return self.scores | {str(name) for name in asked if name != _SCORES}

    def answer(self, parent: Mapping[str, Json], facts: Callable[[str], LaterFacts]) -> WhereAnswer | MissingFact:
        """Return the answer for a parent, or the first fact that it depends on and that is missing.

        Args:
            parent: The parent as templates see it.
            facts: Returns what is known of a job, by its id.

        Raises:
            TemplateFault: the template fails, or gives something other than true or false.
        """
        notes = _Notes()
        seen: Any = _SeenParent(parent, facts, notes)
        try:
            answer = self.template.render({**self.variables, PARENT: seen})
        except TemplateFault:
            if notes.missing:
                return notes.missing[0]
            raise
        if not isinstance(answer, bool):
            raise TemplateFault(
                f"where must come out as true or false, and gives {answer!r}",
                self.template.where,
                suggestion='write one comparison, such as "{{ parent.scores.checks.sharpness > 0.1 }}"',
            )
        return WhereAnswer(answer, notes.seen)

    def check(self, parent: Mapping[str, Json], problems: ProblemCollector) -> None:
        """Report the mistakes that would show only later, by trying it on a parent with facts that are made up."""
        where = self.template.where
        for written, name in _asked_scores(self.template):
            if name is None:
                problems.add(
                    where,
                    f"{written} is not one score",
                    value=written,
                    suggestion="write parent.scores.SCORER.NUMBER, such as parent.scores.ocr.cer",
                )
                return
        names = [name for _, name in _asked_scores(self.template) if name is not None]
        tried = LaterFacts(scores=dict.fromkeys(names, _TRIED_NUMBER), findings=(), pick="keep", rating=3.0)
        try:
            self.answer(parent, lambda _: tried)
        except TemplateFault as fault:
            problems.add_template(fault)


class _NotKnown(Exception):
    """A template asked for a fact that is missing."""


@dataclass(slots=True)
class _Notes:
    """The facts that a template asks for."""

    seen: dict[str, Json] = field(default_factory=dict)
    missing: list[MissingFact] = field(default_factory=list)

    def found(self, name: str, value: Json) -> Json:
        self.seen[name] = value
        return value

    def lacking(self, missing: MissingFact) -> _NotKnown:
        self.missing.append(missing)
        return _NotKnown(missing.name)


@dataclass(frozen=True, slots=True, eq=False)
class _SeenParent(Mapping[str, Any]):
    """The ``parent`` that a template sees, which notes what it asks for in vain."""

    record: Mapping[str, Any]
    facts: Callable[[str], LaterFacts]
    notes: _Notes

    def __getitem__(self, name: str) -> Any:
        if name == PARENT:
            return _SeenParent(self.record[name], self.facts, self.notes)
        if name not in LATER_NAMES:
            return self.record[name]
        facts = self.facts(self.record["job_id"])
        if name == _SCORES:
            return _SeenScores(facts, "", self.notes)
        found = getattr(facts, name)
        if found is None:
            raise self.notes.lacking(MissingFact(name))
        return self.notes.found(name, list(found) if isinstance(found, tuple) else found)

    def __iter__(self) -> Iterator[str]:
        yield from self.record
        yield from sorted(LATER_NAMES)

    def __len__(self) -> int:
        return len(self.record) + len(LATER_NAMES)


@dataclass(frozen=True, slots=True, eq=False)
class _SeenScores(Mapping[str, Any]):
    """The scores of a parent: by scorer, then by the name of the number."""

    facts: LaterFacts
    scorer: str
    notes: _Notes

    def __getitem__(self, name: str) -> Any:
        if not self.scorer and "." not in name:
            return _SeenScores(self.facts, name, self.notes)
        full = f"{self.scorer}.{name}" if self.scorer else name
        if full not in self.facts.scores:
            raise self.notes.lacking(MissingFact(full, is_never_known=full in self.facts.unscorable))
        return self.notes.found(full, self.facts.scores[full])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str)  # a score that nobody gave is missing, and no unknown name

    def __iter__(self) -> Iterator[str]:
        return iter(self.facts.scores)

    def __len__(self) -> int:
        return len(self.facts.scores)
