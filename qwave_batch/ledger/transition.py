"""One change of an attempt: checked against the table of transitions, and written only if the row is unchanged."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from qwave_batch.ledger.attempt import Attempt, StoredFile, results_as_kept, stored_text, text_of_results
from qwave_batch.ledger.attempt_states import NEW_ROUNDS, AttemptState, IllegalTransition, check_transition


def replace_images(connection: sqlite3.Connection, attempt: Attempt, files: Sequence[StoredFile]) -> None:
    """Replace the images of a job with ``files``, inside the open transaction.

    By job and not by attempt: an earlier attempt's images may be overwritten under the same names.
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


_AS_TEXT: Mapping[str, Callable[[Any], str | None]] = {
    "results": text_of_results,
    "error": stored_text,
    "callback": lambda callback: json.dumps(dict(callback)),
}
"""The fields stored as text."""


@dataclass(frozen=True, slots=True)
class Transition:
    """An attempt before and after a change."""

    before: Attempt
    after: Attempt
    changed: Mapping[str, Any]
    """The columns that change."""
    files: Sequence[StoredFile] | None = None
    """The job's images from now on; None leaves them."""

    @classmethod
    def to(
        cls, state: AttemptState, attempt: Attempt, *, files: Sequence[StoredFile] | None = None, **fields: Any
    ) -> "Transition":
        """Return the transition of an attempt to a state, with the fields of ``Attempt`` that change with it.

        Raises:
            IllegalTransition: the table does not contain this transition.
        """
        check_transition(attempt.job_id, attempt.number, attempt.state, state)
        is_new_round = (attempt.state, state) in NEW_ROUNDS
        return cls._of(attempt, {**fields, "state": state, "round": attempt.round + is_new_round}, files)

    @classmethod
    def within(cls, attempt: Attempt, **fields: Any) -> "Transition":
        """Return a change of an attempt whose state stays."""
        return cls._of(attempt, fields, None)

    @classmethod
    def _of(cls, attempt: Attempt, fields: dict[str, Any], files: Sequence[StoredFile] | None) -> "Transition":
        if "results" in fields:
            fields["results"] = results_as_kept(fields["results"])
        changed = {name: _AS_TEXT[name](value) if name in _AS_TEXT else value for name, value in fields.items()}
        return cls(attempt, replace(attempt, **fields), changed, files)

    def write(self, connection: sqlite3.Connection) -> None:
        """Change the attempt's row inside the open transaction.

        Raises:
            IllegalTransition: the row is no longer as it was read.
        """
        before = self.before
        written = connection.execute(
            _update(tuple(self.changed)),
            (*self.changed.values(), before.job_id, before.number, before.state, before.round),
        )
        if written.rowcount != 1:
            raise self._refused(connection)
        if self.files is not None:
            replace_images(connection, before, self.files)

    def _refused(self, connection: sqlite3.Connection) -> IllegalTransition:
        job_id, number = self.before.job_id, self.before.number
        found = connection.execute(
            "SELECT state FROM attempts WHERE job_id = ? AND number = ?", (job_id, number)
        ).fetchone()
        return IllegalTransition(job_id, number, AttemptState(found[0]) if found else None, self.after.state)


@lru_cache(maxsize=64)
def _update(columns: tuple[str, ...]) -> str:
    """Return the statement that changes these columns; always the same text, so that SQLite can cache it."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    return f"UPDATE attempts SET {assignments} WHERE job_id = ? AND number = ? AND state = ? AND round = ?"  # noqa: S608 - the names are this project's own
