"""Encodes images anew, in another format or smaller; colours are kept as they are meant."""

import hashlib
import io
from dataclasses import replace
from typing import Any

from PIL import Image, ImageOps

from qwave_batch.export.columns import ImageFacts
from qwave_batch.export.image_change import DEFAULT_QUALITY, ImageChange, ImageForm

_WITHOUT_ALPHA = frozenset({"jpeg", "bmp"})
_OF_PNG = frozenset({"1", "L", "LA", "I;16", "P", "RGB", "RGBA"})
"""The kinds of pixels that Pillow writes as png."""
_BEHIND = (255, 255, 255)
"""The colour behind transparent pixels, in formats without transparency."""


class UnreadableImage(ValueError):
    """The bytes can't be decoded here, or not be written in the format asked for."""


def encode_image(data: bytes, facts: ImageFacts, rule: ImageChange) -> tuple[bytes, ImageFacts]:
    """Return an image as the rule wants it, or the very bytes where that is what they are.

    Transparent pixels lie on white in a format without transparency; an orientation that the file states is applied;
    its colour profile stays. Of a moving picture the first frame is taken.

    Raises:
        UnreadableImage: it does not decode, or can't be encoded.
    """
    target = facts.format if rule.form is ImageForm.KEEP else rule.form.value
    is_small = rule.max_size is None or max(facts.width, facts.height) <= rule.max_size
    if target == facts.format and is_small:
        return data, facts
    try:
        image = decoded_upright(data)
        if rule.max_size is not None and max(image.size) > rule.max_size:
            image = _shrunk(image, rule.max_size)
        written = _encode(image, target, rule.quality or DEFAULT_QUALITY)
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError) as error:
        raise UnreadableImage(f"it can't be written as {target}: {error}") from error
    return written, replace(
        facts,
        format=target,
        width=image.width,
        height=image.height,
        size_bytes=len(written),
        sha256=hashlib.sha256(written).hexdigest(),
    )


def decoded_upright(data: bytes) -> Image.Image:
    """Return the first picture of an image, turned as the file says, with nothing of its information but the profile.

    Raises:
        OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError: it does not decode.
    """
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        profile = opened.info.get("icc_profile")
        image = ImageOps.exif_transpose(opened)
        if "transparency" in image.info:  # of a palette, or of one colour: it is lost with the information
            image = image.convert("RGBA")
        image.info = {"icc_profile": profile} if profile else {}
        return image


def _shrunk(image: Image.Image, longer_side: int) -> Image.Image:
    scale = longer_side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if image.mode == "P":
        image = plain_pixels(image)
    smaller = image.resize(size, Image.Resampling.LANCZOS)
    smaller.info = image.info
    return smaller


def _encode(image: Image.Image, target: str, quality: int) -> bytes:
    info = image.info
    if target != "png" or image.mode not in _OF_PNG:
        image = plain_pixels(image)
        if target in _WITHOUT_ALPHA and "A" in image.getbands():
            image = on_white(image)
    options: dict[str, Any] = {"icc_profile": info["icc_profile"]} if "icc_profile" in info else {}
    if target in {"jpeg", "webp", "avif"}:
        options["quality"] = quality
    if target == "jpeg":
        options["subsampling"] = 0 if quality >= DEFAULT_QUALITY else 2
    out = io.BytesIO()
    image.save(out, format=target, **options)
    return out.getvalue()


def plain_pixels(image: Image.Image) -> Image.Image:
    """Return an image in 8 bits a channel, without a palette."""
    info = image.info
    if image.mode.startswith("I"):  # 16 bits of grey, which a conversion would cut off and not scale
        plain = image.convert("I").point(lambda value: value / 257).convert("L")
    elif image.mode == "P":
        plain = image.convert("RGB")
    elif image.mode in {"RGB", "RGBA", "L"}:
        return image
    else:
        plain = image.convert("RGBA" if "A" in image.getbands() else "RGB")
    plain.info = {key: value for key, value in info.items() if key == "icc_profile" and image.mode != "CMYK"}
    return plain


def on_white(image: Image.Image) -> Image.Image:
    """Return an image without transparency: white shows through."""
    behind = Image.new("RGBA", image.size, (*_BEHIND, 255))
    behind.alpha_composite(image.convert("RGBA"))
    flat = behind.convert("RGB")
    flat.info = image.info
    return flat
