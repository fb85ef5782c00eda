"""Finds a benchmark's files among what the user has: a checkout, a folder, or the files themselves."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath

from qwave_batch.errors import UsageError
from qwave_batch.files.regular_files import open_regular

_MOST_FILES = 1_000_000
_LICENSES = frozenset({"license", "licence", "copying"})
_LICENSE_BYTES = 2_000
_WILD = frozenset("*?[")


@dataclass(frozen=True, kw_only=True)
class GivenFiles:
    """The files and folders that the user has named, with all files below them."""

    named: tuple[Path, ...]
    """As they were named."""
    files: tuple[Path, ...]
    """Files that were named themselves."""
    folders: tuple[Path, ...]
    inside: tuple[Path, ...]
    """All files in the folders."""

    @classmethod
    def look(cls, named: Sequence[Path]) -> "GivenFiles":
        """Return what is there.

        Raises:
            UsageError: Something is not there, or is neither a file nor a folder, or a folder has too many files.
        """
        files: list[Path] = []
        folders: list[Path] = []
        for path in named:
            if path.is_dir():
                folders.append(path)
            elif path.is_file():
                files.append(path)
            else:
                raise UsageError(f"{path} is not there; name the benchmark's files, or a folder that holds them")
        inside = [file for folder in folders for file in _below(folder)]
        return cls(named=tuple(named), files=tuple(files), folders=tuple(folders), inside=tuple(inside))

    def license_line(self) -> str | None:
        """Return the first line of a license file directly in a folder that was named; None if there is none."""
        for file in self.inside:
            if file.parent in self.folders and file.stem.lower() in _LICENSES:
                with open_regular(file, follows_link=True) as opened:
                    begins = opened.read(_LICENSE_BYTES).decode(errors="replace")
                return next((line.strip() for line in begins.splitlines() if line.strip()), None)
        return None

    def fitting(self, patterns: Sequence[str], *, is_only: bool) -> tuple[Path, ...]:
        """Return the files that fit one of the patterns, in any case, by name; none if there is none.

        A file fits by its path in the repository, else by its name alone; a pattern with ``*`` fits by its name alone
        only directly in a folder that was named. A file that was named itself fits an only pattern by its extension.

        Args:
            patterns: Paths in the repository, in which ``*`` stands for letters between two slashes.
            is_only: Whether the benchmark reads no other files, so that no name is needed to tell them apart.
        """
        everything = (*self.files, *self.inside)
        found = [file for file in everything if any(_place(file).match(pattern.lower()) for pattern in patterns)]
        if not found:
            names = [PurePath(pattern).name.lower() for pattern in patterns]
            found = [file for file in everything if any(self._fits_by_name(file, name) for name in names)]
        if not found and is_only:
            extensions = {PurePath(pattern).suffix for pattern in patterns}
            found = [file for file in self.files if file.suffix.lower() in extensions]
        return tuple(sorted(dict.fromkeys(found), key=lambda file: (file.name, str(file))))

    def _fits_by_name(self, file: Path, name: str) -> bool:
        if not PurePath(file.name.lower()).match(name):
            return False
        return file in self.files or _WILD.isdisjoint(name) or file.parent in self.folders

    def beside(self, name: str, file: Path, folders: Sequence[str]) -> Path | None:
        """Return the file of a relative name, looked for beside ``file`` and in the folders that were named.

        Args:
            name: As ``file`` has it.
            file: The file that names it.
            folders: Names of folders that it may lie in, wherever they are.
        """
        for start in (file.parent, *self.folders):
            for below in ("", *folders):
                place = start / below / name
                if place.is_file():
                    return place
        wanted = [PurePath(below, name) for below in folders]
        for other in self._by_name.get(PurePath(name).name, ()):
            if any(other.match(str(path)) for path in wanted):
                return other
        return None

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for file in self.inside:
            found.setdefault(file.name, []).append(file)
        return found


def _place(file: Path) -> PurePath:
    """Return the whole path in small letters."""
    return PurePath(os.path.abspath(file).lower())  # noqa: PTH100 - no link is followed


def _below(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder by name; hidden folders, such as ``.git``, and links are not entered."""
    count = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            count += 1
            if count > _MOST_FILES:
                raise UsageError(f"{folder} has more than {_MOST_FILES:,} files; name the benchmark's own folder")
            yield Path(place, name)
