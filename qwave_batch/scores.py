"""Scores: numbers that programs give to the images of run folders, made, kept and read."""

from qwave_batch.api.score_folders import FolderScores, ScoreReport, ScoreRequest, score_folders
from qwave_batch.api.scorer_choice import ListedScorer, list_scorers
from qwave_batch.scoring.folder_scoring import ScoringCounts
from qwave_batch.scoring.kept_scores import KeptScores, PairScore, SetScore, read_kept_scores
from qwave_batch.scoring.scorer import (
    Better,
    Item,
    ItemFile,
    Level,
    Need,
    OtherImage,
    Output,
    PaidScorer,
    Score,
    ScoreBudget,
    Scored,
    ScoreError,
    Scorer,
)

__all__ = [
    "Better",
    "FolderScores",
    "Item",
    "ItemFile",
    "KeptScores",
    "Level",
    "ListedScorer",
    "Need",
    "OtherImage",
    "Output",
    "PaidScorer",
    "PairScore",
    "Score",
    "ScoreBudget",
    "ScoreError",
    "ScoreReport",
    "ScoreRequest",
    "Scored",
    "Scorer",
    "ScoringCounts",
    "SetScore",
    "list_scorers",
    "read_kept_scores",
    "score_folders",
]
