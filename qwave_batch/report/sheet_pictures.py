"""The pictures of a sheet's cells: thumbnails of an earlier report where they are large enough, else the originals."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageOps

from qwave_batch.errors import FolderError, StorageError
from qwave_batch.files.regular_files import NotRegular
from qwave_batch.imaging.image_inspection import BadImage, inspect_bytes
from qwave_batch.model.record import ImageFile
from qwave_batch.output.folder_reader import FolderReader

_MOST_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class SheetPictures:
    """Opens images of run folders; from several threads."""

    readers: Sequence[FolderReader]
    box: tuple[int, int]
    """The largest size that is needed."""

    def small(self, folder: int, image: ImageFile) -> Image.Image | None:
        """Return an image, no larger than the box; None for one that is missing or does not decode."""
        try:
            file = self.readers[folder].open_image(image)
            if file is None:
                return None
            with file:
                data = file.read(_MOST_BYTES + 1)
            inspect_bytes(data)  # judges what is decoded below: its bytes may be anybody's
            return self._decoded(data)
        except (BadImage, FolderError, NotRegular, OSError, StorageError, SyntaxError, ValueError):
            return None

    def _decoded(self, data: bytes) -> Image.Image:
        with Image.open(io.BytesIO(data)) as opened:
            opened.draft("RGB", self.box)
            turned = ImageOps.exif_transpose(opened)
            turned.thumbnail(self.box, Image.Resampling.LANCZOS)
            has_alpha = turned.mode in {"RGBA", "LA", "PA"} or "transparency" in turned.info
            return turned.convert("RGBA" if has_alpha else "RGB")
