"""The evaluation of rules on scores: each takes in the lines that its rule is about, and then decides it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from qwave_batch.errors import UsageError
from qwave_batch.gating.cell_pairs import pair_cells
from qwave_batch.gating.drawn_intervals import Bounds
from qwave_batch.gating.gate_rules import Gate, NoWorseRule, RuleHead, ThresholdRule
from qwave_batch.gating.measures import Measure, measure_named, scorer_of
from qwave_batch.gating.pair_preferences import preference_cells
from qwave_batch.gating.rule_results import RuleResult
from qwave_batch.gating.score_comparison import TAG
from qwave_batch.gating.score_decisions import decide_no_worse, decide_set, decide_threshold
from qwave_batch.gating.scored_cells import CellGatherer, ScoredCell, read_cells
from qwave_batch.gating.sides import check_has_score, other_edition
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.scoring.kept_scores import KeptScores, read_kept_scores
from qwave_batch.voting.judged_jobs import JudgedJob, judged_job


@dataclass(slots=True)
class ThresholdEvaluation:
    """Evaluates a rule on a score of images or jobs."""

    rule: ThresholdRule
    gate: Gate
    gatherer: CellGatherer

    def add(self, line: ManifestLine) -> None:
        """Take in a line."""
        self.gatherer.add(line)

    def results(self) -> Iterator[RuleResult]:
        """Yield the outcome for each group."""
        yield from _by_group(self.rule, self.gate, self.gatherer.sorted_cells(), self.gatherer.measures[0].bounds)


@dataclass(slots=True)
class PairsEvaluation:
    """Evaluates a rule on a score of pairs."""

    rule: ThresholdRule
    gate: Gate
    scores: KeptScores
    jobs: dict[str, JudgedJob] = field(default_factory=dict)

    def add(self, line: ManifestLine) -> None:
        """Take in a line."""
        self.jobs[line.job_id] = judged_job(line)

    def results(self) -> Iterator[RuleResult]:
        """Yield the outcome for each group."""
        assert self.rule.preferred is not None  # noqa: S101 - else it is another one's
        cells = preference_cells(self.scores, self.rule.score, self.jobs, self.rule.preferred)
        yield from _by_group(self.rule, self.gate, cells, (0.0, 1.0))


@dataclass(slots=True)
class SetsEvaluation:
    """Evaluates a rule on a score that each model has one of."""

    rule: ThresholdRule
    scores: KeptScores
    models: set[str] = field(default_factory=set)

    def add(self, line: ManifestLine) -> None:
        """Take in a line."""
        if line.images:
            self.models.add(line.model)

    def results(self) -> Iterator[RuleResult]:
        """Yield the outcome for each group."""
        found = {each.model: each.scores.get(self.rule.score) for each in self.scores.sets()}
        for model in sorted(self.models):
            yield decide_set(self.rule, found.get(model), model)
        if not self.models:
            yield decide_set(self.rule, None, None)


@dataclass(slots=True)
class NoWorseEvaluation:
    """Evaluates a rule that compares with another folder, of which the same jobs count."""

    rule: NoWorseRule
    gate: Gate
    gatherer: CellGatherer

    def add(self, line: ManifestLine) -> None:
        """Take in a line."""
        self.gatherer.add(line)

    def results(self) -> Iterator[RuleResult]:
        """Yield the outcome for each group."""
        rule, here = self.rule, self.gatherer.sorted_cells()
        there, measure = self._other()
        if rule.head.per is None:
            yield decide_no_worse(rule, pair_cells(there, here), here, measure)
            return
        groups, others = _grouped(rule.head, self.gate, here), _grouped(rule.head, self.gate, there)
        for group, cells in groups.items():
            yield decide_no_worse(rule, pair_cells(others.get(group, []), cells), cells, measure, group)

    def _other(self) -> tuple[list[ScoredCell], Measure]:
        """Return the cells of the other folder, and the measure with its direction."""
        rule = self.rule
        with ExitStack() as stack:
            try:
                reader = stack.enter_context(open_folder(rule.address))
                scores = read_kept_scores(reader)
                check_has_score(rule.score, scores, rule.folder)
            except UsageError as error:
                raise self._fault("no_worse_than", str(error)) from error
            self._check_same_scorer(scores)
            measure = self._directed(measure_named(rule.score, scores))
            return read_cells(reader, scores, [measure], rule.head.where), measure

    def _check_same_scorer(self, other: KeptScores) -> None:
        scorer, own = scorer_of(self.rule.score), self.gatherer.scores.scorers
        if scorer in own:
            reason = other_edition(other.scorers[scorer], own[scorer], labels=(self.rule.folder, "this folder"))
            if reason is not None:
                raise self._fault("no_worse_than", f"{reason}: numbers of both can't be compared")

    def _directed(self, measure: Measure) -> Measure:
        """Return the measure with the direction that is better, which the rule or the scorer says."""
        better = self.rule.better or measure.better
        if better is None:
            message = f"neither direction of {measure.name} is better: say which with better: higher or lower"
            raise self._fault("score", message)
        if measure.better not in {None, better}:
            raise self._fault("better", f"the scorer says of {measure.name} that {measure.better} is better")
        return replace(measure, better=better)

    def _fault(self, key: str, message: str) -> Exception:
        return self.gate.fault_at(self.rule.head.number, key, message)


def _by_group(rule: ThresholdRule, gate: Gate, cells: Sequence[ScoredCell], bounds: Bounds) -> Iterator[RuleResult]:
    if rule.head.per is None:
        yield decide_threshold(rule, cells, bounds)
        return
    groups = _grouped(rule.head, gate, cells)
    for group, of_group in groups.items():
        yield decide_threshold(rule, of_group, bounds, group)
    if not groups:
        yield decide_threshold(rule, [], bounds)


def _grouped(head: RuleHead, gate: Gate, cells: Sequence[ScoredCell]) -> Mapping[str, list[ScoredCell]]:
    """Return the cells of each group, in alphabetical order.

    Raises:
        SpecError: no cell has such an axis.
    """
    found: dict[str, list[ScoredCell]] = {}
    for cell in cells:
        value = cell.value(head.per or "")
        for group in cell.tags if head.per == TAG else [] if value is None else [value]:
            found.setdefault(group, []).append(cell)
    if not found and cells and head.per != TAG:
        axes = sorted({name for cell in cells for name, _ in cell.values})
        message = f'no job has an axis "{head.per}"; there is tag, {", ".join(axes)}'
        raise gate.fault_at(head.number, "per", message)
    return dict(sorted(found.items()))
