"""Patterns of file names, as in ``ref/*.png``: each part between slashes fits one part of a path."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from qwave_batch.errors import FolderError
from qwave_batch.files.tree import Tree

MOST_FILES = 10_000
"""That a pattern may fit: more are a slip."""
_SIGNS = frozenset("*?[")


def is_pattern(text: str) -> bool:
    """Whether a text has a sign of a pattern."""
    return not _SIGNS.isdisjoint(text)


def fits_name(name: str, pattern: str) -> bool:
    """Whether a pattern fits a name; one that begins with a dot is fitted by a pattern that does."""
    if name.startswith(".") and not pattern.startswith("."):
        return False
    return name == pattern or fnmatchcase(name, pattern)


def expanded(tree: Tree, folder: str, parts: tuple[str, ...]) -> Iterator[str]:
    """Yield the paths in a tree that a pattern fits, in the order of their names; folders are left out.

    Args:
        tree: The tree; links to folders are not entered.
        folder: The path in the tree from which the pattern starts.
        parts: The parts of the pattern.
    """
    try:
        entries = tree.entries(folder)
    except (OSError, FolderError):
        return
    for entry in sorted(entries, key=lambda entry: entry.path):
        if not fits_name(entry.path.rpartition("/")[2], parts[0]):
            continue
        if not parts[1:] and not entry.is_folder:
            yield entry.path
        elif parts[1:] and entry.is_folder:
            yield from expanded(tree, entry.path, parts[1:])
