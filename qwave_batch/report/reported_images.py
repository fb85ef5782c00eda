"""The images that a report shows, each once, though several jobs and folders may have it."""

from collections.abc import Sequence
from dataclasses import dataclass

from qwave_batch.model.record import ImageFile
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.report.kept_thumbnails import is_sha256, name_of


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
        return name_of(self.file.sha256)


def images_of(readers: Sequence[FolderReader]) -> dict[str, list[ReportedImage]]:
    """Return the images on record in some run folders by their names in a report, in order, with all their places.

    Raises:
        FolderError, StorageError: a folder's lines can't be read.
    """
    found: dict[str, list[ReportedImage]] = {}
    for number, reader in enumerate(readers):
        for line, file in reader.images():
            if is_sha256(file.sha256):
                found.setdefault(name_of(file.sha256), []).append(ReportedImage(number, line.job_id, file))
    return found
