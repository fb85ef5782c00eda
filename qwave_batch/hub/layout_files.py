"""The files of a dataset's layout on disk, as an ``hf`` export leaves them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from qwave_batch import lazy
from qwave_batch.errors import FolderError
from qwave_batch.files.regular_files import open_regular
from qwave_batch.files.tree import Tree
from qwave_batch.hub.push_plan import CARD, RemoteFile, role_of
from qwave_batch.hub.push_record import git_oid_of

_DATA = "data"
_CHUNK_BYTES = 1 << 20


@dataclass(slots=True)
class Layout:
    """The files of a dataset below a folder; content is read when it is asked for."""

    root: Path
    files: Mapping[str, int]
    """Their sizes by path."""
    _sha256: dict[str, str] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[str, ...]:
        """Return their paths, in order."""
        return tuple(self.files)

    def place_of(self, path: str) -> Path:
        """Return where a file is."""
        return self.root / path

    def is_same(self, path: str, there: RemoteFile) -> bool:
        """Whether a file has the content of one in a repository."""
        if self.files[path] != there.size_bytes:
            return False
        if there.sha256 is None:
            return self.git_oid(path) == there.git_oid
        return self.sha256(path) == there.sha256

    def sha256(self, path: str) -> str:
        """Return the hash of a file's content."""
        known = self._sha256.get(path)
        if known is None:
            digest = lazy.hashlib.sha256()
            with open_regular(self.root / path, follows_link=True) as file:
                while chunk := file.read(_CHUNK_BYTES):
                    digest.update(chunk)
            known = self._sha256[path] = digest.hexdigest()
        return known

    def git_oid(self, path: str) -> str:
        """Return the hash that git gives a file, which should be small."""
        return git_oid_of(self.read(path))

    def read(self, path: str) -> bytes:
        """Return a file's content."""
        with open_regular(self.root / path, follows_link=True) as file:
            return file.read()


def read_layout(root: Path) -> Layout:
    """Return the files of a layout below a folder; what else lies there is not part of it.

    Raises:
        FolderError: there is no card, and so no whole layout.
    """
    tree = Tree(root)
    card = tree.look(CARD)
    if card is None:
        raise FolderError(f"{root} has no {CARD}: no dataset was exported there, or not to its end")
    found = {each.path: each for each in tree.walk(_DATA) if each.is_file and role_of(each.path) is not None}
    files = {path: found[path].status.st_size for path in sorted(found)}
    return Layout(root, {**files, CARD: card.st_size})
