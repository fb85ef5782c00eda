"""Portable file names: the rule under "Paths" of the spec language, and the names of copies kept in a run folder."""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from itertools import groupby
from pathlib import PurePosixPath

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


MAX_COMPONENT_BYTES = 150
MAX_STORED_COMPONENT_BYTES = 255  # what file systems take; ours are shorter, and get ``_12.webp`` behind them
MAX_STORED_PATH_BYTES = 4096
IMAGES = "images"
_HASH_DIGITS = 12
_PLAIN = frozenset("._-")
_SAFE_TEXT = re.compile(r"[A-Za-z0-9_-]{5,}", re.ASCII)  # longer than any reserved name, and no dot in it
_OWN_NAME = re.compile(r"[A-Za-z0-9_-]{5,150}(?:\.[a-z0-9]{3,4})?", re.ASCII)  # nearly every stored name, as above
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9._-]*", re.ASCII)  # nearly every value; the rest is looked at letter by letter
_PLAIN_COMPONENT = r"[A-Za-z0-9_-]{5,100}(?:\.[A-Za-z0-9_-]{1,40})?"
_PLAIN_PATH = re.compile(rf"{_PLAIN_COMPONENT}(?:/{_PLAIN_COMPONENT}){{0,20}}", re.ASCII)
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{digit}" for port in ("com", "lpt") for digit in range(10)}
)
_RESERVED_TOO = frozenset({"conin$", "conout$"} | {f"{port}{digit}" for port in ("com", "lpt") for digit in "¹²³"})
"""Reserved as well, and never made by ``component``, which keeps no such characters."""
_STEERING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of what steers a terminal or can't be seen; ``portable_text`` keeps none of them."""
_GIT = re.compile(r"\.git|git~[0-9]+", re.ASCII)


def portable_text(text: str) -> str:
    """Return ``text`` in NFC with ``-`` for all but letters, digits and ``._-``: a value as it stands in a path.

    A mark stays with the letter that carries it; one without a letter is replaced too.
    """
    if _PLAIN_TEXT.fullmatch(text):
        return text
    kept: list[str] = []
    carries_marks = False
    for character in nfc(text):
        category = unicodedata.category(character)
        is_word = category[0] == "L" or category == "Nd" or (category[0] == "M" and carries_marks)
        kept.append(character if is_word or character in _PLAIN else "-")
        carries_marks = is_word
    return "".join(kept)


def component(text: str) -> str:
    """Return ``text`` as one component of a path: safe on every system, and the same when made safe again.

    It is plain, NFC, at most 150 bytes (cut, then ``-`` and a hash of the whole), not empty, begins and ends with no
    dot, and is not a name that Windows reserves, with or without an extension.
    """
    if len(text) <= MAX_COMPONENT_BYTES and _SAFE_TEXT.fullmatch(text):
        return text
    name = portable_text(text) or "-"
    inner = name.strip(".")
    if inner != name:
        start = len(name) - len(name.lstrip("."))
        name = "-" * start + inner + "-" * (len(name) - start - len(inner))
    stem, dot, rest = name.partition(".")
    if stem.casefold() in _RESERVED:
        name = f"{stem}-{dot}{rest}"
    if len(name.encode()) <= MAX_COMPONENT_BYTES:
        return name
    digest = hashlib.sha256(nfc(text).encode("utf-8", "surrogatepass")).hexdigest()
    room = MAX_COMPONENT_BYTES - _HASH_DIGITS - 1
    return f"{name.encode()[:room].decode('utf-8', 'ignore')}-{digest[:_HASH_DIGITS]}"


def safe_path(*parts: str) -> str:
    """Return parts, each rendered between two slashes of a template, joined to a relative path with ``/``."""
    return "/".join(component(part) for part in parts)


def is_plain_path(path: str) -> bool:
    """Whether each component of a path is one that ``safe_path`` surely leaves unchanged; nearly every path is."""
    return _PLAIN_PATH.fullmatch(path) is not None


def path_key(path: str) -> str:
    """Return what two paths share when some file system takes them for one: case and composition are ignored."""
    if path.isascii():
        return path if path.islower() else path.lower()  # the text itself, so that many are not held twice
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def is_git_name(name: str) -> bool:
    """Whether a component of a path is git's folder, for any file system: ``.git``, ``.GIT``, ``git~1``, ``.git. ``.

    HFS+ ignores characters that cannot be seen; NTFS ignores dots and spaces at the end and has short names and,
    behind a colon, streams.
    """
    seen = "".join(character for character in name if unicodedata.category(character) != "Cf")
    return _GIT.fullmatch(seen.partition(":")[0].rstrip(". ").casefold()) is not None


def path_fault(path: str) -> str | None:
    """Return why this program cannot have written an image to ``path``; None for a path that it may have written.

    Args:
        path: Relative to the run folder, as it stands in a ledger or manifest: ``images/a/b_1.png``.
    """
    if not path.startswith(f"{IMAGES}/"):
        return f"it does not begin with {IMAGES}/"
    if len(path.encode("utf-8", "surrogatepass")) > MAX_STORED_PATH_BYTES:
        return f"it is longer than {MAX_STORED_PATH_BYTES:,} bytes"
    return next(filter(None, map(_component_fault, path.split("/"))), None)


def _component_fault(name: str) -> str | None:
    if _OWN_NAME.fullmatch(name):
        return None
    return next((reason for has_fault, reason in _COMPONENT_FAULTS if has_fault(name)), None)


def _is_reserved(name: str) -> bool:
    stem = name.partition(".")[0].rstrip(" ").casefold()
    return stem in _RESERVED or stem in _RESERVED_TOO


_COMPONENT_FAULTS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda name: name in {"", ".", ".."}, "it has a component that is empty, . or .."),
    (
        lambda name: any(unicodedata.category(character) in _STEERING for character in name),
        "it holds a control character, or one that cannot be seen",
    ),
    (lambda name: "\\" in name or ":" in name, "it holds a backslash or a colon"),
    (is_git_name, "it leads into git's own folder"),
    (_is_reserved, "it holds a name that Windows reserves"),
    (
        lambda name: len(name.encode()) > MAX_STORED_COMPONENT_BYTES,
        f"it has a component of more than {MAX_STORED_COMPONENT_BYTES} bytes",
    ),
)


INPUTS = "inputs"
ELSEWHERE = f"{INPUTS}/elsewhere"
KEPT_IMAGES = "inputs.json"
"""Which of the inputs are the images that the spec names, by these names."""


def kept_at(name: str) -> str:
    """Return the path, from the run folder, of the copy of a file.

    A file below the spec's folder keeps its path. One that is named otherwise, by ``..`` or from the root, is kept by
    its own name and a hash of all of it, so that two of one name do not meet.

    Args:
        name: As it is written in the spec; for what a base names, from the spec's folder.
    """
    path = PurePosixPath(name)
    if not path.is_absolute() and ".." not in path.parts:
        return f"{INPUTS}/{path}"
    digest = hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    kept, ending = component(path.name), "".join(path.suffixes[-2:])
    if not kept.endswith(ending):  # it was cut, and tells how the file is read
        kept += component(ending)
    return f"{ELSEWHERE}/{digest}/{kept}"
