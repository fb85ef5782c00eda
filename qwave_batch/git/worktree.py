"""Finding the git work tree around a folder, by looking for ``.git`` and nothing else."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from qwave_batch.errors import UsageError
from qwave_batch.files.regular_files import open_regular, read_regular
from qwave_batch.git.git_process import GitRefused

MARKER = ".git"
_MOST_POINTER_BYTES = 16_384  # of a small file that holds one path or one reference
_HEAD = re.compile(rb"ref: refs/[^\0-\x20\x7f]+|[0-9a-f]{40}|[0-9a-f]{64}")


class NoWorkTree(UsageError):
    """A folder that is in no git work tree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkTree:
    """A work tree and where git keeps what belongs to it."""

    top: Path
    """The folder that contains ``.git``, regardless of ``core.worktree``."""
    git_dir: Path
    common_dir: Path
    """The directory that linked work trees share; otherwise the same as ``git_dir``."""
    head: bytes
    """The target of ``HEAD``: a reference or a commit."""

    @property
    def is_linked(self) -> bool:
        """Whether it came from ``git worktree add``."""
        return self.git_dir != self.common_dir


def work_tree_around(folder: Path) -> WorkTree:
    """Return the work tree that a folder is in.

    A folder that merely looks like a bare repository is ignored. Only ``.git``, ``HEAD`` and ``commondir`` are read.

    Raises:
        NoWorkTree: it is in no work tree, or within a git directory.
        GitRefused: it is of another user, or its ``.git`` leads nowhere.
    """
    below: list[str] = []
    for above in (folder, *folder.parents):
        found = work_tree_at(above)
        if found is not None:
            if MARKER in (name.lower() for name in below):
                break
            return found
        below.append(above.name)
    raise NoWorkTree(f"{folder} is in no git work tree")


def work_tree_at(top: Path) -> WorkTree | None:
    """Return the work tree whose top a folder is, or None when it is not.

    Raises:
        GitRefused: its ``.git`` file leads nowhere.
    """
    marker = top / MARKER
    if not os.path.lexists(marker):
        return None
    if marker.is_dir():
        return _work_tree(top, marker)  # an empty folder of that name is passed over, as git does
    pointer = _small(marker)
    found = None
    if pointer is not None and pointer.startswith(b"gitdir: "):
        found = _work_tree(top, top / os.fsdecode(pointer.removeprefix(b"gitdir: ")))
    if found is None:
        raise GitRefused(f"{marker} does not lead to a git directory")
    return found


def check_owner(tree: WorkTree, trusted: Sequence[str]) -> None:
    """Check that a work tree is the user's own, or among ``safe.directory``, as git does.

    Raises:
        GitRefused: it is not.
    """
    if not hasattr(os, "geteuid") or _is_trusted(str(tree.top), trusted):
        return
    own = {os.geteuid()}
    behind_sudo = os.environ.get("SUDO_UID", "")
    if own == {0} and behind_sudo.isdecimal():
        own.add(int(behind_sudo))
    for path in (tree.top / MARKER, tree.top, tree.git_dir):
        if path.lstat().st_uid not in own:
            raise GitRefused(
                f"{tree.top} is in a git work tree of another user; to read it all the same, run "
                f"git config --global --add safe.directory {quote(str(tree.top))}"
            )


def _is_trusted(top: str, trusted: Sequence[str]) -> bool:
    is_trusted = False
    for entry in trusted:
        if not entry:  # takes back what stands before it
            is_trusted = False
        elif entry in {"*", top} or (entry.endswith("/*") and top.startswith(entry[:-1])):
            is_trusted = True
    return is_trusted


def _work_tree(top: Path, git_dir: Path) -> WorkTree | None:
    head = _small(git_dir / "HEAD")
    if head is None or not _HEAD.fullmatch(head):
        return None
    shared = _small(git_dir / "commondir")
    try:
        git_dir = git_dir.resolve()
        common_dir = git_dir if shared is None else (git_dir / os.fsdecode(shared)).resolve()
        if not ((common_dir / "objects").is_dir() and (common_dir / "refs").is_dir()):
            return None
    except (OSError, RuntimeError):  # a name that is too long, links in a circle
        return None
    return WorkTree(top=top, git_dir=git_dir, common_dir=common_dir, head=head)


def _small(path: Path) -> bytes | None:
    """Return what a small file says, or None where there is none, or none that git would have written."""
    try:
        with open_regular(path, follows_link=True) as file:
            said = read_regular(file, shown_as=str(path), most_bytes=_MOST_POINTER_BYTES).rstrip(b"\r\n")
    except (OSError, UsageError):
        return None
    return said if b"\0" not in said else None
