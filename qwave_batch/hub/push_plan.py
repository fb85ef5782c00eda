"""The changes that a push makes in a repository, and their commits, so that no row ever shows another row's image.

New images are committed first: no table names them yet, so nobody sees them. All that a reader would notice (tables,
images whose content changes, the card) goes into the last commit together. Should that be more than one commit takes,
the tables are withdrawn first: for a moment the dataset does not load, which is better than images of other rows.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

CARD = "README.md"
RECORD = ".qwave-push.json"
"""The file by which a later push knows what an earlier one has put there."""

_IMAGE = re.compile(r"data/[^/]+/(?:images/\d{3,}/\d{6,}|inputs/[0-9a-f]{2}/[0-9a-f]{64})\.[a-z0-9]+(?:\.xmp)?")
_TABLE = re.compile(r"data/[^/]+/metadata\.parquet")


class FileRole(StrEnum):
    """The purpose of a file of a dataset."""

    IMAGE = "image"
    """A numbered image, its neighbour, or an input image of edits, which is named by its hash."""
    TABLE = "table"
    CARD = "card"
    RECORD = "record"


def role_of(path: str) -> FileRole | None:
    """Return what a file of a dataset is for; None for one that is not of the layout."""
    if path == CARD:
        return FileRole.CARD
    if path == RECORD:
        return FileRole.RECORD
    if _TABLE.fullmatch(path):
        return FileRole.TABLE
    return FileRole.IMAGE if _IMAGE.fullmatch(path) else None


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository."""

    size_bytes: int
    git_oid: str
    sha256: str | None = None
    """Only of a file in large file storage, whose ``git_oid`` is that of its pointer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitLimits:
    """How much a commit holds."""

    new_files: int = 1_000
    """New images a commit: the Hub takes 128 commits an hour, and so 100,000 files within one."""
    together: int = 20_000
    """Files whose change must be seen at once; the Hub takes 25,000 a commit."""


@dataclass(frozen=True, slots=True)
class PlannedCommit:
    """The changes of one commit."""

    added: tuple[str, ...]
    """Files to upload, the new ones and those with other content."""
    deleted: tuple[str, ...] = ()
    is_last: bool = False
    """Whether the repository is whole after it."""


@dataclass(frozen=True, slots=True)
class Differences:
    """The files in which a layout and a repository differ."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    """Files of an earlier push that the layout no longer has."""
    same: int = 0

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone)

    @property
    def uploads(self) -> int:
        """Return how many files are uploaded."""
        return len(self.new) + len(self.changed)


def differences_of(
    paths: Sequence[str],
    remote: Mapping[str, RemoteFile],
    *,
    is_same: Callable[[str, RemoteFile], bool],
    is_known: bool,
) -> Differences:
    """Return what differs.

    Args:
        paths: The files of the layout.
        remote: The files of the repository.
        is_same: Whether a file of the layout has the content of one in the repository.
        is_known: Whether an earlier push was here: only then are its files removed.
    """
    here = frozenset(paths)
    new, changed = [], []
    for path in paths:
        there = remote.get(path)
        if there is None:
            new.append(path)
        elif not is_same(path, there):
            changed.append(path)
    removable = (FileRole.IMAGE, FileRole.TABLE)
    gone = [path for path in remote if is_known and path not in here and role_of(path) in removable]
    return Differences(tuple(new), tuple(changed), tuple(gone), len(paths) - len(new) - len(changed))


def plan_commits(
    found: Differences, remote: Mapping[str, RemoteFile], limits: CommitLimits | None = None
) -> Iterator[PlannedCommit]:
    """Yield the commits that bring a repository to the layout, in order; none where nothing differs."""
    limits = limits or CommitLimits()
    if not found:
        return
    early = [path for path in found.new if role_of(path) is FileRole.IMAGE]
    late = [path for path in found.new if role_of(path) is not FileRole.IMAGE]
    changed = [path for path in found.changed if role_of(path) is FileRole.IMAGE]
    late += [path for path in found.changed if role_of(path) is not FileRole.IMAGE]
    gone = list(found.gone)
    tables = [path for path in remote if role_of(path) is FileRole.TABLE]
    if tables and len(changed) + len(gone) + len(late) > limits.together:
        yield PlannedCommit((), tuple(tables))
        gone = [path for path in gone if path not in tables]
        late += [path for path in tables if path not in late and path not in found.gone]
        tables = []
    if not tables:  # nobody sees an image that no table names
        early, changed = early + changed, []
        while len(gone) > limits.together:
            yield PlannedCommit((), tuple(gone[: limits.together]))
            gone = gone[limits.together :]
    while len(early) > limits.new_files:
        yield PlannedCommit(tuple(early[: limits.new_files]))
        early = early[limits.new_files :]
    yield PlannedCommit((*early, *changed, *late), tuple(gone), is_last=True)
