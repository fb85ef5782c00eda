"""Images as text: ``data:`` URIs, as they stand inside a request."""

import base64
import binascii
from urllib.parse import unquote_to_bytes

from qwave_batch.imaging.formats.signatures import format_of, kind_of_bytes

DATA = "data:"


def is_data_uri(text: str) -> bool:
    """Whether a text is a ``data:`` URI."""
    return text[: len(DATA)].lower() == DATA


def uri_start(image_format: str) -> str:
    """Return the beginning of the ``data:`` URI of any image of a format."""
    return f"data:image/{image_format};base64,"


def uri_length(image_format: str, size_bytes: int) -> int:
    """Return the number of characters of the ``data:`` URI of an image."""
    return len(uri_start(image_format)) + -(-size_bytes // 3) * 4


def data_uri(data: bytes) -> str:
    """Return the one ``data:`` URI that is sent for the bytes of an image: the same for the same bytes, always."""
    image_format = format_of(data) or kind_of_bytes(data).image_format or "unknown"
    return uri_start(image_format) + base64.b64encode(data).decode("ascii")


def inline_bytes(text: str) -> bytes | None:
    """Return the bytes of a ``data:`` URI, or None for any other text."""
    if not is_data_uri(text):
        return None
    head, comma, body = text.partition(",")
    if not comma:
        return None
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(unquote_to_bytes(body), validate=False)
    except (binascii.Error, ValueError):
        return None


def strict_bytes(text: str) -> bytes:
    """Return the bytes of a base64 ``data:`` URI.

    Raises:
        ValueError: it is not base64 to the letter.
    """
    head, comma, body = text.partition(",")
    if not (is_data_uri(text) and comma and head.lower().endswith(";base64")):
        raise ValueError("it is not a data: URI in base64")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise ValueError(f"its base64 does not decode: {error}") from None
