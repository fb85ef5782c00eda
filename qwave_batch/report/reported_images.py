"""The images that a report shows, each once, though several jobs and folders may have it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from qwave_batch.model.record import ImageFile
from qwave_batch.output.folder_reader import FolderReader

NAME_DIGITS: Final = 32
"""Of the SHA-256 of an image, in hex: enough that no two have the same, and nobody guesses a model from them."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ReportedImage:
    """An image, at one of its places."""

    folder: int
    """Which of the readers has it, from 0."""
    job_id: str
    file: ImageFile

    @property
    def sha256(self) -> str:
        """Its hash on record."""
        return self.file.sha256

    @property
    def name(self) -> str:
        """Its name in a report."""
        return name_of_image(self.file.sha256)


def name_of_image(sha256: str) -> str:
    """Return the name that an image has in a report, by its SHA-256 in hex."""
    return sha256[:NAME_DIGITS]


def images_of(readers: Sequence[FolderReader]) -> dict[str, list[ReportedImage]]:
    """Return the images on record in some run folders by their names in a report, in order, with all their places.

    Raises:
        FolderError, StorageError: a folder's lines can't be read.
    """
    found: dict[str, list[ReportedImage]] = {}
    for number, reader in enumerate(readers):
        for line, file in reader.images():
            if _is_sha256(file.sha256):
                found.setdefault(name_of_image(file.sha256), []).append(ReportedImage(number, line.job_id, file))
    return found


def _is_sha256(text: str) -> bool:
    """Whether a text is the SHA-256 of something: a record may have been written by anybody."""
    return _SHA256.fullmatch(text) is not None
