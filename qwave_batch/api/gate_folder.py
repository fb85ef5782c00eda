"""A run folder held to the rules of a gate: its lines are read once, for all rules together."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Protocol

from qwave_batch.errors import FolderError, UsageError
from qwave_batch.gating.drawn_intervals import check_can_draw
from qwave_batch.gating.gate_file import read_gate
from qwave_batch.gating.gate_rules import (
    CostRule,
    FindingsRule,
    Gate,
    GateRule,
    JobsRule,
    Mean,
    NoWorseRule,
    ThresholdRule,
)
from qwave_batch.gating.junit_file import check_junit_place, write_junit
from qwave_batch.gating.junit_xml import junit_xml
from qwave_batch.gating.line_decisions import LineTally
from qwave_batch.gating.measures import OWN_MEASURES, level_of, measure_or_missing, scorer_of
from qwave_batch.gating.pair_preferences import check_is_preference
from qwave_batch.gating.rule_results import GateReport, RuleResult
from qwave_batch.gating.score_evaluations import NoWorseEvaluation, PairsEvaluation, SetsEvaluation, ThresholdEvaluation
from qwave_batch.gating.scored_cells import CellGatherer
from qwave_batch.gating.sides import check_has_score
from qwave_batch.output.folder_labels import folder_labels
from qwave_batch.output.folder_reader import FolderReader, open_folder
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.quality.checks_file import read_checks
from qwave_batch.scoring.kept_scores import KeptScores, read_kept_scores
from qwave_batch.scoring.scorer import Level


class _RuleEvaluation(Protocol):
    """Takes in the lines that a rule is about, and decides it."""

    def add(self, line: ManifestLine) -> None:
        """Take in a line."""
        ...

    def results(self) -> Iterator[RuleResult]:
        """Yield the outcome for each group."""
        ...


def gate_folder(folder: str | Path, config: str | Path, *, junit: str | Path | None = None) -> GateReport:
    """Return whether a run folder passes the rules of a gate. It blocks: call it in a thread.

    Args:
        folder: A run folder, or the address of a store.
        config: The file of the rules.
        junit: The file to write the outcome to as JUnit XML; an older one is replaced.

    Raises:
        SpecError: the rules have mistakes, or don't fit the folder; nothing was written.
        UsageError: the file of the rules can't be read, or another folder can't be compared.
        FolderError: a folder is not a run folder, or its scores are broken.
        MissingExtra: the library that intervals need is not installed.
        StorageError: the disk fails.
    """
    check_can_draw()
    gate = read_gate(Path(config))
    with open_folder(folder) as reader:
        if junit is not None:
            check_junit_place(Path(junit), [] if reader.layout.store is not None else [reader.layout.root])
        scores = read_kept_scores(reader)
        evaluations = [_evaluation_of(rule, gate, reader, scores) for rule in gate.rules]
        for line in reader.lines():
            for rule, evaluation in zip(gate.rules, evaluations, strict=True):
                if rule.head.where.takes(line):
                    evaluation.add(line)
        results = [result for evaluation in evaluations for result in _timed(evaluation)]
        report = GateReport(gate=gate.name, folder=folder_labels([reader])[0], results=results)
    if junit is not None:
        write_junit(Path(junit), junit_xml(report))
    return report


def _timed(evaluation: _RuleEvaluation) -> Iterator[RuleResult]:
    started = perf_counter()
    for result in evaluation.results():
        ended = perf_counter()
        yield replace(result, seconds=ended - started)
        started = ended


def _evaluation_of(rule: GateRule, gate: Gate, reader: FolderReader, scores: KeptScores) -> _RuleEvaluation:
    match rule:
        case JobsRule() | CostRule():
            return LineTally(rule)
        case FindingsRule():
            try:
                return LineTally(rule, checks=read_checks(reader))
            except FolderError as error:
                return LineTally(rule, unchecked=error)
        case ThresholdRule() | NoWorseRule():
            return _evaluation_of_score(rule, gate, reader, scores)


def _evaluation_of_score(
    rule: ThresholdRule | NoWorseRule, gate: Gate, reader: FolderReader, scores: KeptScores
) -> _RuleEvaluation:
    """Return the evaluation of a rule on a score.

    Raises:
        SpecError: the scorer gives no such score, or the rule is not for scores of its kind.
    """
    level = Level.IMAGE
    if rule.score not in OWN_MEASURES and scorer_of(rule.score) in scores.scorers:
        try:
            check_has_score(rule.score, scores, folder_labels([reader])[0])
        except UsageError as error:
            raise gate.fault_at(rule.head.number, "score", str(error)) from error
        level = level_of(rule.score, scores)
    if isinstance(rule, NoWorseRule):
        if level is not Level.IMAGE:
            message = f"{rule.score} is not a score of images, and only those are compared with another folder"
            raise gate.fault_at(rule.head.number, "score", message)
        return NoWorseEvaluation(rule, gate, CellGatherer(scores, [measure_or_missing(rule.score, scores)]))
    is_known = rule.score in scores.outputs or rule.score in OWN_MEASURES
    if is_known and (rule.preferred is not None) != (level is Level.PAIR):
        message = f"{rule.score} is {'not ' if rule.preferred else ''}a score of pairs"
        hint = "preferred belongs to those" if rule.preferred else "say with preferred which value is to be preferred"
        raise gate.fault_at(rule.head.number, "score", f"{message}: {hint}")
    if level is Level.SET:
        _check_of_sets(rule, gate)
        return SetsEvaluation(rule, scores)
    if level is Level.PAIR:
        try:
            check_is_preference(rule.score, scores.outputs[rule.score])
        except UsageError as error:
            raise gate.fault_at(rule.head.number, "score", str(error)) from error
        return PairsEvaluation(rule, gate, scores)
    return ThresholdEvaluation(rule, gate, CellGatherer(scores, [measure_or_missing(rule.score, scores)]))


def _check_of_sets(rule: ThresholdRule, gate: Gate) -> None:
    """Refuse the keys that have no meaning for scores of which each model has one."""
    faults = {
        "statistic": not isinstance(rule.statistic, Mean),
        "decide_by": rule.by_interval,
        "where": rule.head.where.where is not None,
        "per": rule.head.per not in {None, "model"},
    }
    for key, is_wrong in faults.items():
        if is_wrong:
            message = f"{rule.score} is one number for all images of a model, so that {key} has no meaning"
            raise gate.fault_at(rule.head.number, key, message)
