"""Evidence: bytes that came and could not be used, kept in ``.qwave/evidence`` for a person to look at. It blocks."""

from collections.abc import Mapping

from qwave_batch.files.tree import PRIVATE_FOLDER_MODE, PRIVATE_MODE
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import storage_errors
from qwave_batch.folder.workspace import EVIDENCE


def keep_answer(layout: RunLayout, job_id: str, attempt_number: int, answer: bytes) -> None:
    """Keep an API answer in which no image addresses can be read.

    Raises:
        StorageError: the disk refuses.
    """
    keep_bytes(layout, f"{EVIDENCE}/{job_id}-{attempt_number}_answer.json", answer)


def broken_image_path(job_id: str, attempt_number: int, number: int, extension: str) -> str:
    """Return where bytes are kept that came in place of a job's image ``number``, from 1."""
    return f"{EVIDENCE}/{job_id}-{attempt_number}_{number}{extension}"


def keep_bytes(layout: RunLayout, path: str, data: bytes) -> None:
    """Keep bytes at ``path``, which is among the evidence.

    Raises:
        StorageError: the disk refuses.
    """
    with storage_errors(layout.root, below=path):
        layout.tree.make_folder(EVIDENCE, mode=PRIVATE_FOLDER_MODE)
        layout.tree.write_synced(path, data, mode=PRIVATE_MODE)


def keep_file(layout: RunLayout, path: str, partial: str) -> None:
    """Move a file to ``path``, which is among the evidence; raises as ``keep_bytes`` does."""
    with storage_errors(layout.root, below=path):
        layout.tree.make_folder(EVIDENCE, mode=PRIVATE_FOLDER_MODE)
        layout.tree.move(partial, path)


def quarantine(layout: RunLayout, job_id: str, attempt_number: int, damaged: Mapping[int, str]) -> None:
    """Move damaged images out of the way of those that may be made in their place.

    Args:
        layout: The run folder.
        job_id: The job that they belong to.
        attempt_number: The attempt that made them.
        damaged: Their paths by their place in the task's result, from 0; what is not there is left out.

    Raises:
        StorageError: the disk refuses.
    """
    artifacts = layout.artifacts
    with storage_errors(layout.root, below=EVIDENCE):
        for place, path in damaged.items():
            found = artifacts.look(path)
            if found is None or not found.is_file:
                continue
            kept = f"{EVIDENCE}/{job_id}-{attempt_number}_{place + 1}-on-disk"
            layout.tree.make_folder(EVIDENCE, mode=PRIVATE_FOLDER_MODE)
            artifacts.copy_out(path, layout.tree, kept)
            layout.tree.sync(kept)
            layout.tree.sync_folder(EVIDENCE)
            artifacts.remove(path)
