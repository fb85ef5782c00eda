"""Names for files that every file system takes: the rule under "Paths" of the spec language."""

import hashlib
import re
import unicodedata

MAX_COMPONENT_BYTES = 150
_HASH_DIGITS = 12
_PLAIN = frozenset("._-")
_SAFE_TEXT = re.compile(r"[A-Za-z0-9_-]{5,}", re.ASCII)  # longer than any reserved name, and no dot in it
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9._-]*", re.ASCII)  # nearly every value; the rest is looked at letter by letter
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{digit}" for port in ("com", "lpt") for digit in range(10)}
)


def plain(text: str) -> str:
    """Return ``text`` in NFC with ``-`` for all but letters, digits and ``._-``: a value as it stands in a path.

    A mark stays with the letter that carries it; one without a letter is replaced too.
    """
    if _PLAIN_TEXT.fullmatch(text):
        return text
    kept: list[str] = []
    carries_marks = False
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        is_word = category[0] == "L" or category == "Nd" or (category[0] == "M" and carries_marks)
        kept.append(character if is_word or character in _PLAIN else "-")
        carries_marks = is_word
    return "".join(kept)


def component(text: str) -> str:
    """Return ``text`` as one component of a path: safe on every system, and the same when made safe again.

    It is plain, NFC, at most 150 bytes (cut, then ``-`` and a hash of the whole), not empty, begins and ends with no
    dot, and is no name that Windows reserves, with or without an extension.
    """
    if len(text) <= MAX_COMPONENT_BYTES and _SAFE_TEXT.fullmatch(text):
        return text
    name = plain(text) or "-"
    inner = name.strip(".")
    if inner != name:
        start = len(name) - len(name.lstrip("."))
        name = "-" * start + inner + "-" * (len(name) - start - len(inner))
    stem, dot, rest = name.partition(".")
    if stem.casefold() in _RESERVED:
        name = f"{stem}-{dot}{rest}"
    if len(name.encode()) <= MAX_COMPONENT_BYTES:
        return name
    digest = hashlib.sha256(unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass")).hexdigest()
    room = MAX_COMPONENT_BYTES - _HASH_DIGITS - 1
    return f"{name.encode()[:room].decode('utf-8', 'ignore')}-{digest[:_HASH_DIGITS]}"


def safe_path(*parts: str) -> str:
    """Return parts, each rendered between two slashes of a template, joined to a relative path with ``/``."""
    return "/".join(component(part) for part in parts)


def path_key(path: str) -> str:
    """Return what two paths share when some file system takes them for one: case and composition are ignored."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
