"""A tree for several steps that belong together: each folder is opened once, and its names are synced once, at the end.

A folder that is swapped for a link meanwhile is not followed: the steps go on in the folder that was opened.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from qwave_batch.files.folder_handles import enter_folder, open_root
from qwave_batch.files.regular_files import sync_folder
from qwave_batch.files.tree import SHARED_FOLDER_MODE, Tree

MOST_HANDLES = 16
"""Open folders from which on all are let go of before the next step: systems allow a process as few as 256 files."""


@dataclass(frozen=True, slots=True)
class HeldTree(Tree):
    """A tree that keeps its folders open; of one thread."""

    _handles: dict[tuple[str, ...], int] = field(default_factory=dict, repr=False, compare=False)
    _unsynced: set[int] = field(default_factory=set, repr=False, compare=False)
    """Handles of folders with new names."""
    _failures: list[OSError] = field(default_factory=list, repr=False, compare=False)
    """Why names in folders that were closed early may not last."""
    _steps: list[None] = field(default_factory=list, repr=False, compare=False)
    """One for each step that uses a handle at this moment; a move has two."""

    def make_folder(self, path: str = "", *, mode: int = SHARED_FOLDER_MODE) -> None:
        """Create a folder as a tree does; one that was removed meanwhile is seen to be missing."""
        self.let_go()
        Tree.make_folder(self, path, mode=mode)

    def let_go(self) -> None:
        """Make all new names durable and close all folders.

        Raises:
            OSError: the disk failed, now or at an earlier call.
        """
        try:
            for handle in self._unsynced:
                sync_folder(handle)
        except OSError as error:
            self._failures.append(error)
        finally:
            self._unsynced.clear()
            for handle in self._handles.values():
                os.close(handle)
            self._handles.clear()
        if self._failures:
            raise self._failures[0]

    @contextmanager
    def _folder(self, parts: list[str], *, mode: int | None = None) -> Iterator[int]:
        if len(self._handles) >= MOST_HANDLES and not self._steps:
            self.let_go()
        self._steps.append(None)
        try:
            yield self._handle_of(tuple(parts), mode)
        finally:
            self._steps.pop()

    def _handle_of(self, parts: tuple[str, ...], mode: int | None) -> int:
        handle = self._handles.get(parts)
        if handle is None:
            if parts:
                above = self._handle_of(parts[:-1], mode)
                handle = enter_folder(above, parts[-1], f"{self.root}/{'/'.join(parts)}", mode)
            else:
                handle = open_root(self.root)
            self._handles[parts] = handle
        return handle

    def _make_durable(self, folder: int) -> None:
        self._unsynced.add(folder)


@contextmanager
def held_tree(root: Path) -> Iterator[HeldTree]:
    """Yield a tree whose new names are durable once the block has ended; raises OSError when the disk fails then."""
    tree = HeldTree(root)
    try:
        yield tree
    finally:
        tree.let_go()
