"""What is left of pictures that were damaged on disk and can't be fetched again."""

from collections.abc import Iterable

from qwave_batch.folder.disk import storage_errors
from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.attempt import Attempt, StoredFile


def put_away_remains(layout: RunLayout, attempt: Attempt, damaged: Iterable[tuple[int, StoredFile]]) -> None:
    """Move damaged pictures to the evidence, out of the way of those that may be made in their place. It blocks.

    Args:
        layout: The run folder.
        attempt: The attempt that made them.
        damaged: Their places in the task's result, from 0, and what is on record of them.

    Raises:
        StorageError: the disk refuses.
    """
    folder = layout.private / "evidence"
    for place, file in damaged:
        path = layout.root / file.image.path
        if path.is_file() and not path.is_symlink():
            with storage_errors(folder):
                folder.mkdir(exist_ok=True)
                path.replace(folder / f"{attempt.job_id}-{attempt.number}_{place + 1}-on-disk")
