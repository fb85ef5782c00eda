"""Reads what a scorer is given as its own code does, and refuses what that code would misread.

Each reader is written from what is known of the scorer, and shares nothing with what writes the layouts. It reads the
benchmark's own files, and gives the picture of each image by the place of its prompt in the benchmark and its number.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from PIL import Image, ImageCms

from tests.benchmark_files import InventedBenchmark

EXIF_ORIENTATION = 0x0112

Pictures: TypeAlias = Mapping[tuple[int, int], Image.Image]
"""By the place of the prompt and the number of the image, both from 0."""


class Misread(AssertionError):
    """The scorer would misread the output, or fail on it."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """The output of an export, as a scorer is given it."""

    out: Path
    benchmark: InventedBenchmark
    model: str
    """The model's folder."""
    models: Sequence[str]
    """The folders of all models of the output, where they share it."""

    def official(self, path: str) -> Path:
        """Return a file of the benchmark's own."""
        return self.benchmark.files / path


def insist(is_right: bool, what: str) -> None:  # noqa: FBT001  # reads like an assertion
    """Refuse an output that is not right."""
    if not is_right:
        raise Misread(what)


def only(folder: Path, names: Iterable[str]) -> None:
    """Refuse a folder that has anything but these entries."""
    insist(folder.is_dir() and not folder.is_symlink(), f"{folder} is not a folder")
    found, wanted = {entry.name for entry in folder.iterdir()}, set(names)
    insist(found == wanted, f"{folder} lacks {sorted(wanted - found)}, and has {sorted(found - wanted)} besides")


def picture(path: Path, form: str) -> Image.Image:
    """Return a picture of three channels of 8 bits that is stored as its name says, and upright."""
    insist(path.is_file() and not path.is_symlink(), f"{path} is not a file")
    data = path.read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        insist(image.format == form, f"{path} is {image.format}")
        insist(image.mode == "RGB", f"{path} has the channels {image.mode}")
        insist("transparency" not in image.info, f"{path} is transparent in places")
        insist(image.getexif().get(EXIF_ORIENTATION, 1) == 1, f"{path} is turned")
        insist(_is_srgb(image.info.get("icc_profile")), f"{path} has a profile, which the scorer ignores")
        insist(getattr(image, "n_frames", 1) == 1, f"{path} moves")
        image.load()
        if form == "PNG":
            insist(data[24] == 8, f"{path} has {data[24]} bits a channel")
        if form == "WEBP":
            insist(data[12:16] == b"VP8L", f"{path} is not lossless")
        return image.copy()


def _is_srgb(profile: bytes | None) -> bool:
    return not profile or "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))


def tiles(grid: Image.Image, where: str) -> list[Image.Image]:
    """Return the four tiles of a grid: top left, top right, bottom left, bottom right."""
    insist(grid.width == grid.height, f"{where} is {grid.width} x {grid.height}, and not square")
    insist(grid.width % 2 == 0, f"{where} has {grid.width} pixels, and does not part in two")
    side = grid.width // 2
    corners = ((0, 0), (side, 0), (0, side), (side, side))
    return [grid.crop((left, top, left + side, top + side)) for left, top in corners]


def is_black(image: Image.Image) -> bool:
    """Whether every pixel is exactly black, as a scorer asks for one that is missing."""
    return image.getextrema() == ((0, 0), (0, 0), (0, 0))
