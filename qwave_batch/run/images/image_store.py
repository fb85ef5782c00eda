"""The interface of image stores: a Protocol to download, check, hash and store images, and the plain data it uses.

The run decides which images to try and when; a store does the work, in threads here or in workers elsewhere. Requests
and outcomes are frozen and can be pickled, so that they can cross a process or a network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from qwave_batch.client.answers import DownloadFailed, Expired
from qwave_batch.folder.placing import ImageName
from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.run.images.stored_files import FileCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """One image of a task: where it is, and where it belongs."""

    url: str = field(default="", repr=False)
    """Its address, which may be signed; empty if ``content`` holds it."""
    content: bytes | None = field(default=None, repr=False)
    """The bytes of an image that came in an answer."""
    source_url: str = field(repr=False)
    """The address to record."""
    name: ImageName
    attempt_number: int
    claims: Mapping[str, str] = field(default_factory=dict)
    """The ids of other jobs that store images at this moment, by the possible paths of ``name`` without their endings
    that they may take. The store asks the ledger for the owners on record."""
    restores: str | None = None
    """The recorded path to be restored."""
    keeps_broken: bool = False
    """Whether bytes that are not a complete image become evidence. Those of a known format always do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenImage:
    """The bytes are not a complete image."""

    reason: str
    evidence: str | None = None
    """Their path relative to the folder; None if not requested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadFormat:
    """The bytes are of a known but unsupported format, such as HEIF."""

    reason: str
    evidence: str
    """Their path relative to the folder."""


ImageOutcome: TypeAlias = StoredFile | BrokenImage | UnreadFormat | Expired | DownloadFailed
"""Outcomes of a request."""


class ImageStore(Protocol):
    """Downloads, checks, hashes and stores images."""

    async def fetch(self, request: ImageRequest) -> ImageOutcome:
        """Fetch an image and store it durably under its name, never under one that another job owns.

        After a cancellation it stores nothing more, though a worker may still be decoding.

        Raises:
            StorageError: the storage refuses.
        """
        ...

    async def check(self, files: Sequence[StoredFile]) -> FileCheck:
        """Return which of a job's stored images are missing or changed."""
        ...

    async def quarantine(self, job_id: str, attempt_number: int, damaged: Mapping[int, StoredFile]) -> None:
        """Move damaged images out of the way of their replacements.

        Args:
            job_id: The job that they belong to.
            attempt_number: The attempt that created them.
            damaged: The images by their place in the task's result, from 0.

        Raises:
            StorageError: the storage refuses.
        """
        ...
