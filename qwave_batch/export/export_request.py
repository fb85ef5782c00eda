"""The request of an export: which images, from where, in which layout, and what is done to them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from qwave_batch.export.image_change import AS_THEY_ARE, ImageChange
from qwave_batch.export.splits import ONE_SPLIT, SplitRule


class FileMode(StrEnum):
    """The way images get into a folder of files."""

    COPY = "copy"
    LINK = "link"
    """A hard link where the file system has them: the export and the run folder share the bytes."""
    SYMLINK = "symlink"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """An export as a user asks for it."""

    folders: tuple[Path | str, ...]
    """The run folders, in the order of the rows; a text is the address of one in a store."""
    format: str
    """One of ``formats.FORMATS``."""
    out: Path
    """A folder or a file, as the format has it."""
    where: str | None = None
    """A template expression over the names of a manifest line and its image; None for all."""
    split: SplitRule = ONE_SPLIT
    image: ImageChange = AS_THEY_ARE
    files: FileMode = FileMode.COPY
    drop: frozenset[str] = frozenset()
    """The kinds of findings whose images are left out."""
    card: Path | None = None
    """The author's words about the dataset."""
    has_failed: bool = False
    """Whether jobs without an image have a row."""
    has_images: bool = True
    """Whether a format that can do either holds the images themselves."""
    has_json: bool = False
    """Whether a format that can do either writes a JSON file beside each image."""
