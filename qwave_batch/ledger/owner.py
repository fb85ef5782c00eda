"""The one row in which a ledger says whose it is, and whether a run is at work."""

import sqlite3
import time
import uuid

from qwave_batch.ledger.identity import FolderClaim, FolderIdentity, fingerprint

_IDENTITY = "SELECT folder_id, spec_name, backend, path, host, key_fingerprint, created_at FROM identity"


def set_own(connection: sqlite3.Connection, **columns: float | None) -> None:
    """Set what the ledger keeps of itself; with ``begun_at`` how many sendings there are, too."""
    for name, value in columns.items():
        more = ", begun_sendings = sendings" if name == "begun_at" else ""
        connection.execute(f"UPDATE identity SET {name} = ?{more}", (value,))  # noqa: S608 - the names are our own


def new_identity(claim: FolderClaim) -> FolderIdentity:
    """Return the identity of a folder that nobody has claimed before."""
    folder_id = uuid.uuid4().hex
    return FolderIdentity(
        folder_id=folder_id,
        spec_name=claim.spec_name,
        backend=claim.backend,
        path=claim.path,
        host=claim.host,
        key_fingerprint=fingerprint(folder_id, claim.key),
        created_at=time.time(),
    )


def read_identity(connection: sqlite3.Connection) -> FolderIdentity | None:
    """Return whose folder it is by its ledger; None when nobody has claimed it yet."""
    row = connection.execute(_IDENTITY).fetchone()
    if row is None:
        return None
    folder_id, spec_name, backend, path, host, key_fingerprint, created_at = row
    return FolderIdentity(
        folder_id=folder_id,
        spec_name=spec_name,
        backend=backend,
        path=path,
        host=host,
        key_fingerprint=key_fingerprint,
        created_at=created_at,
    )


def write_identity(connection: sqlite3.Connection, identity: FolderIdentity) -> None:
    """Put on record whose folder it is, inside the open transaction; its id and its beginning stay."""
    connection.execute(
        "INSERT INTO identity (one, folder_id, spec_name, backend, path, host, key_fingerprint, created_at) "
        "VALUES (1, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (one) DO UPDATE SET "
        "path = excluded.path, host = excluded.host, key_fingerprint = excluded.key_fingerprint",
        (
            identity.folder_id,
            identity.spec_name,
            identity.backend,
            identity.path,
            identity.host,
            identity.key_fingerprint,
            identity.created_at,
        ),
    )
