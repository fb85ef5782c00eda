"""How well a text that was read from an image agrees with the text that it should show. Pure.

Both are brought to one form first: Unicode NFKC, without case (or with it), quotation marks and dashes of all shapes as
one, and white space as single blanks. Characters are compared without any white space, since a line may end anywhere.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_ALIKE = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032`\u00b4\u02bc", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u300c\u300d\u300e\u300f", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63", "-")
    | dict.fromkeys("\u3002\uff61", ".")
    | {"\u3001": ","}
)
_WITHOUT_SPACES = (
    r"\u2e80-\u2fdf\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # CJK, kana
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
)
"""Scripts that are written without spaces between words."""
_WORD = re.compile(
    rf"[{_WITHOUT_SPACES}]"
    rf"|[^\W_{_WITHOUT_SPACES}](?:[^\W_{_WITHOUT_SPACES}]|['\u0300-\u036f])*"  # marks and apostrophes inside
)


@dataclass(frozen=True, slots=True)
class TextAccuracy:
    """The agreement of what was read with what should be there."""

    cer: float
    """Character error rate: the edit distance between all that was read and all that should be there, for each
    character that should be there. More than 1 where much else was read."""
    characters: float
    """The share of the characters that are there, each text at its best place: 1 is all, whatever else was read."""
    words: float
    """The share of the words that were read, each as often as it should be, in any order."""


def text_accuracy(expected: Sequence[str], read: str, *, keeps_case: bool = False) -> TextAccuracy:
    """Return how well a text agrees with the texts that an image should show, which hold at least one character."""
    wanted = [normalized(text, keeps_case=keeps_case) for text in expected]
    found = normalized(read, keeps_case=keeps_case)
    tight, tight_found = [text.replace(" ", "") for text in wanted], found.replace(" ", "")
    length = sum(map(len, tight))
    missing = sum(edit_distance(text, tight_found, anywhere=True) for text in tight)
    counts, read_counts = Counter[str](), Counter(words_of(found))
    for text in wanted:
        counts.update(words_of(text))
    there = sum(min(number, read_counts[word]) for word, number in counts.items())
    return TextAccuracy(
        cer=edit_distance("".join(tight), tight_found) / length,
        characters=1 - missing / length,
        words=there / counts.total() if counts else 1 - missing / length,
    )


def normalized(text: str, *, keeps_case: bool = False) -> str:
    """Return the form of a text in which it is compared."""
    plain = unicodedata.normalize("NFKC", text).translate(_ALIKE)
    return " ".join((plain if keeps_case else unicodedata.normalize("NFKC", plain.casefold())).split())


def words_of(text: str) -> list[str]:
    """Return the words of a normalized text; in scripts without spaces each character is one."""
    return _WORD.findall(text)


def edit_distance(pattern: str, text: str, *, anywhere: bool = False) -> int:
    """Return how many characters have to be added, removed or replaced to get from one text to the other.

    Myers' bit-parallel algorithm (1999), in Hyyrö's form: a column of the table is two integers.

    Args:
        pattern: A text.
        text: Another text.
        anywhere: Whether the pattern is compared with the part of the text that fits it best.
    """
    if not pattern:
        return 0 if anywhere else len(text)
    every, last = (1 << len(pattern)) - 1, 1 << (len(pattern) - 1)
    places: dict[str, int] = {}
    for index, character in enumerate(pattern):
        places[character] = places.get(character, 0) | 1 << index
    up, down = every, 0  # the rows in which the column grows, and falls
    distance = best = len(pattern)
    for character in text:
        equal = places.get(character, 0)
        across = (((equal & up) + up) ^ up) | equal
        grows, falls = down | ~(across | up) & every, up & across
        distance += bool(grows & last) - bool(falls & last)
        best = min(best, distance)
        grows, falls = (grows << 1) | (not anywhere), falls << 1
        diagonal = equal | down
        up, down = (falls | ~(diagonal | grows)) & every, grows & diagonal & every
    return best if anywhere else distance
