"""Pictures as scorers read them: upright, 8 bits of red, green and blue in sRGB, without an alpha channel."""

import io
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from PIL import Image, ImageCms

from qwave_batch.bench.layouts.scorer_layout import PictureForm
from qwave_batch.export.image_encoding import UnreadableImage, decoded_upright, on_white, plain_pixels
from qwave_batch.imaging.formats.orientation import ORIENTATION, UPRIGHT
from qwave_batch.imaging.formats.signatures import format_of

BLACK: Final = (0, 0, 0)
NEARLY_BLACK: Final = (1, 1, 1)
_OPAQUE = 255
_JPEG_QUALITY = 95
_PNG_DEPTH = 24
"""The place of the bits a channel in a PNG."""
_DECODES = (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError)


class PictureChange(StrEnum):
    """Something that was done to an image."""

    CONVERTED = "converted"
    """It was encoded anew, in another format or after another change."""
    TURNED = "turned"
    """Its pixels were turned as its EXIF data say."""
    FIRST_FRAME = "first_frame"
    """The first picture of an animation was taken."""
    ALPHA_ON_WHITE = "alpha_on_white"
    """Its transparency was laid on white."""
    ALPHA_DROPPED = "alpha_dropped"
    """It had an alpha channel in which nothing shows through."""
    COLOURS = "colours"
    """Its colours were converted to 8 bits of red, green and blue in sRGB: from grey, a palette, CMYK or a profile."""
    DEPTH = "depth"
    """More than 8 bits a channel became 8."""
    CROPPED = "cropped"
    """Its middle was cut out as a square."""
    PADDED = "padded"
    """It was laid in the middle of a black square."""
    RESIZED = "resized"
    TILED = "tiled"
    """It is one of the tiles of a grid."""
    LIFTED = "lifted_from_black"
    """It was black all over, and one pixel of it is not now, since its scorer drops what is all black."""
    BLACK = "black"
    """There was none: it is black."""


@dataclass(frozen=True, slots=True)
class PlainPicture:
    """An image that was decoded."""

    image: Image.Image
    """RGB."""
    changes: tuple[PictureChange, ...]


def plain_picture(data: bytes) -> PlainPicture:
    """Return an image as scorers read it, with what had to be done for that.

    Raises:
        UnreadableImage: it does not decode.
    """
    try:
        with Image.open(io.BytesIO(data)) as opened:
            mode, is_moving = opened.mode, getattr(opened, "n_frames", 1) > 1
            is_turned = opened.getexif().get(ORIENTATION, UPRIGHT) != UPRIGHT
        image = decoded_upright(data)
        changes = [PictureChange.FIRST_FRAME] * is_moving + [PictureChange.TURNED] * is_turned
        changes += [PictureChange.DEPTH] * (mode.startswith(("I", "F")) or _is_deep_png(data))
        is_srgb = _has_plain_profile(image)
        has_alpha = "A" in image.getbands()
        plain = plain_pixels(image) if image.mode != "CMYK" or is_srgb else image
        if not is_srgb:
            plain = _in_srgb(plain, image.info["icc_profile"])
        if has_alpha:
            is_opaque = plain.getchannel("A").getextrema() == (_OPAQUE, _OPAQUE)
            plain = on_white(plain)
            changes.append(PictureChange.ALPHA_DROPPED if is_opaque else PictureChange.ALPHA_ON_WHITE)
        if mode not in {"RGB", "RGBA"} or not is_srgb:
            changes.append(PictureChange.COLOURS)
        plain = plain.convert("RGB")
        plain.info = {}
        return PlainPicture(plain, tuple(changes))
    except _DECODES as error:
        raise UnreadableImage(f"it does not decode: {str(error) or type(error).__name__}") from error


def square(picture: PlainPicture, side: int, *, is_padded: bool) -> PlainPicture:
    """Return a picture as a square.

    Args:
        picture: The picture.
        side: Pixels of each side.
        is_padded: Whether it is laid in the middle of black; otherwise its middle is cut out.
    """
    image, changes = picture.image, list(picture.changes)
    if image.width != image.height:
        shorter, longer = sorted(image.size)
        edge = longer if is_padded else shorter
        left, top = (image.width - edge) // 2, (image.height - edge) // 2
        image = image.crop((left, top, left + edge, top + edge))  # outside of the image it is black
        changes.append(PictureChange.PADDED if is_padded else PictureChange.CROPPED)
    if image.width != side:
        image = image.resize((side, side), Image.Resampling.LANCZOS)
        changes.append(PictureChange.RESIZED)
    return PlainPicture(image, tuple(changes))


def lifted_from_black(picture: PlainPicture) -> PlainPicture:
    """Return a picture that is not black all over: of one that is, the first pixel becomes one level lighter."""
    if any(most for _, most in _extremes(picture.image)):
        return picture
    image = picture.image.copy()
    image.putpixel((0, 0), NEARLY_BLACK)
    return PlainPicture(image, (*picture.changes, PictureChange.LIFTED))


def encoded_picture(image: Image.Image, form: PictureForm) -> bytes:
    """Return a picture as a file."""
    options: dict[str, Any] = {
        PictureForm.PNG: {},
        PictureForm.JPEG: {"quality": _JPEG_QUALITY, "subsampling": 0},
        PictureForm.WEBP: {"lossless": True, "method": 2, "quality": 50},  # the quality is the effort here
    }[form]
    out = io.BytesIO()
    image.save(out, format=form.value, **options)
    return out.getvalue()


def is_as_wanted(data: bytes, picture: PlainPicture, form: PictureForm) -> bool:
    """Whether an image's own bytes are what its picture would be written as, so that they can stay."""
    return not picture.changes and format_of(data) == form.value and form is not PictureForm.WEBP


def _is_deep_png(data: bytes) -> bool:
    """Whether the head of a PNG says 16 bits a channel, which a decode makes 8 of without a word."""
    return format_of(data) == PictureForm.PNG.value and data[_PNG_DEPTH : _PNG_DEPTH + 1] == b"\x10"


def _extremes(image: Image.Image) -> tuple[tuple[int, int], ...]:
    found: Any = image.getextrema()
    return tuple(found)


def _has_plain_profile(image: Image.Image) -> bool:
    """Whether an image has no profile of colours, that of sRGB, or one that can't be read."""
    profile = image.info.get("icc_profile")
    if not profile:
        return True
    try:
        told = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (OSError, ImageCms.PyCMSError):
        return True
    return "srgb" in told.casefold()


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return an image with its colours in sRGB; as it is, where its profile is one of other kinds of pixels."""
    alpha = image.getchannel("A") if "A" in image.getbands() else None
    colours = image if alpha is None else image.convert("RGB")
    try:
        done = ImageCms.profileToProfile(
            colours, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (OSError, ImageCms.PyCMSError):
        return image
    assert done is not None  # noqa: S101 - it is made anew, and not in place
    if alpha is not None:
        done.putalpha(alpha)
    return done
