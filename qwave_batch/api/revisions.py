"""A spec as it was at a git revision, with the files that it reads, laid out in a folder of its own."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from qwave_batch.api.connection import KEY_NAMES
from qwave_batch.errors import SpecError, UsageError, nearest
from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.encoding import decode_spec
from qwave_batch.spec.reading import read_yaml

_GIT_TIMEOUT_S = 60.0
_OF_ANOTHER_TREE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")  # set where a hook calls us
_TEXTS = {".yaml", ".yml"}


class GitRefused(UsageError):
    """Git was asked for something that it does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAtRevision:
    """A file of a git work tree, as it was."""

    revision: str
    """As the user named it."""
    name: str
    """The file's path in the work tree, with ``/``."""
    root: Path
    """Where the work tree of then is laid out, as far as the file reads it."""

    @property
    def path(self) -> Path:
        """The file of then."""
        return self.root / self.name

    @property
    def exists(self) -> bool:
        """Whether the revision has the file at all."""
        return self.path.is_file()


@contextmanager
def file_at(revision: str, file: Path) -> Iterator[FileAtRevision]:
    """Yield a file as it was at a revision, for as long as the block runs.

    Beside the file come those that its text names, and those that they name. Git's own filters apply to them, so
    that line ends and large files are as in a checkout. The work tree and its index stay as they are.

    Raises:
        UsageError: the file is in no git work tree, git is not at hand, or there is no such revision.
    """
    folder = file.resolve().parent
    top = _work_tree(folder)
    commit = _commit(folder, revision)
    with TemporaryDirectory(prefix="qwave-then-") as scratch:
        root = Path(scratch).resolve() / "tree"
        tree = _Tree(top=top, root=root, index=root.parent / "index")
        tree.read(commit)
        name = file.resolve().relative_to(top).as_posix()
        tree.lay_out(name)
        yield FileAtRevision(revision=revision, name=name, root=root)


def _work_tree(folder: Path) -> Path:
    try:
        return Path(_git(folder, "rev-parse", "--show-toplevel").strip()).resolve()
    except GitRefused as error:
        raise UsageError(f"{folder} is in no git work tree") from error


def _commit(folder: Path, revision: str) -> str:
    if not revision.startswith("-"):  # which git would take for an option
        with suppress(GitRefused):
            return _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").strip()
    names = _git(folder, "for-each-ref", "--format=%(refname:short)").split()
    guess = nearest(revision, names)
    raise UsageError(f'git knows no revision "{revision}"' + (f'; did you mean "{guess}"?' if guess else ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tree:
    """A commit, read into an index of its own."""

    top: Path
    root: Path
    index: Path

    def read(self, commit: str) -> None:
        self.root.mkdir()
        _git(self.top, "read-tree", commit, index=self.index)

    def lay_out(self, name: str) -> None:
        """Write a file and all that it leads to."""
        known = frozenset(_git(self.top, "ls-files", "-z", index=self.index).split("\0"))
        waiting, done = [name], set[str]()
        while waiting:
            names = [each for each in dict.fromkeys(waiting) if each in known and each not in done]
            done.update(names)
            self._write(names)
            waiting = [found for each in names for found in self._named_in(each, PurePosixPath(name).parent)]

    def _write(self, names: Sequence[str]) -> None:
        if names:
            prefix = f"--prefix={self.root}{os.sep}"
            _git(
                self.top, "checkout-index", "--quiet", prefix, "-z", "--stdin", index=self.index, given="\0".join(names)
            )

    def _named_in(self, name: str, base: PurePosixPath) -> Iterator[str]:
        """Yield the names of files that a file may lead to; most strings of a spec lead nowhere.

        A spec names its tables from its own folder ``base``, and what it extends from the folder of the file.
        """
        path, folder = self.root / name, PurePosixPath(name).parent
        if path.is_symlink():
            yield _joined(folder, str(path.readlink()))
        elif path.suffix.lower() in _TEXTS and path.is_file():
            for text in _strings(_value_in(path)):
                yield from (_joined(folder, text), _joined(base, text))


def _value_in(path: Path) -> Json:
    """Return what a YAML file says; nothing when it is wrong, which is told when it is read as a spec."""
    try:
        return read_yaml(decode_spec(path.read_bytes(), path.name), path.name).value
    except SpecError:
        return None


def _joined(folder: PurePosixPath, name: str) -> str:
    return os.path.normpath(folder / name).replace(os.sep, "/")


def _strings(value: Json) -> Iterator[str]:
    match value:
        case str():
            if "\0" not in value and "\n" not in value:
                yield value
        case dict():
            for part in value.values():
                yield from _strings(part)
        case list() | tuple():
            for part in value:
                yield from _strings(part)


def _git(folder: Path, *arguments: str, index: Path | None = None, given: str = "") -> str:
    """Return what git prints.

    Raises:
        GitRefused: git says no.
        UsageError: git is not at hand.
    """
    environ = {name: value for name, value in os.environ.items() if name not in {*KEY_NAMES, *_OF_ANOTHER_TREE}}
    if index is not None:
        environ["GIT_INDEX_FILE"] = str(index)
    try:
        ended = subprocess.run(  # noqa: S603  # the program is named here, and no shell reads the arguments
            ("git", "-C", str(folder), *arguments),  # noqa: S607
            env=environ,
            input=given,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=_GIT_TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError:
        raise UsageError("a git revision can only be read where git is installed") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"git {arguments[0]} did not end in {_GIT_TIMEOUT_S:.0f} seconds") from None
    if ended.returncode:
        reason = ended.stderr.strip().splitlines()
        raise GitRefused(f"git {arguments[0]} failed in {folder}: {reason[-1] if reason else 'it gives no reason'}")
    return ended.stdout
