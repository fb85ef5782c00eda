"""Where a run's images are downloaded, checked, hashed and put: a Protocol, and the plain data that goes through it.

The run decides what is tried and when; a store does the work, in threads here or by workers elsewhere. Requests and
outcomes are frozen and pickle, so that they can cross a process or a network.
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
    """One image that a task has made: where it is, and where it belongs."""

    url: str = field(default="", repr=False)
    """Its address, which may be signed; empty where ``content`` holds it."""
    content: bytes | None = field(default=None, repr=False)
    """The bytes of an image that came in an answer."""
    source_url: str = field(repr=False)
    """The address that goes on record."""
    name: ImageName
    attempt_number: int
    owners: Mapping[str, str]
    """The job ids that own paths (``images/...``), for every path that ``name`` may lead to and that has an owner."""
    restores: str | None = None
    """The path on record that it is to have again."""
    keeps_broken: bool = False
    """Whether bytes that are not a whole image become evidence. Those of a known format always do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenImage:
    """The bytes are not a whole image."""

    reason: str
    evidence: str | None = None
    """Where they are kept, from the folder; None when that was not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadFormat:
    """The bytes are of a known format that is not read, such as HEIF."""

    reason: str
    evidence: str
    """Where they are kept, from the folder."""


ImageOutcome: TypeAlias = StoredFile | BrokenImage | UnreadFormat | Expired | DownloadFailed
"""What a request comes to."""


class ImageStore(Protocol):
    """Downloads, checks, hashes and puts images."""

    async def fetch(self, request: ImageRequest) -> ImageOutcome:
        """Fetch an image and put it in its place, where it survives a power cut.

        Cancelled, it puts nothing in place any more, though a worker may still be decoding.

        Raises:
            StorageError: the place where images are stored refuses.
        """
        ...

    async def check(self, files: Sequence[StoredFile]) -> FileCheck:
        """Return which of a job's stored images are missing or changed."""
        ...

    async def quarantine(self, job_id: str, attempt_number: int, damaged: Mapping[int, StoredFile]) -> None:
        """Set damaged images aside, out of the way of those that may be made in their place.

        Args:
            job_id: The job that they belong to.
            attempt_number: The attempt that made them.
            damaged: The images by their place in the task's result, from 0.

        Raises:
            StorageError: the place where images are stored refuses.
        """
        ...
