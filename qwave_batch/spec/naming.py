"""Names made from texts."""

import re
import unicodedata

from qwave_batch.model.composing import nfc

IDENTIFIER = re.compile(r"(?:[A-Za-z_]|[^\x00-\x7f])(?:[A-Za-z0-9_]|[^\x00-\x7f])*")
"""What a variable may be called: the letters of every script, digits and ``_``."""


def slug(text: str) -> str:
    """Return the text in lower case, with letters and digits of every script kept and all else become ``-``."""
    composed = nfc(text).lower()
    kept = "".join(character if _is_kept(character) else "-" for character in composed)
    return re.sub("-+", "-", kept).strip("-")


def _is_kept(character: str) -> bool:
    # a mark is part of the letter before it: without marks, Hindi or Thai are no words any more
    return character.isalnum() or unicodedata.category(character).startswith("M")
