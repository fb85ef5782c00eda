"""The identity of a run folder: one spec name, one backend, one location, one key while tasks are open."""

import hashlib
import sqlite3
import time
import uuid
from dataclasses import dataclass, field, replace

from qwave_batch.errors import FolderError
from qwave_batch.model.next_step import NextStep

SIMULATOR = "simulator"
"""The backend of a folder that was created against the embedded API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderIdentity:
    """The recorded identity of a folder."""

    folder_id: str
    """Random, so that the keys of two folders never meet."""
    spec_name: str
    backend: str
    """The API's host, or ``simulator``."""
    path: str
    """The folder as it was last used, absolute."""
    host: str
    """The machine on which it was last used."""
    key_fingerprint: str
    """A salted hash of the API key; the key itself is nowhere on disk."""
    created_at: float
    """Unix seconds."""
    lost_since: float | None = None
    """Unix seconds since when the ledger may lack records, until a run has handled that; None when it lacks none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderClaim:
    """The identity and location of a process that wants to use the folder."""

    spec_name: str
    backend: str
    path: str
    host: str
    key: str = field(repr=False)


def fingerprint(folder_id: str, key: str) -> str:
    """Return a salted hash that stands for the key on disk; it is useless with any other folder."""
    return hashlib.sha256(f"{folder_id}:{key}".encode()).hexdigest()[:32]


def has_moved(identity: FolderIdentity, claim: FolderClaim) -> bool:
    """Whether the folder was last used elsewhere, so that another copy of it may be in use."""
    return (identity.path, identity.host) != (claim.path, claim.host)


def check_identity(
    identity: FolderIdentity, claim: FolderClaim, *, open_attempts: int, adopt: bool = False
) -> FolderIdentity:
    """Return the identity of the folder from now on.

    A folder that has moved keeps its old location on record until it is adopted; until then ``run_plan`` does not
    submit.

    Raises:
        FolderError: it belongs to another spec name or backend, or its open tasks to another key.
    """
    if identity.spec_name != claim.spec_name:
        raise FolderError(
            f'{claim.path} holds the run of spec "{identity.spec_name}", not of "{claim.spec_name}"',
            next_steps=(NextStep.NAME_FOLDER,),
        )
    if identity.backend != claim.backend:
        raise FolderError(
            f"{claim.path} was made with {identity.backend}, not with {claim.backend}",
            next_steps=(NextStep.NAME_FOLDER,),
        )
    new_fingerprint = fingerprint(identity.folder_id, claim.key)
    if new_fingerprint != identity.key_fingerprint and open_attempts:
        raise FolderError(
            f"{claim.path} has {open_attempts} open task{'' if open_attempts == 1 else 's'} under another API key",
            next_steps=(NextStep.RUN_WITH_KEY,),
        )
    if adopt:
        identity = replace(identity, path=claim.path, host=claim.host)
    return replace(identity, key_fingerprint=new_fingerprint)


_IDENTITY = "SELECT folder_id, spec_name, backend, path, host, key_fingerprint, created_at FROM identity"


def set_own(connection: sqlite3.Connection, **columns: float | None) -> None:
    """Set the ledger's own values; with ``begun_at`` also the number of sendings."""
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
    """Return the recorded identity of the folder; None when nobody has claimed it yet."""
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
    """Record the identity of the folder, inside the open transaction; its id and creation time stay."""
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
