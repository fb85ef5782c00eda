"""What is left of pictures that were damaged on disk and can't be fetched again."""

from collections.abc import Iterable

from qwave_batch.files.tree import PRIVATE_FOLDER_MODE
from qwave_batch.folder.disk import storage_errors
from qwave_batch.folder.layout import EVIDENCE, RunLayout
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
    with storage_errors(layout.root / EVIDENCE):
        for place, file in damaged:
            if layout.tree.is_file(file.image.path):
                layout.tree.make_folder(EVIDENCE, mode=PRIVATE_FOLDER_MODE)
                layout.tree.move(file.image.path, f"{EVIDENCE}/{attempt.job_id}-{attempt.number}_{place + 1}-on-disk")
