"""Unicode's composed form (NFC) in a time that grows with the text, whatever the text is."""

import unicodedata
from itertools import groupby

_SHORT = 200  # characters; a text of so many is composed at once whatever is in it
_MARKS = {0x0344: "\u0308\u0301", 0x0F73: "\u0f71\u0f72", 0x0F75: "\u0f71\u0f74", 0x0F81: "\u0f71\u0f80"}
"""The only characters that stand for marks alone; the form never holds them."""


def nfc(text: str) -> str:
    """Return the text in NFC.

    The standard library puts the marks behind a letter into their order one by one, which for a long run of them
    takes a time that grows with its square; a run that is in order already takes none.
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text if len(text) <= _SHORT else _in_order(text))


def _in_order(text: str) -> str:
    runs = groupby(text.translate(_MARKS), key=_is_mark)
    return "".join("".join(sorted(run, key=unicodedata.combining) if is_marks else run) for is_marks, run in runs)


def _is_mark(character: str) -> bool:
    return unicodedata.combining(character) != 0
