"""Gates: rules that a run folder passes or not, and two folders compared by their scores."""

from qwave_batch.api.compared_folders import compare_scores
from qwave_batch.api.gate_folder import gate_folder
from qwave_batch.gating.cell_pairs import Pairing, Unpaired
from qwave_batch.gating.compared_score import ComparedScore
from qwave_batch.gating.measures import Measure
from qwave_batch.gating.paired_difference import Comparative, PairedDifference
from qwave_batch.gating.rule_results import GateReport, RuleOutcome, RuleResult
from qwave_batch.gating.score_comparison import ScoreComparison
from qwave_batch.gating.sides import AxisPair

__all__ = [
    "AxisPair",
    "Comparative",
    "ComparedScore",
    "GateReport",
    "Measure",
    "PairedDifference",
    "Pairing",
    "RuleOutcome",
    "RuleResult",
    "ScoreComparison",
    "Unpaired",
    "compare_scores",
    "gate_folder",
]
