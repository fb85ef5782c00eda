"""Text on the simulator's images: letters from a cache, and a box with the code for characters missing in the font."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from PIL import Image, ImageDraw, ImageFont

_MISSING = "\U0010fffd"  # a private character: the font draws every missing character like it
_INVISIBLE = frozenset({"Cc", "Cf", "Mn", "Me", "Cs", "Cn"})
_PLAIN = {  # replacements for characters that do not decompose
    "\N{HYPHEN}": "-", "\N{EN DASH}": "-", "\N{EM DASH}": "-", "\N{MULTIPLICATION SIGN}": "x", "\N{MIDDLE DOT}": "-",
    "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "ł": "l",
}  # fmt: skip
_DIGITS = {  # 3 by 5 pixels, a row an octal digit
    "0": "75557", "1": "26227", "2": "71747", "3": "71717", "4": "55711", "5": "74717", "6": "74757", "7": "71122",
    "8": "75757", "9": "75717", "A": "75755", "B": "65656", "C": "74447", "D": "65556", "E": "74747", "F": "74744",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letter:
    """One drawn character."""

    mask: Image.Image
    left: int
    """From the pen to the mask, in pixels."""
    top: int
    """From the top of the line to the mask, in pixels."""
    advance: float
    """How far the pen moves."""


def readable(text: str) -> str:
    """Return text on one line, without invisible characters."""
    return " ".join("".join(_simplified(character) for character in text).split())


def width(text: str, size: int) -> float:
    """Return the width of a line of text in pixels."""
    return sum(_letter(character, size).advance for character in text)


def wrap_to_pixels(text: str, size: int, room: float, lines: int) -> list[str]:
    """Return text wrapped into at most so many lines that fit into ``room`` pixels; an ellipsis marks a cut."""
    out: list[str] = []
    line = ""
    for piece in _pieces(text):
        if not line or width(line + piece.rstrip(), size) <= room:
            line += piece
            continue
        out.append(line.rstrip())
        line = piece
        if len(out) == lines:
            return [*out[:-1], _with_dots(out[-1], size, room)]
    return [*out, line.rstrip()] if lines else []


def draw(image: Image.Image, position: tuple[float, float], text: str, size: int, ink: int) -> None:
    """Draw a line of text onto a one-channel image; ``position`` is its upper left corner."""
    pen, top = position
    for character in text:
        letter = _letter(character, size)
        image.paste(ink, (round(pen) + letter.left, round(top) + letter.top), letter.mask)
        pen += letter.advance


def line_height(size: int) -> int:
    """Return the distance from one line to the next in pixels."""
    return round(size * 1.3)


def _pieces(text: str) -> Iterator[str]:
    """Yield the parts between which a line may end: words, halves of hyphened words, single boxes."""
    piece = ""
    for character in text:
        is_box = not _has(character)
        if is_box and piece:
            yield piece
            piece = ""
        piece += character
        if is_box or character in " -/_,.;" or len(piece) >= 24:  # noqa: PLR2004 (longer words are broken)
            yield piece
            piece = ""
    if piece:
        yield piece


def _with_dots(line: str, size: int, room: float) -> str:
    while line and width(f"{line}...", size) > room:
        line = line[:-1]
    return f"{line.rstrip()}..."


def _simplified(character: str) -> str:
    if character.isspace():
        return " "
    if _has(character):
        return character
    if unicodedata.category(character) in _INVISIBLE:
        return ""
    plain = _PLAIN.get(character) or unicodedata.normalize("NFKD", character)
    plain = "".join(part for part in plain if not unicodedata.combining(part))
    return plain if plain and all(map(_has, plain)) else character


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("this Pillow was built without FreeType")
    return font.font_variant(layout_engine=ImageFont.Layout.BASIC)  # the other engine is not available everywhere


@lru_cache(maxsize=4096)
def _has(character: str) -> bool:
    if " " <= character <= "~":
        return True
    font = _font(16)
    return bytes(font.getmask(character)) != bytes(font.getmask(_MISSING))


@lru_cache(maxsize=4096)
def _letter(character: str, size: int) -> Letter:
    if not _has(character):
        return _box(f"{ord(character):04X}", size)
    font = _font(size)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(character))
    mask = Image.new("L", (max(1, right - left), max(1, bottom - top)))
    ImageDraw.Draw(mask).text((-left, -top), character, font=font, fill=255)
    return Letter(mask, left, top, font.getlength(character))


def _box(code: str, size: int) -> Letter:
    """A frame with the hexadecimal digits of the character, in two rows."""
    scale = max(1, size // 13)
    columns = (len(code) + 1) // 2
    inside = columns * 4 - 1
    wide, high = (inside + 4) * scale, (2 * 6 - 1 + 4) * scale
    mask = Image.new("L", (wide, high), 0)
    pen = ImageDraw.Draw(mask)
    pen.rectangle((0, 0, wide - 1, high - 1), outline=130, width=scale)
    for place, digit in enumerate(code.rjust(2 * columns, "0")):
        x, y = (2 + place % columns * 4) * scale, (2 + place // columns * 6) * scale
        for row, bits in enumerate(_DIGITS[digit]):
            for column in range(3):
                if int(bits) & 4 >> column:
                    dot = (x + column * scale, y + row * scale)
                    pen.rectangle((*dot, dot[0] + scale - 1, dot[1] + scale - 1), fill=255)
    return Letter(mask, 1, max(0, round(size * 1.15) - high), wide + 2)
