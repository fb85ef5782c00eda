"""Everything that the votes and picks of run folders say: for the command, and as data of the report's page.

The votes of several folders count together: a value and a prompt are the same ones wherever they stand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qwave_batch.errors import UnknownName
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.voting.ballots import VotesOfFolder, axes_of_votes, ballots_about
from qwave_batch.voting.image_picks import ModelPicks, PickedImage, picked_images, picks_by_model
from qwave_batch.voting.judged_jobs import MODEL, JudgedFolder, read_judged_folder
from qwave_batch.voting.kept_votes import KeptVotes, read_kept_votes
from qwave_batch.voting.vote_lines import Vote
from qwave_batch.voting.vote_results import VoteResult, can_count_votes, vote_result

MOST_ROWS = 5_000
"""Votes that a page counts itself: in a browser more take seconds."""
_FORMAT = 1
_UNAVAILABLE = (
    "strengths, the agreement of raters and the bootstrap are left out: "
    "they need evalica, which pip install 'qwave-batch[votes]' brings"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PicksResult:
    """The picks of some folders."""

    raters: tuple[str, ...]
    by_model: tuple[ModelPicks, ...]

    def as_json(self) -> dict[str, Json]:
        """Return the object of ``--json``."""
        return {"raters": list(self.raters), "by_model": [each.as_json() for each in self.by_model]}


@dataclass(frozen=True, slots=True)
class VotingFolder:
    """A run folder with all that people said of it."""

    judged: JudgedFolder
    kept: KeptVotes


def read_voting_folder(reader: FolderReader) -> VotingFolder:
    """Return the votes and picks of a run folder, and what is known of their jobs.

    Raises:
        BrokenVotes, FolderError, StorageError: as ``read_kept_votes`` and ``FolderReader.lines``.
    """
    kept = read_kept_votes(reader.layout)
    wanted = {image.job_id for vote in kept.votes for image in vote.images} | {pick.job_id for pick in kept.picks}
    return VotingFolder(read_judged_folder(reader, wanted), kept)


def check_asked(votes: Iterable[Vote], *, axis: str | None, criterion: str | None) -> str:
    """Return the axis that is asked for: the named one, or the one with the most votes; empty without votes.

    Raises:
        UnknownName: nobody has voted on that axis, or answered that question about it.
    """
    votes = tuple(votes)
    axes = axes_of_votes(votes)
    if axis is not None and axis not in axes:
        raise UnknownName("axis of votes", axis, axes, hint=_there_are("votes about", axes))
    about = axis or (axes[0] if axes else "")
    criteria = sorted({vote.criterion for vote in votes if vote.axis == about})
    if criterion is not None and criterion not in criteria:
        raise UnknownName("criterion of votes", criterion, criteria, hint=_there_are("votes about", criteria))
    return about


def votes_about(folders: Sequence[VotingFolder], *, axis: str | None, criterion: str | None) -> VoteResult:
    """Return the result of the votes about an axis.

    Args:
        folders: The folders, whose votes count together.
        axis: The axis; None for the one with the most votes.
        criterion: The question; None for all together.

    Raises:
        UnknownName: as ``check_asked``.
    """
    votes = [vote for folder in folders for vote in folder.kept.votes]
    ballots = ballots_about(check_asked(votes, axis=axis, criterion=criterion), _votes_of(folders))
    return vote_result(ballots if criterion is None else ballots.of_criterion(criterion))


def picks_result(folders: Sequence[VotingFolder]) -> PicksResult | None:
    """Return what the picks of some folders say; None when there are none."""
    raters = {pick.rater for folder in folders for pick in folder.kept.picks}
    picked: list[tuple[str, PickedImage]] = []
    for folder in folders:
        jobs = folder.judged.jobs
        for image, verdict in picked_images(folder.kept.picks).items():
            if image.job_id in jobs:
                picked.append((jobs[image.job_id].places[0].values[MODEL], verdict))
    return PicksResult(raters=tuple(sorted(raters)), by_model=picks_by_model(picked)) if raters else None


def voting_results(readers: Iterable[FolderReader]) -> JsonObject | None:
    """Return the data of the report's page about votes and picks; None when there are none."""
    folders = [read_voting_folder(reader) for reader in readers]
    picks = picks_result(folders)
    axes = axes_of_votes(vote for folder in folders for vote in folder.kept.votes)
    if not axes and picks is None:
        return None
    has_library = can_count_votes()
    results: list[Json] = []
    for axis in axes:
        whole = vote_result(ballots_about(axis, _votes_of(folders)), with_library=has_library)
        if len(whole.by_criterion) != 1:
            results.append(whole.with_tags_as_json())
        results += [each.with_tags_as_json() for each in whole.by_criterion.values()]
    return {
        "format": _FORMAT,
        "unavailable": None if has_library else _UNAVAILABLE,
        "results": results,
        "votes": _rows(folders),
        "picks": None if picks is None else picks.as_json(),
    }


def _rows(folders: Sequence[VotingFolder]) -> list[Json] | None:
    """Return the votes themselves, for a page that counts them together with new ones; None if there are too many."""
    if sum(len(folder.kept.votes) for folder in folders) > MOST_ROWS:
        return None
    return [
        [
            vote.axis, vote.criterion, vote.rater, vote.pair, vote.left.job_id, vote.left.image, vote.right.job_id,
            vote.right.image, vote.winner.value, vote.at, number,
        ]
        for number, folder in enumerate(folders)
        for vote in folder.kept.votes
    ]  # fmt: skip


def _votes_of(folders: Sequence[VotingFolder]) -> list[VotesOfFolder]:
    return [(folder.judged, folder.kept.votes) for folder in folders]


def _there_are(what: str, names: Sequence[str]) -> str:
    return f"there are {what} {', '.join(names)}" if names else "there are no votes yet"
