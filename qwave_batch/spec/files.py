"""Which files a spec may read: those of its own work tree, and of folders that were named on the command line."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.errors import UsageError


class FileRefused(UsageError):
    """A file that a spec names and may not read, or can't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAccess:
    """Finds files by the names that stand in a spec, and refuses those outside its bounds."""

    root: Path
    """The folder that relative names start from."""
    bounds: tuple[Path, ...]
    """Folders, symlinks resolved; what lies in none of them is not read."""
    tree: str
    """What the first bound is called in errors."""

    @classmethod
    def around(cls, folder: Path, allow_read: Sequence[Path] = ()) -> "FileAccess":
        """Return the access of a spec in ``folder``: its git work tree, or the folder itself without one."""
        folder = folder.resolve()
        tree = next((above for above in (folder, *folder.parents) if (above / ".git").exists()), None)
        called = "the spec's git work tree" if tree else "the spec's folder"
        bounds = (tree or folder, *(allowed.resolve() for allowed in allow_read))
        return cls(root=folder, bounds=bounds, tree=called)

    def resolve(self, name: str, *, base: Path | None = None) -> Path:
        """Return the file called ``name``, symlinks resolved; ``base`` replaces the folder that names start from.

        Raises:
            FileRefused: It lies outside the bounds, does not exist, or is not a file.
        """
        if "\0" in name:
            raise FileRefused("a file name cannot hold a NUL character")
        try:
            path = ((base or self.root) / name).resolve()
            if not any(path.is_relative_to(bound) for bound in self.bounds):
                raise FileRefused(
                    f'"{name}" lies outside {self.tree} ({self.bounds[0]}); '
                    f"to read it all the same, run with --allow-read {path.parent}"
                )
            if path.is_file():
                return path
            is_folder = path.is_dir()
        except (OSError, RuntimeError) as error:  # a name that is too long, a circle of symlinks
            raise FileRefused(f'"{_short(name)}" cannot be opened: {_reason(error)}') from error
        if is_folder:
            raise FileRefused(f'"{name}" is a folder, not a file')
        raise FileRefused(f'"{name}" does not exist; it was looked for at {path}')


def beside(shown_as: str, name: str) -> str:
    """Return what to call a file whose name stands in the file called ``shown_as``, so that both are found alike."""
    return Path(os.path.normpath(Path(shown_as).parent / name)).as_posix()


def _short(name: str) -> str:
    return name if len(name) <= 100 else name[:99] + "…"  # noqa: PLR2004


def _reason(error: OSError | RuntimeError) -> str:
    return (
        (error.strerror or "it has no name that the system takes").lower()
        if isinstance(error, OSError)
        else "its symlinks form a circle"
    )
