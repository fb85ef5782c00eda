"""Verdicts on run folders: sides compared by their scores, and gates of rules."""

from qwave_batch.api.compared_folders import compare_scores
from qwave_batch.api.gate_folder import gate_folder
from qwave_batch.gating.cell_pairs import Pairing, Unpaired
from qwave_batch.gating.measures import Measure
from qwave_batch.gating.paired_difference import PairedDifference, Verdict
from qwave_batch.gating.rule_results import GateReport, Outcome, RuleResult
from qwave_batch.gating.score_comparison import ComparedScore, ScoreComparison
from qwave_batch.gating.sides import AxisPair

__all__ = [
    "AxisPair",
    "ComparedScore",
    "GateReport",
    "Measure",
    "Outcome",
    "PairedDifference",
    "Pairing",
    "RuleResult",
    "ScoreComparison",
    "Unpaired",
    "Verdict",
    "compare_scores",
    "gate_folder",
]
