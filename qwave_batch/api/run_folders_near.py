"""The run folders in which an image is looked for when none is named: around it, and below the current folder."""

from collections.abc import Iterator
from pathlib import Path

from qwave_batch.errors import FolderError
from qwave_batch.files.tree import Tree
from qwave_batch.folder.layout import RunLayout, is_run_folder
from qwave_batch.model.store_url import is_store_url

_DEEPEST = 3
"""Levels below the current folder: ``runs/NAME`` has two."""
_MOST_FOLDERS = 10_000
_PASSED_OVER = frozenset({"node_modules", "__pycache__"})


def run_folders_near(image: Path | None, here: Path) -> list[Path]:
    """Return the run folder that a file lies in, then those below a folder, level by level and by name."""
    around = [] if image is None else [parent for parent in image.resolve().parents if is_run_folder(parent)][:1]
    found = {folder.resolve(): folder for folder in (*around, *_below(here))}
    return list(found.values())


def run_folders_at(address: str | Path) -> list[str | Path]:
    """Return a run folder or the address of a store, or the run folders directly in a folder that is not one.

    Raises:
        FolderError: nothing of that is there; with the nearest run folder.
    """
    if is_store_url(str(address)):
        return [str(address)]
    folder = Path(address)
    if not is_run_folder(folder):
        inside: list[str | Path] = [child for child in _children(folder) if is_run_folder(child)]
        if inside:
            return inside
    return [RunLayout.existing(folder).root]


def _below(here: Path) -> Iterator[Path]:
    level, looked_at = [here], 0
    for _ in range(_DEEPEST + 1):
        following: list[Path] = []
        for folder in level:
            looked_at += 1
            if looked_at > _MOST_FOLDERS:
                return
            if is_run_folder(folder):
                yield folder
            else:
                following += _children(folder)
        level = following


def _children(folder: Path) -> list[Path]:
    try:
        names = sorted(found.path for found in Tree(folder).entries() if found.is_folder)
    except (OSError, FolderError):
        return []
    return [folder / name for name in names if not name.startswith(".") and name not in _PASSED_OVER]
