"""How many sendings a ledger has on record, told beside it: a ledger that knows of fewer has lost its newest part.

SQLite keeps what is new in a log of its own until it folds that into the ledger. Without the log, or with an older copy
of the ledger, all looks sound, and keys that are out at the API are not known any more.
"""

import json
import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.errors import UsageError
from qwave_batch.files.tree import Tree, place_of
from qwave_batch.model.codec import LENIENT

COUNT = "-count"
"""What is added to the ledger's name."""
_MOST_BYTES = 4096
_WIDTH = 100
"""Of the file, so that one write replaces all of it."""
_ON_RECORD = "SELECT folder_id, sendings, begun_at, begun_sendings, lost_since, created_at FROM identity"
_LAST_SENT_AT = "SELECT MAX(first_sent_at) FROM attempts"


@dataclass(frozen=True, slots=True)
class ToldCount:
    """What stands beside a ledger."""

    folder_id: str
    sendings: int


def read_count(path: Path) -> ToldCount | None:
    """Return the count that stands beside the ledger at ``path``, or None; read it before the ledger.

    A run at work writes it after its ledger, so that it is never ahead of what is read after it.
    """
    with suppress(OSError, UsageError, ValueError, RecursionError):
        tree, name = place_of(path)
        return LENIENT.decode(json.loads(tree.read(name + COUNT, most_bytes=_MOST_BYTES)), ToldCount)
    return None


def find_loss(connection: sqlite3.Connection, told: ToldCount | None) -> float | None:
    """Return Unix seconds from which on a ledger may lack records, or None when it lacks none as far as can be told."""
    row = connection.execute(_ON_RECORD).fetchone()
    if row is None:
        return None
    folder_id, sendings, begun_at, begun_sendings, lost_since, created_at = row
    if lost_since is not None:
        return float(lost_since)
    if told is not None and told.folder_id == folder_id:
        is_behind = told.sendings > sendings
    else:  # a run was at work, and nothing that it did is here
        is_behind = begun_at is not None and sendings == begun_sendings
    if not is_behind:
        return None
    (last_sent_at,) = connection.execute(_LAST_SENT_AT).fetchone()
    return float(max(created_at, last_sent_at or 0.0) if begun_at is None else begun_at)


class CountBeside:
    """Keeps the count beside a ledger that is open to write."""

    def __init__(self, path: Path) -> None:
        self._tree, ledger = place_of(path)
        self._name = ledger + COUNT
        self._last: tuple[str, int] | None = None
        with suppress(OSError):  # else the ledger does without
            self._tree.unshare(self._name)

    def keep(self, connection: sqlite3.Connection) -> None:
        """Tell what has been committed; it is no part of the promise, so nothing is synced and failing is no fault."""
        row = connection.execute("SELECT folder_id, sendings FROM identity").fetchone()
        if row is None or row == self._last:
            return
        text = json.dumps(LENIENT.encode(ToldCount(*row))).ljust(_WIDTH) + "\n"
        with suppress(OSError, UsageError):
            _overwrite(self._tree, self._name, text.encode())
            self._last = row


def _overwrite(tree: Tree, name: str, data: bytes) -> None:
    descriptor = tree.open_to_update(name)
    try:
        os.pwrite(descriptor, data, 0)
        os.ftruncate(descriptor, len(data))
    finally:
        os.close(descriptor)
