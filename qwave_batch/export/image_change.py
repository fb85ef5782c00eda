"""The changes that an export makes to images."""

from dataclasses import dataclass
from enum import StrEnum

from qwave_batch.errors import UsageError
from qwave_batch.imaging.image_inspection import EXTENSIONS
from qwave_batch.model.record import ImageFile

DEFAULT_QUALITY = 95
_LOSSY = frozenset({"jpeg", "webp"})


class ImageForm(StrEnum):
    """The format that exported images have."""

    KEEP = "keep"
    """The format that they came in."""
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"


class ProvenanceMark(StrEnum):
    """A kind of provenance that is written into exported images."""

    XMP = "xmp"
    A1111 = "a1111"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageChange:
    """The changes to images; without any, an exported file has the bytes of the run's file."""

    form: ImageForm = ImageForm.KEEP
    quality: int | None = None
    """From 1 to 100, of jpeg and webp; ``DEFAULT_QUALITY`` without it."""
    max_size: int | None = None
    """Pixels of the longer side; larger images are made smaller, never the other way."""
    marks: frozenset[ProvenanceMark] = frozenset()
    has_prompt: bool = False
    """Whether marks hold the prompt."""

    def __post_init__(self) -> None:
        """Refuse combinations that mean nothing.

        Raises:
            UsageError: a quality without anything that is encoded with one, or a prompt without a mark to hold it.
        """
        if self.quality is not None and not self._is_encoded_lossily:
            raise UsageError(
                f"a quality of {self.quality} changes nothing: images are {_IS_KEPT[self.form]}; ask for jpeg or webp"
            )
        if self.has_prompt and not self.marks:
            raise UsageError("the prompt goes into images with a mark, and none is asked for")

    @property
    def keeps_bytes(self) -> bool:
        """Whether exported files have the very bytes of the run's files."""
        return self.form is ImageForm.KEEP and self.max_size is None and not self.marks

    @property
    def _is_encoded_lossily(self) -> bool:
        return self.form.value in _LOSSY or (self.form is ImageForm.KEEP and self.max_size is not None)

    def format_of(self, image: ImageFile) -> str:
        """Return the format of an image after the export: one of ``EXTENSIONS``."""
        return image.format if self.form is ImageForm.KEEP else self.form.value

    def ending_of(self, image: ImageFile) -> str:
        """Return how the name of an exported image ends, without a dot: ``png``, ``jpg``, ``webp``, ..."""
        return EXTENSIONS[self.format_of(image)].removeprefix(".")


_IS_KEPT = {ImageForm.KEEP: "kept as they are", ImageForm.PNG: "written as png, which loses nothing"}


AS_THEY_ARE = ImageChange()
"""No change."""
