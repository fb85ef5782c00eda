"""A row of an export: one image with the job that made it, or a job that made none."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from qwave_batch.model.record import ImageFile
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.voting.image_picks import NOT_PICKED, PickedImage


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRow:
    """One row."""

    folder: int
    """The place of its run folder in the request, from 0."""
    run: str
    """The name of that folder, which no other one of the request has."""
    line: ManifestLine
    image: ImageFile | None
    """None for a job without an image, such as one that failed."""
    image_index: int | None
    """The place of the image among those of its job, from 0; None without one."""
    split: str
    picked: PickedImage = NOT_PICKED
    """The verdict of those who picked the image."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """The numbers that programs gave to the image, by full name: ``ocr.cer``."""

    @property
    def key(self) -> str:
        """The name of the row in this export: its folder, job and image."""
        return f"{self.folder}/{self.line.job_id}/{'-' if self.image_index is None else self.image_index}"

    @property
    def shown_as(self) -> str:
        """The row as messages name it: the path of its image, or its job."""
        return f"job {self.line.job_id}" if self.image is None else self.image.path
