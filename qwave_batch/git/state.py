"""The state of the git work tree that a file is in: its commit, and whether anything differs from it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.errors import QwaveError
from qwave_batch.git.git_process import GitMissing
from qwave_batch.git.objects import MOST_POINTER_BYTES, objects_of, pointer_in
from qwave_batch.git.repository import Repository, repository_around, repository_of
from qwave_batch.git.worktree import MARKER, NoWorkTree, work_tree_at

_PATIENCE_S = 6.0
_STATUS = (
    "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=no", "--no-renames", "--no-ahead-behind",
    "--ignore-submodules=dirty",  # git would look into them with their own configuration
)  # fmt: skip
_COMMIT = b"# branch.oid "
_SUBMODULE = b"160000 "


@dataclass(frozen=True, slots=True, kw_only=True)
class GitState:
    """The commit that a spec was at."""

    commit: str
    dirty: bool
    """Whether a tracked file differs from the commit, or the spec itself is not tracked."""


@dataclass(frozen=True, slots=True)
class GitUnknown:
    """There is a work tree, but its state is unknown."""

    reason: str


def git_state(spec: Path) -> GitState | None:
    """Return the state of the work tree around a file, or None where ``look_at_git`` has none."""
    found = look_at_git(spec)
    return found if isinstance(found, GitState) else None


def look_at_git(spec: Path) -> GitState | GitUnknown | None:
    """Return the state of the work tree around a file, why it is unknown, or None without a work tree or a commit.

    No command that the repository names is run, and nothing is fetched. It starts processes and blocks for some
    seconds at most: call it in a thread.
    """
    try:
        file = spec.resolve()
        with repository_around(file.parent, patience_s=_PATIENCE_S) as repository:
            found = _Status.of(repository)
            if found.commit is None:
                return None
            dirty = found.differs or not _is_tracked(repository, file)
            return GitState(commit=found.commit, dirty=dirty)
    except (GitMissing, NoWorkTree):
        return None
    except QwaveError as error:
        return GitUnknown(str(error))
    except (OSError, RuntimeError):  # links in a circle among them
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Status:
    """The output of ``git status``, with the submodules that it did not enter."""

    commit: str | None
    """None before the first one."""
    differs: bool

    @classmethod
    def of(cls, repository: Repository) -> "_Status":
        commit, suspects = None, list[bytes]()
        differs = False
        for item in repository.items(*_STATUS):
            if item.startswith(_COMMIT):
                commit = item.removeprefix(_COMMIT).decode("ascii", "replace")
            elif not item.startswith(b"#"):
                if not _may_be_lfs(item):
                    differs = True
                    break
                suspects.append(item)
        if commit == "(initial)":
            return cls(commit=None, differs=True)
        differs = differs or not _are_lfs(repository, suspects) or any(_submodules_differ(repository))
        return cls(commit=commit, differs=differs)


def _may_be_lfs(item: bytes) -> bool:
    """Return whether an item is a regular file that differs in the work tree alone, and by its content alone."""
    kind, _, rest = item.partition(b" ")
    parts = rest.split(b" ", 7)
    return kind == b"1" and len(parts) == 8 and parts[:2] == [b".M", b"N..."] and parts[2] == parts[3] == parts[4]  # noqa: PLR2004


def _are_lfs(repository: Repository, items: list[bytes]) -> bool:
    """Return whether each file has the content that its pointer in git describes.

    Git reports them as changed if their times do not settle it, since the LFS filter does not run here.
    """
    if not items:
        return True
    with objects_of(repository) as objects:
        for item in items:
            *_, oid, name = item.split(b" ", 8)[1:]
            info = objects.info(oid.decode("ascii", "replace"))
            if info is None or info.size_bytes > MOST_POINTER_BYTES or repository.left_s() < 0:
                return False
            pointer, path = pointer_in(objects.read(info)), os.fsdecode(name)
            if pointer is None or not _is_below(path) or not pointer.is_of(repository.tree.top / path):
                return False
    return True


def _submodules_differ(repository: Repository) -> Iterator[bool]:
    """Yield for each submodule that is here whether it differs from its own commit."""
    top = repository.tree.top
    if not os.path.lexists(top / ".gitmodules"):
        return
    for item in repository.items("ls-files", "-z", "--stage"):
        if item.startswith(_SUBMODULE):
            name = os.fsdecode(item.partition(b"\t")[2])
            is_here = _is_below(name) and (top / name).resolve() == top / name
            tree = work_tree_at(top / name) if is_here else None
            if tree is not None:
                with repository_of(tree, deadline_s=repository.deadline_s) as below:
                    yield _Status.of(below).differs


def _is_below(name: str) -> bool:
    """Return whether a path of an index lies in the work tree; an index can be made that says otherwise."""
    return not {"", ".", "..", MARKER} & set(name.split("/"))


def _is_tracked(repository: Repository, file: Path) -> bool:
    name = file.relative_to(repository.tree.top).as_posix()
    return os.fsencode(name) in repository.items("ls-files", "-z", "--", name)
