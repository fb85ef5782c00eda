"""Thumbnails: small, upright, as transparent as their image, and made in the decode that judges it."""

import base64
import hashlib
import random
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from qwave_batch.imaging.image_inspection import BadImage, inspect_bytes
from qwave_batch.imaging.thumbnail import SIDE, Thumbnail, ThumbnailFault, inspect_with_picture, thumbnail_of
from tests.unit.imaging.hostile_images import gif, gif_flat_frame, png, png_chunk
from tests.unit.imaging.test_image_inspection import WHOLE
from tests.unit.imaging.test_picture_fingerprint import encoded, photograph

RED, BLUE = (250, 20, 20), (20, 20, 250)


def thumbnail(data: bytes) -> Thumbnail:
    return thumbnail_of(inspect_with_picture(data)[1])


def opened(made: Thumbnail) -> Image.Image:
    image = Image.open(BytesIO(made.webp), formats=("WEBP",))
    image.load()
    return image


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two pictures, in levels of 256."""
    return max(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean)


def flag(size: tuple[int, int] = (600, 300)) -> Image.Image:
    """Return a picture that is red on its left and blue on its right."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    return image


def corners(image: Image.Image) -> str:
    """Return which corners are red, row by row: ``rb/rb`` for the flag."""
    plain, (right, bottom) = image.convert("RGB"), (image.width - 1, image.height - 1)
    names = [
        "r" if plain.getpixel(at)[0] > 128 else "b"  # type: ignore[index]
        for at in ((0, 0), (right, 0), (0, bottom), (right, bottom))
    ]
    return f"{names[0]}{names[1]}/{names[2]}{names[3]}"


PLAIN: dict[str, Callable[[Image.Image], bytes]] = {
    "png": lambda image: encoded(image, "png"),
    "png, of a palette": lambda image: encoded(image.quantize(64), "png"),
    "png, 16 bits of grey": lambda image: encoded(
        image.convert("L").convert("I").point(lambda v: v * 257).convert("I;16"), "png"
    ),
    "jpeg": lambda image: encoded(image, "jpeg", quality=95),
    "jpeg, progressive": lambda image: encoded(image, "jpeg", quality=95, progressive=True),
    "jpeg, CMYK": lambda image: encoded(image.convert("CMYK"), "jpeg", quality=95),
    "jpeg, grey": lambda image: encoded(image.convert("L"), "jpeg", quality=95),
    "webp": lambda image: encoded(image, "webp", quality=95),
    "webp, lossless": lambda image: encoded(image, "webp", lossless=True),
    "gif": lambda image: encoded(image, "gif"),
    "gif, moving": lambda image: encoded(image, "gif", save_all=True, append_images=[image.rotate(90)]),
    "webp, moving": lambda image: encoded(image, "webp", quality=95, save_all=True, append_images=[image.rotate(90)]),
    "bmp": lambda image: encoded(image, "bmp"),
    "tiff": lambda image: encoded(image, "tiff"),
    "avif": lambda image: encoded(image, "avif", quality=95),
}


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("side", [150, 640])
def test_a_thumbnail_shows_what_its_image_shows(name: str, side: int) -> None:
    """Its pixels are those of the decoded image, made smaller and never larger."""
    image = photograph(3, side=side).crop((0, 0, side, side * 3 // 4))
    data = PLAIN[name](image)
    made = opened(thumbnail(data))
    assert made.size == ((SIDE, 192) if side > SIDE else image.size)
    shown = image.convert("L") if "grey" in name else image
    assert difference(made, shown.resize(made.size, Image.Resampling.BOX)) < 6


SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PNG_KINDS = [
    (depth, colour, is_keyed)
    for colour, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items()
    for depth in depths
    for is_keyed in ((False, True) if colour == 3 or (depth == 8 and colour < 3) else (False,))
]
"""Depth, type of colour, and whether a colour is transparent, where Pillow reads that as the standard has it."""


def rows_of_chance(size: tuple[int, int], bits: int, *, is_interlaced: bool) -> bytes:
    """Return the rows of a PNG, each with a filter and bytes of chance; an interlaced one has seven passes of them."""
    rng = random.Random(bits)
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b""
    for left, top, across, down in passes if is_interlaced else [(0, 0, 1, 1)]:
        width, height = len(range(left, size[0], across)), len(range(top, size[1], down))
        for _ in range(height):
            rows += bytes([rng.randrange(5)]) + rng.randbytes(-(-width * bits // 8))
    return rows


@pytest.mark.parametrize("is_interlaced", [False, True])
@pytest.mark.parametrize(("depth", "colour", "is_keyed"), PNG_KINDS)
def test_every_kind_of_png_is_put_together_as_pillow_does(
    depth: int,
    colour: int,
    is_keyed: bool,  # noqa: FBT001 - one of three that go together
    *,
    is_interlaced: bool,
) -> None:
    """Its rows are unpacked to be judged, and become the very pixels that Pillow makes of the file."""
    size = (37, 23)
    more = png_chunk(b"PLTE", random.Random(1).randbytes(3 * 2 ** min(depth, 8))) if colour == 3 else b""
    if is_keyed:
        more += png_chunk(b"tRNS", bytes([9, 200]) if colour == 3 else bytes([0, 7]) * SAMPLES[colour])
    rows = rows_of_chance(size, depth * SAMPLES[colour], is_interlaced=is_interlaced)
    data = png(*size, rows, more=more, depth=depth, colour=colour, interlace=int(is_interlaced))
    with Image.open(BytesIO(data)) as image:
        image.load()
        expected = image.point(lambda level: level / 256).convert("L") if image.mode == "I;16" else image
        made = inspect_with_picture(data)[1].small
        assert made is not None
        has_alpha = is_keyed or colour in {4, 6}
        assert made.convert("RGBA").tobytes() == expected.convert("RGBA").tobytes()
        assert made.mode == (
            "RGBA" if has_alpha and made.convert("RGBA").getchannel("A").getextrema() != (255, 255) else "RGB"
        )


@pytest.mark.parametrize("name", WHOLE)
def test_an_image_is_judged_alike_with_its_picture(name: str) -> None:
    data = WHOLE[name]
    info, shrinker = inspect_with_picture(data)
    assert info == inspect_bytes(data)
    assert shrinker.small is not None
    assert shrinker.small.size == (24, 17)


@pytest.mark.parametrize("name", WHOLE)
def test_a_damaged_image_is_judged_alike_with_its_picture(name: str) -> None:
    """No verdict depends on whether a picture is taken: cut anywhere, the same is said of the image."""
    data = WHOLE[name]
    for size in range(0, len(data), 7):
        with pytest.raises(BadImage) as plain:
            inspect_bytes(data[:size])
        with pytest.raises(BadImage) as pictured:
            inspect_with_picture(data[:size])
        assert str(pictured.value) == str(plain.value)


def test_the_same_image_gives_the_same_bytes() -> None:
    data = encoded(photograph(1), "png")
    assert thumbnail(data) == thumbnail(data)


def turned(orientation: int, image_format: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(flag(), image_format, exif=exif)


@pytest.mark.parametrize("image_format", ["jpeg", "png", "webp", "tiff"])
@pytest.mark.parametrize(
    ("orientation", "shown"),
    [(1, "rb/rb"), (2, "br/br"), (3, "br/br"), (4, "rb/rb"), (5, "rr/bb"), (6, "rr/bb"), (7, "bb/rr"), (8, "bb/rr")],
)
def test_a_picture_is_turned_as_its_exif_says(image_format: str, orientation: int, shown: str) -> None:
    made = opened(thumbnail(turned(orientation, image_format)))
    assert corners(made) == shown
    assert made.size == ((256, 128) if orientation < 5 else (128, 256))


@pytest.mark.parametrize(
    "exif", [b"", b"II", b"II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x03\0\x01\0\0\0\x63\0\0\0"]
)
def test_an_orientation_that_makes_no_sense_turns_nothing(exif: bytes) -> None:
    made = opened(thumbnail(encoded(flag(), "jpeg", exif=b"Exif\0\0" + exif)))
    assert corners(made) == "rb/rb"


def half_clear(image_format: str, **options: Any) -> bytes:
    image = flag((400, 400)).convert("RGBA")
    image.paste((0, 0, 0, 0), (200, 0, 400, 400))
    return encoded(image, image_format, **options)


CLEAR = {
    "png": half_clear("png"),
    "webp": half_clear("webp", quality=90),
    "webp, lossless": half_clear("webp", lossless=True),
    "gif": half_clear("gif"),
    "png with a colour for nothing": encoded(flag((400, 400)), "png", transparency=BLUE),
}


@pytest.mark.parametrize("name", CLEAR)
def test_transparent_parts_stay_transparent(name: str) -> None:
    """The thumbnail keeps its alpha; the nine pixels, which have none, lie on grey."""
    made = thumbnail(CLEAR[name])
    small = opened(made)
    assert small.mode == "RGBA"
    left, right = small.getpixel((20, 128)), small.getpixel((236, 128))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert (left[3], right[3]) == (255, 0)
    assert left[0] > 230
    tiny = base64.b64decode(made.tiny)
    assert tiny[6:9] == bytes((128, 128, 128))


def test_an_image_without_transparency_has_none_in_its_thumbnail() -> None:
    assert opened(thumbnail(encoded(flag().convert("RGBA"), "png"))).mode == "RGB"


def test_the_nine_pixels_stand_row_by_row() -> None:
    tiny = base64.b64decode(thumbnail(encoded(flag(), "png")).tiny)
    assert len(tiny) == 27
    rows = [tiny[at : at + 9] for at in (0, 9, 18)]
    assert rows[0] == rows[1] == rows[2]
    assert rows[0][0] > 200
    assert rows[0][8] > 200


def test_a_long_image_keeps_a_pixel_across() -> None:
    assert opened(thumbnail(encoded(Image.new("RGB", (9000, 2), RED), "png"))).size == (256, 1)


def test_a_frame_that_is_smaller_than_its_image_lies_in_its_place() -> None:
    made = opened(thumbnail(gif(512, 512, gif_flat_frame(256, 256, 1))))
    assert made.size == (256, 256)
    assert made.mode == "RGBA"
    assert made.getchannel("A").getbbox() == (0, 0, 128, 128)


def test_a_picture_too_large_for_the_memory_is_judged_and_not_shown() -> None:
    """An image of 180 million pixels of a palette is whole; looking its colours up would take 900 MB."""
    side = 13_400
    palette = png_chunk(b"PLTE", bytes(6))
    data = png(side, side, bytes((1 + side // 8) * side), more=palette, depth=1, colour=3)
    info, shrinker = inspect_with_picture(data)
    assert info.width == side
    with pytest.raises(ThumbnailFault, match=r"its pixels take 856 MiB of memory, more than 830"):
        thumbnail_of(shrinker)


def test_the_hash_is_that_of_the_bytes() -> None:
    data = encoded(flag(), "webp")
    assert inspect_with_picture(BytesIO(data))[0].sha256 == hashlib.sha256(data).hexdigest()
