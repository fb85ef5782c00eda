"""Images that stand in an answer as letters: ``data:`` addresses and base64. Pure."""

import binascii
import re
from urllib.parse import unquote_to_bytes

_DATA = re.compile(r"data:", re.IGNORECASE)
_BASE64 = re.compile(r";\s*base64\s*$", re.IGNORECASE)
_SPACE = re.compile(rb"\s+")
_LETTERS = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_FEWEST_LETTERS = 64
_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"\0\0\0")
"""How the files begin that a text without any mark is taken for."""


class BadLetters(ValueError):
    """A text that should be an image and is none; it says why in a phrase."""


def is_data_address(text: str) -> bool:
    """Tell whether a text is a ``data:`` address."""
    return _DATA.match(text) is not None


def decoded_address(text: str) -> bytes:
    """Return the bytes of a ``data:`` address, whatever type it claims; raises BadLetters."""
    head, comma, body = text[len("data:") :].partition(",")
    if not comma:
        raise BadLetters("a data: address without a comma")
    encoded = body.encode("utf-8", "surrogatepass")
    return decoded_letters(unquote_to_bytes(encoded)) if _BASE64.search(head) else unquote_to_bytes(encoded)


def decoded_letters(letters: bytes) -> bytes:
    """Return the bytes that base64 stands for, with white space in it, without padding or URL-safe; raises BadLetters.

    Anything else in it is no slip of a writer: the image would not be what was sent.
    """
    plain = _SPACE.sub(b"", letters).replace(b"-", b"+").replace(b"_", b"/")
    if not _LETTERS.fullmatch(plain):
        raise BadLetters("base64 with letters that are none of it")
    try:
        return binascii.a2b_base64(plain.rstrip(b"=") + b"=" * (-len(plain.rstrip(b"=")) % 4))
    except binascii.Error:
        raise BadLetters("base64 that is cut off") from None


def decoded_bare(text: str) -> bytes | None:
    """Return the bytes of a text that is an image in base64 without saying so; None when it is none."""
    if len(text) < _FEWEST_LETTERS or (text.startswith(("/", "http")) and not text.startswith("/9j/")):
        return None
    try:
        found = decoded_letters(text.encode("ascii"))
    except (UnicodeEncodeError, BadLetters):
        return None
    return found if found.startswith(_MAGIC) else None
