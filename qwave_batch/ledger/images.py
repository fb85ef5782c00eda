"""The images of an attempt, as the ledger keeps them."""

import sqlite3
from collections.abc import Sequence

from qwave_batch.ledger.attempt import Attempt, StoredFile


def replace_images(connection: sqlite3.Connection, attempt: Attempt, files: Sequence[StoredFile]) -> None:
    """Make ``files`` the images of a job, inside the open transaction.

    By job and not by attempt: an earlier attempt's images may be written over under the same names.
    """
    connection.execute("DELETE FROM images WHERE job_id = ?", (attempt.job_id,))
    connection.executemany(
        "INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                attempt.job_id,
                attempt.number,
                place,
                file.image.path,
                file.image.sha256,
                file.image.size_bytes,
                file.image.width,
                file.image.height,
                file.image.format,
                file.image.source_url,
                file.modified_ns,
            )
            for place, file in enumerate(files, start=1)
        ],
    )
