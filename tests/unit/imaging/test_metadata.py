"""Texts about images are written into files and read again, and no pixel changes."""

import struct
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from qwave_batch.imaging.metadata.embedding import carries_c2pa, read_metadata, with_metadata
from qwave_batch.imaging.metadata.exif_comment import exif_comment, with_exif_comment
from qwave_batch.imaging.metadata.jpeg_segments import extension_digest
from qwave_batch.imaging.metadata.metadata_parts import NewMetadata, NotEmbeddable, Obstacle

FORMATS = ("png", "jpeg", "webp")
PACKET = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'


def picture(kind: str, *, mode: str = "RGB", size: tuple[int, int] = (9, 7), **options: object) -> bytes:
    """Return a small image whose pixels differ, so that a slip of one shows."""
    width, height = size
    image = Image.new(mode, size)
    bands = len(image.getbands())
    for x in range(width):
        for y in range(height):
            values = tuple((x * 31 + y * 17 + band * 60) % 256 for band in range(bands))
            image.putpixel((x, y), values if bands > 1 else values[0])
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pixels(data: bytes) -> tuple[str, tuple[int, int], list[bytes]]:
    with Image.open(BytesIO(data)) as image:
        frames = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append(image.convert("RGBA").tobytes())
        return image.mode, image.size, frames


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def with_png_chunk(data: bytes, chunk: bytes, *, before: bytes = b"IDAT") -> bytes:
    at = data.index(before) - 4
    return data[:at] + chunk + data[at:]


def with_segment(data: bytes, marker: int, content: bytes) -> bytes:
    return data[:2] + bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2) + content + data[2:]


def with_webp_chunk(data: bytes, kind: bytes, content: bytes) -> bytes:
    body = data[8:] + kind + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def animation(kind: str) -> bytes:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    file = BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], lossless=True)
    return file.getvalue()


IMAGES: dict[str, Callable[[], bytes]] = {
    "png": lambda: picture("png"),
    "png with alpha": lambda: picture("png", mode="RGBA"),
    "png with a palette": lambda: picture("png", mode="P"),
    "png of one bit": lambda: picture("png", mode="1"),
    "animated png": lambda: animation("png"),
    "jpeg": lambda: picture("jpeg"),
    "grey jpeg": lambda: picture("jpeg", mode="L"),
    "progressive jpeg": lambda: picture("jpeg", progressive=True, size=(40, 40)),
    "jpeg with exif": lambda: picture("jpeg", exif=exif_of_a_camera()),
    "jpeg with a profile": lambda: picture("jpeg", icc_profile=b"profile" * 100),
    "lossy webp": lambda: picture("webp"),
    "lossless webp": lambda: picture("webp", lossless=True),
    "lossless webp with alpha": lambda: picture("webp", mode="RGBA", lossless=True),
    "lossy webp with alpha": lambda: picture("webp", mode="RGBA"),
    "webp with a profile": lambda: picture("webp", icc_profile=b"profile" * 101),
    "webp with exif": lambda: picture("webp", exif=exif_of_a_camera()),
    "animated webp": lambda: animation("webp"),
    "a wide webp": lambda: picture("webp", size=(300, 2), lossless=True),
}


def exif_of_a_camera() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "A maker"
    exif.get_ifd(0x8769)[0x9003] = "2026:11:28 12:00:00"
    return exif.tobytes()


@pytest.mark.parametrize("kind", IMAGES)
def test_pixels_stay_and_texts_come_back(kind: str) -> None:
    data = IMAGES[kind]()
    new = NewMetadata(xmp=PACKET, parameters="Prompt 🍵\nSeed: 1")
    written = with_metadata(data, new)
    found = read_metadata(written)
    assert (found.xmp, found.parameters, found.is_signed) == (PACKET, "Prompt 🍵\nSeed: 1", False)
    assert pixels(written) == pixels(data)
    assert with_metadata(written, new) == written
    with Image.open(BytesIO(data)) as before, Image.open(BytesIO(written)) as after:
        assert after.info.get("icc_profile") == before.info.get("icc_profile")
        assert after.getexif().get(0x010F) == before.getexif().get(0x010F)
        assert after.getexif().get_ifd(0x8769).get(0x9003) == before.getexif().get_ifd(0x8769).get(0x9003)


@given(
    kind=st.sampled_from(FORMATS),
    mode=st.sampled_from(["RGB", "L", "RGBA"]),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    xmp=st.binary(max_size=300),
    parameters=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=200),
)
def test_any_image_takes_any_text(kind: str, mode: str, size: tuple[int, int], xmp: bytes, parameters: str) -> None:
    """It decodes to the same pixels, and writing twice is the same as writing once."""
    if kind == "jpeg" and mode == "RGBA":
        mode = "CMYK"
    data = picture(kind, mode=mode, size=size, **({"lossless": True} if kind == "webp" else {}))
    new = NewMetadata(xmp=xmp, parameters=parameters)
    written = with_metadata(data, new)
    assert pixels(written) == pixels(data)
    assert with_metadata(written, new) == written
    found = read_metadata(written)
    assert found.xmp == xmp
    assert found.parameters == (parameters if kind == "png" or parameters.strip("\0 ") else None)


@given(
    kind=st.sampled_from(FORMATS),
    cut=st.integers(0, 400),
    places=st.dictionaries(st.integers(0, 400), st.integers(0, 255), max_size=8),
)
def test_hostile_bytes_are_refused_or_written_and_never_a_traceback(
    kind: str, cut: int, places: dict[int, int]
) -> None:
    whole = with_metadata(picture(kind, mode="RGB"), NewMetadata(xmp=PACKET, parameters="Seed: 1"))
    damaged = bytearray(whole[: len(whole) - cut] if cut < 100 else whole)
    for at, value in places.items():
        if at < len(damaged):
            damaged[at] = value
    with suppress(NotEmbeddable):
        read_metadata(bytes(damaged))
        with_metadata(bytes(damaged), NewMetadata(xmp=b"another", parameters="Seed: 2"))
    assert carries_c2pa(bytes(damaged)) in {True, False}


@given(st.binary(max_size=120))
def test_hostile_exif_is_refused_or_written(data: bytes) -> None:
    for start in (b"MM\x00*", b"II*\x00"):
        exif_comment(start + data)
        with suppress(NotEmbeddable):
            with_exif_comment(start + data, "Seed: 1")


@pytest.mark.parametrize("kind", FORMATS)
def test_another_text_for_galleries_is_never_lost(kind: str) -> None:
    data = with_metadata(picture(kind), NewMetadata(parameters="by another program"))
    with pytest.raises(NotEmbeddable) as refused:
        with_metadata(data, NewMetadata(parameters="ours"))
    assert refused.value.obstacle is Obstacle.OTHER_TEXT


@pytest.mark.parametrize("kind", FORMATS)
def test_a_packet_is_replaced_and_never_doubled(kind: str) -> None:
    once = with_metadata(picture(kind), NewMetadata(xmp=b"the first packet"))
    twice = with_metadata(once, NewMetadata(xmp=b"the second"))
    assert read_metadata(twice).xmp == b"the second"
    assert b"the first packet" not in twice
    assert pixels(twice) == pixels(once)


def test_a_packet_behind_the_pixels_of_a_png_is_replaced() -> None:
    chunk = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0old")
    data = with_png_chunk(picture("png"), chunk, before=b"IEND")
    written = with_metadata(data, NewMetadata(xmp=b"new"))
    assert read_metadata(written).xmp == b"new"
    assert chunk not in written
    assert pixels(written) == pixels(data)


def test_a_packed_packet_of_a_png_is_read() -> None:
    chunk = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(PACKET))
    assert read_metadata(with_png_chunk(picture("png"), chunk)).xmp == PACKET


def test_a_packed_packet_that_fills_the_memory_is_refused() -> None:
    chunk = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(64 * 2**20)))
    with pytest.raises(NotEmbeddable):
        read_metadata(with_png_chunk(picture("png"), chunk))


def test_two_packets_are_not_made_one() -> None:
    chunk = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + PACKET)
    with pytest.raises(NotEmbeddable):
        read_metadata(with_png_chunk(with_png_chunk(picture("png"), chunk), chunk))


@pytest.mark.parametrize(("text", "kind"), [("Seed: 1, café", b"tEXt"), ("Seed: 1, 茶", b"iTXt")])
def test_a_png_has_plain_text_where_latin_1_is_enough(text: str, kind: bytes) -> None:
    written = with_metadata(picture("png"), NewMetadata(parameters=text))
    assert kind + b"parameters\0" in written
    assert written.index(kind) < written.index(b"IDAT")
    with Image.open(BytesIO(written)) as image:
        assert image.info["parameters"] == text


def test_a_jpeg_refuses_a_comment_longer_than_a_segment() -> None:
    with pytest.raises(NotEmbeddable) as refused:
        with_metadata(picture("jpeg"), NewMetadata(parameters="🍵" * 20_000))
    assert refused.value.obstacle is Obstacle.TOO_LARGE


def test_hostile_jpegs_take_no_time() -> None:
    """Neither endless fill bytes nor a hundred thousand pieces of an extension take longer than reading them."""
    extension = b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + bytes(8)
    pieces = b"".join(b"\xff\xe1" + (len(extension) + 2).to_bytes(2) + extension for _ in range(100_000))
    packet = b"http://ns.adobe.com/xap/1.0/\0" + b"x" * 60_000
    jpeg = with_segment(picture("jpeg"), 0xE1, packet)
    before = time.process_time()
    with pytest.raises(NotEmbeddable):
        read_metadata(b"\xff\xd8" + b"\xff" * 50_000_000)
    assert read_metadata(jpeg[:2] + pieces + jpeg[2:]).xmp_extension == b""
    assert time.process_time() - before < 3


def test_fill_bytes_in_front_of_a_marker_are_read() -> None:
    data = picture("jpeg")
    filled = data[:2] + b"\xff" * 9 + data[2:]
    written = with_metadata(filled, NewMetadata(xmp=PACKET))
    assert read_metadata(written).xmp == PACKET
    assert pixels(written) == pixels(data)


def test_a_long_packet_of_a_jpeg_goes_on_in_other_segments() -> None:
    extension = b"<more/>" * 30_000
    packet = f"refers to {extension_digest(extension)}".encode()
    data = picture("jpeg")
    new = NewMetadata(xmp=packet, xmp_extension=extension)
    written = with_metadata(data, new)
    assert (read_metadata(written).xmp, read_metadata(written).xmp_extension) == (packet, extension)
    assert with_metadata(written, new) == written
    assert pixels(written) == pixels(data)


def test_a_plain_webp_becomes_an_extended_one_of_its_size() -> None:
    written = with_metadata(picture("webp", mode="RGBA", lossless=True, size=(300, 2)), NewMetadata(xmp=PACKET))
    assert written[12:16] == b"VP8X"
    assert written[20] == 0x10 | 0x04
    assert [int.from_bytes(written[at : at + 3], "little") + 1 for at in (24, 27)] == [300, 2]
    opaque = with_metadata(picture("webp", lossless=True), NewMetadata(xmp=PACKET, parameters="Seed: 1"))
    assert opaque[20] == 0x08 | 0x04
    assert opaque.index(b"EXIF") < opaque.index(b"XMP ")


@pytest.mark.parametrize("text", ["茶館", "  ", "Seed: 1"])
def test_a_comment_is_written_once_whatever_the_order_of_its_file(text: str) -> None:
    little = b"II*\x00" + struct.pack("<IHI", 8, 0, 0)
    written = with_exif_comment(little, text)
    assert with_exif_comment(written, text) == written


@pytest.mark.parametrize("order", ["<", ">"])
def test_no_value_of_an_exif_moves(order: str) -> None:
    """Values are found by their place, and a camera's notes hold places that nobody else knows."""
    notes = b"notes of the camera, at 26"
    head = {"<": b"II*\x00", ">": b"MM\x00*"}[order]
    tiff = head + struct.pack(f"{order}IHHHIII", 8, 1, 0x927C, 7, len(notes), 26, 0) + notes
    written = with_exif_comment(tiff, "Seed: 1")
    assert written[8 : len(tiff)] == tiff[8:]
    assert exif_comment(written) == "Seed: 1"
    assert with_exif_comment(written, "Seed: 1") == written


def box(content: bytes) -> bytes:
    return b"JP\0\1\0\0\0\1" + (8 + len(content)).to_bytes(4) + b"jumb" + content


MANIFEST = b"\0\0\0\x1ejumdc2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9bq\3c2pa\0"
SIGNED = {
    "png": lambda: with_png_chunk(picture("png"), png_chunk(b"caBX", MANIFEST)),
    "png behind its pixels": lambda: with_png_chunk(picture("png"), png_chunk(b"caBX", MANIFEST), before=b"IEND"),
    "jpeg": lambda: with_segment(picture("jpeg"), 0xEB, box(MANIFEST)),
    "jpeg, in several segments": lambda: with_segment(
        with_segment(picture("jpeg"), 0xEB, box(MANIFEST[20:])), 0xEB, box(MANIFEST[:20])
    ),
    "webp": lambda: with_webp_chunk(picture("webp"), b"C2PA", MANIFEST),
    "an avif": lambda: b"\0\0\0\x1cftypavif" + MANIFEST,
    "a damaged png": lambda: with_png_chunk(picture("png"), png_chunk(b"caBX", MANIFEST))[:-20],
    "manifest elsewhere": lambda: with_metadata(
        picture("png"), NewMetadata(xmp=b'<a dcterms:provenance="https://example.com/manifest"/>')
    ),
}


@pytest.mark.parametrize("kind", SIGNED)
def test_c2pa_is_seen(kind: str) -> None:
    assert carries_c2pa(SIGNED[kind]())


@pytest.mark.parametrize("name", ["signed.png", "signed.jpg", "signed.webp"])
def test_c2pa_of_a_real_signature_is_seen(name: str) -> None:
    """The files were signed by the C2PA project's own library, with a certificate made for it."""
    assert read_metadata((Path(__file__).parent / "signed" / name).read_bytes()).is_signed


@pytest.mark.parametrize("kind", IMAGES)
def test_c2pa_is_not_seen_where_there_is_none(kind: str) -> None:
    assert not carries_c2pa(IMAGES[kind]())


def test_boxes_of_others_are_not_c2pa() -> None:
    assert not carries_c2pa(with_segment(picture("jpeg"), 0xEB, box(b"\0\0\0\x1ejumd a box of another kind")))


def test_other_formats_take_no_texts() -> None:
    with pytest.raises(NotEmbeddable) as refused:
        with_metadata(picture("gif"), NewMetadata(xmp=PACKET))
    assert refused.value.obstacle is Obstacle.FORMAT
