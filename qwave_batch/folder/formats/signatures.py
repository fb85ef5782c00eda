"""What a file is by its first bytes: a picture of a format that is read, or something else by its name."""

_PNG = b"\x89PNG\r\n\x1a\n"
_BRAND = slice(4, 12)
"""Where the formats that are built like MP4 say what they are."""

_OTHERS: tuple[tuple[str, tuple[bytes, ...]], ...] = (
    ("a ZIP file", (b"PK\x03\x04", b"PK\x05\x06")),
    ("gzip", (b"\x1f\x8b",)),
    ("a PDF", (b"%PDF-",)),
    ("TIFF", (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
    ("BMP", (b"BM",)),
    ("JPEG XL", (b"\xff\x0a", b"\x00\x00\x00\x0cJXL \r\n\x87\n")),
    ("JPEG 2000", (b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  \r\n\x87\n")),
    ("an icon", (b"\x00\x00\x01\x00",)),
    ("a Photoshop file", (b"8BPS",)),
)
_BRANDS: tuple[tuple[str, tuple[bytes, ...]], ...] = (
    ("AVIF", (b"ftypavif", b"ftypavis")),
    ("HEIF", (b"ftyphei", b"ftyphev", b"ftypmif1", b"ftypmsf1")),
    ("a video", (b"ftyp",)),
)
_TEXTS: tuple[tuple[str, tuple[bytes, ...]], ...] = (
    ("an HTML page", (b"<!doctype html", b"<html", b"<head", b"<body")),
    ("SVG", (b"<svg", b"<!doctype svg")),
    ("XML", (b"<?xml", b"<")),
    ("JSON", (b"{", b"[")),
)
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


def foreign_kind(data: bytes) -> str:
    """Return what bytes of another kind look like, such as ``an HTML page``, without repeating any of them."""
    if not data:
        return "the file is empty"
    return f"{_kind(data[:_LOOKED_AT])} of {len(data):,} bytes"


def _kind(beginning: bytes) -> str:
    text = beginning.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    found = (
        _named(_OTHERS, beginning)
        or _named(_BRANDS, beginning[_BRAND])
        or (_named(_TEXTS, text) if _is_text(beginning) else None)
    )
    if found == "XML" and b"<svg" in text:
        return "SVG"
    return found or ("plain text" if _is_text(beginning) else "unknown data")


def _named(kinds: tuple[tuple[str, tuple[bytes, ...]], ...], beginning: bytes) -> str | None:
    return next((kind for kind, starts in kinds if beginning.startswith(starts)), None)


def _is_text(beginning: bytes) -> bool:
    if beginning.translate(None, _CONTROL) != beginning:
        return False
    try:
        beginning.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(beginning) - 3 and len(beginning) == _LOOKED_AT  # a letter that was cut in two
    return True
