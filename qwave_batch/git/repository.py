"""Reads a repository through a git directory of our own that has its objects and references but none of its settings.

Git runs programs named by a configuration: filters, monitors, hooks, helpers, and others in new versions. So it never
sees a configuration that a stranger wrote. It is given a scratch git directory with our own configuration, from where
it finds the repository's objects, references and index. The rest of a repository is plain data.
"""

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from qwave_batch.errors import StorageError
from qwave_batch.files.regular_files import open_regular, read_regular
from qwave_batch.git.git_process import Git, GitRefused, environment, find_git, users_environment
from qwave_batch.git.git_settings import USER_SETTINGS, GitSettings, Setting, is_true, listed, settings_of
from qwave_batch.git.worktree import WorkTree, check_owner, work_tree_around

_MOST_CONFIG_BYTES = 16_000_000
_MOST_FILE_BYTES = 1 << 30  # of what git reads whole: an index, packed references
_MOST_REFS = 6  # git follows five
_LONGEST_REF = 4096
_MOST_INDEX_PARTS = 100  # one is in use, and git removes the others after two weeks
_SHARED_LINKS = ("packed-refs", "shallow", "reftable", "refs", "logs/refs", "info/attributes")
_OWN_LINKS = ("index", "logs/HEAD", "info/sparse-checkout", "ORIG_HEAD", "FETCH_HEAD", "MERGE_HEAD")
_LINKED_LINKS = ("refs", "reftable")  # a linked work tree has some of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """The repository of a work tree, readable until its deadline."""

    tree: WorkTree
    git: Git
    deadline_s: float
    """By the monotonic clock."""

    def left_s(self) -> float:
        """Return the seconds left."""
        return self.deadline_s - time.monotonic()

    def ask(self, *arguments: str, timeout_s: float = math.inf) -> bytes:
        """Return what git prints; raises GitRefused."""
        return self.git.ask(*arguments, timeout_s=min(timeout_s, self.left_s()))

    def items(self, *arguments: str) -> Iterator[bytes]:
        r"""Yield what git prints, cut at each ``\0``; raises GitRefused."""
        return self.git.items(*arguments, timeout_s=self.left_s())


@contextmanager
def repository_around(folder: Path, *, patience_s: float) -> Iterator[Repository]:
    """Yield the repository of the work tree around a folder, readable for ``patience_s``.

    Raises:
        GitMissing: git is not installed.
        NoWorkTree: the folder is not in a work tree.
        GitRefused: the work tree is of another user, or of a kind that is not read.
        StorageError: a scratch folder cannot be created.
    """
    find_git()  # a missing program is reported first
    with repository_of(work_tree_around(folder), deadline_s=time.monotonic() + patience_s) as repository:
        yield repository


@contextmanager
def repository_of(tree: WorkTree, *, deadline_s: float) -> Iterator[Repository]:
    """Yield the repository of a work tree; raises as ``repository_around`` does."""
    try:
        scratch = TemporaryDirectory(prefix="qwave-git-")
    except OSError as error:
        raise StorageError(f"cannot create a scratch folder for git: {error.strerror}") from error
    with scratch:
        root = Path(scratch.name).resolve()
        git_dir = root / "worktrees" / "own" if tree.is_linked else root
        git_dir.mkdir(parents=True, exist_ok=True)
        git = Git(
            program=find_git(),
            folder=str(git_dir),
            environ=environment(
                os.environ,
                git_dir=str(git_dir),
                GIT_WORK_TREE=str(tree.top),
                GIT_OBJECT_DIRECTORY=str(tree.common_dir / "objects"),
            ),
        )
        try:
            settings = _settings(tree, git, deadline_s - time.monotonic())
            _lay_out(tree, settings, root, git_dir)
        except OSError as error:
            raise GitRefused(f"the repository of {tree.top} cannot be read: {error.strerror}") from error
        yield Repository(tree=tree, git=git, deadline_s=deadline_s)


def _settings(tree: WorkTree, git: Git, timeout_s: float) -> GitSettings:
    user = _user_settings(git, timeout_s)
    check_owner(tree, [value for name, value in user if name == "safe.directory"])
    repository = _settings_in(tree.common_dir / "config", git, timeout_s)
    if is_true(dict(repository).get("extensions.worktreeconfig", "false")):
        repository += _settings_in(tree.git_dir / "config.worktree", git, timeout_s)
    settings = settings_of(repository, user)
    if settings.is_bare and not tree.is_linked:
        raise GitRefused(f"the repository of {tree.top} is bare")
    return settings


def _user_settings(git: Git, timeout_s: float) -> list[Setting]:
    asked = replace(git, environ=users_environment(os.environ, git_dir=git.folder))
    try:
        return list(listed(asked.ask("config", "--null", "--get-regexp", USER_SETTINGS, timeout_s=timeout_s)))
    except GitRefused:  # there are none
        return []


def _settings_in(config: Path, git: Git, timeout_s: float) -> list[Setting]:
    """Have git read a text: it opens neither the file itself nor files that it includes."""
    if not os.path.lexists(config):
        return []
    with open_regular(config, follows_link=True) as file:
        text = read_regular(file, shown_as=str(config), most_bytes=_MOST_CONFIG_BYTES)
    question = ("config", "--file", "-", "--no-includes", "--null", "--list")
    return list(listed(git.ask(*question, timeout_s=timeout_s, most_bytes=2 * _MOST_CONFIG_BYTES, given=text)))


def _lay_out(tree: WorkTree, settings: GitSettings, root: Path, git_dir: Path) -> None:
    """Create the git directory: our own configuration, and links to plain data."""
    (root / "config").write_text(settings.as_config(), encoding="utf-8")
    for name in _SHARED_LINKS:
        _link(tree.common_dir / name, root / name)
    if tree.is_linked:
        _link(tree.common_dir / "HEAD", root / "HEAD")
        (git_dir / "commondir").write_text("../..\n", encoding="utf-8")
        for name in _LINKED_LINKS:
            _link(tree.git_dir / name, git_dir / name)
    parts_of_index = islice(tree.git_dir.glob("sharedindex.*"), _MOST_INDEX_PARTS)
    for name in (*_OWN_LINKS, *(file.name for file in parts_of_index)):
        _link(tree.git_dir / name, git_dir / name)
    (git_dir / "HEAD").write_bytes(tree.head + b"\n")
    _is_regular(tree.common_dir / "objects" / "info" / "alternates")
    _check_refs(tree)


def _check_refs(tree: WorkTree) -> None:
    """Look at each ref on the way from HEAD to its commit, before git opens it."""
    told = tree.head
    for _ in range(_MOST_REFS):
        path = tree.common_dir / os.fsdecode(told.removeprefix(b"ref: "))
        if not told.startswith(b"ref: ") or not _is_regular(path):
            return
        with open_regular(path, follows_link=True) as file:
            told = file.read(_LONGEST_REF).strip()
    raise GitRefused(f"the refs of {tree.top} lead to each other")


def _link(there: Path, here: Path) -> None:
    if _is_regular(there) or there.is_dir():
        here.parent.mkdir(exist_ok=True)
        here.symlink_to(there)


def _is_regular(path: Path) -> bool:
    """Return whether a file exists; one that would block git, or never end, is rejected."""
    if not os.path.lexists(path) or path.is_dir():
        return False
    with open_regular(path, follows_link=True) as file:
        if os.fstat(file.fileno()).st_size > _MOST_FILE_BYTES:
            raise GitRefused(f"{path} is too large to be read")
    return True
