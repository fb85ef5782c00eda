"""A spec as it was at a git revision, with the files that it reads, laid out in a folder of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from qwave_batch.errors import SpecError, StorageError, UsageError, nearest
from qwave_batch.git.committed import Committed, LeadsOut, Located
from qwave_batch.git.git_process import GitRefused
from qwave_batch.git.objects import MOST_POINTER_BYTES, Objects, is_object_id, is_pointer, objects_of
from qwave_batch.git.repository import Repository, repository_around
from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.base_files import MAX_BASES
from qwave_batch.spec.inputs.file_patterns import MOST_FILES, fits_name, is_pattern
from qwave_batch.spec.inputs.text_encoding import MAX_FILE_BYTES as MAX_YAML_BYTES
from qwave_batch.spec.inputs.text_encoding import decode_spec
from qwave_batch.spec.yaml.yaml_reader import read_yaml

MOST_FILE_BYTES = 1 << 28
MOST_BYTES = 1 << 29  # of all files of a revision: they are laid out where temporary files go, which may be in memory
_PATIENCE_S = 30.0
_GUESS_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAtRevision:
    """A file of a git work tree, as it was."""

    revision: str
    """As the user named it."""
    name: str
    """The file's path in the work tree, with ``/``."""
    root: Path
    """The folder with the files of the revision that the file reads."""
    withheld: dict[str, str] = field(default_factory=dict)
    """Files that were named and are not laid out, by their paths in ``root``, each with the reason."""

    @property
    def path(self) -> Path:
        """The file of then."""
        return self.root / self.name

    @property
    def exists(self) -> bool:
        """Whether the revision has the file at all."""
        return self.path.is_file()

    def worded(self, message: str) -> str:
        """Return a message about a file of then as the user is to read it: why it is not there, or its name in git."""
        for name, reason in self.withheld.items():
            if message.endswith(f"{self.root}/{name}"):
                return f"{name} {reason}"
        return message.replace(f"{self.root}/", f"{self.revision}:").replace(str(self.root), self.revision)


@contextmanager
def file_at(revision: str, file: Path) -> Iterator[FileAtRevision]:
    """Yield a file as it was at a revision, for as long as the block runs.

    Beside the file come those that its text names, and those that they name, as git stores them: no filter is
    applied. The work tree and its index stay as they are.

    Raises:
        UsageError: the file is in no git work tree, git is not at hand, or there is no such revision.
        StorageError: the disk refuses.
    """
    file = file.resolve()
    with (
        repository_around(file.parent, patience_s=_PATIENCE_S) as repository,
        TemporaryDirectory(prefix="qwave-then-") as scratch,
    ):
        commit = _commit(repository, revision)
        name = file.relative_to(repository.tree.top).as_posix()
        then = FileAtRevision(revision=revision, name=name, root=Path(scratch).resolve() / "tree")
        with objects_of(repository) as objects:
            try:
                _Layout(then, objects, Committed(objects, commit)).fill(repository)
            except OSError as error:
                raise StorageError(f"{revision} cannot be laid out in {scratch}: {error.strerror}") from error
        if name in then.withheld:
            raise UsageError(f"{name} {then.withheld[name]}")
        yield then


def _commit(repository: Repository, revision: str) -> str:
    if not revision.startswith("-"):  # which git would take for an option
        with suppress(GitRefused):
            answer = repository.ask("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
            if is_object_id(answer):
                return answer
    names: list[str] = []
    with suppress(GitRefused):
        listed = repository.ask("for-each-ref", "--count=5000", "--format=%(refname:short)", timeout_s=_GUESS_S)
        names = listed.decode("utf-8", "replace").split()
    guess = nearest(revision, names)
    raise UsageError(f'git knows no revision "{revision}"' + (f'; did you mean "{guess}"?' if guess else ""))


class _Layout:
    """Lays out a file and all that it leads to."""

    def __init__(self, then: FileAtRevision, objects: Objects, committed: Committed) -> None:
        self._then, self._objects, self._committed = then, objects, committed
        self._left_bytes = MOST_BYTES

    def fill(self, repository: Repository) -> None:
        """Write the files, as long as the repository may be asked; what is not written is noted with its reason."""
        # the border of what the spec of then may read, wherever temporary files go
        (self._then.root / ".git").mkdir(parents=True)
        file = spec = self._write(self._then.name)
        done = set[Path]()
        while spec is not None and file is not None and file not in done and len(done) <= MAX_BASES:
            done.add(file)
            value = _value_in(file)
            # a spec names its tables from its own folder, and what it extends from the folder of the file
            for text in dict.fromkeys(_strings(value)):
                if repository.left_s() < 0:
                    raise GitRefused(f"{self._then.name} names too many files to be read in {_PATIENCE_S:.0f} seconds")
                self._write(self._named(spec.parent, text))
            for pattern in dict.fromkeys(_patterns(value)):
                for name in self._fitting(self._named(spec.parent, pattern)):
                    self._write(name)
            extended = value.get("extends") if isinstance(value, dict) else None
            file = self._write(self._named(file.parent, extended)) if isinstance(extended, str) else None

    def _named(self, folder: Path, text: str) -> str:
        """Return what a text is as the name of a file of the commit; most texts of a spec are not one."""
        return text if text.startswith("/") else f"{folder.relative_to(self._then.root).as_posix()}/{text}"

    def _fitting(self, pattern: str) -> Iterator[str]:
        """Yield the names of the commit that a pattern fits."""
        if pattern.startswith("/"):
            return
        parts = PurePosixPath(pattern).parts
        fixed = next((number for number, part in enumerate(parts) if is_pattern(part)), len(parts))
        folders = ["/".join(parts[:fixed])]
        for part in parts[fixed:]:
            with suppress(LeadsOut):
                folders = [
                    f"{folder}/{name}"
                    for folder in folders
                    for name in self._committed.names_in(folder)
                    if fits_name(name, part)
                ][:MOST_FILES]
        yield from folders if fixed < len(parts) else ()

    def _write(self, name: str) -> Path | None:
        """Write a file where it really is, and the links to it; return where, or None when that is not done."""
        if name.startswith("/") or "\0" in name:
            return None
        found = None
        try:
            found = self._committed.find(name)
            if found is None:
                return None
            path = self._then.root.joinpath(*found.path)
            if not path.exists():
                self._check(found)
        except LeadsOut as error:
            for known_as in (os.path.normpath(name), *(["/".join(found.path)] if found else [])):
                self._then.withheld[known_as] = f"of {self._then.revision} {error}"
            return None
        for link, target in found.links.items():
            self._link(self._then.root.joinpath(*link), self._then.root.joinpath(*target))
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                for piece in self._objects.pieces(found.info):
                    file.write(piece)
        return path

    def _check(self, found: Located) -> None:
        size_bytes = found.info.size_bytes
        if size_bytes > min(MOST_FILE_BYTES, self._left_bytes):
            raise LeadsOut(
                f"is too large: {size_bytes:,} bytes; of a revision at most {MOST_FILE_BYTES:,} are read for a file, "
                f"and {MOST_BYTES:,} for all"
            )
        if size_bytes <= MOST_POINTER_BYTES and is_pointer(self._objects.read(found.info)):
            raise LeadsOut(
                "is stored with Git LFS, and git has only a pointer to it: check the revision out with "
                "git worktree add, and name the spec there"
            )
        self._left_bytes -= size_bytes

    def _link(self, link: Path, target: Path) -> None:
        """Make a link of then; both ends lie in the tree, since links were followed in the commit already."""
        if not link.is_symlink():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(os.path.relpath(target, link.parent))


def _value_in(path: Path) -> Json:
    """Return what a YAML file says; nothing when it is wrong, which is told when it is read as a spec."""
    if path.stat().st_size > MAX_YAML_BYTES:
        return None
    try:
        return read_yaml(decode_spec(path.read_bytes(), path.name), path.name).value
    except SpecError:
        return None


def _patterns(value: Json) -> Iterator[str]:
    """Yield the texts under ``from`` that are patterns of names, at any depth."""
    if isinstance(value, dict):
        text = value.get("from")
        if isinstance(text, str) and is_pattern(text):
            yield text
        for part in value.values():
            yield from _patterns(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _patterns(part)


def _strings(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for part in value.values():
                yield from _strings(part)
        case list() | tuple():
            for part in value:
                yield from _strings(part)
