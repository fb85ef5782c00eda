"""Access to files: a spec may read its own work tree, and folders that the command line allows."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedReader
from itertools import islice
from pathlib import Path, PurePosixPath

from qwave_batch.errors import FolderError
from qwave_batch.files.regular_files import NotRegular, irregular_kind
from qwave_batch.files.tree import Tree
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.portable_paths import kept_at
from qwave_batch.spec.inputs.allowed_roots import (
    AllowedRoot,
    FileRefused,
    allowed_folders,
    allowed_root_of,
    is_in_git,
    is_kept_spec,
    kept_in,
)
from qwave_batch.spec.inputs.file_patterns import MOST_FILES, expanded, is_pattern
from qwave_batch.spec.inputs.missing_files import why_missing

__all__ = ["FileAccess", "FileRefused", "InputFile", "beside", "named_file"]


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that passed the checks: its resolved place below an allowed folder."""

    allowed_root: Path
    """The allowed folder, links resolved."""
    relative_path: str
    """The path from there to the file, with ``/`` and without links."""

    @classmethod
    def at(cls, path: Path) -> "InputFile":
        """Return a file that the program itself chose, without checks."""
        path = path.resolve()
        return cls(path.parent, path.name)

    @property
    def path(self) -> Path:
        """The whole path."""
        return self.allowed_root / self.relative_path

    def open(self) -> BufferedReader:
        """Open the file that was checked; links that have appeared since in its path are not followed.

        Raises:
            FileRefused: It is not a regular file any more; ``str`` of the error continues the file's name.
            OSError: It is gone, or the system refuses.
        """
        try:
            return Tree(self.allowed_root).open(self.relative_path)
        except NotRegular as error:
            raise FileRefused(error.reason) from error
        except FolderError as error:
            raise FileRefused("was moved while it was being opened") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAccess:
    """Finds files by their names in a spec, and refuses those outside the allowed roots."""

    root: Path
    """The folder that relative names start from."""
    allowed_roots: tuple[Path, ...]
    """Folders, symlinks resolved; files outside all of them are not read."""
    root_label: str
    """How messages name the first root."""
    is_run_folder: bool = False
    """Whether the spec is the copy in a run folder, beside copies of all files that it read."""

    @classmethod
    def around(cls, folder: Path, allow_read: Sequence[Path] = ()) -> "FileAccess":
        """Return the access of a spec in ``folder``: its git work tree, or the folder itself without one."""
        root = allowed_root_of(folder / "spec.yaml")
        return cls(
            root=folder.resolve(), allowed_roots=(root.folder, *allowed_folders(allow_read)), root_label=root.label
        )

    def resolve(self, name: str, *, base: Path | None = None) -> Path:
        """Return the path of the file called ``name``; raises as ``find`` does."""
        return self.find(name, base=base).path

    def find(self, name: str, *, base: Path | None = None, known_as: str | None = None) -> InputFile:
        """Return the file called ``name``, symlinks resolved.

        Args:
            name: As it is written.
            base: The folder that the name starts from, instead of ``root``.
            known_as: The name relative to the spec's folder, if another file names it.

        Raises:
            FileRefused: It is outside the allowed roots, in a ``.git`` folder, missing, or not a regular file.
        """
        if "\0" in name:
            raise FileRefused("a file name cannot contain a NUL character")
        if self.is_run_folder:
            kept = kept_in(self.root, known_as or name)
            if kept is None:
                raise FileRefused(
                    f'"{_short(name)}" is not among the inputs of this run folder; looked for it at '
                    f"{self.root / kept_at(known_as or name)}",
                    "use the spec that the run was started from, or put the file there",
                )
            return self._judged(self.root / kept, name)
        return self._judged((base or self.root) / name, name)

    def matching(self, pattern: str) -> tuple[str, ...]:
        """Return the names of all files that a pattern such as ``ref/*.png`` fits, in the order of their names.

        Raises:
            FileRefused: Its folder is outside the allowed roots or in a ``.git`` folder, or no file fits.
        """
        parts = PurePosixPath(pattern).parts
        fixed = next((number for number, part in enumerate(parts) if is_pattern(part)), len(parts))
        above = str(PurePosixPath(*parts[:fixed]))
        shown = f'"{_short(pattern)}"'
        if fixed == len(parts):
            raise FileRefused(f"{shown} is not a pattern of file names", f'write "{pattern.rstrip("/")}/*.png"')
        if "\0" in pattern:
            raise FileRefused("a file name cannot contain a NUL character")
        try:
            place = (self.root / above).resolve()
            found = self.within_roots(place)
            if found is None:
                raise FileRefused(
                    f"{shown} is outside {self.root_label} ({self.allowed_roots[0]})",
                    next_step=Advice(NextStep.ALLOW_READ, str(place)),
                )
            if is_in_git(self.root / above):
                raise FileRefused(f"{shown} is in a .git folder, whose files are never read")
        except (OSError, RuntimeError) as error:
            raise FileRefused(f"{shown} cannot be read: {_reason(error)}") from error
        folder = "" if place == found.allowed_root else found.relative_path
        fitting = islice(expanded(Tree(found.allowed_root), folder, parts[fixed:]), MOST_FILES + 1)
        names = tuple(str(PurePosixPath(above, Path(path).relative_to(folder))) for path in fitting)
        if len(names) > MOST_FILES:
            raise FileRefused(f"{shown} fits more than {MOST_FILES:,} files", "write one that fits fewer")
        strange = next((name for name in names if not _is_utf8(name)), None)
        if strange is not None:
            raise FileRefused(f"{shown} fits {strange!a}, whose name is not UTF-8", "rename it, or fit others only")
        if not names:
            reason = "fits no file" if place.exists() else f"fits no file; there is no folder {place}"
            raise FileRefused(f"{shown} {reason}", "* and ? stand for letters between two slashes, not for folders")
        return names

    def _judged(self, path: Path, name: str) -> InputFile:
        shown = f'"{_short(name)}"'
        try:
            place = path.resolve()
            found = self.within_roots(place)
            if found is None:
                raise FileRefused(
                    f'"{name}" is outside {self.root_label} ({self.allowed_roots[0]})',
                    next_step=Advice(NextStep.ALLOW_READ, str(place.parent)),
                )
            if is_in_git(path):
                raise FileRefused(f"{shown} is in a .git folder, whose files are never read")
            if not place.exists():
                reason, suggestion = why_missing(name, place, found.allowed_root)
                raise FileRefused(f"{shown} {reason}", suggestion)
            kind = irregular_kind(place.stat().st_mode)
        except (OSError, RuntimeError) as error:  # a name that is too long, a cycle of symlinks
            raise FileRefused(f"{shown} cannot be opened: {_reason(error)}") from error
        if kind is not None:
            raise FileRefused(f"{shown} {kind}", "name a file inside it" if "folder" in kind else None)
        return found

    def shown(self, file: InputFile, spec: str, name: str) -> str:
        """Return how messages name a file that is called ``name`` in the file called ``spec``."""
        if self.is_run_folder and file.path.is_relative_to(self.root):
            return beside(spec, file.path.relative_to(self.root).as_posix())
        return beside(spec, name)

    def within_roots(self, place: Path) -> InputFile | None:
        """Return the file at a resolved path, or None if no root contains it."""
        allowed_root = next((each for each in self.allowed_roots if place.is_relative_to(each)), None)
        return None if allowed_root is None else InputFile(allowed_root, place.relative_to(allowed_root).as_posix())


def named_file(path: str | Path, allow_read: Sequence[Path] = ()) -> tuple[InputFile, FileAccess]:
    """Return a file that the user named, and the access of a spec in it.

    Its resolved path must be within the root of the path as typed, or in an allowed folder.

    Raises:
        FileRefused: A link leads out of there, or it is in a ``.git`` folder; it was not opened.
    """
    file = Path(path)
    try:
        place = file.resolve()
        allowed = tuple(allowed_folders(allow_read))
        root = _allowed_root(file, place, allowed)
        access = FileAccess(
            root=place.parent,
            allowed_roots=(root.folder, *allowed),
            root_label=root.label,
            is_run_folder=is_kept_spec(place),
        )
        found = access.within_roots(place)
        if found is None:
            raise FileRefused(
                f"{path} is reached through a link that leads out of {root.label} ({root.folder})",
                next_step=Advice(NextStep.ALLOW_READ, str(place.parent)),
            )
        if is_in_git(Path(os.path.abspath(file))):  # noqa: PTH100 - as written, and after all links
            raise FileRefused(f"{path} is in a .git folder, whose files are never read")
    except (OSError, RuntimeError, ValueError) as error:
        raise FileRefused(f"{path} cannot be read: {_reason(error)}") from error
    return found, access


def _allowed_root(file: Path, place: Path, allowed: Sequence[Path]) -> AllowedRoot:
    try:
        return allowed_root_of(file)
    except FileRefused:
        opened = next((folder for folder in allowed if place.is_relative_to(folder)), None)
        if opened is None:
            raise
        return AllowedRoot(place.parent, "the spec's folder")


def beside(shown_as: str, name: str) -> str:
    """Return how messages name a file that is called ``name`` in ``shown_as``: relative to the same folder."""
    return Path(os.path.normpath(Path(shown_as).parent / name)).as_posix()


def _is_utf8(name: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _short(name: str) -> str:
    return name if len(name) <= 100 else name[:99] + "…"  # noqa: PLR2004


def _reason(error: Exception) -> str:
    match error:
        case OSError():
            return (error.strerror or "the system does not accept its name").lower()
        case RuntimeError():
            return "its symlinks form a cycle"
        case _:
            return str(error)
