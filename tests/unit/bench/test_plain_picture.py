"""Pictures become what every scorer reads as the same colours, and what had to be done for that is told."""

import io
from struct import pack
from typing import Any
from zlib import compress, crc32

import pytest
from PIL import Image, ImageCms, ImageDraw

from qwave_batch.bench.layouts.plain_picture import (
    PictureChange,
    PlainPicture,
    encoded_picture,
    is_as_wanted,
    lifted_from_black,
    plain_picture,
    square,
)
from qwave_batch.bench.layouts.scorer_layout import PictureForm
from qwave_batch.export.image_encoding import UnreadableImage

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def saved(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def swapped_profile() -> bytes:
    """Return a profile of RGB that is not sRGB's: sRGB's own, with red and blue exchanged and another name."""
    profile = bytearray(SRGB)
    profile = bytearray(bytes(profile).replace(b"rXYZ", b"tmp?").replace(b"bXYZ", b"rXYZ").replace(b"tmp?", b"bXYZ"))
    name = "sRGB built-in".encode("utf-16-be")
    return bytes(profile).replace(name, "swap built-in".encode("utf-16-be")).replace(b"sRGB built-in", b"swap built-in")


def pixel(picture: PlainPicture, at: tuple[int, int] = (0, 0)) -> tuple[int, ...]:
    found = picture.image.getpixel(at)
    assert isinstance(found, tuple)
    return tuple(int(level) for level in found)


def turned() -> bytes:
    image = Image.new("RGB", (4, 2), "blue")
    image.putpixel((0, 0), (255, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    return saved(image, exif=exif)


def palette_with_a_hole() -> bytes:
    image = Image.new("P", (4, 4), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((3, 3), 1)
    return saved(image, transparency=0)


def moving() -> bytes:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    return saved(frames[0], save_all=True, append_images=frames[1:], duration=100)


def half_transparent() -> bytes:
    return saved(Image.new("RGBA", (4, 4), (0, 0, 0, 128)))


CASES: dict[str, tuple[bytes, tuple[int, ...], set[PictureChange]]] = {
    "plain": (saved(Image.new("RGB", (4, 4), (9, 8, 7))), (9, 8, 7), set()),
    "alpha": (half_transparent(), (127, 127, 127), {PictureChange.ALPHA_ON_WHITE}),
    "opaque alpha": (
        saved(Image.new("RGBA", (4, 4), (9, 8, 7, 255))), (9, 8, 7), {PictureChange.ALPHA_DROPPED},
    ),
    "one transparent colour": (
        saved(Image.new("RGB", (4, 4), (9, 8, 7)), transparency=(9, 8, 7)), (255, 255, 255),
        {PictureChange.ALPHA_ON_WHITE},
    ),
    "a palette with a hole": (
        palette_with_a_hole(), (255, 255, 255), {PictureChange.ALPHA_ON_WHITE, PictureChange.COLOURS},
    ),
    "grey": (saved(Image.new("L", (4, 4), 77)), (77, 77, 77), {PictureChange.COLOURS}),
    "two levels": (saved(Image.new("1", (4, 4), 1)), (255, 255, 255), {PictureChange.COLOURS}),
    "16 bits of grey": (
        saved(Image.new("I;16", (4, 4), 32896)), (128, 128, 128), {PictureChange.COLOURS, PictureChange.DEPTH},
    ),
    "CMYK": (saved(Image.new("CMYK", (4, 4), (0, 0, 0, 0)), "TIFF"), (255, 255, 255), {PictureChange.COLOURS}),
    "turned": (turned(), (0, 0, 255), {PictureChange.TURNED}),
    "moving": (moving(), (255, 0, 0), {PictureChange.FIRST_FRAME}),
    "a profile of sRGB": (saved(Image.new("RGB", (4, 4), (9, 8, 7)), icc_profile=SRGB), (9, 8, 7), set()),
    "a profile of other pixels": (
        saved(Image.new("RGB", (4, 4), (9, 8, 7)), icc_profile=LAB), (9, 8, 7), {PictureChange.COLOURS},
    ),
    "a broken profile": (saved(Image.new("RGB", (4, 4), (9, 8, 7)), icc_profile=b"no"), (9, 8, 7), set()),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_picture_is_upright_rgb_of_8_bits_without_alpha(case: str) -> None:
    """So it is for every kind of image that a run may hold."""
    data, colour, changes = CASES[case]
    picture = plain_picture(data)
    assert picture.image.mode == "RGB"
    assert picture.image.info == {}
    assert max(abs(found - wanted) for found, wanted in zip(pixel(picture), colour, strict=True)) <= 1
    assert set(picture.changes) == changes


def test_a_picture_is_turned_as_its_file_says() -> None:
    """The pixel at the top left comes to the top right."""
    picture = plain_picture(turned())
    assert picture.image.size == (2, 4)
    assert pixel(picture, (1, 0)) == (255, 0, 0)


def test_colours_of_another_profile_become_those_of_srgb() -> None:
    """A scorer reads the numbers, and not the profile."""
    data = saved(Image.new("RGB", (4, 4), (255, 0, 0)), icc_profile=swapped_profile())
    picture = plain_picture(data)
    assert pixel(picture)[2] - pixel(picture)[0] > 140
    assert picture.changes == (PictureChange.COLOURS,)


def test_a_png_of_16_bits_a_channel_does_not_keep_its_bytes() -> None:
    """A decode makes 8 of them without a word."""
    plain = saved(Image.new("RGB", (2, 2), (9, 8, 7)))
    deep = _as_16_bits(2, 2, (9, 8, 7))
    assert pixel(plain_picture(deep)) == (9, 8, 7)
    assert plain_picture(deep).changes == (PictureChange.DEPTH,)
    assert is_as_wanted(plain, plain_picture(plain), PictureForm.PNG)
    assert not is_as_wanted(deep, plain_picture(deep), PictureForm.PNG)


@pytest.mark.parametrize("form", PictureForm)
def test_an_image_keeps_its_bytes_only_where_they_are_the_layouts(form: PictureForm) -> None:
    """A WebP is written anew, since nothing says that it is lossless."""
    for own in ("PNG", "JPEG", "WEBP"):
        data = saved(Image.new("RGB", (4, 4), "red"), own)
        assert is_as_wanted(data, plain_picture(data), form) == (own.lower() == form.value and own != "WEBP")


def bars() -> PlainPicture:
    """Return a picture of 8 x 4: green, with a red bar at its left and a blue one at its right."""
    image = Image.new("RGB", (8, 4), (0, 255, 0))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 1, 3), (255, 0, 0))
    draw.rectangle((6, 0, 7, 3), (0, 0, 255))
    return PlainPicture(image, ())


def test_a_square_is_the_middle_or_the_whole_on_black() -> None:
    """And it has the side that was asked for."""
    cropped = square(bars(), 4, is_padded=False)
    assert (cropped.image.size, cropped.changes) == ((4, 4), (PictureChange.CROPPED,))
    assert {pixel(cropped, (x, 0)) for x in range(4)} == {(0, 255, 0)}
    padded = square(bars(), 8, is_padded=True)
    assert (padded.image.size, padded.changes) == ((8, 8), (PictureChange.PADDED,))
    assert (pixel(padded, (0, 0)), pixel(padded, (0, 2)), pixel(padded, (7, 5))) == (
        (0, 0, 0),
        (255, 0, 0),
        (0, 0, 255),
    )
    resized = square(cropped, 16, is_padded=False)
    assert (resized.image.size, resized.changes) == ((16, 16), (PictureChange.CROPPED, PictureChange.RESIZED))


def test_only_a_picture_that_is_black_all_over_is_lifted() -> None:
    """By one level of one pixel."""
    black = PlainPicture(Image.new("RGB", (4, 4)), ())
    lifted = lifted_from_black(black)
    assert lifted.changes == (PictureChange.LIFTED,)
    assert sum(lifted.image.tobytes()) == 3
    nearly = PlainPicture(lifted.image, ())
    assert lifted_from_black(nearly) is nearly


@pytest.mark.parametrize("form", PictureForm)
def test_black_stays_exactly_black_in_every_form(form: PictureForm) -> None:
    """Also where a format loses something."""
    data = encoded_picture(Image.new("RGB", (64, 64)), form)
    with Image.open(io.BytesIO(data)) as image:
        assert image.convert("RGB").getextrema() == ((0, 0), (0, 0), (0, 0))
        assert image.mode == "RGB"


@pytest.mark.parametrize("data", [b"", b"not a picture", saved(Image.new("RGB", (64, 64), "red"))[:60]])
def test_bytes_that_do_not_decode_are_no_picture(data: bytes) -> None:
    """They are told apart from those that do."""
    with pytest.raises(UnreadableImage):
        plain_picture(data)


def _as_16_bits(width: int, height: int, colour: tuple[int, ...]) -> bytes:
    """Return a PNG of 16 bits a channel, which Pillow does not write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", crc32(kind + data))

    row = b"\0" + b"".join(bytes((level, level)) for level in colour) * width
    head = pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", compress(row * height)) + chunk(b"IEND", b"")
