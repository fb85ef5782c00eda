"""The votes that run folders hold, as the page reads them: the page counts them together with those of its browser."""

from collections.abc import Sequence

from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.voting.kept_votes import read_kept_votes
from qwave_batch.voting.vote_lines import Vote
from qwave_batch.voting.voting_results import voting_results

_FORMAT = 1
MOST_VOTES = 20_000
"""A page counts so many in about a second; of more it shows the result, and counts no votes of its browser."""


def results_json(readers: Sequence[FolderReader], *, most_votes: int = MOST_VOTES) -> JsonObject | None:
    """Return what ``data/results.js`` holds: the votes of each folder; None when there are none.

    Raises:
        BrokenVotes: a file of votes is not as an import leaves it.
        FolderError, StorageError: it can't be read.
    """
    votes = [(number, vote) for number, reader in enumerate(readers) for vote in read_kept_votes(reader.layout).votes]
    if not votes:
        return None
    if len(votes) > most_votes:
        found = voting_results(readers) or {}
        return {"format": _FORMAT, "votes": None, "results": found["results"]}
    return {"format": _FORMAT, "votes": [_row(number, vote) for number, vote in votes], "results": []}


def _row(folder: int, vote: Vote) -> list[Json]:
    """Return a vote as a short list; see ``VoteRow`` of the page's types."""
    left, right = vote.left, vote.right
    asked: list[Json] = [vote.axis, vote.criterion, vote.rater, vote.pair]
    return [*asked, left.job_id, left.image, right.job_id, right.image, vote.winner.value, vote.at, folder]
