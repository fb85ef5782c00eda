"""The files of a commit, found by path as a checkout would find them, links included."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from qwave_batch.git.git_process import GitRefused
from qwave_batch.git.objects import ObjectInfo, Objects
from qwave_batch.git.worktree import MARKER

_MOST_TREE_BYTES = 16_000_000  # of a folder with some 300,000 files
_MOST_TREES_BYTES = 32_000_000  # of all folders that are looked into
_MOST_LINK_BYTES = 4096
_MOST_LINKS = 40  # on the way to one file, as in Linux
_MOST_LINKS_IN_ALL = 10_000  # followed on the way to all files
_MOST_NAME_BYTES = 255
_MOST_PATH_LENGTH = 4096
_TREE, _LINK, _SUBMODULE = "40000", "120000", "160000"

Path = tuple[str, ...]
"""A path from the top, its names one by one."""


class LeadsOut(Exception):
    """A path to something outside this repository; the text continues its name."""


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """An entry of a tree in a commit."""

    mode: str
    oid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A file that was found."""

    path: Path
    """Its real path, with links resolved."""
    info: ObjectInfo
    links: Mapping[Path, Path]
    """The links on the way, each with what it leads to in the end."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A path without links, and what is there and in each folder above, from the top."""

    path: Path
    entries: tuple[TreeEntry | None, ...]

    @property
    def entry(self) -> TreeEntry | None:
        return self.entries[-1]

    def above(self) -> "_Place":
        return _Place(self.path[:-1], self.entries[:-1])

    def below(self, name: str, entry: TreeEntry | None) -> "_Place":
        return _Place((*self.path, name), (*self.entries, entry))


@dataclass(slots=True)
class _LinkSearch:
    """One search; all links on its way share one limit."""

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
        self._root = TreeEntry(_TREE, root.oid)
        self._folders: dict[str, Mapping[str, TreeEntry]] = {}
        self._targets: dict[str, str | None] = {}
        self._left_links = _MOST_LINKS_IN_ALL
        self._left_bytes = _MOST_TREES_BYTES

    def find(self, name: str) -> Located | None:
        """Return the file of that name, or None when the commit has none; ``..`` and links are followed.

        A name too long for the system does not exist.

        Raises:
            LeadsOut: it lies outside of the repository, or in a submodule.
        """
        if len(name) > _MOST_PATH_LENGTH:
            return None
        walk = _LinkSearch()
        place = self._walk(_Place((), (self._root,)), name, walk)
        entry = place.entry
        if entry is None or entry.mode in {_TREE, _SUBMODULE}:
            return None
        info = self._objects.info(entry.oid)
        if info is None or info.kind != "blob":
            raise LeadsOut("is not in this clone, which has only part of the repository")
        return Located(path=place.path, info=info, links=walk.links)

    def names_in(self, folder: str) -> tuple[str, ...]:
        """Return the names in a folder, in their order; none where the commit has no such folder.

        Raises:
            LeadsOut: it lies outside of the repository, or in a submodule.
        """
        if len(folder) > _MOST_PATH_LENGTH:
            return ()
        place = self._walk(_Place((), (self._root,)), folder, _LinkSearch())
        return tuple(sorted(self._folder(place.entry)))

    def _walk(self, place: _Place, name: str, walk: _LinkSearch) -> _Place:
        """Return where a name leads from a folder."""
        for part in name.split("/"):
            if part == "..":
                if not place.path:
                    raise LeadsOut(walk.leads_out())
                place = place.above()
            elif part not in {"", "."}:
                if place.entry is not None and place.entry.mode == _SUBMODULE:
                    raise LeadsOut("lies in a submodule, which is a repository of its own")
                entry = self._folder(place.entry).get(part)
                is_link = entry is not None and entry.mode == _LINK
                place = self._follow(place, part, entry, walk) if entry and is_link else place.below(part, entry)
        return place

    def _follow(self, folder: _Place, name: str, entry: TreeEntry, walk: _LinkSearch) -> _Place:
        walk.left -= 1
        self._left_links -= 1
        target = self._target(entry) if walk.left >= 0 and self._left_links >= 0 else None
        if target is None:
            raise LeadsOut("is reached over too many or too long symbolic links")
        if target.startswith("/") or "\0" in target:
            raise LeadsOut(walk.leads_out())
        found = self._walk(folder, target, walk)
        walk.links[(*folder.path, name)] = found.path
        return found

    def _target(self, link: TreeEntry) -> str | None:
        """Return where a link leads, None when that is longer than a system takes."""
        if link.oid not in self._targets:
            info = self._objects.info(link.oid)
            is_sound = info is not None and info.kind == "blob" and info.size_bytes <= _MOST_LINK_BYTES
            self._targets[link.oid] = os.fsdecode(self._objects.read(info)) if info and is_sound else None
        return self._targets[link.oid]

    def _folder(self, entry: TreeEntry | None) -> Mapping[str, TreeEntry]:
        """Return what is in a folder by name; nothing in what is not one."""
        if entry is None or entry.mode != _TREE:
            return {}
        if entry.oid not in self._folders:
            info = self._objects.info(entry.oid)
            if info is None or info.kind != "tree":
                raise GitRefused("a folder of the commit is not in this clone")
            if info.size_bytes > min(_MOST_TREE_BYTES, self._left_bytes):
                raise GitRefused("a folder of the commit has too many files")
            self._left_bytes -= info.size_bytes
            self._folders[entry.oid] = entries_in(self._objects.read(info), len(entry.oid) // 2)
        return self._folders[entry.oid]


def entries_in(tree: bytes, oid_bytes: int) -> Mapping[str, TreeEntry]:
    """Return what a tree object lists; names that a checkout would refuse, and ``.git``, are left out."""
    found, at = dict[str, TreeEntry](), 0
    while at < len(tree):
        space, end = tree.find(b" ", at), tree.find(b"\0", at)
        if not at < space < end or end + oid_bytes >= len(tree):
            raise GitRefused("a folder of the commit is damaged")
        mode, name = tree[at:space].decode("ascii", "replace"), tree[space + 1 : end]
        at = end + 1 + oid_bytes
        if _is_a_name(name):
            found.setdefault(os.fsdecode(name), TreeEntry(mode.lstrip("0"), tree[end + 1 : at].hex()))
    return found


def _is_a_name(name: bytes) -> bool:
    is_special = name in {b"", b".", b".."} or name.lower() == MARKER.encode()
    return not is_special and b"/" not in name and len(name) <= _MOST_NAME_BYTES
