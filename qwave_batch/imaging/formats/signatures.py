"""Recognizes a file by its first bytes: an image of a supported format, or another type by its name."""

from dataclasses import dataclass

_PNG = b"\x89PNG\r\n\x1a\n"
_BRAND = slice(4, 12)
"""The place where formats built like MP4 state their type."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file."""

    name: str
    """As it is named in a sentence, such as ``an HTML page``."""
    extension: str = ""
    """With its dot; empty where nothing is known."""
    image_format: str | None = None
    """Its name in the manifest, if Pillow may read it."""
    is_result: bool = True
    """Whether it may be what was asked for, in another form; an error page is not."""


_TIFF = Kind("TIFF", ".tiff", "tiff")
_BMP = Kind("BMP", ".bmp", "bmp")
_JPEG_2000 = Kind("JPEG 2000", ".jp2", "jpeg2000")
_BEGINNINGS: tuple[tuple[Kind, tuple[bytes, ...]], ...] = (
    (Kind("a ZIP file", ".zip"), (b"PK\x03\x04", b"PK\x05\x06")),
    (Kind("gzip", ".gz"), (b"\x1f\x8b",)),
    (Kind("a 7z archive", ".7z"), (b"7z\xbc\xaf\x27\x1c",)),
    (Kind("a RAR archive", ".rar"), (b"Rar!\x1a\x07",)),
    (Kind("a PDF", ".pdf"), (b"%PDF-",)),
    (_TIFF, (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
    (_BMP, (b"BM",)),
    (Kind("JPEG XL", ".jxl"), (b"\xff\x0a", b"\x00\x00\x00\x0cJXL \r\n\x87\n")),
    (_JPEG_2000, (b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  \r\n\x87\n")),
    (Kind("an icon", ".ico"), (b"\x00\x00\x01\x00",)),
    (Kind("a PPM", ".ppm"), tuple(b"P%d%c" % (number, end) for number in range(1, 7) for end in b"\n\r")),
    (Kind("a Photoshop file", ".psd"), (b"8BPS",)),
    (Kind("a video", ".webm"), (b"\x1a\x45\xdf\xa3",)),
)
_BRANDS: tuple[tuple[Kind, tuple[bytes, ...]], ...] = (
    (Kind("AVIF", ".avif", "avif"), (b"ftypavif", b"ftypavis")),
    (Kind("HEIF", ".heic"), (b"ftyphei", b"ftyphev", b"ftypmif1", b"ftypmsf1")),
    (Kind("a video", ".mp4"), (b"ftyp",)),
)
_SVG = Kind("SVG", ".svg")
_XML = Kind("XML", ".xml", is_result=False)
_TEXTS: tuple[tuple[Kind, tuple[bytes, ...]], ...] = (
    (Kind("an HTML page", ".html", is_result=False), (b"<!doctype html", b"<html", b"<head", b"<body")),
    (_SVG, (b"<svg", b"<!doctype svg")),
    (_XML, (b"<?xml", b"<")),
    (Kind("JSON", ".json", is_result=False), (b"{", b"[")),
)
_PLAIN_TEXT = Kind("plain text", ".txt", is_result=False)
_UNKNOWN = Kind("unknown data", is_result=False)
_RIFF: dict[bytes, Kind] = {b"AVI ": Kind("a video", ".avi"), b"WAVE": Kind("a sound", ".wav")}
_TGA, _TGA_END = Kind("a TGA", ".tga"), b"TRUEVISION-XFILE.\0"
_TAR = Kind("a tar archive", ".tar")
_TAR_MARK, _TAR_AT = b"ustar", 257
_LOOKED_AT = 1024
_CONTROL = bytes({*range(32), 127} - set(b"\t\n\f\r\x1b"))


def format_of(data: bytes) -> str | None:
    """Return ``png``, ``jpeg``, ``webp`` or ``gif`` by the first bytes, or None."""
    if data.startswith(_PNG):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    return None


def kind_of_bytes(data: bytes) -> Kind:
    """Return what bytes that are of none of these formats look like."""
    beginning = data[:_LOOKED_AT]
    found, is_text = _binary_kind(beginning), _is_text(beginning)
    if found is _UNKNOWN and data[-len(_TGA_END) :] == _TGA_END:
        return _TGA
    if not is_text or found not in {_UNKNOWN, _BMP}:  # two letters may begin a text, too
        return found
    text = beginning.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    named = _named(_TEXTS, text) or _PLAIN_TEXT
    return _SVG if named is _XML and b"<svg" in text else named


def foreign_kind(data: bytes) -> str:
    """Return what bytes of another kind look like, such as ``an HTML page``, without repeating any of them."""
    if not data:
        return "the file is empty"
    return f"{kind_of_bytes(data).name} of {len(data):,} bytes"


def _binary_kind(beginning: bytes) -> Kind:
    riff = _RIFF.get(beginning[8:12]) if beginning[:4] == b"RIFF" else None
    tar = _TAR if beginning[_TAR_AT:].startswith(_TAR_MARK) else None
    return _named(_BEGINNINGS, beginning) or _named(_BRANDS, beginning[_BRAND]) or riff or tar or _UNKNOWN


def _named(kinds: tuple[tuple[Kind, tuple[bytes, ...]], ...], beginning: bytes) -> Kind | None:
    return next((kind for kind, starts in kinds if beginning.startswith(starts)), None)


def _is_text(beginning: bytes) -> bool:
    if beginning.translate(None, _CONTROL) != beginning:
        return False
    try:
        beginning.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(beginning) - 3 and len(beginning) == _LOOKED_AT  # a letter that was cut in two
    return True
