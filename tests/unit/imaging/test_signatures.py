import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qwave_batch.imaging.formats.signatures import foreign_kind, format_of, kind_of_bytes
from qwave_batch.imaging.image_inspection import BadImage, inspect_bytes

MARK = b"SECRET"


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        (b" \r\n<!DOCTYPE html>", "an HTML page"),
        (b"<HTML><title>", "an HTML page"),
        (b"\xef\xbb\xbf<svg xmlns=", "SVG"),
        (b'<?xml version="1.0"?><svg>', "SVG"),
        (b'<?xml version="1.0"?><Error>', "XML"),
        (b'{"error": ', "JSON"),
        (b"Bad gateway: ", "plain text"),
        ("schön: ".encode(), "plain text"),
        (b"PK\x03\x04", "a ZIP file"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"%PDF-1.7", "a PDF"),
        (b"II*\x00", "TIFF"),
        (b"BM\x00\x00", "BMP"),
        (b"\xff\x0a", "JPEG XL"),
        (b"\x00\x00\x00\x20ftypavif", "AVIF"),
        (b"\x00\x00\x00\x20ftypheic", "HEIF"),
        (b"\x00\x00\x00\x20ftypisom", "a video"),
        (b"\x1a\x45\xdf\xa3\x01", "a video"),
        (b"RIFF\x10\0\0\0AVI LIST", "a video"),
        (b"RIFF\x10\0\0\0WAVEfmt", "a sound"),
        (b"7z\xbc\xaf\x27\x1c\0", "a 7z archive"),
        (b"Rar!\x1a\x07\x01\0", "a RAR archive"),
        (b"a.png" + bytes(252) + b"ustar\0", "a tar archive"),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"BMW is a maker of cars: ", "plain text"),
        (b"P6\n32 32\n255\n\x00\xff", "a PPM"),
        (b"\x7fELF\x02", "unknown data"),
    ],
)
def test_a_file_that_is_not_an_image_is_named_by_its_kind(beginning: bytes, kind: str) -> None:
    data = beginning + MARK
    assert foreign_kind(data) == f"{kind} of {len(data)} bytes"


def test_a_targa_is_named_by_its_end() -> None:
    assert foreign_kind(b"\0\0\2" + bytes(40) + b"TRUEVISION-XFILE.\0") == "a TGA of 61 bytes"


def test_a_long_text_whose_last_letter_is_cut_in_two_is_a_text() -> None:
    assert foreign_kind(b"x" * 1023 + "ä".encode() * 9) == "plain text of 1,041 bytes"


@given(st.binary() | st.text().map(str.encode))
def test_no_byte_of_a_foreign_file_is_repeated(data: bytes) -> None:
    """Foreign bytes are somebody's secret, or steer a terminal."""
    assume(format_of(data) is None)
    assume(kind_of_bytes(data).image_format is None)  # the decoders of those have a process of their own
    with pytest.raises(BadImage) as bad:
        inspect_bytes(data)
    kinds = "the file is empty|(an? )?[A-Za-z0-9]+( [a-zA-Z0-9]+)? of [0-9,]+ bytes"
    assert re.fullmatch(f"neither PNG, JPEG, WebP nor GIF: ({kinds})", str(bad.value))
