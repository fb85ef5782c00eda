"""Images that are encoded anew look as they did."""

import hashlib
import io

import pytest
from PIL import Image, ImageCms

from qwave_batch.errors import UsageError
from qwave_batch.export.columns import ImageFacts
from qwave_batch.export.image_change import ImageChange, ImageForm
from qwave_batch.export.image_encoding import UnreadableImage, encode_image

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def saved(image: Image.Image, form: str, **options: object) -> tuple[bytes, ImageFacts]:
    out = io.BytesIO()
    image.save(out, form, **options)
    data = out.getvalue()
    return data, ImageFacts(
        format=form,
        width=image.width,
        height=image.height,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_an_image_in_the_form_asked_for_keeps_its_bytes() -> None:
    data, facts = saved(Image.new("RGB", (8, 8), "red"), "png")
    assert encode_image(data, facts, ImageChange(form=ImageForm.PNG)) == (data, facts)
    assert encode_image(data, facts, ImageChange(max_size=8)) == (data, facts)


@pytest.mark.parametrize("form", [ImageForm.PNG, ImageForm.JPEG, ImageForm.WEBP])
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_pixels_gets_into_every_form(form: ImageForm, mode: str) -> None:
    source = "tiff" if mode in {"CMYK", "I;16"} else "png"
    image = Image.new("I;16", (12, 6), 32896) if mode == "I;16" else Image.new("RGB", (12, 6), (128, 128, 128))
    image = image.quantize(4) if mode == "P" else image.convert(mode) if image.mode == "RGB" else image
    data, facts = saved(image, source)
    made, told = encode_image(data, facts, ImageChange(form=form))
    assert (told.format, told.width, told.height, told.size_bytes) == (form.value, 12, 6, len(made))
    assert told.sha256 == hashlib.sha256(made).hexdigest()
    shown = opened(made)
    assert (shown.format or "").lower() == form.value
    grey = shown.convert("I").getpixel((3, 3)) if shown.mode.startswith("I") else shown.convert("L").getpixel((3, 3))
    assert isinstance(grey, int | float)
    assert abs((grey / 257 if grey > 255 else grey) - 128) <= (128 if mode == "1" else 3)


def test_transparent_pixels_lie_on_white_in_a_jpeg() -> None:
    data, facts = saved(Image.new("RGBA", (8, 8), (255, 0, 0, 0)), "png")
    made, _ = encode_image(data, facts, ImageChange(form=ImageForm.JPEG))
    assert opened(made).getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize("form", [ImageForm.PNG, ImageForm.WEBP, ImageForm.JPEG])
def test_what_is_transparent_in_a_palette_stays_so(form: ImageForm) -> None:
    """In a format without transparency, white shows through, as behind an alpha channel."""
    image = Image.new("P", (16, 8), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(1, (8, 0, 16, 8))
    data, facts = saved(image, "gif", transparency=0)
    made, _ = encode_image(data, facts, ImageChange(form=form))
    shown = opened(made).convert("RGBA")
    left, right = shown.getpixel((2, 4)), shown.getpixel((14, 4))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[3] == 0 or min(left) > 250
    assert right[2] - right[0] > 220


def test_the_longer_side_is_the_size_asked_for_and_nothing_grows() -> None:
    data, facts = saved(Image.new("RGB", (100, 40)), "jpeg")
    _, told = encode_image(data, facts, ImageChange(max_size=50))
    assert (told.format, told.width, told.height) == ("jpeg", 50, 20)
    assert encode_image(data, facts, ImageChange(max_size=500))[1] == facts


def test_the_colour_profile_stays_and_the_orientation_is_applied() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    data, facts = saved(Image.new("RGB", (20, 10)), "jpeg", icc_profile=PROFILE, exif=turned)
    made, told = encode_image(data, facts, ImageChange(form=ImageForm.PNG))
    assert (told.width, told.height) == (10, 20)
    assert opened(made).info["icc_profile"] == PROFILE


def test_lower_quality_makes_smaller_files() -> None:
    data, facts = saved(Image.effect_noise((64, 64), 60).convert("RGB"), "png")
    sizes = [len(encode_image(data, facts, ImageChange(form=ImageForm.WEBP, quality=q))[0]) for q in (20, 90)]
    assert sizes[0] < sizes[1]


def test_bytes_that_do_not_decode_are_told() -> None:
    data, facts = saved(Image.new("RGB", (8, 8)), "png")
    with pytest.raises(UnreadableImage, match="can't be written as jpeg"):
        encode_image(data[:40], facts, ImageChange(form=ImageForm.JPEG))


def test_a_quality_that_changes_nothing_is_refused() -> None:
    for form in (ImageForm.KEEP, ImageForm.PNG):
        with pytest.raises(UsageError, match="changes nothing"):
            ImageChange(quality=80, form=form)
    ImageChange(quality=80, max_size=100)
    with pytest.raises(UsageError, match="with a mark"):
        ImageChange(has_prompt=True)
