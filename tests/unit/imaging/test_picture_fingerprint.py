"""Fingerprints know a picture again, and tell pictures apart."""

import random
from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from PIL import Image, ImageDraw, ImageOps

from qwave_batch.imaging.image_inspection import BadImage, inspect_bytes
from qwave_batch.imaging.picture_fingerprint import PictureFingerprint, fingerprint_of, picture_fingerprint
from qwave_batch.quality.alike_search import DEFAULT_DISTANCE, are_alike, levels_of


def photograph(seed: int, *, side: int = 256) -> Image.Image:
    """Return blurred shapes on a gradient, other ones for each seed."""
    rng = random.Random(seed)
    image = Image.linear_gradient("L").resize((side, side)).convert("RGB")
    pen = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, size = (rng.randrange(side) for _ in range(3))
        pen.ellipse((x - size / 4, y - size / 4, x + size / 4, y + size / 4), tuple(rng.randbytes(3)))
    return image


def encoded(image: Image.Image, image_format: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, image_format, **options)
    return out.getvalue()


def of_file(data: bytes) -> PictureFingerprint:
    info = inspect_bytes(data)
    found = fingerprint_of(data, info.format, (info.width, info.height))
    assert found is not None
    return found


def is_like(one: PictureFingerprint, other: PictureFingerprint) -> bool:
    is_near = (one.look ^ other.look).bit_count() <= DEFAULT_DISTANCE
    return is_near and are_alike(one.cells, other.cells, levels_of(DEFAULT_DISTANCE))


CHANGES: dict[str, Callable[[Image.Image], bytes]] = {
    "jpeg": lambda image: encoded(image, "JPEG", quality=90),
    "jpeg compressed much": lambda image: encoded(image, "JPEG", quality=30),
    "webp": lambda image: encoded(image, "WEBP", quality=50),
    "half the size": lambda image: encoded(image.resize((128, 128)), "PNG"),
    "larger": lambda image: encoded(image.resize((600, 600)), "JPEG"),
    "stretched": lambda image: encoded(image.resize((300, 256)), "PNG"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_picture_is_known_again(change: Callable[[Image.Image], bytes]) -> None:
    for seed in range(8):
        image = photograph(seed)
        assert is_like(picture_fingerprint(image), of_file(change(image)))


OTHERS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "mirrored": ImageOps.mirror,
    "upside down": ImageOps.flip,
    "negative": ImageOps.invert,
    "other colours": lambda image: Image.merge("RGB", image.split()[::-1]),
    "a part covered": lambda image: ImageOps.expand(image.crop((64, 0, 256, 256)), (64, 0, 0, 0), "white"),
}


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS)
def test_another_picture_is_not_taken_for_it(change: Callable[[Image.Image], Image.Image]) -> None:
    for seed in range(8):
        image = photograph(seed)
        assert not is_like(picture_fingerprint(image), picture_fingerprint(change(image)))


def test_pictures_composed_alike_in_other_colours_have_near_hashes_and_are_told_apart() -> None:
    """A hash of the grey picture alone confuses them."""
    red, blue = (Image.new("RGB", (64, 64), "white") for _ in range(2))
    ImageDraw.Draw(red).rectangle((10, 20, 40, 50), (200, 60, 60))
    ImageDraw.Draw(blue).rectangle((10, 20, 40, 50), (60, 104, 200))
    one, other = picture_fingerprint(red), picture_fingerprint(blue)
    assert (one.look ^ other.look).bit_count() <= DEFAULT_DISTANCE
    assert not is_like(one, other)


def test_thin_drawings_on_white_are_told_apart() -> None:
    drawings = []
    for shape in ("ellipse", "rectangle", "line"):
        image = Image.new("RGB", (512, 512), "white")
        getattr(ImageDraw.Draw(image), shape)((100, 130, 400, 390), width=4, **_ink(shape))
        drawings.append(picture_fingerprint(image))
    assert not any(drawing.is_blank for drawing in drawings)
    assert not any(is_like(one, other) for one in drawings for other in drawings if one is not other)


def _ink(shape: str) -> dict[str, str]:
    return {"fill": "black"} if shape == "line" else {"outline": "black"}


def test_the_pixels_of_one_picture_in_two_files_are_the_same() -> None:
    image = photograph(1)
    png = of_file(encoded(image, "PNG"))
    assert png.pixels == of_file(encoded(image, "PNG", compress_level=0)).pixels
    assert png.pixels == of_file(encoded(image, "WEBP", lossless=True)).pixels
    assert png.pixels == of_file(encoded(image.convert("RGBA"), "PNG")).pixels
    assert png.pixels != of_file(encoded(image, "JPEG")).pixels
    assert png == of_file(encoded(image, "PNG"))


def test_pictures_of_one_colour_and_other_sizes_differ() -> None:
    wide, high = (Image.new("RGB", size, "red") for size in ((40, 20), (20, 40)))
    assert picture_fingerprint(wide).pixels != picture_fingerprint(high).pixels


def blank_pictures() -> Iterator[Image.Image]:
    yield from (Image.new("RGB", (64, 64), colour) for colour in ("black", "white", (17, 99, 200)))
    yield Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    yield Image.new("L", (64, 64), 128)
    yield Image.new("P", (64, 64), 3)
    noise = Image.effect_noise((256, 256), 1.5)  # a grey of which each pixel is some levels off
    yield noise.point(lambda level: max(124, min(132, level)))
    one_pixel = Image.new("RGB", (200, 200), "white")
    one_pixel.putpixel((3, 3), (0, 0, 0))
    yield one_pixel


@pytest.mark.parametrize("image", tuple(blank_pictures()), ids=lambda image: image.mode)
def test_a_picture_of_nearly_one_colour_is_blank(image: Image.Image) -> None:
    assert picture_fingerprint(image).is_blank
    assert of_file(encoded(image, "PNG")).is_blank


def test_a_jpeg_of_one_colour_is_blank() -> None:
    assert of_file(encoded(Image.new("RGB", (512, 512), (12, 200, 90)), "JPEG", quality=40)).is_blank


def test_a_small_drawing_on_white_is_not_blank() -> None:
    image = Image.new("RGB", (1024, 1024), "white")
    ImageDraw.Draw(image).line((100, 500, 300, 520), (90, 90, 90), width=1)
    assert not picture_fingerprint(image).is_blank


def test_a_dark_night_is_not_blank() -> None:
    """Nine tenths of it are within 12 levels of black."""
    image = Image.linear_gradient("L").point(lambda level: level // 20).resize((512, 512)).convert("RGB")
    ImageDraw.Draw(image).ellipse((400, 60, 420, 80), (40, 40, 30))
    assert not picture_fingerprint(image).is_blank


def test_what_shows_through_counts() -> None:
    """A drawing in one colour whose shape lies in the transparency alone."""
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((10, 10, 40, 40), (0, 0, 0, 255))
    found = picture_fingerprint(image)
    assert not found.is_blank
    assert found.look != picture_fingerprint(ImageOps.mirror(image)).look


def test_more_than_8_bits_a_sample_are_compared_in_full() -> None:
    flat, deep = (Image.new("I;16", (32, 32), level) for level in (256, 257))
    one, other = of_file(encoded(flat, "PNG")), of_file(encoded(deep, "PNG"))
    assert one.pixels != other.pixels
    assert one.is_blank


def test_a_strange_format_has_no_fingerprint() -> None:
    data = encoded(photograph(1), "BMP")
    assert fingerprint_of(data, inspect_bytes(data).format, (256, 256)) is None


def test_a_picture_larger_than_any_is_not_decoded() -> None:
    assert fingerprint_of(b"", "png", (10_000, 10_000)) is None


def test_a_file_that_others_cannot_open_is_bad() -> None:
    """The pixels are whole, and Pillow refuses a text beside them."""
    png = encoded(photograph(1), "PNG")
    text = b"zTXtbroken\0\0not compressed"
    data = png[:33] + (len(text) - 4).to_bytes(4) + text + b"\0\0\0\0" + png[33:]
    info = inspect_bytes(data)
    with pytest.raises(BadImage, match="PNG does not decode"):
        fingerprint_of(data, info.format, (info.width, info.height))
