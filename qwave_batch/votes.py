"""Votes and picks: what people said of the images of run folders, imported and counted."""

from qwave_batch.api.people_votes import VotesReport, count_votes, import_votes
from qwave_batch.voting.image_picks import ModelPicks
from qwave_batch.voting.more_votes import PairOutcome, PairOutlook, VotesOutlook
from qwave_batch.voting.strengths import Strength
from qwave_batch.voting.vote_importing import ImportedVotes
from qwave_batch.voting.vote_results import VoteResult
from qwave_batch.voting.voting_results import PicksResult
from qwave_batch.voting.win_rates import WinRate

__all__ = [
    "ImportedVotes",
    "ModelPicks",
    "PairOutcome",
    "PairOutlook",
    "PicksResult",
    "Strength",
    "VoteResult",
    "VotesOutlook",
    "VotesReport",
    "WinRate",
    "count_votes",
    "import_votes",
]
