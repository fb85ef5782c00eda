"""Checks of a PNG's rows, with Pillow as the reference."""

import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from qwave_batch.imaging.image_inspection import BadImage, inspect_bytes
from tests.unit.imaging.hostile_images import PNG_END, png, png_chunk, png_header

KINDS = [(depth, colour) for colour in (0, 2, 3, 4, 6) for depth in (1, 2, 4, 8, 16)
         if depth >= 8 or colour in {0, 3} if (depth, colour) != (16, 3)]  # fmt: skip
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PALETTE = png_chunk(b"PLTE", bytes(768))
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def raw_rows(width: int, height: int, bits: int, *, interlace: bool) -> bytes:
    """Return rows of zeros with the filter of each one counted up from 0 to 4."""
    rows = []
    for x, y, step_x, step_y in PASSES if interlace else ((0, 0, 1, 1),):
        columns = len(range(x, width, step_x))
        if columns:
            rows += [
                bytes((number % 5,)) + bytes((columns * bits + 7) // 8)
                for number in range(len(range(y, height, step_y)))
            ]
    return b"".join(rows)


@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    kind=st.sampled_from(KINDS),
    interlace=st.booleans(),
    cut=st.booleans(),
)
def test_a_png_needs_exactly_its_rows(
    *, size: tuple[int, int], kind: tuple[int, int], interlace: bool, cut: bool
) -> None:
    (width, height), (depth, colour) = size, kind
    raw = raw_rows(width, height, depth * SAMPLES[colour], interlace=interlace)
    data = png(width, height, raw[: len(raw) - cut], more=PALETTE, depth=depth, colour=colour, interlace=int(interlace))
    if cut:
        with pytest.raises(BadImage, match="its pixels are cut short"):
            inspect_bytes(data)
    else:
        assert (inspect_bytes(data).width, inspect_bytes(data).height) == (width, height)
        Image.open(BytesIO(data)).load()


def compressed(data: bytes, *, more: bytes = b"") -> bytes:
    return png_header(2, 2) + more + png_chunk(b"IDAT", data) + PNG_END


RIGHT = zlib.compress(bytes(14))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (compressed(zlib.compress(b"\0" * 7 + b"\5" * 7)), "a row has an unknown filter"),
        (compressed(RIGHT[:-1] + bytes((RIGHT[-1] ^ 1,))), "its compressed pixels are damaged"),
        (compressed(b"\xff" + RIGHT[1:]), "its compressed pixels are damaged"),
        (compressed(RIGHT[:5], more=png_chunk(b"IDAT", b"")), "its pixels are cut short"),
        (compressed(RIGHT, more=png_header(2, 2)[8:]), "it has two headers"),
        (png_header(2, 2)[:8] + png_chunk(b"IHDR", b"\0") + PNG_END, "it has no whole header"),
        (png(2, 2, bytes(14), depth=4), "its header says what no PNG can be"),
        (png(2, 2, bytes(6), colour=3), "its palette is missing or damaged"),
        (png(2, 2, bytes(14), more=png_chunk(b"\x1b[2J", b"")), "a chunk has no right name at byte 33"),
    ],
)
def test_what_is_wrong_with_a_png_is_said(data: bytes, reason: str) -> None:
    with pytest.raises(BadImage, match=reason):
        inspect_bytes(data)


def test_a_chunk_that_makes_no_image_may_have_a_name_that_is_not_right() -> None:
    """Only while its checksum vouches that it was meant."""
    file = BytesIO()
    Image.new("RGB", (4, 4)).save(file, "PNG")
    data, chunk = file.getvalue(), png_chunk(b"a1!d", b"mine")
    assert inspect_bytes(data[:33] + chunk + data[33:]).width == 4
    for wrong in (chunk[:-1] + bytes([chunk[-1] ^ 1]), png_chunk(b"A1!d", b"mine")):
        with pytest.raises(BadImage, match="no right name"):
            inspect_bytes(data[:33] + wrong + data[33:])


def test_pixels_may_come_in_many_parts_and_with_more_than_is_needed() -> None:
    parts = b"".join(png_chunk(b"IDAT", RIGHT[at : at + 1]) for at in range(len(RIGHT)))
    assert inspect_bytes(png_header(2, 2) + parts + PNG_END).width == 2
    assert inspect_bytes(png(2, 2, bytes(5000))).width == 2
