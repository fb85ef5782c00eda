"""Why a file that a spec names is not there, and what to do."""

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from qwave_batch.errors import FolderError, nearest
from qwave_batch.files.tree import Tree
from qwave_batch.spec.values.similar_names import look_alike

_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]+:/|data:|www\.)")
_OF_A_FILE = re.compile(r"file:(?://(?:localhost)?(?=/))?", re.IGNORECASE)
_VARIABLE = re.compile(r".*(?:\$\{?[A-Za-z_]|%[A-Za-z_]+%)")
_PATTERN = re.compile(r"[*?]|\[[^\[\]]+\]|\{[^{},]*,[^{}]*\}")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_SHOWN = 3
_FROM_THE_SPEC = "write the path from the spec's folder"


def why_missing(name: str, place: Path, bound: Path) -> tuple[str, str | None]:
    """Return what is wrong with the name of a file that is not there, to continue the name, and the way out.

    Args:
        name: As it is written.
        place: Where it was looked for, links resolved.
        bound: The folder above it that may be read; what lies in it is looked at for a name that may be meant.
    """
    told = _by_its_letters(name)
    if told is not None:
        return told
    missing, there = _first_missing(place, bound)
    if _PATTERN.search(name):
        found = [entry for entry in there if fnmatchcase(entry, missing)]
        listed = f": {', '.join(found[:_SHOWN])}{', ...' if len(found) > _SHOWN else ''}" if found else ""
        return "is a pattern, and a file is named by its own name", f"write an entry for each file{listed}"
    alike = look_alike(missing, there)
    if alike is not None:
        _, difference = alike
        return f"is not there, but a file that looks the same is, with {difference}", "rename it, or copy its name"
    cased = next((entry for entry in there if entry.casefold() == missing.casefold()), None)
    if cased is not None:
        return f'does not exist; the file is called "{cased}"', f'write "{_with(name, missing, cased)}"'
    guess = _nearest_file(missing, there)
    suggestion = f'did you mean "{_with(name, missing, guess)}"?' if guess else None
    return f"does not exist; it was looked for at {place}", suggestion


def _by_its_letters(name: str) -> tuple[str, str] | None:
    """Return what is wrong with a name that can be no file's, wherever it is looked for."""
    file = _OF_A_FILE.match(name)
    if file is not None:
        return "is the address of a file, and a file is named by its path", f'write "{name[file.end() :]}"'
    if "\\" in name and not _DRIVE.match(name):
        return "has backslashes, and / parts folders here", f'write "{name.replace(chr(92), "/")}"'
    return next((words for pattern, words in _LETTERS if pattern.match(name)), None)


_LETTERS = (
    (_DRIVE, ("is a path of Windows", "write the path from the spec's folder, with / between folders")),
    (_ADDRESS, ("is an address, and only local files are read", "download it first, and write the file's name")),
    (re.compile("~"), ("begins with ~, which stands for no folder here", _FROM_THE_SPEC)),
    (_VARIABLE, ("names a variable of the shell, and none is filled in here", _FROM_THE_SPEC)),
)


def _first_missing(place: Path, bound: Path) -> tuple[str, Sequence[str]]:
    """Return the first name on the way that is not there, and those that are there in its place."""
    names = place.relative_to(bound).parts
    folder = bound
    for name in names:
        there = list(_entries(bound, folder))
        if name not in there:
            return name, there
        folder = folder / name
    return "", ()


def _nearest_file(name: str, there: Sequence[str]) -> str | None:
    """Return the file whose name is closest, its ending apart: it must be the same, but for ``.gz`` or none."""
    stem, _, ending = name.partition(".")
    endings = {ending, ending.removesuffix(".gz"), f"{ending}.gz"}
    others = [entry.partition(".") for entry in there]
    stems = {other: f"{other}{dot}{its}" for other, dot, its in others if not ending or its in endings}
    guess = nearest(stem, stems)
    return stems[guess] if guess is not None else None


def _entries(bound: Path, folder: Path) -> Iterator[str]:
    try:
        found = Tree(bound).entries("" if folder == bound else folder.relative_to(bound).as_posix())
    except (OSError, FolderError):
        return
    yield from (entry.path.rpartition("/")[2] for entry in found)


def _with(name: str, missing: str, found: str) -> str:
    """Return the name with one of its parts replaced."""
    before, part, behind = name.rpartition(missing)
    return f"{before}{found}{behind}" if part else found
