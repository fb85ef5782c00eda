"""Votes and picks of people: brought into a run folder, and what they say."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from qwave_batch.errors import UsageError
from qwave_batch.model.jsontypes import Json
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.voting.ballots import axes_of_votes
from qwave_batch.voting.vote_importing import ImportedVotes, read_import
from qwave_batch.voting.vote_results import VoteResult, check_votes_can_be_counted
from qwave_batch.voting.voting_results import (
    PicksResult,
    check_asked,
    picks_result,
    read_voting_folder,
    votes_about,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VotesReport:
    """The votes and picks of run folders, counted."""

    result: VoteResult
    axes: tuple[str, ...]
    """All axes that were voted on, those with the most votes first."""
    picks: PicksResult | None
    imported: ImportedVotes | None = None
    """The import that came before; None without one."""

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``votes --json`` prints."""
        return {**self.result.as_json(), "picks": None if self.picks is None else self.picks.as_json()}


def import_votes(
    folder: str | Path, files: Sequence[str | Path], *, axis: str | None = None, criterion: str | None = None
) -> VotesReport:
    """Merge files of votes and picks into a run folder, and return what all that it holds say.

    A vote or a pick that is there already changes nothing; the later answer of a rater takes the place of an earlier
    one. Imports at once lose nothing.

    Args:
        folder: A run folder, or the address of a store.
        files: JSON lines, as the report's page exports them; a file may hold votes and picks.
        axis: The axis to count votes about; None for the one with the most votes.
        criterion: The question; None for all together.

    Raises:
        SpecError: lines are not right, or not about this folder; all are listed, and nothing was imported.
        UsageError: a file can't be read, or nobody has voted on the axis.
        FolderError: the folder is not a run folder.
        MissingExtra: the library that counts votes is not installed.
        StorageError: the disk fails, or another import does not end.
    """
    check_votes_can_be_counted()
    with open_folder(folder) as reader:
        pending = read_import(reader, list(map(Path, files)))
        check_asked((*pending.kept.votes, *pending.votes), axis=axis, criterion=criterion)
        imported = pending.write(reader.layout)
    return replace(count_votes([folder], axis=axis, criterion=criterion), imported=imported)


def count_votes(folders: Sequence[str | Path], *, axis: str | None = None, criterion: str | None = None) -> VotesReport:
    """Return what the votes and picks in run folders say; those of several folders count together.

    Args:
        folders: Run folders, or addresses of stores.
        axis: The axis to count votes about; None for the one with the most votes.
        criterion: The question; None for all together.

    Raises:
        SpecError: a file of votes in a folder was broken; all mistakes are listed.
        UsageError: there is no folder, or nobody has voted on the axis.
        FolderError: a folder is not a run folder.
        MissingExtra: the library that counts votes is not installed.
        StorageError: the disk fails.
    """
    check_votes_can_be_counted()
    if not folders:
        raise UsageError("there is no run folder whose votes could be counted")
    with ExitStack() as stack:
        found = [read_voting_folder(stack.enter_context(open_folder(folder))) for folder in folders]
    return VotesReport(
        result=votes_about(found, axis=axis, criterion=criterion),
        axes=axes_of_votes(vote for each in found for vote in each.kept.votes),
        picks=picks_result(found),
    )
