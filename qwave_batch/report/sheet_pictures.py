"""The pictures of a cell: thumbnails of the folder's own report where they are large enough, else the originals."""

import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from PIL import Image, ImageOps

from qwave_batch.errors import FolderError, StorageError
from qwave_batch.files.regular_files import NotRegular
from qwave_batch.files.tree import Tree
from qwave_batch.imaging.image_inspection import BadImage
from qwave_batch.imaging.thumbnail import SIDE, inspect_with_picture
from qwave_batch.model.record import ImageFile
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.report.kept_thumbnails import thumbnail_path
from qwave_batch.report.report_request import DEFAULT_NAME

_MOST_BYTES = 256 * 2**20
_MOST_THUMBNAIL_BYTES = 2**20
_DEEP = frozenset({"I", "I;16", "I;16B", "F"})
"""Modes with more than eight bits, which Pillow does not shrink well; the small picture of the check is taken then."""


@dataclass(frozen=True, slots=True)
class SheetPictures:
    """Opens images of run folders; from several threads."""

    readers: Sequence[FolderReader]
    box: tuple[int, int]
    """The largest size that is needed."""

    def small(self, folder: int, image: ImageFile) -> Image.Image | None:
        """Return an image, no larger than the box; None for one that is missing or does not decode."""
        try:
            return self._kept(folder, image) or self._original(folder, image)
        except (BadImage, FolderError, NotRegular, OSError, StorageError, SyntaxError, ValueError):
            return None

    def _kept(self, folder: int, image: ImageFile) -> Image.Image | None:
        """Return the thumbnail that the folder's own report has, if it has one that is large enough."""
        layout = self.readers[folder].layout
        if max(self.box) > SIDE or layout.store is not None:
            return None
        tree = Tree(layout.root / DEFAULT_NAME)
        with suppress(FolderError, NotRegular, OSError, SyntaxError, ValueError):  # then the original is taken
            data = tree.read(thumbnail_path(image.sha256), most_bytes=_MOST_THUMBNAIL_BYTES)
            with Image.open(io.BytesIO(data), formats=("WEBP",)) as opened:
                if max(opened.size) <= SIDE:  # as all that were made here
                    return self._fitted(opened)
        return None

    def _original(self, folder: int, image: ImageFile) -> Image.Image | None:
        file = self.readers[folder].open_image(image)
        if file is None:
            return None
        with file:
            data = file.read(_MOST_BYTES + 1)
        _, shrinker = inspect_with_picture(data)  # judges what is decoded below too: its bytes may be anybody's
        if max(self.box) <= SIDE:
            return None if shrinker.small is None else self._fitted(shrinker.small)
        with Image.open(io.BytesIO(data)) as opened:
            if opened.mode in _DEEP and shrinker.small is not None:
                return self._fitted(shrinker.small)
            opened.draft("RGB", self.box)
            return self._fitted(ImageOps.exif_transpose(opened))

    def _fitted(self, picture: Image.Image) -> Image.Image:
        has_alpha = picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info
        fitted = picture.convert("RGBA" if has_alpha else "RGB")
        fitted.thumbnail(self.box, Image.Resampling.LANCZOS)
        return fitted
