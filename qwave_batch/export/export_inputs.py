"""The input images of an export's rows, read from their run folders or fetched from the web."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from qwave_batch.errors import QwaveError
from qwave_batch.export.edit_inputs import EditInput, ImageFields, inputs_of
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.web_images import WebAnswer, WebImages
from qwave_batch.imaging.image_inspection import MAX_IMAGE_BYTES
from qwave_batch.model.input_references import reference_to
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.portable_paths import path_fault
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.parent_lines import ParentLines


class InputMissing(Exception):
    """An input image is not to be had; the message is a phrase for people."""

    def __init__(self, reason: str, *, is_fault: bool) -> None:
        self.is_fault = is_fault
        """Whether the run folder should have it; one on the web it never had."""
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class ExportInputs:
    """The input images of rows, by each folder's catalog."""

    readers: Sequence[FolderReader] = field(default=(), repr=False)
    fields: Sequence[ImageFields] = ()
    """For each folder."""
    web: Sequence[WebImages] = field(default=(), repr=False)
    """For each folder what fetches its images on the web; empty if nothing is fetched."""
    parents: Sequence[ParentLines] = field(default=(), repr=False)
    """For each folder the jobs that others are made from."""

    def of(self, row: ExportRow) -> tuple[EditInput, ...]:
        """Return the images that a row was made with, masks too."""
        return inputs_of(row.line.request, self.fields[row.folder], self.parents[row.folder].image)

    def stored(self, row: ExportRow, image: EditInput) -> bytes:
        """Return the bytes of an input that the row's folder holds; calls may come from many threads.

        Raises:
            InputMissing: it is not there as it was kept.
        """
        if image.parent is not None:
            return self._of_parent(row, image, image.parent)
        try:
            file = self.readers[row.folder].open_input(image.source)
            data = b"" if file is None else _read(file)
        except QwaveError as error:
            raise InputMissing(str(error), is_fault=True) from error
        if file is None and self.readers[row.folder].header().holder is not None:
            raise InputMissing(f"{image.field} is not in inputs/ yet: a run is at work", is_fault=False)
        if file is None:
            raise InputMissing(f"{image.field} is not in inputs/", is_fault=True)
        if reference_to(data) != image.source:
            raise InputMissing(f"{image.field} is damaged: inputs/ has other bytes than were sent", is_fault=True)
        return data

    def _of_parent(self, row: ExportRow, image: EditInput, link: ParentLink) -> bytes:
        named = f"{image.field} is image {link.image} of job {link.job_id}"
        if not image.path:
            raise InputMissing(f"{named}, which the folder does not hold", is_fault=True)
        if (fault := path_fault(image.path)) is not None:
            raise InputMissing(f"{named}: the path {image.path!r} can't be right: {fault}", is_fault=True)
        try:
            with self.readers[row.folder].layout.artifacts.open(image.path) as file:
                data = file.read(MAX_IMAGE_BYTES + 1)
        except FileNotFoundError:
            raise InputMissing(f"{named}: {image.path} is not there", is_fault=True) from None
        except (QwaveError, OSError) as error:
            raise InputMissing(f"{named}: {error}", is_fault=True) from error
        if reference_to(data) != image.source:
            raise InputMissing(f"{named}: {image.path} is damaged", is_fault=True)
        return data

    def fetched(self, folder: int, addresses: Collection[str]) -> Mapping[str, WebAnswer]:
        """Return what comes of addresses in the requests of a folder. It blocks, and belongs to one thread."""
        return self.web[folder].fetched(addresses)


def _read(file: BinaryIO) -> bytes:
    with file:
        return file.read(MAX_IMAGE_BYTES + 1)
