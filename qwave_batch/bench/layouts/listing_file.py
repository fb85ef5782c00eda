"""Writes the file that names the pictures of a model, for scorers that are given such a file."""

import json
from dataclasses import dataclass
from typing import BinaryIO

from qwave_batch.bench.layouts.picture_plan import PicturePlan
from qwave_batch.bench.layouts.scorer_layout import Listing


@dataclass(slots=True)
class ListingFile:
    """The file, open; call ``end`` behind the last picture."""

    listing: Listing
    file: BinaryIO
    _written: int = 0

    def add(self, picture: PicturePlan, path: str) -> None:
        """Name a picture by its path."""
        key, value = self.listing.entry(picture.row, picture.first, path)
        text = json.dumps(value, ensure_ascii=False)
        if self.listing.is_lines:
            self._write(f"{text}\n")
        else:
            self._write(f"{',' if self._written else '{'}\n{json.dumps(key, ensure_ascii=False)}: {text}")
        self._written += 1

    def end(self) -> None:
        """Write the end of the file."""
        if not self.listing.is_lines:
            self._write("\n}\n" if self._written else "{}\n")

    def _write(self, text: str) -> None:
        self.file.write(text.encode("utf-8", "backslashreplace"))
