"""The files of a commit, found by their paths as a checkout would find them, links included."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from qwave_batch.git.asking import GitRefused
from qwave_batch.git.objects import ObjectInfo, Objects
from qwave_batch.git.worktree import MARKER

_MOST_TREE_BYTES = 64_000_000  # a folder of some 700,000 files
_MOST_LINK_BYTES = 4096
_MOST_LINKS = 40  # on the way to one file, as in Linux
_MOST_NAME_BYTES = 255
_TREE, _LINK, _SUBMODULE = "40000", "120000", "160000"

Path = tuple[str, ...]
"""A path from the top, its names one by one."""


class LeadsOut(Exception):
    """A path to something that this repository does not hold; the text continues its name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a folder of a commit has under a name."""

    mode: str
    oid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A file that was found."""

    path: Path
    """Where it really is, without links."""
    info: ObjectInfo
    links: Mapping[Path, Path]
    """The links on the way, each with what it leads to in the end."""


@dataclass(slots=True)
class _Walk:
    """One search; what it may still do is shared by all links on its way."""

    links: dict[Path, Path] = field(default_factory=dict)
    left: int = _MOST_LINKS

    def leads_out(self) -> str:
        return "leads out of the repository" + (" over a symbolic link" if self.left < _MOST_LINKS else "")


class Committed:
    """A commit's files. A folder is read when it is on the way to one, so that size and shape of the rest are free."""

    def __init__(self, objects: Objects, commit: str) -> None:
        self._objects = objects
        root = objects.info(f"{commit}^{{tree}}")
        if root is None:
            raise GitRefused(f"the tree of commit {commit} is not here")
        self._root = Entry(_TREE, root.oid)
        self._folders: dict[str, Mapping[str, Entry]] = {}

    def find(self, name: str) -> Located | None:
        """Return the file of that name, or None when the commit has none; ``..`` and links are followed.

        Raises:
            LeadsOut: it lies outside of the repository, or in a submodule.
        """
        walk = _Walk()
        path, entry = self._walk((), name, walk)
        if entry is None or entry.mode in {_TREE, _SUBMODULE}:
            return None
        info = self._objects.info(entry.oid)
        if info is None or info.kind != "blob":
            raise LeadsOut("is not in this clone, which has only part of the repository")
        return Located(path=path, info=info, links=walk.links)

    def _walk(self, here: Path, name: str, walk: _Walk) -> tuple[Path, Entry | None]:
        """Return where a name leads from a folder, and what is there."""
        entry = self._at(here)
        for part in name.split("/"):
            if part in {"", "."}:
                continue
            if part == "..":
                if not here:
                    raise LeadsOut(walk.leads_out())
                here = here[:-1]
                entry = self._at(here)
                continue
            if entry is not None and entry.mode == _SUBMODULE:
                raise LeadsOut("lies in a submodule, which is a repository of its own")
            entry = self._folder(entry).get(part)
            here = (*here, part)
            if entry is not None and entry.mode == _LINK:
                here, entry = self._follow(here, entry, walk)
        return here, entry

    def _follow(self, link: Path, entry: Entry, walk: _Walk) -> tuple[Path, Entry | None]:
        walk.left -= 1
        info = self._objects.info(entry.oid)
        if walk.left < 0 or info is None or info.kind != "blob" or info.size_bytes > _MOST_LINK_BYTES:
            raise LeadsOut("is reached over too many or too long symbolic links")
        target = os.fsdecode(self._objects.read(info))
        if target.startswith("/") or "\0" in target:
            raise LeadsOut(walk.leads_out())
        found = self._walk(link[:-1], target, walk)
        walk.links[link] = found[0]
        return found

    def _at(self, path: Path) -> Entry | None:
        """Return what is at a path without links."""
        entry: Entry | None = self._root
        for name in path:
            entry = self._folder(entry).get(name)
        return entry

    def _folder(self, entry: Entry | None) -> Mapping[str, Entry]:
        """Return what is in a folder by name; nothing in what is not one."""
        if entry is None or entry.mode != _TREE:
            return {}
        if entry.oid not in self._folders:
            info = self._objects.info(entry.oid)
            if info is None or info.kind != "tree":
                raise GitRefused("a folder of the commit is not in this clone")
            if info.size_bytes > _MOST_TREE_BYTES:
                raise GitRefused(f"a folder of the commit is too large: {info.size_bytes:,} bytes")
            self._folders[entry.oid] = entries_in(self._objects.read(info), len(entry.oid) // 2)
        return self._folders[entry.oid]


def entries_in(tree: bytes, oid_bytes: int) -> Mapping[str, Entry]:
    """Return what a tree object lists; names that a checkout would refuse, and ``.git``, are left out."""
    found, at = dict[str, Entry](), 0
    while at < len(tree):
        space, end = tree.find(b" ", at), tree.find(b"\0", at)
        if not at < space < end or end + oid_bytes >= len(tree):
            raise GitRefused("a folder of the commit is damaged")
        mode, name = tree[at:space].decode("ascii", "replace"), tree[space + 1 : end]
        at = end + 1 + oid_bytes
        if _is_a_name(name):
            found.setdefault(os.fsdecode(name), Entry(mode.lstrip("0"), tree[end + 1 : at].hex()))
    return found


def _is_a_name(name: bytes) -> bool:
    is_special = name in {b"", b".", b".."} or name.lower() == MARKER.encode()
    return not is_special and b"/" not in name and len(name) <= _MOST_NAME_BYTES
