"""Writes a PDF of pictures page by page, so that only one page is in memory; the same pages give the same bytes."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image

_QUALITY = 90
_CATALOG, _PAGES, _FIRST_FREE = 1, 2, 3
_POINTS_PER_INCH = 72


@dataclass(slots=True)
class _Objects:
    """The objects of a file that is written in order, and where each begins."""

    at: int = 0
    offsets: dict[int, int] = field(default_factory=dict)

    def raw(self, data: bytes) -> bytes:
        self.at += len(data)
        return data

    def object(self, number: int, content: bytes) -> bytes:
        self.offsets[number] = self.at
        return self.raw(b"%d 0 obj\n%b\nendobj\n" % (number, content))

    def stream(self, number: int, head: bytes, data: bytes) -> bytes:
        return self.object(number, b"<< %b /Length %d >>\nstream\n%b\nendstream" % (head, len(data), data))


def pdf_of_pages(pages: Iterator[Image.Image], *, dots_per_inch: int) -> Iterator[bytes]:
    """Yield the bytes of a PDF with an RGB picture on each page, which is as large as the picture."""
    objects, numbers, free = _Objects(), list[int](), _FIRST_FREE
    yield objects.raw(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    for page in pages:
        number, content, picture = free, free + 1, free + 2
        free += 3
        numbers.append(number)
        wide, high = (side * _POINTS_PER_INCH / dots_per_inch for side in page.size)
        box = f"{wide:.2f} {high:.2f}".encode()
        yield objects.object(
            number,
            b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %b] /Contents %d 0 R"
            b" /Resources << /XObject << /P %d 0 R >> >> >>" % (_PAGES, box, content, picture),
        )
        yield objects.stream(content, b"", f"{wide:.2f} 0 0 {high:.2f} 0 0 cm /P Do".encode())
        head = (
            b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8"
            b" /Filter /DCTDecode" % page.size
        )
        yield objects.stream(picture, head, _jpeg(page))
    kids = b" ".join(b"%d 0 R" % number for number in numbers)
    yield objects.object(_PAGES, b"<< /Type /Pages /Count %d /Kids [%b] >>" % (len(numbers), kids))
    yield objects.object(_CATALOG, b"<< /Type /Catalog /Pages %d 0 R >>" % _PAGES)
    start = objects.at
    entries = b"".join(b"%010d 00000 n \n" % objects.offsets[number] for number in range(1, free))
    yield b"xref\n0 %d\n0000000000 65535 f \n%b" % (free, entries)
    yield b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (free, _CATALOG, start)


def _jpeg(page: Image.Image) -> bytes:
    out = io.BytesIO()
    page.save(out, "JPEG", quality=_QUALITY, subsampling=0)
    return out.getvalue()
