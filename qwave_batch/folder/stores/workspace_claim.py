"""The memory of a workspace of the locks that it held in a store: ``.qwave/store-lock.json``.

The file is written before the store is asked for the lock, so that after a process died between the two, the next one
knows its lock. It counts only where it was written: a copy of the folder is not the owner of the lock.
"""

import json
import socket
from contextlib import suppress
from dataclasses import dataclass

from qwave_batch.errors import UsageError
from qwave_batch.files.tree import PRIVATE_MODE
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import storage_errors
from qwave_batch.folder.workspace import PRIVATE, STORE_LOCK
from qwave_batch.model.codec import EXACT

_MOST_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceClaim:
    """The newest lock of a workspace, and the one that it was about to take."""

    address: str
    """The store."""
    host: str
    path: str
    inode: int
    """Of the workspace's folder: a copy has another one."""
    generation: int = 0
    """Of the newest lock that was held; 0 for none."""
    token: str = ""
    next_token: str = ""
    """Of the lock that was asked for last, and may have been got."""

    @property
    def tokens(self) -> frozenset[str]:
        """Those by which it knows its own lock."""
        return frozenset(token for token in (self.token, self.next_token) if token)


def read_claim(layout: RunLayout, address: str) -> WorkspaceClaim:
    """Return what the workspace remembers of the store at ``address``; nothing if it is a copy. It blocks."""
    new = _new(layout, address)
    with suppress(OSError, UsageError, ValueError, TypeError, RecursionError):
        text = layout.tree.read(STORE_LOCK, most_bytes=_MOST_BYTES)
        found = EXACT.decode(json.loads(text), WorkspaceClaim)
        is_here = (found.host, found.path, found.inode) == (new.host, new.path, new.inode)
        if found.address == address and is_here:
            return found
    return new


def write_claim(layout: RunLayout, claim: WorkspaceClaim) -> None:
    """Write it, durably. It blocks.

    Raises:
        StorageError: the disk refuses.
    """
    with storage_errors(layout.root / STORE_LOCK, "store's lock"):
        layout.tree.write_atomic(STORE_LOCK, json.dumps(EXACT.encode(claim)).encode() + b"\n", mode=PRIVATE_MODE)


def _new(layout: RunLayout, address: str) -> WorkspaceClaim:
    found = layout.tree.look(PRIVATE)
    return WorkspaceClaim(
        address=address,
        host=socket.gethostname(),
        path=str(layout.root.resolve()),
        inode=0 if found is None else found.st_ino,
    )
