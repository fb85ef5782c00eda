"""The picks that run folders hold, as the page reads them."""

from collections.abc import Sequence

from qwave_batch.model.jsontypes import Json
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.times import iso_from_unix
from qwave_batch.voting.kept_votes import read_kept_picks


def picks_json(readers: Sequence[FolderReader]) -> list[Json]:
    """Return what ``data/picks.js`` holds: the picks of each folder.

    Raises:
        BrokenVotes: a file of picks is not as an import leaves it.
        FolderError, StorageError: it can't be read.
    """
    return [
        {
            "job_id": pick.job_id,
            "folder": folder,
            "image": pick.image,
            "verdict": None if pick.verdict is None else pick.verdict.value,
            "rating": pick.rating,
            "rater": pick.rater,
            "at": iso_from_unix(pick.moment),
        }
        for folder, reader in enumerate(readers)
        for pick in read_kept_picks(reader.layout)
    ]
