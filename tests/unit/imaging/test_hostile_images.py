"""Images that are made to take time or memory, judged in a process of their own that the system holds to limits.

They are judged with their small picture, which takes more of both.
"""

import json
import os
import resource
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from pathlib import Path

import pytest
from PIL import Image

from qwave_batch.imaging.formats.judging import BadImage, Content, Effort
from qwave_batch.imaging.formats.png import check_png
from qwave_batch.imaging.image_inspection import inspect_bytes, inspect_file
from tests.unit.imaging.hostile_images import (
    frame_control,
    gif,
    gif_flat_frame,
    gif_frame,
    jpeg_of_scans,
    jpeg_segment,
    png,
    png_chunk,
    png_header,
    png_of_empty_deflate_blocks,
    png_of_zeros,
    webp,
    webp_frame,
    webp_pixels,
)

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system tells no peak of memory")

CPU_S = 6
MEMORY_MIB = 900
LARGE = 8192

JUDGE = """\
import json, re, sys
from pathlib import Path
from qwave_batch.imaging.image_inspection import BadImage
from qwave_batch.imaging.thumbnail import inspect_with_picture, thumbnail_of
try:
    with open(sys.argv[1], "rb") as file:
        image, shrinker = inspect_with_picture(file)
    if shrinker.small is not None:
        thumbnail_of(shrinker)
    said = f"{image.format} {image.width} x {image.height}"
except BadImage as bad:
    said = str(bad)
most_kib = re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]
print(json.dumps({"said": said, "mib": int(most_kib) // 1024}))
"""


@dataclass(frozen=True)
class Verdict:
    said: str
    mib: int


Judge = Callable[[bytes], Verdict]


@pytest.fixture
def judge(checkout: Path, tmp_path: Path) -> Judge:
    """Judges a file; the system kills the process that takes more time than an image may."""

    def run(data: bytes) -> Verdict:
        file = tmp_path / "image"
        file.write_bytes(data)
        ended = subprocess.run(
            (sys.executable, "-c", JUDGE, str(file)),
            env={**os.environ, "PYTHONPATH": str(checkout)},
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S)),
        )
        assert ended.returncode == 0, f"status {ended.returncode}: {ended.stderr}"
        return Verdict(**json.loads(ended.stdout))

    return run


def scanned_jpeg(scans: int) -> bytes:
    return jpeg_of_scans(LARGE, LARGE, scans)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "jpeg of nothing but FF": (lambda: b"\xff\xd8" + b"\xff" * 400_000, "JPEG is cut short"),
    "jpeg of hundreds of scans": (lambda: scanned_jpeg(450), "451 scans that go over"),
    "jpeg of thousands of scans": (lambda: jpeg_of_scans(64, 64, 3000), "500 scans that are read"),
    "jpeg of very many segments": (
        lambda: b"\xff\xd8" + jpeg_segment(0xFE, b"") * 600_000 + b"\xff\xd9",
        "more than the 500,000 segments",
    ),
    "jpeg of the largest size": (
        lambda: b"\xff\xd8" + jpeg_segment(0xC2, b"\x08\xff\xff\xff\xff\x01\x01\x44\x00") + b"\xff\xd9",
        "65535 x 65535 pixels",
    ),
    "gif with a frame beyond its screen": (
        lambda: gif(1, 1, gif_flat_frame(1, 1, 0), *3 * (gif_frame(12_000, 12_000),)),
        "a frame of 12000 x 12000 pixels at 0, 0 lies beyond the image of 1 x 1",
    ),
    "gif with many frames of its whole screen": (
        lambda: gif(4000, 4000, *49_000 * (gif_frame(4000, 4000),)),
        "49,000 frames of 784,000,000,000 pixels",
    ),
    "gif of very many frames": (lambda: gif(1, 1, *400_000 * (gif_frame(1, 1),)), "more than the 50,000 frames"),
    "gif of blocks of one byte": (
        lambda: gif(8, 8, gif_frame(8, 8)[:-1] + b"\1" * 9_000_000 + b"\0"),
        "more than the 4,000,000 blocks",
    ),
    "gif of empty extensions": (lambda: gif(8, 8, b"!\xfe\0" * 4_100_000, gif_frame(8, 8)), "4,000,000 blocks"),
    "png of empty chunks": (
        lambda: png_header(8, 8) + png_chunk(b"IDAT", b"") * 600_000,
        "more than the 500,000 chunks",
    ),
    "png of very many pixels": (lambda: png(200_000_001, 1, b"", colour=0), "200000001 x 1 pixels are more"),
    "png whose rows take too many bytes": (
        lambda: png(19_000, 10_000, b"", depth=16, colour=6),
        "unpacks to 1,520,010,000 bytes",
    ),
    "webp with a frame beyond its canvas": (
        lambda: webp(80, 80, webp_frame(LARGE, 1024, webp_pixels(LARGE, 1024))),
        "lies beyond the image of 80 x 80",
    ),
    "webp with many frames of its whole canvas": (
        lambda: webp(4000, 4000, *2000 * (webp_frame(4000, 4000, webp_pixels(4000, 4000)),)),
        "2,000 frames of 32,000,000,000 pixels",
    ),
    "webp of the largest size": (lambda: webp_file(16_383, 16_383), "16383 x 16383 pixels"),
    "webp that takes too much memory": (lambda: webp_file(14_000, 14_000), "MiB of memory"),
    "webp of empty chunks": (lambda: webp(8, 8, b"abcd\0\0\0\0" * 600_000), "more than the 500,000 chunks"),
}


def webp_file(width: int, height: int) -> bytes:
    """A WebP whose pixels declare a size; none of them is there."""
    bits = (width - 1) | (height - 1) << 14
    body = b"WEBPVP8L\x06\0\0\0\x2f" + bits.to_bytes(4, "little") + b"\0"
    return b"RIFF" + len(body).to_bytes(4, "little") + body


@pytest.mark.parametrize("name", HOSTILE)
def test_an_image_made_to_take_long_is_refused_soon(judge: Judge, name: str) -> None:
    make, reason = HOSTILE[name]
    verdict = judge(make())
    assert reason in verdict.said
    assert verdict.mib < MEMORY_MIB / 4


WORST: dict[str, Callable[[], bytes]] = {
    "jpeg with the most scans that are decoded": lambda: scanned_jpeg(70),
    "png that unpacks to a thousand times its size": lambda: png_of_zeros(10_000, 10_000, 10_000 * 40_001, colour=6),
    "png one pixel wide": lambda: png_of_zeros(1, 50_000_000, 100_000_000, colour=0),
    "gif with as many frames as are read": lambda: gif(1, 1, *50_000 * (gif_frame(1, 1),)),
    "webp with tiny frames on a large canvas": lambda: webp(
        8000, 8000, *20_000 * (webp_frame(1, 1, webp_pixels(1, 1)),)
    ),
}


@pytest.mark.parametrize("name", WORST)
def test_the_most_that_is_decoded_keeps_to_time_and_memory(judge: Judge, name: str) -> None:
    verdict = judge(WORST[name]())
    assert verdict.said.startswith(f"{name.partition(' ')[0]} ")
    assert verdict.mib < MEMORY_MIB


@pytest.fixture(scope="module")
def large_image() -> Image.Image:
    return Image.linear_gradient("L").resize((LARGE, LARGE)).convert("RGB")


@pytest.mark.parametrize(
    ("name", "options"),
    [("PNG", {"compress_level": 1}), ("JPEG", {"progressive": True, "subsampling": 0}), ("GIF", {}),
     ("WEBP", {"method": 0})],
)  # fmt: skip
def test_an_honest_image_of_67_million_pixels_is_fine(
    judge: Judge, large_image: Image.Image, name: str, options: dict[str, object]
) -> None:
    out = BytesIO()
    (large_image.getchannel("R") if name == "GIF" else large_image).save(out, name, **options)
    verdict = judge(out.getvalue())
    assert verdict.said == f"{name.lower()} {LARGE} x {LARGE}"
    assert verdict.mib < MEMORY_MIB


def test_an_image_that_takes_long_all_the_same_is_given_up() -> None:
    """The backstop, with a clock that runs a second at each look at it."""
    seconds = count()
    with pytest.raises(BadImage, match=r"more than 4\.5 s of processor time"):
        check_png(Content(png_of_empty_deflate_blocks(2**20), is_kept=True), Effort(lambda: next(seconds)))


def test_a_file_too_large_for_an_image_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "sparse.png"
    with file.open("wb") as sparse:
        sparse.truncate(2**40)
    with file.open("rb") as opened, pytest.raises(BadImage, match=r"1,099,511,627,776 bytes are more than"):
        inspect_file(opened)


BOMB = zlib.compress(bytes(20_000_000))
METADATA = {
    "text": png_chunk(b"zTXt", b"workflow\0\0" + BOMB),
    "international text": png_chunk(b"iTXt", b"workflow\0\1\0\0\0" + BOMB),
    "profile": png_chunk(b"iCCP", b"wide\0\0" + BOMB),
    "cut text": png_chunk(b"zTXt", b"a"),
    "short resolution": png_chunk(b"pHYs", b"\0"),
    "empty sRGB": png_chunk(b"sRGB", b""),
    "exif": png_chunk(b"eXIf", b"II*\0\xff\xff\xff\xff"),
    "many texts": png_chunk(b"tEXt", b"a\0" + b"b" * 1000) * 70_000,
    "no text": png_chunk(b"iTXt", b"\xff\xfe\0\1\7"),
    "doubled": 3 * png_chunk(b"gAMA", b"\0\1\x86\xa0"),
    "wrong checksum": png_chunk(b"tEXt", b"a\0b")[:-1] + b"?",
    "frame beyond the image": png_chunk(b"acTL", b"\0\0\0\1\0\0\0\0") + frame_control(2, 40_000),
    "frames that do not count": png_chunk(b"acTL", b"\xff" * 8) + png_chunk(b"fdAT", b"\0"),
}


@pytest.mark.parametrize("name", METADATA)
@pytest.mark.parametrize("is_before", [True, False])
def test_metadata_of_a_png_is_not_unpacked_and_condemns_nothing(name: str, *, is_before: bool) -> None:
    whole = png(2, 2, bytes(14), more=METADATA[name] if is_before else b"")
    data = whole if is_before else whole[:-12] + METADATA[name] + whole[-12:]
    assert inspect_bytes(data).width == 2


def test_metadata_of_a_webp_condemns_nothing() -> None:
    chunk = b"EXIF\x05\0\0\0\xff\xff\xff\xff\xff\0XMP \x03\0\0\0<<<\0"
    assert inspect_bytes(webp(24, 17, webp_pixels(24, 17), chunk, is_animated=False)).height == 17
