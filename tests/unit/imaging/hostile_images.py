"""Images as an attacker builds them: small files that declare much, or are made of very many parts."""

import struct
import zlib
from functools import cache
from io import BytesIO

from PIL import Image

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int, *, depth: int = 8, colour: int = 2, interlace: int = 0) -> bytes:
    return PNG_SIGNATURE + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def png(width: int, height: int, raw: bytes, *, more: bytes = b"", **header: int) -> bytes:
    """A PNG of these raw rows, with ``more`` chunks before its pixels."""
    return png_header(width, height, **header) + more + png_chunk(b"IDAT", zlib.compress(raw)) + PNG_END


def png_of_zeros(width: int, height: int, count: int, *, colour: int) -> bytes:
    return png_header(width, height, colour=colour) + png_chunk(b"IDAT", deflated_zeros(count)) + PNG_END


def deflated_zeros(count: int) -> bytes:
    """So many zeros as zlib packs them, in blocks that repeat: to compress hundreds of millions takes seconds."""
    packer = zlib.compressobj(wbits=-15)
    million = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = zlib.compressobj(wbits=-15)
    last = rest.compress(bytes(count % 1_000_000)) + rest.flush()
    checksum = (count % 65_521 << 16) + 1  # Adler-32 of zeros
    return b"\x78\x9c" + count // 1_000_000 * million + last + struct.pack(">I", checksum)


def frame_control(width: int, height: int, x: int = 0, y: int = 0) -> bytes:
    return png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, width, height, x, y, 1, 1, 0, 0))


def png_of_empty_deflate_blocks(size_bytes: int) -> bytes:
    """A PNG whose compressed pixels are blocks that build their tables, say nothing and end."""
    order = 18 * (0,)
    lengths = {2: 2, 3: 2, 17: 1}  # places in deflate's order: 18, 0 and 1
    bits = "0" + "01" + "00000" + "00000" + format(len(order) - 4, "04b")[::-1]
    bits += "".join(format(lengths.get(place, 0), "03b")[::-1] for place in range(18))
    far, near = "11" + format(138 - 11, "07b")[::-1], "11" + format(117 - 11, "07b")[::-1]
    bits += "0" + far + near + "0" + "0" + "1"  # lengths of the two codes and of a distance, then the end of the block
    unit = int((bits * 8)[::-1], 2).to_bytes(len(bits), "little")
    return (
        png_header(14_000, 14_000, colour=6)
        + png_chunk(b"IDAT", b"\x78\x9c" + unit * (size_bytes // len(unit)))
        + (PNG_END)
    )


def jpeg_segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def jpeg_of_scans(width: int, height: int, scans: int, *, components: int = 3) -> bytes:
    """A progressive JPEG, all of one colour, with so many scans that each go over all blocks of a component."""
    blocks = -(-width // 8) * -(-height // 8)
    runs = "".join("0" + "1" * 14 for _ in range(0, blocks, 32_767))  # blocks in which nothing changes
    runs += "1" * (-len(runs) % 8)
    data = int(runs, 2).to_bytes(len(runs) // 8).replace(b"\xff", b"\xff\x00")
    parts = range(1, components + 1)
    return b"".join(
        (
            b"\xff\xd8",
            jpeg_segment(0xDB, b"\0" + b"\1" * 64),
            jpeg_segment(
                0xC2,
                struct.pack(">BHHB", 8, height, width, components) + b"".join(bytes((part, 0x11, 0)) for part in parts),
            ),
            *(jpeg_segment(0xC4, bytes((kind, 1, *15 * (0,), symbol))) for kind, symbol in ((0, 0), (0x10, 0xE0))),
            jpeg_segment(0xDA, bytes((components,)) + b"".join(bytes((part, 0)) for part in parts) + b"\0\0\0"),
            bytes(blocks * components // 8 + 1),
            *(jpeg_segment(0xDA, bytes((1, scan % components + 1, 0, 1, 63, 0x10))) + data for scan in range(scans)),
            b"\xff\xd9",
        )
    )


def gif_frame(width: int, height: int, x: int = 0, y: int = 0) -> bytes:
    """A frame of which only the first pixel is there, so that a decoder fails once it has made room."""
    return b"," + struct.pack("<HHHHB", x, y, width, height, 0) + b"\x02\x02\x44\x01\0"


def gif_flat_frame(width: int, height: int, colour: int) -> bytes:
    """A whole frame with a colour table of its own: less than a byte for a thousand pixels."""
    descriptor = b"," + struct.pack("<HHHH", 0, 0, width, height)
    return descriptor + b"\x87" + bytes((colour, 1, 2)) * 256 + _flat_codes(width, height, descriptor)


@cache
def _flat_codes(width: int, height: int, descriptor: bytes) -> bytes:
    """The pixels of a frame that are all alike, as they stand in a GIF behind its descriptor."""
    out = BytesIO()
    Image.new("L", (width, height), 1).save(out, "GIF")
    data = out.getvalue()
    return data[data.index(descriptor) + len(descriptor) + 1 : -1]


def gif(width: int, height: int, *blocks: bytes) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b"".join(blocks) + b";"


def webp_pixels(width: int, height: int) -> bytes:
    """The chunk of a WebP of one colour: about 40 bytes, whatever its size."""
    out = BytesIO()
    Image.new("RGBA", (width, height)).save(out, "WEBP", lossless=True, quality=0, method=0)
    return out.getvalue()[12:]


def webp_frame(width: int, height: int, pixels: bytes, x: int = 0, y: int = 0) -> bytes:
    place, size = _triples(x // 2, y // 2), _triples(width - 1, height - 1)
    return b"ANMF" + struct.pack("<I", 16 + len(pixels)) + place + size + b"\x01\0\0\0" + pixels


def webp(width: int, height: int, *chunks: bytes, is_animated: bool = True) -> bytes:
    """A WebP with a canvas of that size."""
    head = b"VP8X" + struct.pack("<I", 10) + bytes((0x12 if is_animated else 0x10, 0, 0, 0))
    head += _triples(width - 1, height - 1) + (b"ANIM\x06\0\0\0" + bytes(6) if is_animated else b"")
    body = b"WEBP" + head + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _triples(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(3, "little") for number in numbers)
