"""The API key, protected from being shown."""

import hashlib
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator

from qwave_batch.errors import UsageError

MASK = "***"
_VISIBLE = re.compile(r"[!-~]+")
_MAX_LENGTH = 4096
_SECRET_FROM = 4  # characters; masking anything shorter would only garble the text around it


class ApiKey:
    """A key that can be sent and fingerprinted, and is never shown anywhere else."""

    __slots__ = ("_seen", "_value")

    def __init__(self, value: str) -> None:
        """Take a key; raises UsageError, without showing it, for one that can't stand in a header."""
        if not value:
            raise UsageError("the API key is empty; set QWAVE_API_KEY")
        if len(value) > _MAX_LENGTH:
            raise UsageError(f"the API key is {len(value):,} characters long; that is not a key")
        if not _VISIBLE.fullmatch(value):
            raise UsageError(
                "the API key holds a character that no key has (a space, a line break, or one beyond ASCII); "
                "was it copied whole, and nothing with it?"
            )
        self._value = value
        self._seen = re.compile("|".join([_spelt(value), *map(re.escape, _in_base64(value))]))

    @property
    def authorization(self) -> str:
        """The value of the ``Authorization`` header."""
        return f"Bearer {self._value}"

    @property
    def fingerprint(self) -> str:
        """16 hex digits that tell keys apart and reveal nothing about them."""
        return hashlib.sha256(b"qwave-batch key " + self._value.encode()).hexdigest()[:16]

    def redact(self, text: str) -> str:
        """Return the text with every appearance of the key masked."""
        if len(self._value) >= _SECRET_FROM:
            return self._seen.sub(MASK, text)
        return text

    def __repr__(self) -> str:
        return f"Key({MASK})"

    def __reduce__(self) -> str:
        raise TypeError("a key is not written down")


def _spelt(value: str) -> str:
    """Return a pattern of the key in which each character may be plain or escaped for a URL or for JSON."""
    return "".join(rf"(?:\\?{re.escape(sign)}|(?i:%(?:25)*{ord(sign):02x})|(?i:\\u{ord(sign):04x}))" for sign in value)


def _in_base64(value: str) -> Iterator[str]:
    """Yield texts of which one occurs in every Base64 text that contains the key, at any offset."""
    for before in range(3):
        data = b"\0" * before + value.encode()
        of_key = slice(-(-before * 8 // 6), len(data) * 8 // 6)
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(data).decode()[of_key]
