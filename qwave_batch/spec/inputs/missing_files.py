"""Messages about files that do not exist: the reason, and what to do."""

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
_FROM_THE_SPEC = "write the path relative to the spec's folder"

_LETTERS = (
    (_DRIVE, ("is a Windows path", "write the path relative to the spec's folder, with / between folders")),
    (_ADDRESS, ("is a URL, but only local files are read", "download it first, and name the local file")),
    (re.compile("~"), ("starts with ~, which is not expanded here", _FROM_THE_SPEC)),
    (_VARIABLE, ("contains a shell variable, which is not expanded here", _FROM_THE_SPEC)),
)


def why_missing(name: str, place: Path, allowed_root: Path) -> tuple[str, str | None]:
    """Return why a named file does not exist, as a continuation of its name, and a suggestion.

    Args:
        name: As it is written.
        place: The path that was tried, links resolved.
        allowed_root: The allowed folder above it, which is searched for a similar name.
    """
    told = _unusable_name(name)
    if told is not None:
        return told
    missing, there = _first_missing(place, allowed_root)
    if _PATTERN.search(name):
        found = [entry for entry in there if fnmatchcase(entry, missing)]
        listed = f": {', '.join(found[:_SHOWN])}{', ...' if len(found) > _SHOWN else ''}" if found else ""
        return "is a pattern, which is not expanded here", f"write an entry for each file{listed}"
    alike = look_alike(missing, there)
    if alike is not None:
        _, difference = alike
        return (
            f"does not exist, but a file whose name looks the same does, with {difference}",
            "rename it, or copy its name",
        )
    cased = next((entry for entry in there if entry.casefold() == missing.casefold()), None)
    if cased is not None:
        return f'does not exist; the file is called "{cased}"', f'write "{_with(name, missing, cased)}"'
    guess = _nearest_file(missing, there)
    suggestion = f'did you mean "{_with(name, missing, guess)}"?' if guess else None
    return f"does not exist; looked for it at {place}", suggestion


def _unusable_name(name: str) -> tuple[str, str] | None:
    """Return what is wrong with a name that cannot name a local file."""
    file = _OF_A_FILE.match(name)
    if file is not None:
        return "is a file: URL; write the path instead", f'write "{name[file.end() :]}"'
    if "\\" in name and not _DRIVE.match(name):
        return "has backslashes; separate folders with / here", f'write "{name.replace(chr(92), "/")}"'
    return next((words for pattern, words in _LETTERS if pattern.match(name)), None)


def _first_missing(place: Path, allowed_root: Path) -> tuple[str, Sequence[str]]:
    """Return the first part of the path that does not exist, and the names in its folder."""
    names = place.relative_to(allowed_root).parts
    folder = allowed_root
    for name in names:
        there = list(_entries(allowed_root, folder))
        if name not in there:
            return name, there
        folder = folder / name
    return "", ()


def _nearest_file(name: str, there: Sequence[str]) -> str | None:
    """Return the file with the closest name and the same extension (``.gz`` apart); any, if ``name`` has none."""
    stem, _, ending = name.partition(".")
    endings = {ending, ending.removesuffix(".gz"), f"{ending}.gz"}
    others = [entry.partition(".") for entry in there]
    stems = {other: f"{other}{dot}{its}" for other, dot, its in others if not ending or its in endings}
    guess = nearest(stem, stems)
    return stems[guess] if guess is not None else None


def _entries(allowed_root: Path, folder: Path) -> Iterator[str]:
    try:
        found = Tree(allowed_root).entries(
            "" if folder == allowed_root else folder.relative_to(allowed_root).as_posix()
        )
    except (OSError, FolderError):
        return
    yield from (entry.path.rpartition("/")[2] for entry in found)


def _with(name: str, missing: str, found: str) -> str:
    """Return the name with one of its parts replaced."""
    before, part, after = name.rpartition(missing)
    return f"{before}{found}{after}" if part else found
