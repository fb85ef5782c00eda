"""Text in any script on a sheet: for each letter a font that has it, of those that are installed.

Pillow's own font has Latin letters only. A font that the user names comes first, then DejaVu Sans, then all others in
the usual folders. Letters are joined and run from right to left where Pillow was built with Raqm, as its wheels are.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont, features

from qwave_batch.errors import UsageError
from qwave_batch.files.tree import Tree

_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
)
_ENDINGS = (".ttf", ".otf", ".ttc")
_OTHER_CUTS = (
    "bold", "italic", "oblique", "light", "thin", "black", "condensed", "mono", "emoji", "medium", "lastresort",
)  # fmt: skip
"""Words in the names of fonts that a plain text is not set in."""
_MISSING = "\U0010fffd"
"""A private character: a font draws every character that it lacks like it."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
_PROBE_SIZE = 16
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


@dataclass(frozen=True, slots=True)
class TextRun:
    """A part of a line in one font."""

    text: str
    font: ImageFont.FreeTypeFont


def plain_line(text: str, most: int) -> str:
    """Return text on one line without what is not seen: such characters could turn the order of all others."""
    kept = (" " if each.isspace() else each for each in text[: 4 * most] if unicodedata.category(each) not in _UNSEEN
            or each.isspace())  # fmt: skip
    line = " ".join("".join(kept).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


@dataclass(slots=True)
class SheetFonts:
    """The fonts of a sheet. Not for several threads at once."""

    own: Path | None = None
    """The font file that the user names."""
    lacking: dict[str, None] = field(default_factory=dict)
    """Letters that no font here has, in the order in which they came."""
    is_misordered: bool = False
    """Whether there was text from right to left, which this Pillow neither joins nor turns."""
    _used: list[Path | None] = field(default_factory=list)
    """Fonts that have been needed, in order; None is Pillow's own."""
    _waiting: list[Path] | None = None
    _found: dict[str, Path | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Open the first font.

        Raises:
            UsageError: the file that the user names is not a font.
        """
        if self.own is not None:
            try:
                _font(self.own, _PROBE_SIZE)
            except OSError as error:
                raise UsageError(f"{self.own} is not a font that can be read: {error}") from error
            self._used.append(self.own)
        else:
            self._used.append(_first_font())

    def runs(self, text: str, size: int) -> list[TextRun]:
        """Return a line's parts from left to right, each in the first font that has all of it."""
        if not text:
            return []
        if not features.check("raqm") and any(map(_is_right_to_left, text)):
            self.is_misordered = True
        for font in self._used:
            if all(_has(font, letter) for letter in text):
                return [TextRun(text, _font(font, size))]
        runs: list[TextRun] = []
        for letter in text:
            needed = _font(self._font_for(letter), size)
            if runs and (runs[-1].font is needed or _fits_any(letter)):
                runs[-1] = TextRun(runs[-1].text + letter, runs[-1].font)
            else:
                runs.append(TextRun(letter, needed))
        return runs[::-1] if _runs_from_right(text) else runs

    def length(self, text: str, size: int) -> float:
        """Return the width of a line in pixels."""
        return sum(run.font.getlength(run.text) for run in self.runs(text, size))

    def wrapped(self, text: str, size: int, width: float, lines: int) -> list[str]:
        """Return text on at most so many lines of that width; an ellipsis stands for what is left out."""
        out: list[str] = []
        for piece in _pieces(text):
            if out and self.length(out[-1] + piece.rstrip(), size) <= width:
                out[-1] += piece
            elif not out or len(out) < lines:
                out.extend(self._fitted(piece, size, width))
            else:
                out.append(piece)
                break
        out = [line.strip() for line in out]
        if len(out) > lines:
            out = [*out[: lines - 1], self._cut(out[lines - 1], size, width)] if lines else []
        return out

    def _fitted(self, piece: str, size: int, width: float) -> Iterator[str]:
        """Yield a word that begins a line, in parts where it is too long for one."""
        part = ""
        for letter in piece:
            if part and self.length(part + letter, size) > width:
                yield part
                part = ""
            part += letter
        yield part

    def _cut(self, line: str, size: int, width: float) -> str:
        while line and self.length(f"{line}…", size) > width:
            line = line[:-1]
        return f"{line.rstrip()}…"

    def _font_for(self, letter: str) -> Path | None:
        if letter not in self._found:
            self._found[letter] = self._search(letter)
        return self._found[letter]

    def _search(self, letter: str) -> Path | None:
        for font in self._used:
            if _has(font, letter):
                return font
        if self._waiting is None:
            self._waiting = [font for font in _installed() if font not in self._used]
        for font in self._waiting:
            if _has(font, letter):
                self._used.append(font)
                self._waiting.remove(font)
                return font
        self.lacking[letter] = None
        return self._used[0]


def _pieces(text: str) -> Iterator[str]:
    """Yield the parts between which a line may end: words with their blank, and single letters of wide scripts."""
    piece = ""
    for letter in text:
        if unicodedata.east_asian_width(letter) in {"W", "F"}:
            if piece:
                yield piece
            yield letter
            piece = ""
            continue
        piece += letter
        if letter in " -/_":
            yield piece
            piece = ""
    if piece:
        yield piece


def _runs_from_right(text: str) -> bool:
    """Whether the first letter with a direction runs from right to left."""
    for letter in text:
        if unicodedata.bidirectional(letter) == "L" or _is_right_to_left(letter):
            return _is_right_to_left(letter)
    return False


def _is_right_to_left(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT


def _first_font() -> Path | None:
    """Return DejaVu Sans, which has most alphabets; it comes with matplotlib too. None for Pillow's own."""
    found = next((font for font in _installed() if font.name == "DejaVuSans.ttf"), None)
    spec = None if found else find_spec("matplotlib")
    if spec is None or spec.origin is None:
        return found
    tree = Tree(Path(spec.origin).parent)
    return tree.root / _OF_MATPLOTLIB if tree.is_file(_OF_MATPLOTLIB) else None


_OF_MATPLOTLIB = "mpl-data/fonts/ttf/DejaVuSans.ttf"


@lru_cache(maxsize=1)
def _installed() -> tuple[Path, ...]:
    """Return the plain fonts of this machine, sans serif first."""
    fonts: dict[Path, None] = {}
    for folder in (Path(name).expanduser() for name in _FOLDERS):
        tree = Tree(folder.parent)
        for found in tree.walk(folder.name):
            path = tree.root / found.path
            if path.suffix.lower() in _ENDINGS and not any(word in path.stem.lower() for word in _OTHER_CUTS):
                fonts[path] = None
    return tuple(sorted(fonts, key=lambda path: ("sans" not in path.stem.lower(), path.name, path)))


@lru_cache(maxsize=1_024)
def _font(path: Path | None, size: int) -> ImageFont.FreeTypeFont:
    if path is not None:
        return ImageFont.truetype(path, size)
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise UsageError("this Pillow was built without FreeType, so it draws no text; name another Python")
    return font


def _fits_any(letter: str) -> bool:
    """Whether a letter goes with the one before it: a blank, or a mark above or below."""
    return letter.isspace() or unicodedata.category(letter).startswith("M")


@lru_cache(maxsize=65_536)
def _has(path: Path | None, letter: str) -> bool:
    """Whether a font has a letter."""
    if _fits_any(letter):
        return True
    try:
        font = _font(path, _PROBE_SIZE).font_variant(layout_engine=ImageFont.Layout.BASIC)  # a glyph for each letter
        return bytes(font.getmask(letter)) != bytes(font.getmask(_MISSING))
    except (OSError, ValueError):  # a font of bitmaps, or one that is damaged
        return False
