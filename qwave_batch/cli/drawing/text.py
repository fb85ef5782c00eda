"""Text for a terminal: control characters made visible, widths counted in cells, long text cut."""

import re
import unicodedata
from shlex import quote

_PLAIN_IN_SHELLS = "@%+=:,./-_"
_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp", "Co"}
_COMMAND = re.compile(r"##(?=\[|vso\[|teamcity\[)|(?<!\S)::(?=[a-z])", re.IGNORECASE)
"""Text that a CI takes for a command: GitHub's at the start of a line, where wrapping may put any word."""
LONGEST = 4_000
"""Characters of one message that are shown; a stranger may have made it as long as memory goes."""


def safe(text: str) -> str:
    """Return ``text`` on one line, with every character that could steer a terminal written as an escape.

    Bidirectional overrides and lone surrogates are escaped too, and the signs by which a CI knows its commands; the
    joiner inside an emoji stays.
    """
    shown = text if text.isprintable() else "".join(_shown(character) for character in text)
    return _COMMAND.sub(lambda found: f"{found[0][0]}\\x{ord(found[0][1]):02x}", shown)


def bounded(text: str) -> str:
    """Return a text that is not longer than a message may be."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters in all)"


def _shown(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    if character == _JOINER or unicodedata.category(character) not in _HIDDEN:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004


def cells(text: str) -> int:
    """Return how many columns of a terminal ``text`` takes."""
    width, joined = 0, False
    for character in text:
        if character == _JOINER:
            joined = True
        elif character == _EMOJI_STYLE:
            width += 1  # the sign before it is drawn as an emoji, two columns wide
        elif joined:
            joined = False
        elif not unicodedata.combining(character) and unicodedata.category(character) not in {"Mn", "Me"}:
            width += 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
    return width


def cut_to_width(text: str, width: int, *, mark: str = "…") -> str:
    """Return ``text`` in at most ``width`` columns, with ``mark`` at the end when something is gone."""
    if cells(text) <= width:
        return text
    room = width - cells(mark)
    kept = ""
    for character in text:
        if cells(kept + character) > room:
            break
        kept += character
    return kept.rstrip(_JOINER) + mark if room >= 0 else ""


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Return ``text`` filled up with spaces to ``width`` columns, on its left when ``right``."""
    fill = " " * max(0, width - cells(text))
    return fill + text if right else text + fill


def wrap(text: str, width: int, *, indent: str = "", hang: str | None = None) -> list[str]:
    """Return ``text`` broken at spaces into lines of at most ``width`` columns.

    The first line starts with ``indent``, the others with ``hang``, else with ``indent`` too.
    """
    lines: list[str] = []
    start, line = indent, ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and cells(start) + cells(longer) > width:
            lines.append(start + line)
            start, line = (indent if hang is None else hang), word
        else:
            line = longer
    return [*lines, start + line]


def pasted(text: str) -> str:
    """Return a word of a command as a shell takes it, in quotes only where it needs some."""
    return text if text and all(sign.isalnum() or sign in _PLAIN_IN_SHELLS for sign in text) else quote(text)
