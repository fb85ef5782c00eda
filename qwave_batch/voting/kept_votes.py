"""votes.jsonl and picks.jsonl of a run folder: read, and brought up to date so that imports at once lose nothing.

In a folder one import at a time works on them, by a lock; in an object store the write is lost if another one came
first, and the merge is made again. Either way a reader sees the old file or the new one.
"""

import io
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from qwave_batch.errors import FolderBusy, StorageError
from qwave_batch.files.lone_writer import WrittenByAnother, lone_writer
from qwave_batch.folder.artifacts import PICKS, VOTES
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import storage_errors
from qwave_batch.folder.stores.object_store import WriteLost
from qwave_batch.model.problem import Problem
from qwave_batch.voting.vote_files import BrokenVotes, read_voting_lines
from qwave_batch.voting.vote_lines import Pick, Vote, encode_voting_line
from qwave_batch.voting.vote_merging import Merged, merge

L = TypeVar("L", Vote, Pick)

_LOCK = ".votes.lock"
_PATIENCE_S = 30.0
_EACH_S = 0.05
_TRIES = 20
"""Writes to a store that others may be quicker in."""


@dataclass(frozen=True, slots=True)
class KeptVotes:
    """The votes and picks that a run folder holds."""

    votes: tuple[Vote, ...] = ()
    picks: tuple[Pick, ...] = ()


def read_kept_votes(layout: RunLayout) -> KeptVotes:
    """Return the votes and picks of a run folder or a store.

    Raises:
        BrokenVotes: a file is not as an import leaves it; all mistakes are listed.
        FolderError, StorageError: a file can't be read.
    """
    return KeptVotes(_read(layout, VOTES, Vote), _read(layout, PICKS, Pick))


def read_kept_picks(layout: RunLayout) -> tuple[Pick, ...]:
    """Return the picks alone; raises as ``read_kept_votes`` does."""
    return _read(layout, PICKS, Pick)


def merge_into_folder(
    layout: RunLayout, votes: Iterable[Vote], picks: Iterable[Pick]
) -> tuple[Merged[Vote], Merged[Pick]]:
    """Merge votes and picks into those of a run folder, durably; what would change nothing is not written.

    Raises:
        FolderBusy: another import has been at work there for half a minute.
        BrokenVotes, FolderError, StorageError: as ``read_kept_votes``; or the disk or the store refuses.
    """
    with _alone(layout):
        return _merge_into(layout, VOTES, Vote, tuple(votes)), _merge_into(layout, PICKS, Pick, tuple(picks))


@contextmanager
def _alone(layout: RunLayout) -> Iterator[None]:
    """Keep other imports into a local folder out for the length of the block."""
    if layout.store is not None:
        yield
        return
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            with storage_errors(layout.root, below=_LOCK), lone_writer(layout.tree, _LOCK):
                try:
                    yield
                finally:
                    layout.tree.remove(_LOCK)
        except WrittenByAnother:
            if time.monotonic() > until:
                raise FolderBusy(layout.address, "another import of votes") from None
            time.sleep(_EACH_S)
        else:
            return


def _merge_into(layout: RunLayout, path: str, kind: type[L], new: tuple[L, ...]) -> Merged[L]:
    for _ in range(_TRIES):
        tag = None
        if layout.store is not None:
            facts = layout.store.objects.head(path)
            tag = None if facts is None else facts.tag
        merged = merge(_read(layout, path, kind), new)
        if not merged.is_changed:
            return merged
        content = b"".join(map(encode_voting_line, merged.lines))
        if layout.store is None:
            layout.artifacts.put(path, content)
            return merged
        try:
            layout.store.objects.put(
                path, content, content_type="application/x-ndjson", if_absent=tag is None, if_match=tag
            )
        except WriteLost:
            continue
        return merged
    raise StorageError(f"{layout.place_of(path)} is written by others again and again; nothing of it was changed here")


def _read(layout: RunLayout, path: str, kind: type[L]) -> tuple[L, ...]:
    place = layout.place_of(path)
    try:
        file = layout.artifacts.open(path)
    except FileNotFoundError:
        return ()
    with file, storage_errors(layout.root, "read", path):
        found = list(read_voting_lines(io.BytesIO(file.read()), place))
    problems = [each for each in found if isinstance(each, Problem)]
    lines = [each for each in found if not isinstance(each, Problem)]
    strange = [each for each in lines if not isinstance(each.line, kind)]
    problems += [Problem(message=f"it is not a {kind.__name__.lower()}", place=each.place) for each in strange]
    if problems:
        raise BrokenVotes(problems)
    return tuple(each.line for each in lines if isinstance(each.line, kind))
