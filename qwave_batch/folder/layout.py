"""A run folder: its local workspace and its artifacts, made, checked and found."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from qwave_batch.errors import FolderError, nearest
from qwave_batch.files.folder_handles import LinkInTheWay
from qwave_batch.files.held_tree import held_tree
from qwave_batch.files.regular_files import irregular_kind
from qwave_batch.files.sqlite_files import check_database
from qwave_batch.files.tree import PRIVATE_FOLDER_MODE, PRIVATE_MODE, Tree
from qwave_batch.folder import stores
from qwave_batch.folder.artifacts import (
    CHECKS,
    IMAGES,
    MANIFEST,
    PICKS,
    SCORES,
    SPEC,
    SUMMARY,
    VOTES,
    ArtifactKind,
    ArtifactStore,
    LocalArtifacts,
)
from qwave_batch.folder.storage import storage_errors, write_atomic
from qwave_batch.folder.stores.store_binding import read_binding
from qwave_batch.folder.workspace import (
    CHECKED,
    COUNT,
    EVIDENCE,
    GITIGNORE,
    JUDGE,
    LEDGER,
    LINES_ID,
    LIVE,
    LOCK,
    LOOKS,
    PARTIAL,
    PRIVATE,
    REMEMBERED,
    SIMULATOR,
    STAGES,
    STORE,
    STORE_LOCK,
    VERIFIED,
    Workspace,
)
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.portable_paths import INPUTS
from qwave_batch.model.store_url import is_store_url

_FOLDERS = (PRIVATE, PARTIAL, EVIDENCE, IMAGES, INPUTS)
_FILES = (
    MANIFEST,
    SUMMARY,
    SPEC,
    COUNT,
    LINES_ID,
    LOCK,
    LIVE,
    REMEMBERED,
    GITIGNORE,
    STORE,
    STORE_LOCK,
    CHECKS,
    CHECKED,
    VERIFIED,
    STAGES,
    VOTES,
    PICKS,
    SCORES,
)
_DATABASES = (LEDGER, SIMULATOR, LOOKS, JUDGE)
_PRIVATE_FOLDERS = (PRIVATE, PARTIAL)

NOWHERE = Path(os.devnull) / "no-folder"
"""A path at which there can't be anything: the local folder of a store that is only looked at."""
_GITIGNORE_TEXT = "# The ledger and what is half downloaded: of this machine, and never for git.\n*\n"


@dataclass(frozen=True, slots=True)
class RunLayout:
    """One run folder; everything in it is reached through ``tree``, ``workspace`` and ``artifacts``."""

    root: Path
    """The local folder. For a store that is only looked at there is none, and this is the store's address as a path."""
    store: "stores.run_store.RunStore | None" = field(default=None, repr=False, compare=False)
    """The object store that has the artifacts; None where they lie in the folder."""
    is_view: bool = False
    """Whether there is no local folder: the store is looked at, and nothing is written."""
    _held: Tree | None = field(default=None, repr=False, compare=False)

    @property
    def tree(self) -> Tree:
        """The folder as what opens, makes, moves and removes its files, never over a link."""
        return self._held or Tree(NOWHERE if self.is_view else self.root)

    @property
    def address(self) -> str:
        """The folder, for people: its path, or the address of a store that is only looked at."""
        return str(self.store.url) if self.is_view and self.store is not None else str(self.root)

    @property
    def store_address(self) -> str | None:
        """The address of the object store that has the artifacts; None where they lie in the folder."""
        return None if self.store is None else str(self.store.url)

    def place_of(self, path: str) -> str:
        """Return where an artifact is, for people."""
        return str(self.root / path) if self.store is None else f"{self.store.url}/{path}"

    @contextmanager
    def held(self) -> Iterator["RunLayout"]:
        """Yield this run folder for a few steps of one thread that belong together; see ``files.held_tree``.

        Raises:
            OSError: a folder's names can't be made durable at the end of the block.
        """
        with held_tree(self.root) as tree:
            yield replace(self, _held=tree)

    @property
    def workspace(self) -> Workspace:
        """The part that only the process at work writes: ledger, lock, half downloads, evidence."""
        return Workspace(NOWHERE if self.is_view else self.root)

    @property
    def artifacts(self) -> ArtifactStore:
        """The results of a run for its readers: images, inputs, spec, manifest, summary."""
        return LocalArtifacts(self.tree) if self.store is None else self.store.artifacts

    @property
    def manifest(self) -> Path:
        """A line per job of the plan."""
        return self.root / MANIFEST

    @property
    def summary(self) -> Path:
        """Counts, cost, durations and versions of the newest run."""
        return self.root / SUMMARY

    @property
    def spec(self) -> Path:
        """The spec as it was, byte for byte."""
        return self.root / SPEC

    @property
    def inputs(self) -> Path:
        """Files that the spec uses, and inline images of requests."""
        return self.root / INPUTS

    @property
    def images(self) -> Path:
        """The images that came."""
        return self.root / IMAGES

    def relative(self, path: Path) -> str:
        """Return a path below the root as manifests write it: relative, with ``/``."""
        return path.relative_to(self.root).as_posix()

    def create(self) -> None:
        """Make the folder and its fixed parts, where they are not there yet.

        Raises:
            FolderError: a file stands where the folder should be, or the folder holds someone else's files.
            StorageError: the disk refuses.
        """
        if self.root.exists() and not self.root.is_dir():
            raise FolderError(f"{self.root} is a file; a run needs a folder", next_steps=(NextStep.NAME_FOLDER,))
        if self.root.is_dir() and not is_run_folder(self.root) and _strangers(self.root):
            raise FolderError(
                f"{self.root} is not empty and is not a run folder (it holds {_strangers(self.root)[0]})",
                next_steps=(Advice(NextStep.NAME_FOLDER, str(self.root / "run")),),
            )
        self.check()
        with storage_errors(self.root, "make the folder"):
            self.tree.make_folder()
        for folder in _PRIVATE_FOLDERS:
            with storage_errors(self.root / folder, "make the folder"):
                self.tree.make_folder(folder, mode=PRIVATE_FOLDER_MODE)
        self.artifacts.make_folder(IMAGES)
        if not self.tree.is_file(GITIGNORE):
            write_atomic(self.tree, GITIGNORE, _GITIGNORE_TEXT.encode(), mode=PRIVATE_MODE)

    def check(self) -> None:
        """Refuse a folder in which a link, a pipe or the like stands in one of the fixed places; nothing is changed.

        These are the places in the local folder; artifacts that lie elsewhere are refused where they are used.

        Raises:
            FolderError: there is one, with its path.
        """
        with storage_errors(self.root, "read"):
            if self.is_view or not self.root.is_dir():
                return
            for path in _FOLDERS:
                status = self.tree.look(path)
                if status is not None and stat.S_ISLNK(status.st_mode):
                    raise FolderError(_refused(self.root / path, "is a symbolic link"))
            for path in _FILES:
                status = self.tree.look(path)
                kind = irregular_kind(status.st_mode) if status is not None else None
                if kind is not None:
                    raise FolderError(_refused(self.root / path, kind))
            for path in _DATABASES:
                check_database(self.tree, path)

    def check_images(self) -> int:
        """Refuse a folder with a link to a local folder among its images, before anything is written there.

        Returns:
            How many files there are among them.

        Raises:
            FolderError: there is one, with its path.
            StorageError: the images can't be listed.
        """
        files = 0
        for found in self.artifacts.list(IMAGES):
            files += 1
            if found.kind is ArtifactKind.LINK and (self.root / found.path).is_dir():
                raise FolderError(_refused(self.root / found.path, "is a symbolic link"))
        return files

    @classmethod
    def at(cls, address: str | Path) -> "RunLayout":
        """Return the layout of what a text or a path names: a folder that a run has made, or a store's address.

        Raises:
            FolderError: it is neither, or it is a folder that ``check`` refuses.
            MissingExtra, StoreUnusable: a store can't be opened.
        """
        if not is_store_url(str(address)):
            return cls.existing(Path(address))
        store = stores.run_store.RunStore.named(str(address))
        return cls(Path(str(store.url)), store=store, is_view=True)

    @classmethod
    def existing(cls, root: Path) -> "RunLayout":
        """Return the layout of a folder that a run has made, with the store that the folder belongs to.

        Raises:
            FolderError: it is not one, with the nearest one that is; or it is one that ``check`` refuses.
            MissingExtra, StoreUnusable: its store can't be opened.
        """
        if is_store_url(str(root)):
            url = stores.run_store.store_url_of(str(root))
            raise FolderError(
                f"{url} is a store; this needs the run folder that keeps its images there",
                next_steps=(NextStep.NAME_FOLDER,),
            )
        if is_run_folder(root):
            layout = cls(root)
            layout.check()
            bound = read_binding(layout.tree)
            return layout if bound is None else replace(layout, store=stores.run_store.RunStore.opened(bound.url))
        if not root.exists():
            raise FolderError(f"there is no folder {root}{_nearest_hint(root)}")
        if not root.is_dir():
            raise FolderError(f"{root} is a file, not a run folder{_nearest_hint(root)}")
        inside = _run_folders_in(root)
        hint = f"; it holds {_few(inside)}" if inside else _nearest_hint(root)
        raise FolderError(f"{root} is not a run folder: it has neither manifest.jsonl nor .qwave/ledger.sqlite{hint}")


def is_run_folder(root: Path) -> bool:
    """Whether a run has worked here; a copy without its ledger still counts, by its manifest."""
    try:
        return any(Tree(root).look(path) is not None for path in (LEDGER, MANIFEST, PARTIAL))
    except LinkInTheWay:  # a run folder that ``check`` refuses with the link's path
        return True
    except OSError:
        return False


def _strangers(root: Path) -> list[str]:
    """Names in a folder that no run has made, without the files that systems leave about."""
    return sorted(entry.name for entry in root.iterdir() if entry.name not in {".DS_Store", "desktop.ini", ".gitkeep"})


def _run_folders_in(folder: Path) -> list[str]:
    try:
        return sorted(str(entry) for entry in folder.iterdir() if entry.is_dir() and is_run_folder(entry))
    except OSError:
        return []


def _nearest_hint(root: Path) -> str:
    beside = [Path(name).name for name in _run_folders_in(root.parent)]
    guess = nearest(root.name, beside)
    if guess is not None:
        return f'; did you mean "{root.parent / guess}"?'
    return f"; run folders beside it: {_few(beside)}" if beside else ""


def _refused(path: Path, kind: str) -> str:
    way_out = "remove it, or name another folder"
    if path.name == IMAGES and kind == "is a symbolic link":  # to a larger disk, as a rule
        way_out += "; the run folder itself may be reached over a link to another disk"
    return f"{path} {kind}, which has no place in a run folder; nothing was read or changed: {way_out}"


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown  # noqa: PLR2004
