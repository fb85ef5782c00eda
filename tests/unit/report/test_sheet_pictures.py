"""The pictures of a sheet: of the report's thumbnails, else of the originals, and none of what does not decode."""

import io
from pathlib import Path

import pytest
from PIL import Image

from qwave_batch.model.record import ImageFile
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.report.kept_thumbnails import thumbnail_path
from qwave_batch.report.sheet_pictures import SheetPictures
from tests.unit.report.pictured_folder import PicturedFolder, picture, pictured_folder


@pytest.fixture
def folder(tmp_path: Path) -> PicturedFolder:
    return pictured_folder(tmp_path / "run", [picture(1)])


def opened(folder: PicturedFolder, side: int) -> Image.Image | None:
    with open_folder(folder.root) as reader:
        (image,) = (image for _, image in reader.images())
        return SheetPictures([reader], (side, side)).small(0, image)


def keep_thumbnail(folder: PicturedFolder, data: bytes) -> None:
    path = folder.root / "report" / thumbnail_path(folder.hashes()[0])
    path.parent.mkdir(parents=True)
    path.write_bytes(data)


def webp(width: int, height: int, colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "WEBP", lossless=True)
    return out.getvalue()


@pytest.mark.parametrize("side", [64, 256, 300])
def test_an_original_is_fitted_into_the_box(folder: PicturedFolder, side: int) -> None:
    small = opened(folder, side)
    assert small is not None
    assert (small.mode, max(small.size)) == ("RGB", side)


def test_a_thumbnail_of_the_report_saves_the_original_where_it_is_large_enough(folder: PicturedFolder) -> None:
    keep_thumbnail(folder, webp(256, 256, "#00ff00"))
    small, large = opened(folder, 64), opened(folder, 300)
    assert small is not None
    assert large is not None
    assert (small.size, small.getpixel((9, 9))) == ((64, 64), (0, 255, 0))
    assert large.getpixel((9, 9)) != (0, 255, 0)


@pytest.mark.parametrize("data", [b"not an image", webp(4_000, 4_000, "#00ff00")], ids=["broken", "too large"])
def test_a_thumbnail_that_no_report_made_is_passed_over(folder: PicturedFolder, data: bytes) -> None:
    keep_thumbnail(folder, data)
    small = opened(folder, 64)
    assert small is not None
    assert small.getpixel((9, 9)) != (0, 255, 0)


@pytest.mark.parametrize("side", [64, 300])
def test_sixteen_bits_are_no_reason_to_draw_nothing(tmp_path: Path, side: int) -> None:
    out = io.BytesIO()
    Image.new("I;16", (400, 200), 30_000).save(out, "PNG")
    small = opened(pictured_folder(tmp_path / "run", [out.getvalue()]), side)
    assert small is not None
    assert 100 < small.convert("L").tobytes()[0] < 135


def test_an_image_that_is_gone_or_damaged_is_none(folder: PicturedFolder) -> None:
    path = folder.root / next(iter(folder.images))
    path.write_bytes(path.read_bytes()[:200])
    assert opened(folder, 64) is None
    path.unlink()
    assert opened(folder, 64) is None
    gone = ImageFile(
        path="../../etc/passwd", sha256="0" * 64, size_bytes=1, width=1, height=1, format="png", source_url=""
    )
    with open_folder(folder.root) as reader:
        assert SheetPictures([reader], (64, 64)).small(0, gone) is None
